import { isBranded } from "../errors/brand";
import { wrongType } from "../errors/refusal";

/** What is asked of a model; every `nn.Module` has it. */
export interface Model {
  /**
   * Computes the output.
   *
   * @param inputs All of a batch but the target.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each model has its own inputs
  forward(...inputs: any[]): unknown;
  /**
   * Sets the model and all inside it to training or evaluation.
   *
   * @param mode True for training.
   */
  train(mode: boolean): unknown;
  /** The model and all modules inside it. */
  modules(): Iterable<{
    /** True while training. */
    training: boolean;
  }>;
}

/** Refuses what is no module. */
export function checkModel(op: string, model: Model): void {
  if (!isBranded(model, "Module")) throw wrongType(op, "a model that is a Module", model, "extend nn.Module");
}

/** Runs `fn` with a model in training or evaluation, and then gives each module its own flag back, also after an error. */
export async function inMode<T>(model: Model, training: boolean, fn: () => T | PromiseLike<T>): Promise<T> {
  const before = Array.from(model.modules(), (module) => [module, module.training] as const);
  try {
    model.train(training);
    return await fn();
  } finally {
    for (const [module, flag] of before) module.training = flag;
  }
}
