import { describe, test } from "vitest";
import { type Backend, functional as F, nn, type Tensor, tensor, tidy } from "../index";
import { failEverywhere, SETTINGS } from "../testing/faults";

const DATA = Float32Array.from({ length: 24 }, (_, i) => i / 4 - 2);

const KINDS: Readonly<Record<string, (x: Tensor, inplace: boolean) => Tensor>> = {
  dropout: (x, inplace) => F.dropout(x, { p: 0.4, inplace }),
  "dropout of everything": (x, inplace) => F.dropout(x, { p: 1, inplace }),
  "dropout with a noise shape": (x, inplace) => F.dropout(x, { inplace, noiseShape: [-1, 1, 4] }),
  dropout1d: (x, inplace) => F.dropout1d(x, { inplace }),
  dropout3d: (x, inplace) => F.dropout3d(x.reshape([2, 3, 4, 1, 1]), { inplace }),
  alphaDropout: (x, inplace) => F.alphaDropout(x, { inplace, training: true }),
  featureAlphaDropout: (x, inplace) => F.featureAlphaDropout(x, { inplace, training: true }),
};

/** [2, 3, 4], contiguous or by strides. */
function inputOn(backend: Backend, isStrided: boolean): Tensor {
  const strided = (t: Tensor) => t.transpose(0, 2).contiguous().transpose(0, 2);
  return tidy(() => {
    const x = tensor(DATA, { shape: [2, 3, 4], backend });
    return isStrided ? strided(x).detach() : x;
  });
}

describe.each(SETTINGS)("where any $fault may fail, on a backend with $kernels kernels,", (setting) => {
  test.each(Object.entries(KINDS))("%s leaves nothing behind and takes no call", async (_, drop) => {
    for (const isStrided of [false, true]) {
      await failEverywhere(setting, (backend) => {
        const x = inputOn(backend, isStrided);
        return { act: () => tidy(() => drop(x, false)), watched: () => [x] };
      });
    }
  });

  test.each(Object.entries(KINDS))("%s in place changes nothing, and takes no call", async (_, drop) => {
    await failEverywhere(setting, (backend) => {
      const x = inputOn(backend, false);
      return { act: () => tidy(() => void drop(x, true)), watched: () => [x] };
    });
  });

  test("dropout in place changes nothing by strides, among integers, or in a graph", async () => {
    await failEverywhere(setting, (backend) => {
      const x = inputOn(backend, true);
      return { act: () => void F.dropout(x, { inplace: true }), watched: () => [x] };
    });
    await failEverywhere(setting, (backend) => {
      const x = tensor(new Int32Array(24).fill(3), { backend });
      return { act: () => void F.dropout(x, { p: 1, inplace: true }), watched: () => [x] };
    });
    await failEverywhere(setting, (backend) => {
      const x = inputOn(backend, false);
      x.requiresGrad = true;
      let hidden: Tensor;
      return {
        ready: () => {
          hidden = x.add(1);
        },
        act: () => {
          const { node } = hidden;
          try {
            F.dropout(hidden, { inplace: true });
          } catch (error) {
            if (hidden.node !== node) throw new Error("expected the graph to stay as it was");
            throw error;
          }
        },
        done: () => hidden.dispose(),
        watched: () => [x],
      };
    });
  });

  test("a layer's last mask is drawn again, or nothing is left", async () => {
    for (const p of [0, 0.5, 1]) {
      await failEverywhere(setting, (backend) => {
        const layer = new nn.Dropout(p);
        tidy(() => layer.forward(inputOn(backend, false)));
        return { act: () => layer.lastMask() };
      });
    }
  });
});
