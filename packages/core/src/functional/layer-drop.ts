import { cpu } from "../cpu/cpu";
import { refusePromise } from "../errors/misuse";
import { checkBoolean, checkFunction, itemsOf } from "../errors/options";
import { checkTensor } from "../ops/binary";
import { attempt } from "../random/draws";
import { resolveGenerator } from "../random/generator";
import type { Tensor } from "../tensor/tensor";
import { tidy } from "../tensor/tidy";
import { drawnKey } from "./drawn-key";
import type { Dropped } from "./dropout";
import { checkProbability, rateOptions, WEIGHT_DROPOUT, type WeightDropoutOptions } from "./dropout-options";
import { drawMask, undrawn } from "./dropout-select";

/** The op that masks of layers are drawn by. */
export const LAYER_DROP = "layerDrop";

/**
 * Runs the input through layers, one after the other, of which each is left out with probability `p` (LayerDrop, Fan et al., [2019](https://arxiv.org/abs/1909.11556)):
 * it is not computed at all, and the network can later be cut to fewer layers. Nothing is scaled, as in the paper; the layers are residual ones. PyTorch has
 * no such function; fairseq has `LayerDropModuleList`, and models of transformers have an option `layerdrop`. Under `torchCpu` the same layers run as there. Both draw in
 * eval mode and with p = 0, too, one number of `rand` for each layer; here that moves no generator.
 *
 * Which layers run is a mask of one element for each, by one call of the generator, and known on the host: the same in every part of a sharded batch.
 *
 * @param input Handed to the first layer that runs.
 * @param layers Functions that each take what the one before returned.
 * @param options `p`: default 0.2, the paper's; a lone number is `p`. `training`: default true, `generator`.
 * @returns What the last one returned; the input itself where none ran.
 * @throws RangeError for p outside [0, 1] or NaN; TypeError for layers that are no functions, or return no tensor. The generator then takes no call.
 * @example
 * ```ts
 * manualSeed(3);
 * const plus = (k: number) => (x: Tensor) => x.add(k);
 * console.log(F.layerDrop(zeros([1]), [plus(1), plus(10), plus(100)], 0.5).itemSync()); // 10
 * ```
 */
export function layerDrop(input: Tensor, layers: Iterable<(x: Tensor) => Tensor>, options: number | WeightDropoutOptions = {}): Tensor {
  return layerDropWithMask(input, layers, options).output;
}

/** The same, which also tells its mask, on the backend of the input. */
export function layerDropWithMask(input: Tensor, layers: Iterable<(x: Tensor) => Tensor>, options: number | WeightDropoutOptions): Dropped {
  const op = LAYER_DROP;
  const { p = 0.2, training = true, generator: given } = rateOptions<WeightDropoutOptions>(op, options, WEIGHT_DROPOUT);
  const x = checkTensor(op, input);
  const all = itemsOf<(x: Tensor) => Tensor, (x: Tensor) => Tensor>(op, "functions", layers, (layer) => {
    checkFunction(op, layer, "write (x) => layer.forward(x)");
    return layer;
  });
  checkProbability(op, p);
  checkBoolean(op, "training", training);
  const generator = resolveGenerator(op, given);
  if (!training) return { output: through(all, x), mask: null };
  return attempt(generator, () => {
    const { backend } = x;
    const shape = [all.length];
    if (p === 0 || p === 1 || all.length === 0) return { output: p === 1 ? x : through(all, x), mask: undrawn(p, shape, backend) };
    const drawer = { op, p, inplace: false, generator, elementOffset: 0, noiseShape: undefined };
    const key = drawnKey(drawer, shape, -1);
    generator.source.take(key);
    const kept = tidy(() => drawMask({ key, backend: cpu }).dataSync().slice());
    return {
      output: through(
        all.filter((_, i) => kept[i] === 1),
        x,
      ),
      mask: { key, backend },
    };
  });
}

// --- internal helpers ---

function through(layers: readonly ((x: Tensor) => Tensor)[], input: Tensor): Tensor {
  let x = input;
  for (const layer of layers) x = checkTensor(LAYER_DROP, refusePromise(LAYER_DROP, layer(x)), "what a layer returns");
  return x;
}
