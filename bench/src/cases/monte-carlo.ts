import { type Backend, manualSeed, noGrad, type Tensor, tensor, tidy } from "@dropwise/core";
import { monteCarlo } from "@dropwise/core/train";
import type { HostData } from "../competitor";
import { MLP, type MonteCarloTask } from "../task";
import { network, onBackend } from "./training";
import type { Work } from "./work";

/** Answers of a network with its dropout on: mean and variance of all at once, or one forward after the other, of which nothing is kept. */
export function monteCarloWork(backend: Backend, { batch, samples, way }: MonteCarloTask, data: HostData): Work {
  const model = onBackend(backend, () => {
    manualSeed(1);
    return network(MLP);
  });
  const columns = MLP.layers[0] as number;
  let input: Tensor | undefined;
  const ask = (x: Tensor): void => {
    if (way === "at once") {
      const { mean, variance } = monteCarlo(model, x, { samples });
      mean.dispose();
      variance.dispose();
    } else for (let i = 0; i < samples; i++) tidy(() => noGrad(() => model.forward(x))).dispose();
  };
  return {
    prepare(round) {
      input?.dispose();
      input = tensor(data.values(batch * columns, round), { shape: [batch, columns], backend });
      manualSeed(round);
    },
    run(calls) {
      onBackend(backend, () => {
        for (let i = 0; i < calls; i++) ask(input as Tensor);
      });
    },
    dispose() {
      input?.dispose();
      for (const parameter of model.parameters()) parameter.dispose();
    },
  };
}
