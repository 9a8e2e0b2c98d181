/**
 * Layers of Keras and Flax, by the table in this package's README: their arrays under our names, turned, in the layers of core. The files that make-keras-flax.py writes say what
 * belongs to a layer, and what it gives.
 */
import { cat, functional as F, nn, noGrad, tensor, zeros } from "@dropwise/core";

/** @typedef {import("@dropwise/core").Tensor} Tensor */
/** @typedef {Readonly<Record<string, Tensor>>} Arrays */
/** @typedef {nn.Module & { forward(x: Tensor): Tensor | readonly unknown[] }} Layer */

/** Kernels have the input in front; here the output is. */
const TURNED = /** @type {Readonly<Record<number, readonly number[]>>} */ ({
  2: [1, 0],
  3: [2, 1, 0],
  4: [3, 2, 0, 1],
  5: [4, 3, 0, 1, 2],
});
/** Images and volumes have the channels behind; here they are in front. */
const CHANNELS_FIRST = [undefined, undefined, undefined, [0, 2, 1], [0, 3, 1, 2], [0, 4, 1, 2, 3]];
const CHANNELS_LAST = [undefined, undefined, undefined, [0, 2, 1], [0, 2, 3, 1], [0, 2, 3, 4, 1]];

/** What is called otherwise here; a bias is one everywhere. */
const NAMES = /** @type {Readonly<Record<string, string>>} */ ({
  kernel: "weight",
  embeddings: "weight",
  embedding: "weight",
  gamma: "weight",
  scale: "weight",
  beta: "bias",
  moving_mean: "running_mean",
  mean: "running_mean",
  moving_variance: "running_var",
  var: "running_var",
});

/** The layers whose arrays only change their names and their order: each with what it is here, by the eps of its norms. */
const PLAIN = /** @type {Readonly<Record<string, (eps: Readonly<{ batch: number, others: number }>) => Layer>>} */ ({
  dense: () => new nn.Linear(4, 3),
  conv1d: () => new nn.Conv1d(4, 3, 2),
  conv2d: () => new nn.Conv2d(4, 3, [2, 3]),
  "conv2d in groups": () => new nn.Conv2d(4, 6, [2, 3], { groups: 2 }),
  conv3d: () => new nn.Conv3d(4, 3, [1, 2, 3]),
  transposed: () => new nn.ConvTranspose2d(4, 3, [2, 3], { stride: 2 }),
  flattened: () => new nn.Sequential(new nn.Flatten(), new nn.Linear(24, 3)),
  embedding: () => new nn.Embedding(5, 3),
  batchnorm: ({ batch }) => new nn.BatchNorm2d(4, { eps: batch }),
  layernorm: ({ others }) => new nn.LayerNorm(4, { eps: others }),
  groupnorm: ({ others }) => new nn.GroupNorm(2, 4, { eps: others }),
  lstm: () => new nn.LSTM(4, 3, { batchFirst: true }),
  "lstm in one": () => new nn.LSTM(4, 3, { batchFirst: true }),
  gru: () => new nn.GRU(4, 3, { batchFirst: true }),
});

/** States whose arrays are put together otherwise. */
const MADE = /** @type {Readonly<Record<string, Readonly<Record<string, (arrays: any) => Arrays>>>>} */ ({
  keras: {
    batchnorm: counted,
    flattened,
    lstm: ({ kernel, recurrent_kernel, bias }) => recurrent(turned(kernel), turned(recurrent_kernel), bias, zeros([12])),
    // The gates are z, r, h there, and r, z, n here; the rows of the bias are those of the input and of the state.
    gru: ({ kernel, recurrent_kernel, bias }) =>
      recurrent(
        rzn(turned(kernel)),
        rzn(turned(recurrent_kernel)),
        rzn(bias.slice(0, 0, 1).squeeze(0)),
        rzn(bias.slice(0, 1, 2).squeeze(0)),
      ),
  },
  flax: {
    batchnorm: counted,
    flattened,
    // Not turned around in space there, unless made with transpose_kernel.
    transposed: ({ kernel, bias }) => ({ weight: F.flip(kernel.permute([2, 3, 0, 1]), { dims: [2, 3] }), bias }),
    lstm: (arrays) => {
      const gates = ["i", "f", "g", "o"].map((gate) => [
        arrays[`i${gate}/kernel`] ?? arrays[`i${gate}_/kernel`],
        arrays[`h${gate}/kernel`],
        arrays[`h${gate}/bias`],
      ]);
      const [input, state, bias] = [0, 1, 2].map((part) => cat(gates.map((gate) => (part === 2 ? gate[part] : turned(gate[part])))));
      return recurrent(input, state, zeros([12]), bias);
    },
    "lstm in one": (arrays) =>
      recurrent(turned(arrays["dense_i/kernel"]), turned(arrays["dense_h/kernel"]), zeros([12]), arrays["dense_h/bias"]),
    gru: (arrays) => recurrent(turned(arrays["dense_i/kernel"]), turned(arrays["dense_h/kernel"]), arrays["dense_i/bias"], zeros([9])),
  },
});

const EPS = { keras: { batch: 1e-3, others: 1e-3 }, flax: { batch: 1e-5, others: 1e-6 } };

/**
 * How far the output of each layer of a file is from what it is here.
 *
 * @param {"keras" | "flax"} framework
 * @param {Readonly<Record<string, { shape: readonly number[], data: any }>>} saved what `readNpz` or `readSafetensors` gave
 * @returns {Promise<Record<string, number>>} the largest difference, by the layer's name
 */
export async function differences(framework, saved) {
  /** @type {Record<string, Record<string, Tensor>>} */
  const layers = {};
  for (const [path, { data, shape }] of Object.entries(saved)) {
    const [layer = "", ...name] = path.split("/");
    layers[layer] = { ...layers[layer], [name.join("/")]: tensor(data, { shape }) };
  }
  /** @type {Record<string, number>} */
  const found = {};
  for (const [name, { input, output, ...arrays }] of Object.entries(layers)) {
    const layer = /** @type {Layer} */ (PLAIN[name]?.(EPS[framework]));
    layer.loadStateDict((MADE[framework]?.[name] ?? plain)(arrays));
    found[name] = await distance(run(name, layer, /** @type {Tensor} */ (input)), /** @type {Tensor} */ (output));
  }
  return found;
}

/** @param {string} name @param {Layer} layer @param {Tensor} input @returns {Tensor} as the framework has it, with channels behind */
function run(name, layer, input) {
  const hasChannels = !/lstm|gru|dense|embedding|layernorm/.test(name);
  layer.eval();
  return noGrad(() => {
    const out = layer.forward(hasChannels ? permuted(input, CHANNELS_FIRST) : input);
    const first = /** @type {Tensor} */ (Array.isArray(out) ? out[0] : out);
    return hasChannels ? permuted(first, CHANNELS_LAST) : first;
  });
}

/** @param {Tensor} x @param {readonly (readonly number[] | undefined)[]} orders */
function permuted(x, orders) {
  const order = orders[x.shape.length];
  return order === undefined ? x : x.permute(order);
}

/** @param {Tensor} kernel */
function turned(kernel) {
  return kernel.permute(TURNED[kernel.shape.length] ?? []);
}

/** @param {Arrays} arrays @returns {Arrays} */
function plain(arrays) {
  return Object.fromEntries(Object.entries(arrays).map(([name, x]) => [NAMES[name] ?? name, name === "kernel" ? turned(x) : x]));
}

/** How many batches the statistics saw matters only where `momentum` is null. @param {Arrays} arrays @returns {Arrays} */
function counted(arrays) {
  return { ...plain(arrays), num_batches_tracked: tensor(0, { dtype: "int32" }) };
}

/** The rows of a dense layer behind an image of 3 x 2 with 4 channels are in that order there. @param {any} arrays @returns {Arrays} */
function flattened({ kernel, bias }) {
  return { "1.weight": kernel.reshape([3, 2, 4, 3]).permute([3, 2, 0, 1]).reshape([3, 24]), "1.bias": bias };
}

/** @param {Tensor[]} parts @returns {Arrays} */
function recurrent(...parts) {
  return Object.fromEntries(
    ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"].map((name, i) => [name, /** @type {Tensor} */ (parts[i])]),
  );
}

/** The first two of three gates change places. @param {Tensor} x */
function rzn(x) {
  const size = /** @type {number} */ (x.shape[0]) / 3;
  return cat([x.slice(0, size, 2 * size), x.slice(0, 0, size), x.slice(0, 2 * size)]);
}

/** @param {Tensor} a @param {Tensor} b */
async function distance(a, b) {
  if (String(a.shape) !== String(b.shape)) return Number.NaN;
  const apart = await a.sub(b).abs().data();
  return Math.max(...Array.from(apart, Number));
}
