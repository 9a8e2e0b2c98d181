import { functional as F, nn, optim, tidy } from "@dropwise/core";
import type { Lesson } from "./lesson";

/**
 * Program 1: dropout as a layer.
 *
 * `nn.Dropout` sits between two other layers. While the model trains, it sets each hidden value to 0 with probability p, with a fresh
 * mask for every call, and multiplies the others by 1 / (1 - p), so that their expected sum stays the same. After `eval()` it
 * returns its input as it is.
 */
export async function trainWithModule({ features, loader, epochs, onEpoch }: Lesson): Promise<nn.Sequential> {
  const model = new nn.Sequential(
    new nn.Linear(features, 20),
    new nn.ReLU(),
    new nn.Dropout({ p: 0.5 }),
    new nn.Linear(20, 1),
    new nn.Sigmoid(),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });

  model.train(); // dropout on
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
  model.eval(); // dropout off: from here on, equal rows get equal answers
  return model;
}
