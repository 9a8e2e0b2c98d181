import { describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend";
import { cpu } from "../cpu/cpu";
import { memory } from "./memory";
import { type Part, tensorOfParts } from "./parts";

async function* inParts(...parts: Part[]) {
  for (const part of parts) yield part;
}

describe("tensorOfParts", () => {
  it("copies each part before the next is asked for", async () => {
    const one = new Float32Array(2);
    async function* reused() {
      for (let i = 0; i < 3; i++) yield one.fill(i);
    }
    const x = await tensorOfParts(reused(), [3, 2]);
    expect([x.shape, [...((await x.data()) as Float32Array)]]).toEqual([
      [3, 2],
      [0, 0, 1, 1, 2, 2],
    ]);
  });

  it("converts int64 to int32 as far as it fits, bytes to bool, and keeps what needs no conversion", async () => {
    const long = await tensorOfParts(inParts(new BigInt64Array([1n, -2n])), [2], { dtype: "int32" });
    const flags = await tensorOfParts(inParts(new Uint8Array([0, 1])), [2], { dtype: "bool" });
    expect([String(long), String(flags)]).toEqual(["Tensor([1, -2], [2], int32, cpu)", "Tensor([false, true], [2], bool, cpu)"]);
    await expect(tensorOfParts(inParts(new BigInt64Array([2n ** 40n])), [1], { dtype: "int32" })).rejects.toThrow(RangeError);
  });

  it("takes no parts for no elements, and gives a scalar", async () => {
    expect((await tensorOfParts(inParts(), [0, 3])).shape).toEqual([0, 3]);
    expect(await (await tensorOfParts(inParts(new Float32Array([7])), [])).item()).toBe(7);
  });

  it("leaves no memory behind where a part fails, is missing or is one too many", async () => {
    const before = memory(cpu).bytes;
    async function* torn() {
      yield new Float32Array(2);
      throw new Error("torn");
    }
    await expect(tensorOfParts(torn(), [4])).rejects.toThrow("torn");
    await expect(tensorOfParts(inParts(new Float32Array(3)), [4])).rejects.toThrow(
      "tensorOfParts: expected 4 elements in all parts, got 3",
    );
    await expect(tensorOfParts(inParts(new Float32Array(5)), [4])).rejects.toThrow("got 5");
    await expect(tensorOfParts(inParts([1, 2] as never), [2])).rejects.toThrow(TypeError);
    await expect(tensorOfParts([new Float32Array(2)] as never, [2])).rejects.toThrow(/async iterable/);
    expect(memory(cpu).bytes).toBe(before);
  });

  it("hands a backend without a view all elements at once", async () => {
    const written: number[][] = [];
    const { view: _, ...blind } = cpu as Backend;
    const backend = {
      ...blind,
      name: "blind",
      info: { ...cpu.info, hostVisible: false },
      write: (_storage: unknown, data: Float32Array) => written.push([...data]),
    } as unknown as Backend;
    await tensorOfParts(inParts(new Float32Array([1]), new Float32Array([2, 3])), [3], { backend });
    expect(written).toEqual([[1, 2, 3]]);
  });
});
