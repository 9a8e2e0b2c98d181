import { describe, expect, test } from "vitest";
import { type cpu, Generator, memory, nn, randn, tensor, tidy } from "../index";
import { failEverywhere, SETTINGS } from "../testing/faults";
import { expectRefusal } from "../testing/refusal";

const indices = (...values: number[]) => tensor(new Int32Array(values));

describe("Embedding", () => {
  test("starts standard normal by one host call, but for its padding row", () => {
    const generator = new Generator(5);
    const same = randn([3, 2], { generator: generator.clone() }).dataSync();
    const { weight, paddingIdx } = new nn.Embedding(3, 2, { generator, paddingIdx: -2 });
    expect([...weight.dataSync()]).toEqual([same[0], same[1], 0, 0, same[4], same[5]]);
    expect(paddingIdx).toBe(1);
    expect(generator.getState().join()).toBe(afterOneCall(5));
  });

  test("is trained but for its padding row", () => {
    const table = new nn.Embedding(3, 2, { paddingIdx: 0 });
    table
      .forward(indices(0, 1, 1))
      .sum()
      .backward();
    expect([...(table.weight.grad?.dataSync() ?? [])]).toEqual([0, 0, 2, 2, 0, 0]);
  });

  test("shares its weight with a head: listed once, saved twice, loaded once", () => {
    const words = new nn.Embedding(4, 3);
    const head = new nn.Linear(3, 4, { bias: false });
    head.weight.dispose();
    head.weight = words.weight;
    class Tied extends nn.Module {
      words = words;
      head = head;
      forward(index: ReturnType<typeof indices>) {
        return this.head.forward(this.words.forward(index));
      }
    }
    const model = new Tied();
    expect([...model.namedParameters()].map(([name]) => name)).toEqual(["words.weight"]);
    const state = model.stateDict();
    expect(Object.keys(state)).toEqual(["words.weight", "head.weight"]);
    expect(state["words.weight"]).toBe(state["head.weight"]);
    const saved = new Float32Array(12).fill(2);
    const { version } = words.weight.storage;
    model.loadStateDict({ "words.weight": saved, "head.weight": saved });
    expect(words.weight.storage.version).toBe(version + 1);
    expect([...head.weight.dataSync()]).toEqual([...saved]);
    tidy(() => model.forward(indices(1)).sum().backward());
    // Row 1 by the lookup and the product, the others by the product alone.
    expect([...(words.weight.grad?.dataSync() ?? [])]).toEqual([2, 2, 2, 10, 10, 10, 2, 2, 2, 2, 2, 2]);
  });

  test("refuses what it cannot be made of, without a call", () => {
    const generator = new Generator(1);
    const before = [generator.getState().join(), memory().tensors];
    expectRefusal(() => new nn.Embedding(0, 2, { generator }), "RangeError", "Embedding: expected numEmbeddings");
    expectRefusal(() => new nn.Embedding(2, 1.5, { generator }), "RangeError", "Embedding: expected embeddingDim");
    expectRefusal(() => new nn.Embedding(2, 2, { generator, paddingIdx: 2 }), "RangeError", "Embedding: expected paddingIdx in [-2, 1]");
    expectRefusal(() => new nn.Embedding(2, 2, { generator, backend: {} as typeof cpu }), "TypeError", "Embedding: expected");
    expect([generator.getState().join(), memory().tensors]).toEqual(before);
    expect(String(new nn.Embedding(2, 3, { paddingIdx: 0 }))).toBe("Embedding(2, 3, paddingIdx=0)");
  });

  test.each(SETTINGS)(
    "is made whole or leaves nothing behind and takes no call, where any $fault may fail, on $kernels kernels",
    async (setting) => {
      expect(await failEverywhere(setting, (backend) => ({ act: () => new nn.Embedding(3, 2, { backend }).weight }))).toBe(1);
    },
  );
});

/** The state after one host call of a generator of this seed. */
function afterOneCall(seed: number): string {
  const generator = new Generator(seed);
  randn([1], { generator });
  return generator.getState().join();
}
