import { wrongType } from "../errors/refusal";
import { checkProbability } from "../functional/dropout-options";
import type { Module } from "../nn/module";
import { checkModel, type Model } from "./mode";

/** A module that drops, found in a model. */
export interface DropoutLayerEntry {
  /** Its dotted name in the model; "" for the model itself. */
  readonly name: string;
  // Not `Module`: a class of core's in the declarations of this entry has the bundler of declarations break those of `nn`.
  /** The module. */
  readonly module: Model & {
    /** True while training. */
    training: boolean;
  };
  /** Its probability of dropping, which is called `dropout` in attention and recurrent layers. May be set. @throws RangeError outside [0, 1]; TypeError for no number. */
  p: number;
}

/**
 * All layers of a model that drop, in order of definition, each once: the dropout family, and attention and recurrent layers, whose rate may be 0. Calls of
 * `F.dropout` are part of nothing and cannot be found; layers whose rate is learned are left out.
 *
 * @param model Any module.
 * @throws TypeError for what is no module.
 * @example
 * ```ts
 * const model = new nn.ModuleList([new nn.Linear(2, 8), new nn.Dropout(0.5), new nn.LSTM(8, 8, { numLayers: 2, dropout: 0.2 })]);
 * console.log(dropoutLayers(model).map(({ name, p }) => `${name}: ${p}`).join()); // 1: 0.5,2: 0.2
 * ```
 */
export function dropoutLayers(model: Model): DropoutLayerEntry[] {
  return layersIn("dropoutLayers", model);
}

/**
 * Sets the rate of all layers of a model that drop, at once; nothing is set where one is refused. What they are is told at `dropoutLayers`.
 *
 * @param model Any module.
 * @param p The rate, or a function that is called with each layer and gives its own.
 * @throws RangeError for a rate outside [0, 1] or NaN; TypeError for what is no number, or no module.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Dropout(0.5), new nn.Linear(8, 8), new nn.Dropout(0.5));
 * setDropout(model, 0.1);
 * setDropout(model, ({ name, p }) => (name === "2" ? 2 * p : p));
 * console.log(dropoutLayers(model).map(({ p }) => p).join()); // 0.1,0.2
 * ```
 */
export function setDropout(model: Model, p: number | ((layer: DropoutLayerEntry) => number)): void {
  const layers = layersIn("setDropout", model);
  if (typeof p !== "function" && typeof p !== "number") throw wrongType("setDropout", "p to be a number or a function of a layer", p);
  const rates = layers.map((layer) => (typeof p === "function" ? p(layer) : p));
  if (typeof p === "number") checkProbability("setDropout", p);
  for (const rate of rates) checkProbability("setDropout", rate);
  layers.forEach((layer, i) => {
    layer.p = rates[i] as number;
  });
}

/** `dropoutLayers` for a caller of another name. */
export function layersIn(op: string, model: Model): DropoutLayerEntry[] {
  checkModel(op, model);
  return [...(model as Module).namedModules()].flatMap(([name, module]) => {
    const field = fieldOf(module);
    if (field === null) return [];
    const rates = module as unknown as Record<typeof field, number>;
    return {
      name,
      module,
      get p() {
        return rates[field];
      },
      set p(value) {
        checkProbability(op, value);
        rates[field] = value;
      },
    };
  });
}

// --- internal helpers ---

/** Where a module has its rate. What drops can tell its last mask or noise; that is how it is known, without naming classes that a program does not use. */
function fieldOf(module: Module): "p" | "dropout" | null {
  if (!("lastMask" in module || "lastNoise" in module)) return null;
  return Object.hasOwn(module, "p") ? "p" : "dropout";
}
