import { functional as F, nn, optim, type Tensor, tidy } from "@dropwise/core";
import type { Lesson } from "./lesson";

/**
 * Program 2: dropout as a function.
 *
 * `F.dropout` has no state, so it cannot know whether the model trains: the caller says so in every call. Its default is
 * `training: true`, as in PyTorch. A model that leaves the flag out goes on dropping values in inference, whatever `eval()` says.
 */
export class FunctionalModel extends nn.Module {
  readonly hidden: nn.Linear;
  readonly output: nn.Linear;

  constructor(features: number) {
    super();
    this.hidden = new nn.Linear(features, 20);
    this.output = new nn.Linear(20, 1);
  }

  forward(input: Tensor): Tensor {
    const hidden = F.relu(this.hidden.forward(input));
    const kept = F.dropout(hidden, { p: 0.5, training: this.training });
    return F.sigmoid(this.output.forward(kept));
  }
}

/** The same network and loop as in program 1. */
export async function trainWithFunction({ features, loader, epochs, onEpoch }: Lesson): Promise<FunctionalModel> {
  const model = new FunctionalModel(features);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });

  model.train(); // sets model.training, which forward hands on
  for (let epoch = 1; epoch <= epochs; epoch++) {
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
