import { describe, expect, test } from "vitest";
import {
  type Backend,
  functional as F,
  full,
  grad,
  gradcheck,
  gradgradcheck,
  memory,
  ones,
  rand,
  randn,
  type Tensor,
  tensor,
  tidy,
  zeros,
} from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { failEverywhere, SETTINGS } from "../testing/faults";
import { expectRefusal } from "../testing/refusal";

const leafOn = (backend: Backend, values: number[]): Tensor => tensor(values, { backend, requiresGrad: true });

/** Gradients that leaves have before a backward adds to them. */
const GRADIENTS: Readonly<Record<string, (a: Tensor, b: Tensor) => void>> = {
  "of their own": () => {},
  "that somebody holds a view of": (a) => {
    held.push(a.grad?.detach() as Tensor);
  },
  "that repeat one value": (a, b) => {
    for (const leaf of [a, b])
      give(
        leaf,
        tidy(() => full([1], 0.5, { backend: a.backend }).expand([3])),
      );
  },
  "that are one tensor": (a, b) => {
    const gradient = tensor([1, 2, 3], { backend: a.backend });
    for (const leaf of [a, b]) give(leaf, gradient);
  },
  "that require gradients themselves": (a, b) => {
    for (const leaf of [a, b]) give(leaf, leafOn(a.backend, [1, 2, 3]));
  },
};

const held: Tensor[] = [];

/** In place of another, which is not left to the garbage collector: the test counts tensors. */
function give(leaf: Tensor, gradient: Tensor): void {
  leaf.grad?.dispose();
  leaf.grad = gradient;
}

describe.each(SETTINGS)("where any $fault may fail, on a backend with $kernels kernels,", (setting) => {
  const { kernels } = setting;

  test.each(Object.entries(GRADIENTS))("a backward adds to all gradients or to none: gradients %s", async (_, prepare) => {
    for (const createGraph of [false, true]) {
      await failEverywhere(setting, (backend) => {
        const [a, b] = [leafOn(backend, [1, -2, 3]), leafOn(backend, [0.5, 4, -1])];
        tidy(() => a.mul(b).add(b.exp()).sum().backward());
        prepare(a, b);
        const before = [a, b].map((leaf) => leaf.grad);
        return {
          act: () => tidy(() => a.mul(b).add(b.exp()).sum().backward(undefined, { createGraph })),
          watched: () => [a, b, a.grad, b.grad],
          notes: () => [a, b].map((leaf) => leaf.grad?.isDisposed),
          reset: () => {
            [a, b].forEach((leaf, i) => {
              if (leaf.grad !== before[i]) leaf.grad?.dispose();
            });
          },
        };
      });
    }
  });

  test("a backward that fails gives up its graph", async () => {
    await failEverywhere(setting, (backend) => {
      const [x, seed] = [leafOn(backend, [1, 2, 3]), ones([3], { backend })];
      let output: Tensor;
      return {
        ready: () => {
          output = F.gelu(x);
        },
        act: () => output.backward(seed),
        done: () => {
          expectRefusal(() => output.backward(seed), "DisposedError", "backward: expected the graph of ", "got a released one");
          output.dispose();
        },
        watched: () => [x.grad],
        reset: () => x.grad?.dispose(),
      };
    });
  });

  test("a backward that fails may be tried again where the graph is kept, and so may grad, which gives all gradients or none", async () => {
    await failEverywhere(setting, (backend) => {
      const [x, target] = [leafOn(backend, [1, 2, 3]), zeros([3], { backend })];
      const loss = F.mseLoss(x, target);
      return {
        act: () => loss.backward(undefined, { retainGraph: true }),
        watched: () => [x.grad, target],
        reset: () => x.grad?.dispose(),
      };
    });
    await failEverywhere(setting, (backend) => {
      const [a, b, unused] = [leafOn(backend, [1, -2, 3]), leafOn(backend, [0.5, 4, -1]), leafOn(backend, [1])] as const;
      const product = a.mul(b);
      const hidden = F.gelu(product);
      const outputs = [product.sum(), hidden.sum()];
      return {
        act: () => grad(outputs, [a, b, unused, product], { allowUnused: true, retainGraph: true }),
        watched: () => [a, b, unused, product, hidden, ...outputs],
      };
    });
  });

  const made: Readonly<Record<string, (backend: Backend) => () => unknown>> = {
    tensor: (backend) => () =>
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { backend },
      ),
    zeros: (backend) => () => zeros([2, 3], { backend, dtype: "int32" }),
    rand: (backend) => () => rand([5], { backend }),
    randn: (backend) => () => randn([5], { backend, requiresGrad: true }),
  };
  test.each(Object.entries(made))("%s leaves nothing behind and takes no call", async (_, make) => {
    expect(await failEverywhere(setting, (backend) => ({ act: make(backend) }))).toBeGreaterThan(0);
  });

  test.runIf(kernels === "fused")("gradcheck and gradgradcheck put the generator back", async () => {
    for (const check of [gradcheck, gradgradcheck]) {
      await failEverywhere(setting, (backend) => {
        const x = tensor(new Float64Array([1, 2]), { backend, requiresGrad: true });
        return { act: () => void check((t) => F.dropout(t.mul(t), 0.5), [x]), watched: () => [x, x.grad] };
      });
    }
  });

  test("reading leaves nothing behind, also by strides", async () => {
    await failEverywhere(setting, (backend) => {
      const x = tidy(() =>
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          { backend },
        ).transpose(0, 1),
      );
      return { act: async () => void (await x.data()), watched: () => [x] };
    });
    if (kernels === "composed") return;
    await failEverywhere(setting, (backend) => {
      const x = tidy(() =>
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          { backend },
        ).transpose(0, 1),
      );
      return { act: () => void x.dataSync(), watched: () => [x] };
    });
  });

  test.each(["to", "from"])("moving %s another backend leaves nothing behind on either", async (direction) => {
    await failEverywhere(setting, (backend) => {
      const other = (kernels === "fused" ? blindBackend("other") : hostBackend("other")) as Backend;
      const [here, there] = direction === "to" ? [backend, other] : [other, backend];
      const x = tidy(() => tensor([1, 2, 3, 4], { shape: [2, 2], backend: here }).transpose(0, 1));
      return {
        act: () => x.to(there),
        watched: () => [x],
        notes: () => [here, there].map((side) => [memory(side).tensors, memory(side).bytes]),
      };
    });
  });
});
