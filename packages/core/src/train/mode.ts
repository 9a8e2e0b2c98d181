import { isBranded } from "../errors/brand";
import { wrongType } from "../errors/refusal";
import type { Module } from "../nn/module";

/** Refuses what is no module. */
export function checkModel(op: string, model: Module): void {
  if (!isBranded(model, "Module")) throw wrongType(op, "a model that is a Module", model, "extend nn.Module");
}

/** Runs `fn` with a model in training or evaluation, and then gives each module its own flag back, also after an error. */
export async function inMode<T>(model: Module, training: boolean, fn: () => T | PromiseLike<T>): Promise<T> {
  const before = Array.from(model.modules(), (module) => [module, module.training] as const);
  try {
    model.train(training);
    return await fn();
  } finally {
    for (const [module, flag] of before) module.training = flag;
  }
}
