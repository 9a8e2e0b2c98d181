/** A network with two dropouts, and rows for it. */
import { Generator, manualSeed, nn, rand, type Tensor } from "../../../index";

/** The same weights each time, which a seed draws that the default generator then has. */
export function network(): nn.Sequential {
  manualSeed(1);
  return new nn.Sequential(
    new nn.Linear(4, 16),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(16, 8),
    new nn.Dropout(0.3),
    new nn.Linear(8, 3),
  );
}

export const input = (rows = 3): Tensor => rand([rows, 4], { generator: new Generator(5) });
