import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/**
 * Sums of products by an equation: each letter names a dimension, those that the output lacks are summed. Mirrors
 * [torch.einsum](https://docs.pytorch.org/docs/stable/generated/torch.einsum.html).
 *
 * @param equation Such as `"bij,bjk->bik"`: letters for each tensor, a repeated one takes the diagonal, `...` stands for any dimensions in front, which
 *   broadcast. Without `->` the output has the letters that occur once, in alphabetical order, after `...`.
 * @param tensors As many as the equation has; float32 or float64. They are multiplied from left to right.
 * @throws RangeError for an equation that is none, ShapeError for sizes that do not fit, TypeError for integers and what is no tensor.
 * @example
 * ```ts
 * console.log(F.einsum("ij,jk->ik", ones([2, 3]), ones([3, 4])).shape); // [ 2, 4 ]
 * ```
 */
export function einsum(equation: string, ...tensors: Tensor[]): Tensor {
  if (typeof equation !== "string") throw wrongType("einsum", 'an equation such as "ij,jk->ik"', equation);
  const operands = tensors.map((x) => checkTensor("einsum", x));
  for (const { dtype } of operands) checkFloating("einsum", dtype);
  const { inputs, output } = parsed(equation, operands);
  checkInputs("einsum", operands);
  const sizes = sizesOf(inputs, operands);
  return composed(() => {
    let rest = operands.map((x, i) => onceEach(x, inputs[i] as string[]));
    while (rest.length > 1) {
      const [a, b, ...others] = rest as [Term, Term, ...Term[]];
      const needed = new Set([...output, ...others.flatMap(({ names }) => names)]);
      rest = [product(a, b, needed, sizes), ...others];
    }
    return arranged(rest[0] as Term, output);
  });
}

// --- internal helpers ---

/** A tensor whose dimensions have names, each once. */
interface Term {
  readonly x: Tensor;
  readonly names: readonly string[];
}

const LETTERS = /^[A-Za-z]*$/;

/** The names of all dimensions: letters, and "0", "1", ... for those of `...`, counted from the last. */
function parsed(equation: string, operands: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const refuse = (what: string, got: unknown) => wrongValue("einsum", what, got);
  const [left = "", right, ...more] = equation.slice(0, 1000).replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (more.length > 0) throw refuse("an equation with one ->", equation);
  if (operands.length === 0 || terms.length !== operands.length) throw refuse(`an equation of ${operands.length} tensors`, equation);
  let widest = 0;
  const lettersOf = (term: string, dots: number): string[] => {
    const [front = "", back, ...others] = term.split("...");
    if (others.length > 0 || !LETTERS.test(front) || !LETTERS.test(back ?? "")) throw refuse("letters, and ... once", term);
    const between = back === undefined ? [] : Array.from({ length: dots }, (_, i) => String(dots - 1 - i));
    return [...front, ...between, ...(back ?? "")];
  };
  const inputs = terms.map((term, i) => {
    const { sizes } = operands[i] as Tensor;
    const letters = term.replace("...", "").length;
    const dots = term.includes("...") ? Math.max(0, sizes.length - letters) : 0;
    if (letters + dots !== sizes.length) {
      throw new ShapeError("einsum", [sizes], `expected ${letters} dimensions for "${term}", got ${formatShape(sizes)}`);
    }
    widest = Math.max(widest, dots);
    return lettersOf(term, dots);
  });
  if (right !== undefined) {
    const output = lettersOf(right, widest);
    const known = new Set(inputs.flat());
    if (new Set(output).size !== output.length || output.some((name) => !known.has(name))) {
      throw refuse("an output of letters of the inputs, each once", right);
    }
    return { inputs, output };
  }
  const names = inputs.flat();
  const dots = Array.from({ length: widest }, (_, i) => String(widest - 1 - i));
  const once = names.filter((name) => !/\d/.test(name) && names.indexOf(name) === names.lastIndexOf(name));
  return { inputs, output: [...dots, ...once.sort()] };
}

/** The size of each name; 1 meets any other. */
function sizesOf(inputs: readonly string[][], operands: readonly Tensor[]): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((names, i) => {
    const shape = (operands[i] as Tensor).sizes;
    names.forEach((name, dim) => {
      const size = shape[dim] as number;
      const known = sizes.get(name) ?? 1;
      if (size !== known && size !== 1 && known !== 1) {
        const what = /\d/.test(name) ? "the dimensions of ..." : `"${name}"`;
        throw new ShapeError("einsum", [shape], `expected one size for ${what}, got ${known} and ${size}`);
      }
      const isRepeated = names.indexOf(name) !== dim && shape[names.indexOf(name)] !== size;
      if (isRepeated) throw new ShapeError("einsum", [shape], `expected a square for the repeated "${name}", got ${formatShape(shape)}`);
      sizes.set(name, size === 1 ? known : size);
    });
  });
  return sizes;
}

/** Diagonals in place of repeated names. */
function onceEach(x: Tensor, names: readonly string[]): Term {
  const second = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (second < 0) return { x, names };
  const first = names.indexOf(names[second] as string);
  const others = [...names.keys()].filter((i) => i !== first && i !== second);
  const size = x.sizes[first] as number;
  const square = x.permute([...others, first, second]).reshape([...others.map((i) => x.sizes[i] as number), size * size]);
  return onceEach(square.slice(-1, 0, undefined, size + 1), [...others.map((i) => names[i] as string), names[first] as string]);
}

/** Two terms in one, without the names that nobody needs any more. */
function product(a: Term, b: Term, needed: ReadonlySet<string>, sizes: ReadonlyMap<string, number>): Term {
  const sizeOf = (names: readonly string[]) => names.map((name) => sizes.get(name) as number);
  const count = (names: readonly string[]) => sizeOf(names).reduce((all, size) => all * size, 1);
  const [left, right] = [reducedTo(a, b, needed), reducedTo(b, a, needed)];
  const both = left.names.filter((name) => right.names.includes(name));
  const batch = both.filter((name) => needed.has(name));
  const summed = both.filter((name) => !needed.has(name));
  const onlyLeft = left.names.filter((name) => !both.includes(name));
  const onlyRight = right.names.filter((name) => !both.includes(name));
  // As matrices: batch, rows, columns. A size of 1 that stands for another one is written out.
  const matrix = (term: Term, order: readonly string[], shape: readonly number[]) =>
    arranged(term, order).expand(sizeOf(order)).reshape(shape);
  const [n, rows, inner, columns] = [count(batch), count(onlyLeft), count(summed), count(onlyRight)];
  const x = matrix(left, [...batch, ...onlyLeft, ...summed], [n, rows, inner]);
  const y = matrix(right, [...batch, ...summed, ...onlyRight], [n, inner, columns]);
  const names = [...batch, ...onlyLeft, ...onlyRight];
  return { x: x.matmul(y).reshape(sizeOf(names)), names };
}

/** Summed over what neither the other term nor anybody later has. */
function reducedTo({ x, names }: Term, other: Term, needed: ReadonlySet<string>): Term {
  const kept = names.filter((name) => needed.has(name) || other.names.includes(name));
  return kept.length === names.length ? { x, names } : { x: arranged({ x, names }, kept), names: kept };
}

/** With the dimensions of `order`, in that order; others are summed. */
function arranged({ x, names }: Term, order: readonly string[]): Tensor {
  const gone = [...names.keys()].filter((i) => !order.includes(names[i] as string));
  const left = names.filter((name) => order.includes(name));
  const y = gone.length === 0 ? x : x.sum({ dim: gone });
  return y.permute(order.map((name) => left.indexOf(name)));
}
