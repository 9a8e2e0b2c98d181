/** Every optimizer, step by step, against PyTorch's; and what goes around them: schedulers, averages of weights, clipped gradients. */
import { nn, optim, type Tensor, tensor } from "@dropwise/core";
import { assertClose } from "../assert";
import { each, type Family } from "../case";
import { type GoldenTensor, goldenOptimizers } from "../goldens";
import { COMPOSED } from "../tolerance";

/** Optimizers, and what goes around them. */
export const optimizers: Family = {
  ...each(
    goldenOptimizers,
    ({ optimizer, options }) => `steps as PyTorch does: ${optimizer} ${JSON.stringify(options)}`,
    async (run, { backend }) => {
      const at = ({ shape, data }: GoldenTensor, requiresGrad = false) => tensor(data, { shape, backend, requiresGrad });
      const params = run.params.map((param) => at(param, true));
      const optimizer = new optim[run.optimizer](params, run.options);
      // Read at each step, without waiting.
      const got: Promise<ArrayLike<number>>[] = [];
      for (const grads of run.grads) {
        for (const [k, param] of params.entries()) param.grad = at(grads[k] as GoldenTensor);
        optimizer.step();
        optimizer.zeroGrad();
        got.push(...params.map((param) => param.data()));
      }
      const all = await Promise.all(got);
      for (const [i, { data }] of run.steps.flat().entries())
        assertClose(
          all[i] ?? [],
          data,
          COMPOSED,
          `${backend.name}, ${run.optimizer}, parameter ${i % params.length} after step ${Math.floor(i / params.length)}`,
        );
      optimizer.dispose();
      for (const param of params) param.dispose();
    },
  ),

  "a cycled momentum reaches the kernels": async ({ backend }) => {
    const param = tensor([1, -2, 3], { backend, requiresGrad: true });
    const optimizer = new optim.SGD([param], { lr: 0.1, momentum: 0.5 });
    const scheduler = new optim.OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 4 });
    const expected = [1, -2, 3];
    let velocity = 0;
    for (let step = 0; step < 4; step++) {
      const { lr, momentum } = optimizer.paramGroups[0] as optim.FullGroup<optim.SGDOptions>;
      velocity = step === 0 ? 1 : momentum * velocity + 1;
      expected.forEach((value, i) => {
        expected[i] = value - lr * velocity;
      });
      param.grad = tensor([1, 1, 1], { backend });
      optimizer.step();
      scheduler.step();
    }
    assertClose(await param.data(), expected, COMPOSED, `${backend.name}, momentum`);
    optimizer.dispose();
    param.grad?.dispose();
    param.dispose();
  },

  "averages of weights take their place for a while": async ({ backend }) => {
    const param = new nn.Parameter(tensor([1, 2], { backend }));
    const ema = new optim.EMA([param], { decay: 0.75 });
    const optimizer = new optim.SGD([param], { lr: 1 });
    for (let step = 0; step < 3; step++) {
      param.grad = tensor([1, -1], { backend });
      optimizer.step();
      ema.update();
    }
    const averages = await ema.apply(() => param.data());
    // 0; 0.75 * 0 - 0.25; 0.75 * -0.25 - 0.5
    assertClose(averages, [-0.6875, 3.6875], COMPOSED, `${backend.name}, averages`);
    assertClose(await param.data(), [-2, 5], COMPOSED, `${backend.name}, weights`);
    ema.dispose();
    optimizer.dispose();
    param.grad?.dispose();
    param.dispose();
  },

  "clipGradValue brings gradients between its bounds, and leaves NaN": async ({ backend }) => {
    const param: Tensor = new nn.Parameter(tensor([0, 0, 0, 0], { backend }));
    param.grad = tensor([0.5, -7, 3, Number.NaN], { backend });
    nn.clipGradValue([param], 2);
    assertClose(await (param.grad as Tensor).data(), [0.5, -2, 2, Number.NaN], COMPOSED, `${backend.name}, clipped`);
    param.grad?.dispose();
    param.dispose();
  },
};
