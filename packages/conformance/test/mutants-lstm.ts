/** Backends whose LSTM in one kernel has one fault each. */
import { type LstmSteps, lstmMembers } from "./lstm-kernel";
import { type Mutant, mutant } from "./mutant";

const BOTH_WAYS = 'recurrent > runs a whole LSTM of size 19, over [5,3] {"bidirectional":true}';

/** The mutants. */
export const lstmMutants: readonly Mutant[] = [
  lstm("an LSTM that never goes back in time", { order: ({ steps }) => Array.from({ length: steps }, (_, t) => t) }, BOTH_WAYS),
  lstm("an LSTM with the cell's gate before the forget gate", { place: (gate) => [0, 2, 1, 3][gate] as number }, BOTH_WAYS),
  lstm("an LSTM that forgets nothing", { cell: (i, _f, g, before) => before + i * g }, BOTH_WAYS),
  lstm("gradients of an LSTM whose cells are not coupled", { through: () => 0 }, BOTH_WAYS),
  lstm("gradients of an LSTM whose cells nobody reads", { own: () => 0 }, BOTH_WAYS),
];

/** The same kernel without a fault: what the mutants are caught by, it passes. */
export const rightLstm: Mutant = lstm("an LSTM in one kernel", {}, ...new Set(lstmMutants.flatMap(({ caughtBy }) => caughtBy)));

// --- internal helpers ---

function lstm(name: string, changes: Partial<LstmSteps>, ...caughtBy: string[]): Mutant {
  return mutant(name, () => lstmMembers(changes), ...caughtBy);
}
