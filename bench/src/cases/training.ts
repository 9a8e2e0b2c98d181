import {
  type Backend,
  functional as F,
  getDefaultBackend,
  manualSeed,
  nn,
  optim,
  setDefaultBackend,
  type Tensor,
  tensor,
  tidy,
} from "@dropwise/core";
import type { HostData } from "../competitor";
import { P, type TrainTask } from "../task";
import type { Work } from "./work";

/** A model in training. */
export interface Training {
  /** One step: gradients to zero, forward, loss, backward, optimizer. The loss stays where it is; nothing is read. */
  step(input: Tensor, target: Tensor): void;
  dispose(): void;
}

/** A model of a task, from seed 1. */
export function makeTraining(backend: Backend, task: TrainTask): Training {
  const { head, learningRate: lr } = task;
  const { model, optimizer } = onBackend(backend, () => {
    manualSeed(1);
    const model = network(task);
    const parameters = model.parameters();
    return { model, optimizer: head === "sigmoid" ? new optim.SGD(parameters, { lr }) : new optim.Adam(parameters, { lr }) };
  });
  return {
    step(input, target) {
      tidy(() => {
        optimizer.zeroGrad();
        const output = model.forward(input);
        const loss = head === "sigmoid" ? F.binaryCrossEntropy(output, target) : F.crossEntropy(output, target);
        loss.backward();
        optimizer.step();
      });
    },
    dispose() {
      optimizer.zeroGrad();
      for (const parameter of model.parameters()) parameter.dispose();
    },
  };
}

/** Whole training steps, on one batch that changes from round to round. */
export function trainingWork(backend: Backend, task: TrainTask, data: HostData): Work {
  const { layers, batch, head } = task;
  const [features, outputs] = [layers[0] as number, layers.at(-1) as number];
  const training = makeTraining(backend, task);
  let input: Tensor | undefined;
  let target: Tensor | undefined;
  return {
    prepare(round) {
      input?.dispose();
      target?.dispose();
      input = tensor(data.values(batch * features, round), { shape: [batch, features], backend });
      const labels = data.values(batch, round + 1);
      target =
        head === "sigmoid"
          ? tensor(
              labels.map((value) => (value > 0 ? 1 : 0)),
              { shape: [batch, 1], backend },
            )
          : tensor(
              Int32Array.from(labels, (value) => Math.floor(((value + 1) / 2) * outputs)),
              { backend },
            );
      manualSeed(round);
    },
    run(calls) {
      onBackend(backend, () => {
        for (let i = 0; i < calls; i++) training.step(input as Tensor, target as Tensor);
      });
    },
    dispose() {
      input?.dispose();
      target?.dispose();
      training.dispose();
    },
  };
}

/** Runs `work` with `backend` as the default one. */
export function onBackend<T>(backend: Backend, work: () => T): T {
  const before = getDefaultBackend();
  setDefaultBackend(backend);
  try {
    return work();
  } finally {
    setDefaultBackend(before);
  }
}

/** The layers of a task. */
export function network({ layers, head }: TrainTask): nn.Sequential {
  const modules: (nn.Linear | nn.ReLU | nn.Dropout | nn.Sigmoid)[] = [];
  for (let i = 0; i + 1 < layers.length; i++) {
    modules.push(new nn.Linear(layers[i] as number, layers[i + 1] as number));
    if (i + 2 < layers.length) modules.push(new nn.ReLU(), new nn.Dropout({ p: P }));
  }
  if (head === "sigmoid") modules.push(new nn.Sigmoid());
  return new nn.Sequential(...modules);
}
