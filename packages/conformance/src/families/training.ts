/** Whole training runs against PyTorch's, at every step, and the optimizers one by one. */
import { functional as F, nn, optim, type Tensor, tensor, tidy } from "@dropwise/core";
import { assert, assertClose, assertSame } from "../assert";
import { type Context, each, type Family } from "../case";
import { fromGolden, type GoldenRun, type GoldenTensor, goldenRuns } from "../goldens";
import { constant, generatorAt, uniform } from "../inputs";
import { COMPOSED, LOSSES, type Tolerance } from "../tolerance";

const LOSS_FUNCTIONS = { bce: F.binaryCrossEntropy, mse: F.mseLoss, ce: F.crossEntropy };
const OPTIMIZERS = { sgd: optim.SGD, adam: optim.Adam, adamw: optim.AdamW };

/** First gradients and final weights: many roundings, over up to thirty steps. */
const WEIGHTS: Tolerance = { ...COMPOSED, name: "weights", rtol: 1e-4, atol: 1e-5 };
const FIRST_GRADIENTS: Tolerance = { ...COMPOSED, name: "first gradients", rtol: 1e-4, atol: 1e-6 };

/** Optimizers with options that take every branch of their kernels. */
const STEPS: Readonly<Record<string, (params: Tensor[]) => optim.SGD | optim.Adam | optim.AdamW>> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.1 }),
  "SGD with weight decay": (params) => new optim.SGD(params, { lr: 0.1, weightDecay: 0.05 }),
  "SGD with momentum and dampening": (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 }),
  "SGD with Nesterov momentum": (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, nesterov: true }),
  Adam: (params) => new optim.Adam(params, { lr: 0.01 }),
  "Adam with weight decay": (params) => new optim.Adam(params, { lr: 0.01, weightDecay: 0.1, betas: [0.8, 0.99], eps: 1e-6 }),
  AdamW: (params) => new optim.AdamW(params, { lr: 0.01, weightDecay: 0.1 }),
};

/** Training. */
export const training: Family = {
  ...each(
    goldenRuns,
    ({ name }) => `trains like PyTorch, at every step: ${name}`,
    (run, context) => trainGolden(run, context),
  ),

  ...each(
    Object.keys(STEPS),
    (name) => `takes five steps of ${name}`,
    (name, { within }) =>
      within(COMPOSED)(
        (x, c) => {
          const params = [x.mul(1).detach(), x.slice(0, 0, 37).mul(2).detach()];
          for (const param of params) param.requiresGrad = true;
          const optimizer = (STEPS[name] as (typeof STEPS)[string])(params);
          for (let step = 0; step < 5; step++) {
            optimizer.zeroGrad();
            // Another gradient at each step, away from 0, where Adam's first step would turn on a sign.
            for (const param of params)
              param
                .mul(param)
                .mul(0.25)
                .add(param.mul(c.slice(0, 0, param.size).add(step)))
                .sum()
                .backward();
            optimizer.step();
          }
          return params.map((param) => param.detach());
        },
        constant(uniform([1021], { low: 0.5, high: 2 })),
        constant(uniform([1021], { seed: 2, low: 0.5, high: 1 })),
      ),
  ),

  "takes steps of large parameters": ({ within }) =>
    within(COMPOSED)(
      (x, c) =>
        Object.values(STEPS).map((make) => {
          const param = x.mul(1).detach();
          param.requiresGrad = true;
          const optimizer = make([param]);
          for (let step = 0; step < 2; step++) {
            optimizer.zeroGrad();
            param.mul(c).sum().backward();
            optimizer.step();
          }
          return param.detach();
        }),
      constant(uniform([2 ** 17 + 3], { low: 0.5, high: 2 })),
      constant(uniform([2 ** 17 + 3], { seed: 2, low: 0.5, high: 1 })),
    ),

  "clips gradients to a norm": ({ within }) =>
    within(COMPOSED)(
      (x) => {
        const param = x.mul(1).detach();
        param.requiresGrad = true;
        param.mul(param).sum().backward();
        const norm = nn.clipGradNorm([param], 1);
        return [norm, (param.grad as Tensor).mul(1)];
      },
      constant(uniform([257])),
    ),

  "trains in evaluation mode without drawing a mask": async ({ backend }) => {
    const generator = generatorAt(1);
    const model = new nn.Sequential(new nn.Linear(4, 3, { backend }), new nn.Dropout({ p: 0.5, generator }));
    const x = tensor(uniform([2, 4]).data, { shape: [2, 4], backend });
    model.eval();
    const [first, second] = [await model.forward(x).data(), await model.forward(x).data()];
    assertSame(Array.from(first), Array.from(second), `${backend.name}, evaluation`);
    assertSame(generator.call, 0n, `${backend.name}, calls taken in evaluation`);
    model.train();
    model.forward(x);
    assertSame(generator.call, 1n, `${backend.name}, calls taken in training`);
  },
};

// --- internal helpers ---

async function trainGolden(run: GoldenRun, { backend }: Context): Promise<void> {
  const on = (value: GoldenTensor): Tensor => tensor(fromGolden(value).data, { shape: value.shape, backend });
  const layers = Object.keys(run.init)
    .filter((name) => name.endsWith("weight"))
    .map((name) => {
      const [out, features] = (run.init[name] as GoldenTensor).shape as [number, number];
      return new nn.Linear(features, out, { backend, generator: generatorAt(0) });
    });
  const model = new nn.Sequential(...layers);
  model.loadStateDict(Object.fromEntries(Object.entries(run.init).map(([name, value]) => [name, on(value)])));
  const { name, ...options } = run.optimizer;
  const optimizer = new OPTIMIZERS[name](model.parameters(), options);
  const generator = generatorAt(BigInt(run.seed));
  const [x, target] = [on(run.input), on(run.target)];
  const parameters = new Map(model.namedParameters());

  const losses: Tensor[] = [];
  const firstGradients: [string, Promise<ArrayLike<number>>][] = [];
  for (let step = 0; step < run.steps; step++) {
    losses.push(
      tidy(() => {
        optimizer.zeroGrad();
        const loss = LOSS_FUNCTIONS[run.loss](forward(run, layers, x, step, generator), target);
        loss.backward();
        if (step === 0) {
          for (const key of Object.keys(run.first_grads))
            firstGradients.push([key, parameters.get(key)?.grad?.data() ?? Promise.resolve([])]);
        }
        optimizer.step();
        return loss.detach();
      }),
    );
  }

  const what = `${backend.name}, ${run.name}`;
  for (const [key, gradient] of firstGradients) {
    assertClose(await gradient, run.first_grads[key]?.data ?? [], FIRST_GRADIENTS, `${what}, first gradient of ${key}`);
  }
  const values = await Promise.all(losses.map((loss) => loss.item()));
  assertClose(values, run.losses, LOSSES, `${what}, losses`);
  for (const [key, value] of Object.entries(run.final)) {
    assertClose((await parameters.get(key)?.data()) ?? [], value.data, WEIGHTS, `${what}, final ${key}`);
  }
  assert(generator.call === BigInt(run.dropout_calls), `${what}: expected ${run.dropout_calls} calls, got ${generator.call}`);
}

function forward(
  run: GoldenRun,
  layers: readonly nn.Linear[],
  input: Tensor,
  step: number,
  generator: ReturnType<typeof generatorAt>,
): Tensor {
  // The conditional run drops in two steps of three.
  const isTraining = !run.name.includes("conditional") || step % 3 !== 1;
  // The second and third example are linear but for their dropout.
  const isLinear = /example-[23]/.test(run.name);
  let x = input;
  layers.forEach((layer, i) => {
    x = layer.forward(x);
    if (i === layers.length - 1) return;
    x = F.dropout(isLinear ? x : F.relu(x), { p: run.p[i] as number, training: isTraining, generator });
  });
  return run.loss === "bce" ? F.sigmoid(x) : x;
}
