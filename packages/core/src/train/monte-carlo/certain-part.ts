/** The layers before the first that draws, which give the same in every sample. */
import { refusePromise } from "../../errors/misuse";
import { clone } from "../../functional/copies";
import { Sequential, type TensorModule } from "../../nn/containers";
import { checkDepth } from "../../nn/walk";
import { checkTensor } from "../../ops/binary";
import type { Tensor } from "../../tensor/tensor";
import { tidy } from "../../tensor/tidy";
import type { Model } from "../mode";
import { isSureToDraw } from "./flags";
import { stoppingAtDraw } from "./stop-at-draw";

/** Where a model begins to draw. */
export interface Split {
  /** What the layers before gave. */
  readonly input: Tensor;
  /** The others, one after the other. */
  readonly rest: readonly Model[];
}

/** Runs a model, gone into where it is a Sequential, up to its first layer that draws. What a stopped layer did is undone but for what it counts by itself. */
export function split(op: string, model: Model, input: Tensor, dropping: ReadonlySet<unknown>): Split {
  const layers = layersOf(model as TensorModule);
  let x = input;
  for (const [i, layer] of layers.entries()) {
    // On a copy: a layer that writes in place may run once more, and the input is the caller's.
    const ran = isSureToDraw(layer, dropping)
      ? null
      : tidy(() =>
          stoppingAtDraw(
            () => true,
            () => run(op, [layer], clone(x)),
          ),
        );
    if (ran === null) return { input: x, rest: layers.slice(i) };
    x = ran.value;
  }
  return { input: x, rest: [] };
}

/** The output of layers, one after the other. */
export function run(op: string, layers: readonly Model[], input: Tensor): Tensor {
  return layers.reduce((x, layer) => checkTensor(op, refusePromise(op, layer.forward(x)) as Tensor, "the model's output"), input);
}

// --- internal helpers ---

/** One with another forward, of a class of its own or by a hook, is a layer like any other. */
function layersOf(model: TensorModule, depth = 0): TensorModule[] {
  checkDepth(depth);
  if (!(model instanceof Sequential) || model.forward !== Sequential.prototype.forward) return [model];
  return Array.from({ length: model.length }, (_, i) => model.at(i) as TensorModule).flatMap((layer) => layersOf(layer, depth + 1));
}
