import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Backend, cpu, DataLoader, type DType, memory, ones, rand, type Tensor, TensorDataset, tensor } from "../index";
import { blindBackend } from "../testing/backends";

const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];
/** Layouts of the same rows: plain, part of wider ones, a later part, transposed, repeated, every other. */
const LAYOUTS: Readonly<Record<string, (rows: number, columns: number, dtype: DType) => Tensor>> = {
  plain: (rows, columns, dtype) => counted([rows, columns], dtype),
  columns: (rows, columns, dtype) => counted([rows, columns + 3], dtype).slice(1, 2, 2 + columns),
  later: (rows, columns, dtype) => counted([rows + 2, columns], dtype).slice(0, 2),
  transposed: (rows, columns, dtype) => counted([columns, rows], dtype).transpose(0, 1),
  repeated: (rows, columns, dtype) => counted([1, columns], dtype).expand([rows, columns]),
  "every other": (rows, columns, dtype) => counted([rows * 2, columns], dtype).slice(0, 0, rows * 2, 2),
  deep: (rows, columns, dtype) => counted([rows, columns, 2, 1], dtype),
  scalars: (rows, _, dtype) => counted([rows], dtype),
};

function counted(shape: readonly number[], dtype: DType): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Array.from({ length: size }, (_, i) => (dtype === "bool" ? i % 3 : i + 0.5)),
    { shape, dtype },
  );
}

/** Rows as slices would take them. */
function expected(x: Tensor, places: readonly number[]): number[] {
  return places.flatMap((place) => [...x.slice(0, place, place + 1).dataSync()]);
}

describe("a batch of rows", () => {
  test.each(Object.keys(LAYOUTS))("of %s tensors of any dtype has the rows at its places, whatever their order", (layout) => {
    const places = fc.array(fc.nat(11), { maxLength: 30 });
    fc.assert(
      fc.property(places, fc.constantFrom(...DTYPES), fc.constantFrom(0, 1, 5, 40), (places, dtype, columns) => {
        const x = LAYOUTS[layout]?.(12, columns, dtype) as Tensor;
        const [batch] = new TensorDataset(x).batch(places);
        expect([batch.shape, batch.dtype, batch.isContiguous()]).toEqual([[places.length, ...x.shape.slice(1)], dtype, true]);
        expect([...batch.dataSync()]).toEqual(expected(x, places));
      }),
      { numRuns: 40 },
    );
  });

  test("is a copy, also of all rows in order, which may be edited", () => {
    const x = ones([4, 2]);
    for (const [batch] of new DataLoader(new TensorDataset(x), { batchSize: 4 }))
      (batch.backend as Backend<Float32Array>).view?.((batch as unknown as { storage: never }).storage).fill(7);
    expect([...x.dataSync()]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test("sees what became of a dataset's tensor between two batches", () => {
    const x = ones([2]);
    const seen: number[] = [];
    for (const [batch] of new DataLoader(new TensorDataset(x))) {
      seen.push(batch.itemSync());
      cpu.view?.((x as unknown as { storage: never }).storage).fill(5);
    }
    expect(seen).toEqual([1, 5]);
  });

  test("is one kernel for each tensor where memory cannot be seen: a copy of neighbours, else a gather", async () => {
    const calls: string[] = [];
    const plain = blindBackend() as Backend;
    const backend = blindBackend("blind", {
      copy(x, out) {
        calls.push("copy");
        plain.copy?.(x, out);
      },
      gather(x, index, out) {
        calls.push("gather");
        plain.gather?.(x, index, out);
      },
    });
    const [x, y] = [rand([6, 2], { backend: backend as Backend }), rand([6], { backend: backend as Backend })];
    const rows = [await x.data(), await y.data()] as [Float32Array, Float32Array];
    const dataset = new TensorDataset(x, y);
    const run = async (sampler: readonly number[]) => {
      calls.length = 0;
      for await (const [a, b] of new DataLoader(dataset, { batchSize: 3, sampler, prefetch: 0 })) {
        const places = sampler.slice(0, 3);
        expect([...(await a.data())]).toEqual(places.flatMap((place) => [...rows[0].slice(2 * place, 2 * place + 2)]));
        expect([...(await b.data())]).toEqual(places.map((place) => rows[1][place]));
      }
      return calls.join();
    };
    const live = memory(backend as Backend).tensors;
    expect(await run([2, 3, 4])).toBe("copy,copy");
    expect(await run([4, 2, 2])).toBe("gather,gather");
    expect(memory(backend as Backend).tensors).toBe(live);
  });
});
