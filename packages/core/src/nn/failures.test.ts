import { describe, expect, test } from "vitest";
import { type Backend, functional as F, Generator, memory, nn, ones, optim, randn, type Tensor, tensor, tidy } from "../index";
import { hostBackend } from "../testing/backends";
import { failEverywhere, SETTINGS } from "../testing/faults";

/** A layer, a buffer, gradients, and the state of an optimizer. */
class Net extends nn.Module {
  readonly layer: nn.Linear;
  readonly seen: nn.Buffer;
  readonly optimizer: optim.Adam;
  readonly backend: Backend;

  constructor(backend: Backend) {
    super();
    this.backend = backend;
    this.layer = new nn.Linear(3, 2, { backend });
    this.seen = tidy(() => new nn.Buffer(ones([2], { backend })));
    this.optimizer = new optim.Adam(this.parameters());
    tidy(() => {
      this.layer
        .forward(randn([2, 3], { backend }))
        .sum()
        .backward();
      this.optimizer.step();
    });
  }

  forward(): void {}

  /** All its tensors. */
  tensors(): Tensor[] {
    const state = Object.values(this.optimizer.stateDict().state).flatMap(({ tensors }) => tensors as Tensor[]);
    return [...Object.values(this.stateDict()), ...[...this.parameters()].flatMap(({ grad }) => grad ?? []), ...state];
  }
}

describe.each(SETTINGS)("where any $fault may fail, on a backend with $kernels kernels,", (setting) => {
  test("a layer is made with all of its parameters, or leaves nothing behind and takes no call", async () => {
    const failures = await failEverywhere(setting, (backend) => ({ act: () => [...new nn.Linear(3, 2, { backend }).parameters()] }));
    expect(failures).toBe(2);
    expect(await failEverywhere(setting, (backend) => ({ act: () => [...new nn.Conv1d(3, 2, 3, { backend }).parameters()] }))).toBe(2);
  });

  test("a convolution pads by itself, or leaves nothing behind", async () => {
    await failEverywhere(setting, (backend) => {
      const layer = new nn.Conv1d(1, 2, 3, { padding: 1, paddingMode: "reflect", backend });
      const x = ones([1, 4], { backend });
      return { act: () => layer.forward(x), watched: () => [x, ...layer.parameters()] };
    });
  });

  test.each([nn.Parameter, nn.Buffer])("%o is made of strided data, or leaves nothing behind", async (Kind) => {
    await failEverywhere(setting, (backend) => {
      const x = tidy(() => tensor([1, 2, 3, 4], { shape: [2, 2], backend }).transpose(0, 1));
      return { act: () => new Kind(x), watched: () => [x] };
    });
  });

  test.each(["to", "from"])("a module moves %s another backend with all it has, or stays", async (direction) => {
    await failEverywhere(setting, (backend) => {
      const other = hostBackend("other") as Backend;
      const [here, there] = direction === "to" ? [backend, other] : [other, backend];
      const net = new Net(here);
      const sides = () => [here, there].map((side) => [memory(side).tensors, memory(side).bytes]);
      return {
        act: async () => void (await net.to(there)),
        watched: () => net.tensors(),
        notes: () => [...net.tensors().map((x) => x.backend === there), sides()],
        reset: () => {
          for (const x of net.tensors()) {
            expect(x.backend).toBe(there);
            x.dispose();
          }
        },
      };
    });
  });

  test.runIf(setting.fault === "allocation")("a module loads all of a state dict, or none: tensors, arrays, its own tensors", async () => {
    await failEverywhere(setting, (backend) => {
      const net = new Net(backend);
      const swapped = net.layer.weight.detach();
      const state = { "layer.weight": swapped, "layer.bias": net.seen, seen: new Float32Array([5, 6]) };
      return { act: () => void net.loadStateDict(state), watched: () => [...net.tensors(), swapped] };
    });
  });

  test.runIf(setting.fault === "allocation")("gradients are clipped all, or none: their own, and such as share memory", async () => {
    await failEverywhere(setting, (backend) => {
      const net = new Net(backend);
      const shared = net.layer.bias?.grad?.detach() as Tensor;
      const grads = () => [...net.parameters()].map((p) => p.grad);
      return { act: () => nn.clipGradNorm(net.parameters(), 0.01), watched: () => [...grads(), shared] };
    });
  });

  test.each(Object.entries({ mse: F.mseLoss, smooth: F.smoothL1Loss }))(
    "a pass through a model leaves nothing behind: %s",
    async (_, loss) => {
      await failEverywhere(setting, (backend) => {
        const generator = new Generator(3);
        const model = new nn.Sequential(
          new nn.Linear(3, 4, { backend }),
          new nn.ReLU(),
          new nn.Dropout({ generator }),
          new nn.Linear(4, 2, { backend }),
          new nn.Sigmoid(),
        );
        const [x, y] = [randn([5, 3], { backend }), randn([5, 2], { backend })];
        const parameters = [...model.parameters()];
        return {
          // A mask that was drawn before something else failed has taken its call.
          ready: () => generator.manualSeed(3),
          act: () =>
            tidy(() => {
              const value = loss(model.forward(x), y);
              value.backward();
              return value.detach();
            }),
          watched: () => [x, y, ...parameters, ...parameters.map((p) => p.grad)],
          reset: () => model.zeroGrad(),
        };
      });
    },
  );
});
