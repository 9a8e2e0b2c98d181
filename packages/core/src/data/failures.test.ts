import { describe, test } from "vitest";
import { DataLoader, rand, randn, TensorDataset } from "../index";
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
});
