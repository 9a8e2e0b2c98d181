/** Who is on while a model is asked: its dropout, and nothing else that training changes. */
import { checkBoolean, didYouMean, itemsOf } from "../../errors/options";
import { wrongType, wrongValue } from "../../errors/refusal";
import type { HeldDropout } from "../../nn/held-dropout";
import { type DropoutLayerEntry, dropoutLayers } from "../dropout-layers";
import type { Model } from "../mode";

/** Layers by their names, or by a function that is asked about each. */
export type LayerChoice = readonly string[] | ((layer: DropoutLayerEntry) => boolean);

type Flagged = Iterable<{ training: boolean }>;

/**
 * The modules that are in training while a model is asked. Without a choice, all but what keeps running statistics: modules of a program's own pass their flag on to
 * `F.dropout`, and no others of this library look at it. With one, the chosen layers alone.
 */
export function droppingModules(op: string, model: Model, only: LayerChoice | undefined): Set<unknown> {
  if (only === undefined) return new Set([...model.modules()].filter((module) => !("running_mean" in module)));
  const layers = dropoutLayers(model);
  if (typeof only === "function") {
    const chosen = layers.filter((layer) => {
      const isChosen: unknown = only(layer);
      checkBoolean(op, "what only returns", isChosen);
      return isChosen;
    });
    return new Set(chosen.map(({ module }) => module));
  }
  const names = layers.map(({ name }) => name);
  const named = itemsOf(op, "only to be an array of names, or a function of a layer", only, (name: unknown) => {
    if (typeof name !== "string") throw wrongType(op, "each name in only to be a string", name);
    const found = layers.find((layer) => layer.name === name);
    if (found !== undefined) return found.module;
    throw wrongValue(op, "names of layers that drop in only", name, didYouMean(name, names) ?? "see dropoutLayers(model)");
  });
  return new Set(named);
}

/** Has the layers that hold a mask let go of it, so that every pass draws its own. */
export function letGoOfMasks(model: Model): void {
  for (const module of model.modules()) if ("holdMask" in module) (module as unknown as HeldDropout).newMask();
}

/** Whether something that draws is sure to be in `module`, and on. */
export function isSureToDraw(module: Model, dropping: ReadonlySet<unknown>): boolean {
  return dropoutLayers(module).some((layer) => dropping.has(layer.module) && layer.p > 0 && layer.p < 1);
}

/** Runs `fn` with `dropping` in training and all other modules in evaluation, and no mask held; each gets its own flag back, also after an error. */
export function withFlags<T>(model: Model, dropping: ReadonlySet<unknown>, fn: () => T): T {
  const before = Array.from(model.modules() as Flagged, (module) => [module, module.training] as const);
  try {
    for (const [module] of before) module.training = dropping.has(module);
    letGoOfMasks(model);
    return fn();
  } finally {
    letGoOfMasks(model);
    for (const [module, flag] of before) module.training = flag;
  }
}
