import { type Backend, cat, functional as F, Generator, manualSeed, nn, noGrad, optim, type Tensor, tensor, tidy } from "@dropwise/core";
import { moons, PLANE, type Points } from "./moons";

/** What a run starts from. The same values give the same run. */
export interface ModelSettings {
  readonly seed: bigint;
  readonly p: number;
  readonly width: number;
}

/** Loss and accuracy in eval mode, on both sets of points. */
export interface Scores {
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
}

/** Rows and columns of pixels in a picture of the plane; they are squares. */
export const GRID = [36, 48] as const;

const LEARNING_RATE = 0.01;

/** All that is needed to go on elsewhere, as plain arrays. */
export interface Checkpoint {
  readonly step: number;
  readonly parameters: Record<string, Float32Array>;
  readonly optimizer: Parameters<optim.Adam["loadStateDict"]>[0];
  readonly generator: Uint8Array;
}

/** A model with two hidden layers that learns the two moons, all points in each step. */
export class MoonModel {
  step = 0;
  readonly points: { train: Points; test: Points };
  readonly #model: nn.Sequential;
  readonly #optimizer: optim.Adam;
  readonly #masks: Generator;
  /** The training points, their targets, all points, and the grid; on the backend. */
  #data: { x: Tensor; y: Tensor; all: Tensor; grid: Tensor };

  private constructor(seed: bigint, backend: Backend, model: nn.Sequential, masks: Generator) {
    this.points = moons(seed);
    this.#model = model;
    this.#masks = masks;
    this.#optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
    this.#data = place(this.points, backend);
  }

  /** A new model with the initial weights of its seed, which are the same on every backend. */
  static async create({ seed, p, width }: ModelSettings, backend: Backend): Promise<MoonModel> {
    const generator = new Generator(seed);
    manualSeed(seed);
    const model = new nn.Sequential(
      new nn.Linear(2, width),
      new nn.ReLU(),
      new nn.Dropout({ p, generator }),
      new nn.Linear(width, width),
      new nn.ReLU(),
      new nn.Dropout({ p, generator }),
      new nn.Linear(width, 1),
    );
    await model.to(backend);
    return new MoonModel(seed, backend, model, generator);
  }

  /** One step of training. Returns its loss, with the mask it was computed with; dispose of it. */
  train(): Tensor {
    this.#model.train();
    this.step++;
    return tidy(() => {
      this.#optimizer.zeroGrad();
      const loss = F.binaryCrossEntropyWithLogits(this.#model.forward(this.#data.x), this.#data.y);
      loss.backward();
      this.#optimizer.step();
      return loss.detach();
    });
  }

  /** How good the model is, in eval mode. */
  async scores(): Promise<Scores> {
    const { train, test } = this.points;
    const logits = await this.#logits(this.#data.all, false);
    const [trainLoss, trainAccuracy] = judge(logits.subarray(0, train.count), train.targets);
    const [testLoss, testAccuracy] = judge(logits.subarray(train.count), test.targets);
    return { trainLoss, testLoss, trainAccuracy, testAccuracy };
  }

  /** The probability of class 1 over the plane, in eval mode, row by row from the top. */
  async boundary(): Promise<Float32Array> {
    return (await this.#logits(this.#data.grid, false)).map(sigmoid);
  }

  /**
   * Standard deviation of the probability over `passes` passes with dropout on; null when `goOn`, which is asked after each, says no. The masks of
   * the training are not touched.
   */
  async uncertainty(passes: number, goOn: (done: number) => Promise<boolean>): Promise<Float32Array | null> {
    const state = this.#masks.getState();
    const sum = new Float64Array(this.#data.grid.shape[0] as number);
    const squares = new Float64Array(sum.length);
    try {
      for (let pass = 0; pass < passes; pass++) {
        const probabilities = (await this.#logits(this.#data.grid, true)).map(sigmoid);
        probabilities.forEach((value, i) => {
          sum[i] = (sum[i] as number) + value;
          squares[i] = (squares[i] as number) + value * value;
        });
        if (!(await goOn(pass + 1))) return null;
      }
    } finally {
      this.#masks.setState(state);
    }
    return Float32Array.from(sum, (total, i) => Math.sqrt(Math.max(0, (squares[i] as number) / passes - (total / passes) ** 2)));
  }

  /** Goes on elsewhere: parameters and the optimizer's state move, masks stay those of the seed. */
  async moveTo(backend: Backend): Promise<void> {
    await this.#model.to(backend);
    const old = this.#data;
    this.#data = place(this.points, backend);
    for (const x of Object.values(old)) x.dispose();
  }

  async checkpoint(): Promise<Checkpoint> {
    const parameters = await Promise.all(
      Object.entries(this.#model.stateDict()).map(async ([name, x]) => [name, (await x.data()) as Float32Array] as const),
    );
    const { paramGroups, state } = this.#optimizer.stateDict();
    const states = await Promise.all(
      Object.entries(state).map(
        async ([i, { step, tensors }]) => [i, { step, tensors: await Promise.all((tensors as Tensor[]).map((x) => x.data())) }] as const,
      ),
    );
    return {
      step: this.step,
      parameters: Object.fromEntries(parameters),
      optimizer: { paramGroups, state: Object.fromEntries(states) },
      generator: this.#masks.getState(),
    };
  }

  restore(checkpoint: Checkpoint): void {
    this.step = checkpoint.step;
    this.#model.loadStateDict(checkpoint.parameters);
    this.#optimizer.loadStateDict(checkpoint.optimizer);
    this.#masks.setState(checkpoint.generator);
  }

  dispose(): void {
    this.#optimizer.dispose();
    for (const x of [...this.#model.parameters(), ...Object.values(this.#data)]) x.dispose();
  }

  async #logits(x: Tensor, training: boolean): Promise<Float32Array> {
    this.#model.train(training);
    const output = tidy(() => noGrad(() => this.#model.forward(x)));
    try {
      return (await output.data()) as Float32Array;
    } finally {
      output.dispose();
    }
  }
}

// --- internal helpers ---

function place({ train, test }: { train: Points; test: Points }, backend: Backend) {
  const x = tensor(train.inputs, { shape: [train.count, 2], backend });
  const y = tensor(train.targets, { shape: [train.count, 1], backend });
  const all = tidy(() => cat([x, tensor(test.inputs, { shape: [test.count, 2], backend })], { dim: 0 }));
  return { x, y, all, grid: tensor(gridPoints(), { shape: [GRID[0] * GRID[1], 2], backend }) };
}

function gridPoints(): Float32Array {
  const { minX, maxX, minY, maxY } = PLANE;
  const [rows, columns] = GRID;
  return Float32Array.from({ length: 2 * rows * columns }, (_, i) => {
    const cell = i >> 1;
    if (i % 2 === 0) return minX + ((maxX - minX) * ((cell % columns) + 0.5)) / columns;
    return maxY - ((maxY - minY) * (Math.floor(cell / columns) + 0.5)) / rows;
  });
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Mean binary cross-entropy and the share of right answers. */
function judge(logits: Float32Array, targets: Float32Array): [loss: number, accuracy: number] {
  let loss = 0;
  let right = 0;
  logits.forEach((logit, i) => {
    const target = targets[i] as number;
    loss += Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit)));
    if (logit > 0 === target > 0.5) right++;
  });
  return [loss / logits.length, right / logits.length];
}
