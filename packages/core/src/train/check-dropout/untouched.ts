/** Running a model so that nobody can tell afterwards. */
import { checkLive } from "../../autograd/run";
import { isFloating } from "../../dtype/dtype";
import { isPlainObject, isTensor, raw } from "../../errors/brand";
import { clone } from "../../functional/copies";
import type { Module } from "../../nn/module";
import { overwrite } from "../../ops/overwrite";
import { getDefaultBackend } from "../../tensor/creation";
import { rehearse } from "../../tensor/rehearse";
import type { Tensor } from "../../tensor/tensor";

/** What a forward may be called with; arrays of more are no lists of inputs. */
export const MOST_INPUTS = 255;

/**
 * Runs `fn`, which calls a model, and puts back what that changed, also after an error: flags and other properties of its modules, values of buffers, generators and
 * gradients. What it computed is freed.
 */
export function untouched<T>(op: string, model: Module, sample: readonly unknown[], fn: () => T): T {
  const first = sample.find(isTensor) ?? (model.parameters().next().value as Tensor | undefined);
  let result: T | undefined;
  rehearse(op, first?.backend ?? getDefaultBackend(), () => {
    const modules = Array.from(model.modules(), (module) => [module, ownValues(module)] as const);
    const buffers = Array.from(model.namedBuffers(), ([, buffer]) => ({ buffer, version: buffer.storage.version, value: clone(buffer) }));
    const frozen = [...model.parameters()].filter((parameter) => !parameter.requiresGrad && isFloating(parameter.dtype));
    try {
      result = fn();
    } finally {
      for (const parameter of frozen) parameter.requiresGrad = false;
      for (const [module, values] of modules) putBack(module, values);
      for (const { buffer, version, value } of buffers) if (buffer.storage.version !== version) overwrite(buffer, value);
    }
  });
  return result as T;
}

/** Inputs as copies of their own, which a model may overwrite; with `recorded`, so that all that is computed of them is recorded. */
export function copiesOf(op: string, inputs: readonly unknown[], recorded: boolean): unknown[] {
  return inputs.map((input) => copiedInput(op, input, recorded, 0));
}

// --- internal helpers ---

/** How far inside an input tensors are looked for: states are pairs, options hold masks. */
const MOST_LEVELS = 3;

function copiedInput(op: string, input: unknown, recorded: boolean, level: number): unknown {
  const inside = (item: unknown) => copiedInput(op, item, recorded, level + 1);
  if (isTensor(input)) {
    const x = checkLive(op, raw(input));
    if (!isFloating(x.dtype)) return x;
    const leaf = x.detach();
    leaf.requiresGrad = recorded;
    return leaf.mul(1); // no leaf and no view: layers in place take it
  }
  if (level === MOST_LEVELS) return input;
  if (Array.isArray(input)) return input.length > MOST_INPUTS ? input : input.map(inside);
  if (!isPlainObject(input)) return input;
  return Object.fromEntries(Object.entries(input).map(([name, item]) => [name, inside(item)]));
}

/** The plain properties of a module. */
function ownValues(module: Module): ReadonlyMap<string, unknown> {
  const all = Object.entries(Object.getOwnPropertyDescriptors(module));
  return new Map(all.filter(([, own]) => own.enumerable && "value" in own).map(([name, own]) => [name, own.value as unknown]));
}

function putBack(module: Module, values: ReadonlyMap<string, unknown>): void {
  for (const name of ownValues(module).keys()) if (!values.has(name)) Reflect.deleteProperty(module, name);
  for (const [name, value] of values) if (!Object.is(Reflect.get(module, name), value)) Reflect.set(module, name, value);
}
