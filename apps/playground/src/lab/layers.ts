import { functional as F, manualSeed, nn, type Tensor, tensor, tidy } from "@dropwise/core";
import type { BackendName, Backends } from "./backends";

/** What `F.dropout` is told: `unset` leaves the argument out, `model` passes the module's flag on. */
export type TrainingArgument = "unset" | "true" | "false" | "model";

/** What to run. */
export interface LayerSettings {
  readonly p: number;
  readonly seed: bigint;
  /** How often the same input is passed before the pass that is shown. */
  readonly passes: number;
  readonly mode: "train" | "eval";
  readonly training: TrainingArgument;
  readonly epoch: number;
  /** The first epoch in which the conditional call drops. */
  readonly warmUp: number;
}

/** What one of the three did. */
export interface LayerResult {
  readonly values: Float32Array;
  /** Whether it returned the very tensor that it was given. */
  readonly returnedInput: boolean;
  /** The call number that the next mask takes: it moves only where a mask was drawn. */
  readonly nextCall: string;
}

export const ROWS = 4;
export const COLUMNS = 6;

/** The input of all three: 1, 2, 3 and so on. */
export const INPUT = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => i + 1);

/** Passes one input through the module, the function and the conditional function, each from the same seed. */
export async function runLayers(
  backends: Backends,
  name: BackendName,
  settings: LayerSettings,
): Promise<Record<"module" | "functional" | "conditional", LayerResult>> {
  const backend = await backends.open(name);
  const { p, seed, mode, training, epoch, warmUp } = settings;
  const layer = new nn.Dropout(p);
  layer.train(mode === "train");
  const told = { unset: {}, true: { training: true }, false: { training: false }, model: { training: layer.training } }[training];

  const run = async (forward: (x: Tensor) => Tensor): Promise<LayerResult> => {
    const generator = manualSeed(seed);
    let returnedInput = false;
    const output = tidy(() => {
      const x = tensor(INPUT, { shape: [ROWS, COLUMNS], backend });
      for (let pass = 0; pass < settings.passes; pass++) forward(x);
      const y = forward(x);
      returnedInput = y === x;
      return returnedInput ? y.detach() : y;
    });
    const nextCall = String(generator.call);
    try {
      return { values: (await output.data()) as Float32Array, returnedInput, nextCall };
    } finally {
      output.dispose();
    }
  };

  // One after the other: all three draw from the default generator.
  return {
    module: await run((x) => layer.forward(x)),
    functional: await run((x) => F.dropout(x, { p, ...told })),
    conditional: await run((x) => (epoch >= warmUp ? F.dropout(x, { p, training: layer.training }) : x)),
  };
}
