import { runAgainForGradient } from "../autograd/checkpoint";
import { gradMode } from "../autograd/grad-mode";
import { checkLive } from "../autograd/run";
import { isPlainObject, isTensor, raw } from "../errors/brand";
import { ShapeError } from "../errors/errors";
import { refusePromise } from "../errors/misuse";
import { checkFunction } from "../errors/options";
import { cat } from "../ops/cat";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "./tensor";
import { tensorsIn } from "./tidy";

/**
 * Calls `fn` with `inputs` and gives what it returns, but keeps none of the values in between: the backward pass calls `fn` once more for them. Masks and other
 * draws are then the same, bit for bit, whatever was drawn in the meantime. Mirrors
 * [torch.utils.checkpoint.checkpoint](https://docs.pytorch.org/docs/stable/checkpoint.html) with `use_reentrant=False`: `fn` may use parameters and other tensors
 * from around it, and these get their gradients, too. Checkpoints may be nested, and gradients of gradients work.
 *
 * While nothing is recorded, as in `noGrad`, it is a plain call.
 *
 * @param fn Returns at once, and does the same in both calls: what it reads beside its inputs must not change until the backward pass. Tensors in what it
 *   returns may lie in arrays and plain objects.
 * @param inputs Handed to `fn`. Tensors among them are kept for the second call; tensors that `fn` reads from around it are the caller's to keep alive.
 * @returns What `fn` returned, with tensors of the same values in place of those that need a gradient.
 * @throws TypeError for an async function; DisposedError for a tensor that is gone. The backward pass throws RangeError for a function that drew, and ShapeError
 *   for one that returned, other than in the first call.
 * @example
 * ```ts
 * const block = new nn.Sequential(new nn.Linear(8, 8), new nn.ReLU(), new nn.Dropout(0.5));
 * const y = checkpoint((x: Tensor) => block.forward(x), rand([4, 8]));
 * y.sum().backward(); // runs the block again, with the same mask
 * console.log([...block.parameters()][0]?.grad?.shape); // [ 8, 8 ]
 * ```
 */
export function checkpoint<I extends readonly unknown[], R>(fn: (...inputs: I) => R, ...inputs: I): R {
  checkFunction("checkpoint", fn, "write checkpoint((x) => ..., x)");
  const given = inputs.map((input) => (isTensor(input) ? checkLive("checkpoint", raw(input)) : input));
  const call = (own: readonly unknown[]) => refusePromise("checkpoint", fn(...(own as I)));
  if (!gradMode.enabled) return call(given);

  let first: { readonly result: R; readonly outputs: readonly Tensor[] } | undefined;
  const joined = runAgainForGradient(
    (tensors) => {
      let next = 0;
      const result = call(given.map((input) => (isTensor(input) ? tensors[next++] : input)));
      const outputs = [...new Set(tensorsIn(result))].filter((x) => x.requiresGrad);
      if (first === undefined) first = { result, outputs };
      else checkAlike(first.outputs, outputs);
      return join(outputs);
    },
    given.filter(isTensor),
    () => tensorsIn(first?.result),
  );
  const { result, outputs } = first as NonNullable<typeof first>;
  if (joined === null) return result;
  const parts = new Map(split(joined, outputs).map((part, i) => [outputs[i], part]));
  for (const x of outputs) if (!given.includes(x)) x.dispose();
  return replaced(result, (x) => parts.get(x) ?? x) as R;
}

// --- internal helpers ---

/** All outputs as one tensor, since an operation has one. */
function join(outputs: readonly Tensor[]): Tensor | null {
  return outputs.length > 1 ? cat(outputs.map((x) => x.reshape([-1]))) : (outputs[0] ?? null);
}

/** The outputs back from it. */
function split(joined: Tensor, outputs: readonly Tensor[]): Tensor[] {
  if (outputs.length === 1) return [joined];
  let end = 0;
  const parts = outputs.map((x) => {
    end += x.size;
    const part = joined.slice(0, end - x.size, end);
    const shaped = part.reshape(x.sizes);
    part.dispose();
    return shaped.dtype === x.dtype ? shaped : shaped.type(x.dtype);
  });
  joined.dispose();
  return parts;
}

/** A value with other tensors in it, in new arrays and objects. */
function replaced(value: unknown, other: (x: Tensor) => Tensor): unknown {
  if (isTensor(value)) return other(raw(value));
  if (Array.isArray(value)) return value.map((inner) => replaced(inner, other));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner, other)]));
}

function checkAlike(before: readonly Tensor[], now: readonly Tensor[]): void {
  if (before.length === now.length && before.every((x, i) => sameShape(x.sizes, (now[i] as Tensor).sizes))) return;
  const inWords = (outputs: readonly Tensor[]) => outputs.map((x) => formatShape(x.sizes)).join(" and ") || "nothing";
  throw new ShapeError(
    "checkpoint",
    [...before, ...now].map((x) => x.sizes),
    `expected ${inWords(before)} as in the first call, got ${inWords(now)} - let it do the same in both`,
  );
}
