/** The networks of the experiments that see a picture at once, each with the places in which it may drop. */
import { nn } from "@dropwise/core";

/** @typedef {import("@dropwise/core").Tensor} Tensor */
/** @typedef {import("@dropwise/core").nn.TensorModule} TensorModule */
/** @typedef {() => TensorModule} Layer what stands where something may be dropped */

const WIDTH = 128;

/** @type {Layer} */
export const nothing = () => new nn.Identity();

/**
 * Two hidden layers on 64 pixels.
 *
 * @param {Layer} drop behind each
 * @param {{ width?: number, inputs?: Layer, around?: (linear: import("@dropwise/core").nn.Linear) => TensorModule }} [options] hidden units of a layer, what may
 *   be dropped of the pixels, and what holds a hidden layer
 */
export function wide(drop, { width = WIDTH, inputs = nothing, around = (linear) => linear } = {}) {
  return new nn.Sequential(
    inputs(),
    ...[around(new nn.Linear(64, width)), new nn.ReLU(), drop()],
    ...[around(new nn.Linear(width, width)), new nn.ReLU(), drop()],
    new nn.Linear(width, 10),
  );
}

/**
 * Four hidden layers of SELUs on 64 pixels, with the initial weights that such networks have.
 *
 * @param {Layer} drop behind each
 */
export function selus(drop) {
  const layers = [64, WIDTH, WIDTH, WIDTH].flatMap((size) => [new nn.Linear(size, WIDTH), new nn.SELU(), drop()]);
  const model = new nn.Sequential(...layers, new nn.Linear(WIDTH, 10));
  for (const layer of model.modules()) {
    if (!(layer instanceof nn.Linear)) continue;
    nn.init.kaimingNormal(layer.weight, { nonlinearity: "linear" });
    if (layer.bias !== null) nn.init.zeros(layer.bias);
  }
  return model;
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

/** Adds to its input what a branch makes of it. */
class Block extends nn.Module {
  norm = new nn.LayerNorm(64);
  branch = new nn.Sequential(new nn.Linear(64, 64), new nn.ReLU(), new nn.Linear(64, 64));

  /** @param {TensorModule} drop of the branch */
  constructor(drop) {
    super();
    this.drop = drop;
  }

  /** @param {Tensor} x */
  forward(x) {
    return x.add(this.drop.forward(this.branch.forward(this.norm.forward(x))));
  }
}

/** Residual blocks on 64 pixels, of which branches or whole blocks may be dropped. */
export class Residual extends nn.Module {
  first = new nn.Linear(64, 64);
  head = new nn.Linear(64, 10);

  /**
   * @param {(place: number) => TensorModule} drop of a branch, by the block's place from 0 to 1
   * @param {(blocks: Block[]) => TensorModule} around what runs the blocks
   */
  constructor(drop, around) {
    super();
    this.blocks = around(Array.from({ length: DEPTH }, (_, i) => new Block(drop((i + 1) / DEPTH))));
  }

  /** @param {Tensor} x */
  forward(x) {
    return this.head.forward(this.blocks.forward(this.first.forward(x)));
  }

  /** The same with every other block alone. @param {Tensor} x */
  cut(x) {
    const blocks = [...this.blocks.children()].filter((_, i) => i % 2 === 0);
    return this.head.forward(blocks.reduce((h, block) => /** @type {Block} */ (block).forward(h), this.first.forward(x)));
  }
}

/**
 * @param {(place: number) => TensorModule} drop
 * @param {(blocks: Block[]) => TensorModule} [around] default: one after the other
 */
export const residual = (drop, around = (blocks) => new nn.Sequential(...blocks)) => new Residual(drop, around);
