import { functional as F, nn, optim, type Tensor, tidy } from "@dropwise/core";
import type { Lesson } from "./lesson";

/**
 * Program 3: dropout under a condition.
 *
 * A function call can stand behind any condition. Here it does so twice:
 * - by phase: the first third of the training warms up without dropout. A call that is not made draws no mask;
 * - by input: only rows that lie farther out than the batch does on average are thinned, the others pass whole.
 */
export class ConditionalModel extends nn.Module {
  readonly hidden: nn.Linear;
  readonly output: nn.Linear;
  /** Set by the training loop. */
  warmingUp = false;

  constructor(features: number) {
    super();
    this.hidden = new nn.Linear(features, 20);
    this.output = new nn.Linear(20, 1);
  }

  forward(input: Tensor): Tensor {
    let hidden = F.relu(this.hidden.forward(input));
    if (this.training && !this.warmingUp) {
      const distance = input.mul(input).mean({ dim: 1, keepdim: true }); // one number per row: [rows, 1]
      const isFar = distance.gt(distance.mean());
      hidden = F.dropout(hidden, { p: 0.5 }).where(isFar, hidden);
    }
    return F.sigmoid(this.output.forward(hidden));
  }
}

/** The loop of program 1, with one line more: the phase. */
export async function trainConditionally({ features, loader, epochs, onEpoch }: Lesson): Promise<ConditionalModel> {
  const model = new ConditionalModel(features);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });

  model.train();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.warmingUp = epoch <= epochs / 3;
    let total = 0;
    let batches = 0;
    for (const [input, target] of loader) {
      const loss = tidy(() => {
        optimizer.zeroGrad();
        const loss = F.binaryCrossEntropy(model.forward(input), target);
        loss.backward();
        optimizer.step();
        return loss;
      });
      total += await loss.item();
      batches++;
      loss.dispose();
    }
    onEpoch(epoch, total / batches);
  }
  model.eval();
  return model;
}
