import { BACKEND_NAMES, type BackendName, type Backends } from "./backends";
import { type ModelSettings, MoonModel } from "./model";

/** Losses are told in pieces of this many steps. */
const STEPS_PER_REPORT = 10;

/**
 * Trains the model with dropout from the start, for the same number of steps on every backend there is, one after the other. `report` gets the losses
 * of the training steps themselves, masks included, piece by piece.
 */
export async function prove(
  backends: Backends,
  settings: ModelSettings,
  steps: number,
  report: (backend: BackendName, losses: readonly number[]) => unknown,
): Promise<void> {
  for (const name of BACKEND_NAMES) {
    if (!(await backends.report(name)).available) continue;
    const model = await MoonModel.create(settings, await backends.open(name));
    try {
      for (let step = 0; step < steps; step += STEPS_PER_REPORT) {
        const losses: number[] = [];
        for (let i = step; i < Math.min(steps, step + STEPS_PER_REPORT); i++) {
          const loss = model.train();
          losses.push(await loss.item());
          loss.dispose();
        }
        await report(name, losses);
      }
    } finally {
      model.dispose();
    }
  }
}
