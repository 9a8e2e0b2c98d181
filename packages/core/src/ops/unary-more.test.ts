/** Names of operations and the versions of the contract: what each kind of backend is handed. */
import { describe, expect, test } from "vitest";
import { type Backend, type UnaryOp, versionOf } from "../backend/index";
import { functional as F, memory, type Tensor, tensor } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";
import { applyUnary } from "./by-name";

const NAMES = ["floor", "ceil", "round", "sign", "sin", "cos", "rsqrt"] as const;
const VALUES = [0.5, 1.5, 2.5, -0.5, -1.5, 0.3, -0.3, 0, -0, 8388607.5, -4194304.5, 1e10, Number.POSITIVE_INFINITY, Number.NaN];

/** A backend of the first version, with or without a view, that refuses names which that does not have. */
function ofVersion(contract: 1 | 2, isBlind: boolean): { backend: Backend; handed: string[] } {
  const handed: string[] = [];
  const make = (isBlind ? blindBackend : hostBackend) as (name: string, overrides?: Partial<Backend>) => Backend;
  const plain = blindBackend() as Backend;
  const { info } = make("plain");
  const backend = make("of a version", {
    info: { ...info, contract },
    unary(op, x, out) {
      handed.push(op);
      // A host handle is the array itself.
      const wrap = (o: typeof x) => (isBlind ? o : { ...o, storage: { ...o.storage, handle: { data: o.storage.handle } } });
      plain.unary?.(op, wrap(x), wrap(out));
    },
  });
  return { backend, handed };
}

const valuesOn = async (op: UnaryOp, backend?: Backend) => [...(await applyUnary(op, tensor(VALUES, { backend })).data())];

describe("a name of the second version of the contract", () => {
  test.each(NAMES)("%s goes to the kernel of a backend of that version", async (op) => {
    for (const isBlind of [false, true]) {
      const { backend, handed } = ofVersion(2, isBlind);
      expect(await valuesOn(op, backend)).toEqual(await valuesOn(op));
      expect(handed).toEqual([op]);
    }
  });

  test.each(NAMES)(
    "%s runs as the reference kernel on the memory of a host-visible backend of the first, which is not handed it",
    async (op) => {
      const { backend, handed } = ofVersion(1, false);
      expect(await valuesOn(op, backend)).toEqual(await valuesOn(op));
      expect(handed).toEqual([]);
    },
  );

  test.each(["floor", "ceil", "round", "sign", "rsqrt"] as const)(
    "%s is composed of older names on a device of the first, and so is its gradient",
    async (op) => {
      const { backend, handed } = ofVersion(1, true);
      const near = (y: number) => (op === "rsqrt" ? Math.fround(y).toPrecision(6) : y); // which rounds twice there
      expect((await valuesOn(op, backend)).map(near)).toEqual((await valuesOn(op)).map(near));
      expect(handed.filter((name) => (NAMES as readonly string[]).includes(name))).toEqual([]);
      const x = tensor([1.5, 2.5], { backend, requiresGrad: true });
      F[op](x).sum().backward();
      const onCpu = tensor([1.5, 2.5], { requiresGrad: true });
      F[op](onCpu).sum().backward();
      expect([...(await (x.grad as Tensor).data())].map(near)).toEqual([...(onCpu.grad as Tensor).dataSync()].map(near));
    },
  );

  test.each(["sin", "cos"] as const)("%s is refused on a device of the first, by its name, and nothing is left behind", (op) => {
    const { backend, handed } = ofVersion(1, true);
    const x = tensor(VALUES, { backend });
    const before = memory(backend).bytes;
    const error = expectRefusal(
      () => F[op](x),
      "UnsupportedOpError",
      `${op}: expected a backend of contract 2, got of a version of contract 1 - move`,
    );
    expect(error).toMatchObject({ op, backend: "of a version" });
    expect(handed).toEqual([]);
    expect(memory(backend).bytes).toBe(before);
  });

  test("needs no member where the backend has none and can be seen", async () => {
    const { unary: _, ...bare } = hostBackend("bare", { info: { ...hostBackend().info, contract: 1 } });
    for (const op of NAMES) expect(await valuesOn(op, bare as Backend)).toEqual(await valuesOn(op));
  });
});

test("each name has its version, and what is no name is of the first", () => {
  expect(NAMES.map(versionOf)).toEqual(NAMES.map(() => 2));
  for (const op of ["neg", "erf", "add", "sum", "toString", null]) expect(versionOf(op as never)).toBe(1);
});
