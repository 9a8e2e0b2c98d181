import { describe, expect, test } from "vitest";
import { deviceOf } from "../cpu/device-of";
import { referenceKernels } from "../cpu/reference-kernels";
import { type Backend, functional as F, nn, optim, randn, type Tensor, type TypedArray, tensor, tidy } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { failEverywhere, SETTINGS } from "../testing/faults";

type AnyOptimizer = optim.SGD | optim.Adam | optim.AdamW | optim.RMSprop | optim.NAdam;

const OPTIMIZERS: Readonly<Record<string, (params: Iterable<Tensor>) => AnyOptimizer>> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.1 }),
  "SGD with momentum": (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, weightDecay: 0.1 }),
  "SGD with Nesterov's momentum": (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, nesterov: true }),
  Adam: (params) => new optim.Adam(params, { weightDecay: 0.1 }),
  AdamW: (params) => new optim.AdamW(params),
  "Adam with amsgrad, uphill": (params) => new optim.Adam(params, { amsgrad: true, maximize: true }),
  "SGD uphill": (params) => new optim.SGD(params, { lr: 0.1, maximize: true }),
  RMSprop: (params) => new optim.RMSprop(params, { centered: true, momentum: 0.9 }),
  NAdam: (params) => new optim.NAdam(params),
};

/** A model with gradients, after some steps of its optimizer. */
function trained(backend: Backend, make: (params: Iterable<Tensor>) => AnyOptimizer, steps: number) {
  const model = new nn.Sequential(new nn.Linear(3, 4, { backend }), new nn.Linear(4, 1, { backend }));
  const optimizer = make(model.parameters());
  const parameters = [...model.parameters()];
  for (let i = 0; i <= steps; i++) {
    if (i > 0) optimizer.step();
    tidy(() => F.mseLoss(model.forward(randn([5, 3], { backend })), randn([5, 1], { backend })).backward());
  }
  const state = () => Object.entries(optimizer.stateDict().state);
  return {
    optimizer,
    watched: () => [...parameters, ...parameters.map((p) => p.grad), ...state().flatMap(([, { tensors }]) => tensors as Tensor[])],
    notes: () => [state().map(([i, { step }]) => `${i}: ${step}`), optimizer.paramGroups.map(({ params: _, ...options }) => options)],
  };
}

const settings = SETTINGS.filter(({ fault }) => fault === "allocation");

describe.each(settings)("where memory may run out, on a backend with $kernels kernels,", (setting) => {
  describe.each(Object.entries(OPTIMIZERS))("%s", (_, make) => {
    test.each([0, 1])("steps all parameters, or changes nothing: after %i steps", async (steps) => {
      await failEverywhere(setting, (backend) => {
        const { optimizer, ...state } = trained(backend, make, steps);
        return { ...state, act: () => optimizer.step(), reset: () => void (steps === 0 && optimizer.dispose()) };
      });
    });

    test("steps all parameters, or changes nothing: by strides", async () => {
      await failEverywhere(setting, (backend) => {
        const leaves = [1, 2].map((value) =>
          tidy(() =>
            tensor([value, 3, 5, 7], { shape: [2, 2], backend })
              .transpose(0, 1)
              .detach(),
          ),
        );
        for (const leaf of leaves) leaf.requiresGrad = true;
        const optimizer = make(leaves);
        tidy(() =>
          leaves
            .reduce((product, leaf) => product.mul(leaf))
            .sum()
            .backward(),
        );
        optimizer.step();
        return {
          act: () => optimizer.step(),
          watched: () => leaves,
          notes: () => Object.values(optimizer.stateDict().state).map(({ step: number }) => number),
        };
      });
    });

    test("loads a whole state dict, or changes nothing", async () => {
      await failEverywhere(setting, (backend) => {
        const { optimizer, ...state } = trained(backend, make, 1);
        const dict = optimizer.stateDict();
        const saved = Object.entries(dict.state).map(([i, { tensors }]) => {
          const copies = tensors.map((x, k) => (k === 0 ? x : new Float32Array((x as Tensor).size).fill(0.5)));
          return [i, { step: 9, tensors: copies }];
        });
        const loaded = { paramGroups: dict.paramGroups.map((group) => ({ ...group, lr: 0.7 })), state: Object.fromEntries(saved) };
        return { ...state, act: () => optimizer.loadStateDict(loaded), watched: () => state.watched() };
      });
    });
  });

  test("a momentum that is switched on starts for all parameters, or for none", async () => {
    await failEverywhere(setting, (backend) => {
      const { optimizer, ...state } = trained(backend, (params) => new optim.SGD(params, { lr: 0.1 }), 1);
      Object.assign(optimizer.paramGroups[0] as object, { momentum: 0.5 });
      return { ...state, act: () => optimizer.step(), reset: () => optimizer.dispose() };
    });
  });
});

describe("a kernel that fails in the middle of a step", () => {
  test.each([
    [
      "fused, all in one call",
      hostBackend(
        "fused",
        referenceKernels(({ handle }) => handle as TypedArray),
      ),
      "optimizerStep",
      1,
    ],
    ["composed, one by one", blindBackend("composed"), "copy", 2],
  ] as const)("leaves the parameters from there on, and counts the steps of those before: %s", async (_, backend, name, failing) => {
    const leaves = [1, 2, 3].map((value) => tensor([value, value], { backend: backend as Backend, requiresGrad: true }));
    for (const leaf of leaves) leaf.grad = tensor([1, 1], { backend: backend as Backend });
    const optimizer = new optim.SGD(leaves, { lr: 0.5 });
    const { kernels } = deviceOf(backend as Backend);
    const kernel = kernels[name] as (...args: unknown[]) => void;
    let calls = 0;
    const fails = (...args: unknown[]) => {
      calls++;
      if (calls === failing) throw new Error("the device is gone");
      kernel(...args);
    };
    Object.assign(kernels, { [name]: fails });
    expect(() => optimizer.step()).toThrow("the device is gone");
    expect(Object.values(optimizer.stateDict().state).map(({ step }) => step)).toEqual(failing === 1 ? [] : [1]);
    const values = await Promise.all(leaves.map(async (leaf) => [...(await leaf.data())]));
    expect(values).toEqual([failing === 1 ? [1, 1] : [0.5, 0.5], [2, 2], [3, 3]]);
  });
});
