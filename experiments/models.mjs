/** The networks of the experiments, each with the places in which it may drop. */
import { nn } from "@dropwise/core";

/** @typedef {import("@dropwise/core").Tensor} Tensor */
/** @typedef {() => import("@dropwise/core").nn.TensorModule} Layer what stands where something may be dropped */

const WIDTH = 128;

/** @type {Layer} */
export const nothing = () => new nn.Identity();

/**
 * Two wide hidden layers on 64 pixels.
 *
 * @param {Layer} drop behind each
 */
export function wide(drop) {
  return new nn.Sequential(
    ...[new nn.Linear(64, WIDTH), new nn.ReLU(), drop()],
    ...[new nn.Linear(WIDTH, WIDTH), new nn.ReLU(), drop()],
    new nn.Linear(WIDTH, 10),
  );
}

/**
 * Two convolutions on pictures of 1 x 8 x 8.
 *
 * @param {Layer} drop behind the second
 * @param {Layer} [between] before the second's batch norm
 */
export function convolutional(drop, between = nothing) {
  return new nn.Sequential(
    ...[new nn.Conv2d(1, 16, 3, { padding: 1 }), new nn.BatchNorm2d(16), new nn.ReLU(), between()],
    ...[new nn.Conv2d(16, 32, 3, { padding: 1 }), new nn.BatchNorm2d(32), new nn.ReLU(), drop(), new nn.MaxPool2d(2)],
    ...[new nn.Flatten(), new nn.Linear(32 * 4 * 4, 10)],
  );
}

const DEPTH = 8;

/** Residual blocks on 64 pixels, whose branches may be dropped. */
class Residual extends nn.Module {
  first = new nn.Linear(64, 64);
  head = new nn.Linear(64, 10);

  /** @param {(place: number) => import("@dropwise/core").nn.TensorModule} drop of the block's place, from 0 to 1 */
  constructor(drop) {
    super();
    this.blocks = Array.from({ length: DEPTH }, (_, i) => ({
      norm: new nn.LayerNorm(64),
      branch: new nn.Sequential(new nn.Linear(64, 64), new nn.ReLU(), new nn.Linear(64, 64)),
      drop: drop((i + 1) / DEPTH),
    }));
  }

  /** @param {Tensor} x */
  forward(x) {
    let h = this.first.forward(x);
    for (const { norm, branch, drop } of this.blocks) h = h.add(drop.forward(branch.forward(norm.forward(h))));
    return this.head.forward(h);
  }
}

/** @param {(place: number) => import("@dropwise/core").nn.TensorModule} drop */
export const residual = (drop) => new Residual(drop);

/** Reads a picture row by row. */
class Reader extends nn.Module {
  head = new nn.Linear(48, 10);

  /**
   * @param {(lstm: import("@dropwise/core").nn.LSTM) => import("@dropwise/core").nn.Module} around what holds the LSTM
   * @param {Layer} drop of its output
   */
  constructor(around, drop) {
    super();
    this.lstm = around(new nn.LSTM(8, 48, { batchFirst: true }));
    this.drop = drop();
  }

  /** @param {Tensor} x (batch, 8 rows, 8 pixels) */
  forward(x) {
    const [output] = /** @type {[Tensor, unknown]} */ (this.lstm.forward(x));
    return this.head.forward(this.drop.forward(output).slice(1, -1).squeeze(1));
  }
}

/**
 * @param {(lstm: import("@dropwise/core").nn.LSTM) => import("@dropwise/core").nn.Module} around
 * @param {Layer} drop
 */
export const reader = (around, drop) => new Reader(around, drop);
