import { throwIfAborted } from "../data/signal";
import { refusal } from "../errors/refusal";
import { tidy } from "../tensor/tidy";
import { type Batches, checkBatches, partsOf, passOver } from "./batches";
import { type EpochResult, type FitOptions, type FitSettings, readFitOptions, watched } from "./fit-options";
import { RunningMean, rowsOf } from "./metrics/mean-loss";
import { checkModel, inMode, type Model } from "./mode";

/**
 * Trains a model: the loop that one would write, with what belongs around it. PyTorch has none; Lightning's `Trainer.fit` and Keras's `model.fit` are like it.
 *
 * Each epoch is one pass over the loader in training mode; then `validate` runs in evaluation mode, the scheduler is stepped, and `onEpoch` is told. At the end,
 * also after an error, each module has its training flag back. Weights are, bit for bit, those of the handwritten loop.
 *
 * Nothing waits for the device but that the host is never more than some steps ahead of it, and timers and events have their turn between steps: a page stays alive,
 * and a signal is heard. As with `fetch`, one rejects the promise with its reason, at once between steps and while a batch is waited for; the model, the optimizer and
 * the loader can be used on. Epochs that were done were told to `onEpoch`.
 *
 * @param model Its `forward` gets all of a batch but the last.
 * @param loader Batches `[input, target]`, or `[...inputs, target]`: a `DataLoader`, an array, anything that can be looped over once for each epoch, also by `for await`.
 * @param options What to do with them.
 * @returns What each epoch came to.
 * @throws TypeError and RangeError for options, batches of another form, and a pass without batches; ShapeError for a loss of more than one element; the signal's
 *   reason; and what the loader, the model and all functions given throw.
 * @example
 * ```ts
 * manualSeed(1);
 * const x = rand([64, 4]);
 * const y = x.sum({ dim: 1, keepdim: true });
 * const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 16, shuffle: true });
 * const model = new nn.Linear(4, 1);
 * const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
 * const history = await fit(model, loader, { loss: F.mseLoss, optimizer, epochs: 30 });
 * console.log(history.length, (history.at(-1)?.loss ?? 1) < 0.05); // 30 true
 * ```
 */
export async function fit<V = undefined>(model: Model, loader: Batches, options: FitOptions<V>): Promise<EpochResult<V>[]> {
  checkModel(OP, model);
  checkBatches(OP, loader);
  const settings = readFitOptions(options);
  const { epochs, validate, monitor, scheduler, stepsEachBatch, earlyStopping, onEpoch, signal } = settings;
  const history: EpochResult<V>[] = [];
  throwIfAborted(signal);
  await inMode(model, true, async () => {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const loss = await trainEpoch(model, loader, epoch, settings);
      const validation = validate && (await inMode(model, false, validate));
      throwIfAborted(signal);
      const result = { epoch, loss, validation: validation as V };
      const value = watched(result, monitor);
      if (!stepsEachBatch) scheduler?.step(value);
      const isOver = earlyStopping?.step(value) ?? false;
      history.push(result);
      await onEpoch?.(result);
      if (isOver) break;
    }
  });
  return history;
}

// --- internal helpers ---

const OP = "fit";

/** So many steps the host may be ahead of a device: a bar that shows them is not ahead of the work, and an end is one. */
const AHEAD = 8;

/** One pass over the loader. Returns the mean of the loss. */
async function trainEpoch<V>(model: Model, loader: Batches, epoch: number, settings: FitSettings<V>): Promise<number> {
  const { loss: lossFn, optimizer, scheduler, stepsEachBatch, onStep, signal } = settings;
  const { length } = loader as { length?: unknown };
  const steps = typeof length === "number" ? length : undefined;
  const mean = new RunningMean();
  let step = 0;
  let behind: Promise<unknown> | undefined;
  try {
    for await (const batch of passOver(OP, loader, signal)) {
      const { inputs, target } = partsOf(OP, batch);
      const loss = tidy(() => {
        optimizer.zeroGrad();
        const loss = lossFn(model.forward(...inputs), target);
        loss.backward();
        optimizer.step();
        return loss.detach();
      });
      try {
        step++;
        if (stepsEachBatch) scheduler?.step();
        mean.add(loss, rowsOf(target));
        if (step % AHEAD === 0) {
          await behind;
          behind = loss.item();
          behind.catch(() => {}); // it is awaited later, or another error came first
        }
        await onStep?.({ epoch, step, steps, readLoss: () => loss.item() });
        await loss.storage.device.turn();
      } finally {
        loss.dispose();
      }
    }
    const value = await mean.read();
    if (value === undefined) {
      throw refusal(
        OP,
        "a loader that gives batches",
        `none in epoch ${epoch}`,
        "a generator can be looped over only once: pass a DataLoader or an array",
      );
    }
    return value;
  } finally {
    mean.reset();
  }
}
