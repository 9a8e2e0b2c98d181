/** The networks of the experiments that read a picture row by row, or as words, each with the places in which it may drop. */
import { functional as F, nn, randn, tensor, zeros } from "@dropwise/core";
import { nothing } from "./models.mjs";

/** @typedef {import("@dropwise/core").Tensor} Tensor */
/** @typedef {import("./models.mjs").Layer} Layer */

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

/** Reads a picture row by row, and does something to its states in each step. */
class Stateful extends nn.Module {
  cell = new nn.LSTMCell(8, 48);
  head = new nn.Linear(48, 10);

  /**
   * @param {import("@dropwise/core").nn.TensorModule} drop of the hidden state that a step is given; what is carried on beside it stays whole
   * @param {import("@dropwise/core").nn.Zoneout[]} zoneouts none, or one for each of the two states
   */
  constructor(drop, zoneouts) {
    super();
    this.drop = drop;
    this.zoneouts = zoneouts;
  }

  /** @param {Tensor} x (batch, 8 rows, 8 pixels) */
  forward(x) {
    const [batch = 0, rows = 0] = x.shape;
    let [hidden, carried] = [zeros([batch, 48], { backend: x.backend }), zeros([batch, 48], { backend: x.backend })];
    // A mask that is held is held for one sequence.
    if (this.drop instanceof nn.HeldDropout) this.drop.newMask();
    for (let row = 0; row < rows; row++) {
      const [h, c] = this.cell.forward(x.slice(1, row, row + 1).squeeze(1), [this.drop.forward(hidden), carried]);
      const [ofHidden, ofCarried] = this.zoneouts;
      hidden = ofHidden?.forward(hidden, h) ?? h;
      carried = ofCarried?.forward(carried, c) ?? c;
    }
    return this.head.forward(hidden);
  }
}

/** @param {import("@dropwise/core").nn.TensorModule} drop @param {import("@dropwise/core").nn.Zoneout[]} [zoneouts] */
export const stateful = (drop, zoneouts = []) => new Stateful(drop, zoneouts);

const [SIZE, HEADS] = [32, 4];

/** Where a network with attention may drop: of attention weights (a rate), of heads, of what each part gives to the sum, of positions. */
/** @typedef {{ weights?: number, heads?: Layer, parts?: Layer, tokens?: Layer }} Places */

/** A layer of a transformer. */
class Attending extends nn.Module {
  norms = [new nn.LayerNorm(SIZE), new nn.LayerNorm(SIZE)];
  project = new nn.Linear(SIZE, 3 * SIZE);
  join = new nn.Linear(SIZE, SIZE);
  feed = new nn.Sequential(new nn.Linear(SIZE, 2 * SIZE), new nn.ReLU(), new nn.Linear(2 * SIZE, SIZE));

  /** @param {Places} places */
  constructor({ weights = 0, heads = nothing, parts = nothing }) {
    super();
    this.dropoutP = weights;
    this.heads = heads();
    this.parts = [parts(), parts()];
  }

  /** @param {Tensor} x (batch, positions, SIZE) */
  forward(x) {
    const [batch = 0, positions = 0] = x.shape;
    const [before, behind] = /** @type {[import("@dropwise/core").nn.LayerNorm, import("@dropwise/core").nn.LayerNorm]} */ (this.norms);
    const [first, second] = /** @type {[import("@dropwise/core").nn.TensorModule, import("@dropwise/core").nn.TensorModule]} */ (
      this.parts
    );
    const all = this.project.forward(before.forward(x)).reshape([batch, positions, 3, HEADS, SIZE / HEADS]);
    const [query, key, value] = [0, 1, 2].map((i) =>
      all
        .slice(2, i, i + 1)
        .squeeze(2)
        .transpose(1, 2),
    );
    const { dropoutP, training } = this;
    const seen = F.scaledDotProductAttention(/** @type {Tensor} */ (query), /** @type {Tensor} */ (key), /** @type {Tensor} */ (value), {
      dropoutP,
      training,
    });
    const joined = this.join.forward(this.heads.forward(seen).transpose(1, 2).reshape([batch, positions, SIZE]));
    const h = x.add(first.forward(joined));
    return h.add(second.forward(this.feed.forward(behind.forward(h))));
  }
}

/** Two of them on the rows of a picture. */
class Transformer extends nn.Module {
  rows = new nn.Linear(8, SIZE);
  places = new nn.Parameter(randn([8, SIZE]).mul(0.1));
  norm = new nn.LayerNorm(SIZE);
  head = new nn.Linear(SIZE, 10);

  /** @param {Places} places */
  constructor(places) {
    super();
    this.tokens = (places.tokens ?? nothing)();
    this.layers = new nn.Sequential(new Attending(places), new Attending(places));
  }

  /** @param {Tensor} x (batch, 8 rows, 8 pixels) */
  forward(x) {
    const h = this.layers.forward(this.tokens.forward(this.rows.forward(x).add(this.places)));
    return this.head.forward(this.norm.forward(h).mean({ dim: 1 }));
  }
}

/** @param {Places} places */
export const attending = (places) => new Transformer(places);

/** Shades of a pixel. */
const SHADES = 17;

/** Reads a picture as a text of 64 words, each a pixel at its place with its shade, and takes the mean of their embeddings. */
class WordBag extends nn.Module {
  hidden = new nn.Linear(32, 64);
  head = new nn.Linear(64, 10);

  /**
   * @param {(embedding: import("@dropwise/core").nn.Embedding) => import("@dropwise/core").nn.TensorModule} around what holds the table
   * @param {Layer} drop of the mean
   */
  constructor(around, drop) {
    super();
    this.words = around(new nn.Embedding(64 * SHADES, 32));
    this.drop = drop();
  }

  /** @param {Tensor} x (batch, 64 pixels) */
  forward(x) {
    const first = Int32Array.from({ length: 64 }, (_, i) => i * SHADES);
    const index = x
      .mul(SHADES - 1)
      .type("int32")
      .add(tensor(first, { backend: x.backend }));
    return this.head.forward(F.relu(this.hidden.forward(this.drop.forward(this.words.forward(index).sum({ dim: 1 }).div(8)))));
  }
}

/**
 * @param {(embedding: import("@dropwise/core").nn.Embedding) => import("@dropwise/core").nn.TensorModule} around
 * @param {Layer} drop
 */
export const wordBag = (around, drop) => new WordBag(around, drop);
