import type { AttentionSpec, Backend, DType, Operand } from "@dropwise/core/backend";
import { contiguousStrides, sizeOf } from "@dropwise/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

type Op = Operand;
type Attending = Required<Backend>;

/** Holds the attention of a backend that runs the kernels to what its members promise beside the conformance suite: threads that change no bit, and refusals. */
export function describeAttention(create: (threads: number) => Backend | Promise<Backend>): void {
  describe("attention", () => {
    const backends: Attending[] = [];
    beforeAll(async () => {
      for (const threads of [1, 3]) backends.push((await create(threads)) as Attending);
    });
    afterAll(() => {
      for (const backend of backends) backend.dispose();
    });

    test("gives the same bits for any number of threads, call after call", () => {
      const results = backends.map((backend) => {
        const all = operands(backend);
        for (let call = 0; call < 20; call++) {
          attend(backend, all);
          attendBack(backend, all);
        }
        const { out, rows, gradQuery, gradKey, gradValue } = all;
        return [out, rows, gradQuery, gradKey, gradValue].map(({ storage }) => Array.from(backend.view(storage)));
      });
      expect(results[1]).toEqual(results[0]);
      expect(results[0]?.flat().every(Number.isFinite)).toBe(true);
    });

    /** What is wrong, and how. */
    const faults: readonly (readonly [what: string, change: (all: Operands, backend: Attending) => Partial<Operands>])[] = [
      ["a value with fewer keys", (_, backend) => ({ value: operand(backend, [2, 3, 89, 8]) })],
      ["queries that leave their storage", ({ query }) => ({ query: { ...query, offset: 1 } })],
      ["strides that point backwards", ({ key }) => ({ key: { ...key, strides: [720 * 3, -720, 8, 1] } })],
      ["strides that are no numbers", ({ key }) => ({ key: { ...key, strides: [Number.NaN, 720, 8, 1] } })],
      ["an output that comes to elements twice", ({ out }) => ({ out: { ...out, strides: [3600, 0, 8, 1] } })],
      ["heads that do not divide each other", ({ key }) => ({ key: { ...key, shape: [2, 2, 90, 8] } })],
      ["heads of more than 256 elements", (_, backend) => ({ value: operand(backend, [2, 3, 90, 257]) })],
      ["no keys", ({ key }) => ({ key: { ...key, shape: [2, 3, 0, 8] } })],
      ["a size that is no integer", ({ query }) => ({ query: { ...query, shape: [2, 3, 150.5, 8] } })],
      ["room for too few rows", (_, backend) => ({ rows: operand(backend, [2, 3, 149, 2]) })],
      ["a mask that leaves its storage", (_, backend) => ({ mask: operand(backend, [2, 3, 150, 89]) })],
      ["a mask of integers", (_, backend) => ({ mask: operand(backend, [2, 3, 150, 90], "int32") })],
    ];

    test.each(faults)("refuses %s, and writes nothing", (_, change) => {
      const [backend] = backends as [Attending];
      const right = operands(backend);
      const all = { ...right, ...change(right, backend) };
      const before = [right.out, right.rows].map(({ storage }) => [...backend.view(storage)]);
      expect(() => attend(backend, all)).toThrow(/expected/);
      expect([right.out, right.rows].map(({ storage }) => [...backend.view(storage)])).toEqual(before);
    });

    test("refuses gradients without room, and writes nothing", () => {
      const [backend] = backends as [Attending];
      for (const name of ["grad", "gradQuery", "gradKey", "gradValue"] as const) {
        const right = operands(backend);
        const before = [...backend.view(right.gradQuery.storage)];
        expect(() => attendBack(backend, { ...right, [name]: { ...right[name], offset: 1 } })).toThrow(/expected/);
        expect([...backend.view(right.gradQuery.storage)]).toEqual(before);
      }
    });

    test("takes a triangle that begins behind the last key, and lays masks of any strides", () => {
      const [backend] = backends as [Attending];
      const all = operands(backend);
      const outputs = [null, 89, 2 ** 40].map((firstQuery) => {
        attend(backend, all, { ...spec, firstQuery });
        return [...backend.view(all.out.storage)];
      });
      expect(outputs[1]).toEqual(outputs[0]);
      expect(outputs[2]).toEqual(outputs[0]);
      const mask = operand(backend, [90, 150], "bool");
      const masked = (as: Op) => {
        attend(backend, { ...all, mask: as }, { ...spec, firstQuery: null });
        return [...backend.view(all.out.storage)];
      };
      const copy = operand(backend, [150, 90], "bool");
      const [from, to] = [backend.view(mask.storage), backend.view(copy.storage)];
      for (let i = 0; i < 150; i++) for (let j = 0; j < 90; j++) to[i * 90 + j] = from[j * 150 + i] as number;
      const shape = [2, 3, 150, 90];
      expect(masked({ ...mask, shape, strides: [0, 0, 1, 150] })).toEqual(masked({ ...copy, shape, strides: [0, 0, 90, 1] }));
    });
  });
}

// --- internal helpers ---

const spec: AttentionSpec = {
  scale: 0.5,
  firstQuery: 0,
  dropout: {
    ...{ seedLo: 1, seedHi: 2, callLo: 3, callHi: 4, elementOffset: 1, threshold: 2 ** 31, keepScale: 2, keepShift: 0, dropValue: 0 },
    ...{ shape: [2 * 3 * 150 * 90], maskStrides: [1] },
  },
};

const QUERIES = [2, 3, 150, 8];
const KEYS = [2, 3, 90, 8];
/** An operand of its own, with numbers in it that look random. */
function operand(backend: Attending, shape: readonly number[], dtype: DType = "float32"): Op {
  const length = sizeOf(shape);
  const storage = { handle: backend.allocate(dtype, length), dtype, length };
  backend.view(storage).forEach((_, i, data) => {
    data[i] = dtype === "bool" ? i % 2 : Math.sin(i * i);
  });
  return { storage, shape, strides: contiguousStrides(shape), offset: 0 };
}

/** All operands of both members. */
function operands(backend: Attending) {
  const made = (shape: readonly number[]) => operand(backend, shape);
  return {
    ...{ query: made(QUERIES), key: made(KEYS), value: made(KEYS), mask: null as Op | null },
    ...{ out: made(QUERIES), rows: made([2, 3, 150, 2]), grad: made(QUERIES) },
    ...{ gradQuery: made(QUERIES), gradKey: made(KEYS), gradValue: made(KEYS) },
  };
}

type Operands = ReturnType<typeof operands>;

function attend(backend: Attending, { query, key, value, mask, out, rows }: Operands, changed = spec): void {
  backend.attention(changed, query, key, value, mask, out, rows);
}

function attendBack(backend: Attending, { query, key, value, mask, out, rows, grad, gradQuery, gradKey, gradValue }: Operands): void {
  backend.attentionGrad(spec, query, key, value, mask, out, rows, grad, gradQuery, gradKey, gradValue);
}
