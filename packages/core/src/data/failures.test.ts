import { describe, test } from "vitest";
import { type Backend, cpu, DataLoader, Generator, rand, randn, Subset, setDefaultBackend, type Tensor, TensorDataset } from "../index";
import { failEverywhere, SETTINGS } from "../testing/faults";

describe.each(SETTINGS)("where any $fault may fail, on a backend with $kernels kernels,", (setting) => {
  test("a batch has all of its tensors, or leaves nothing behind", async () => {
    await failEverywhere(setting, (backend) => {
      const [x, y] = [randn([6, 2], { backend }), rand([6], { backend })];
      const dataset = new TensorDataset(x, y, x);
      return { act: () => dataset.batch([4, 1]), watched: () => [x, y] };
    });
  });

  test.each([true, false])("a pass begins with its first batch, and until then takes no call: shuffle %s", async (shuffle) => {
    await failEverywhere(setting, (backend) => {
      const [x, y] = [randn([6, 2], { backend }), rand([6], { backend })];
      const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 4, shuffle });
      return {
        act: () => {
          const pass = loader[Symbol.iterator]();
          const { value } = pass.next();
          return value === undefined ? [] : [...value];
        },
        watched: () => [x, y],
      };
    });
  });

  test("a later batch of a pass leaves nothing behind either", async () => {
    await failEverywhere(setting, (backend) => {
      const [x, y] = [randn([6, 2], { backend }), rand([6], { backend })];
      const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 4 });
      let pass = loader[Symbol.iterator]();
      return {
        ready: () => {
          pass = loader[Symbol.iterator]();
          pass.next();
        },
        act: () => void pass.next(),
        done: () => void pass.return(),
        watched: () => [x, y],
      };
    });
  });

  test.each<[string, (x: Tensor, backend: Backend) => Iterable<unknown> & AsyncIterable<unknown>]>([
    ["samples", (x) => new DataLoader({ length: 4, at: (i) => [x.slice(0, i, i + 1).mul(2), i] as const }, { batchSize: 3 })],
    ["typed arrays", () => new DataLoader({ length: 4, at: (i) => ({ a: new Float32Array(2).fill(i), b: i > 1 }) }, { batchSize: 3 })],
    ["batches", (x) => new DataLoader({ length: 4, batch: () => [x.slice(0, 0, 3).add(1), x.slice(0, 1, 4).exp()] }, { batchSize: 3 })],
    [
      "a subset, transformed",
      (x) => new DataLoader(new Subset(new TensorDataset(x, x), [3, 0, 2]), { batchSize: 3, transform: ([a, b]) => [a.add(b), b] }),
    ],
  ])("a batch of %s leaves nothing behind, in either loop", async (_, make) => {
    for (const isAsync of [false, true]) {
      await failEverywhere(setting, (backend) => {
        setDefaultBackend(backend);
        const x = randn([6, 2], { backend, generator: new Generator(1) });
        const loader = make(x, backend);
        return {
          act: async () => {
            if (isAsync) {
              for await (const batch of loader) {
                void batch;
                break;
              }
            } else {
              for (const batch of loader) {
                void batch;
                break;
              }
            }
          },
          watched: () => [x],
        };
      });
    }
    setDefaultBackend(cpu);
  });
});
