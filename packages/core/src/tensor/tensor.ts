import { computeGradients } from "../autograd/engine";
import type { Layout } from "../autograd/node";
import { checkLive } from "../autograd/run";
import { withScope } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { checkDType, type DType, type TypedArray } from "../dtype/dtype";
import { raw } from "../errors/brand";
import { awaited, INSPECT, refuseJson } from "../errors/misuse";
import { type OptionKinds, optionsOf } from "../errors/options";
import { refusal } from "../errors/refusal";
import * as arithmetic from "../ops/arithmetic";
import { checkTensor, type NumberOrTensor } from "../ops/binary";
import { type ClampOptions, clamp } from "../ops/clamp";
import { cast, constantLike, contiguous, viewLayout } from "../ops/layout";
import { matmul } from "../ops/matmul";
import { amax, amin, argmax, mean, type ReduceOptions, sum } from "../ops/reduce";
import * as unary from "../ops/unary";
import { standardDeviation, variance } from "../ops/variance";
import { expand, permute, reshape, slice, squeeze, transpose, unsqueeze } from "../ops/views";
import { where } from "../ops/where";
import type { Shape } from "../shape/shape";
import { formatTensor } from "./format";
import { TensorHandle } from "./handle";
import { accumulateGrads, checkGradient, checkSingle, moveStorage, readElements, readElementsSync, readItem } from "./transfer";

/** How `backward` treats the graph. */
interface BackwardOptions {
  readonly retainGraph?: boolean;
  readonly createGraph?: boolean;
}

const BACKWARD: OptionKinds<BackwardOptions> = { retainGraph: "flag", createGraph: "flag" };

/**
 * An n-dimensional array on a backend that can record how it was computed; made by `tensor`, `zeros`, `randn` and the like. Mirrors
 * [torch.Tensor](https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor).
 *
 * Its methods are a closed list; all other functions are in `functional`. They return new tensors and are differentiable unless they say
 * otherwise. Memory is freed by `dispose()`, at the end of a `tidy` or of the block of a `using`, or by the garbage collector.
 *
 * @throws DisposedError from every method but `dispose`, once the tensor was disposed; BackendMismatchError where another tensor lives on another
 *   backend; InPlaceError for a view of memory that was edited since.
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * x.mul(x).sum().backward();
 * console.log(x.grad?.dataSync().join()); // 2,4,6,8
 * ```
 */
export class Tensor extends TensorHandle {
  /** @internal */
  static override get name(): string {
    return "Tensor";
  }

  // --- data ---

  /**
   * A copy of the elements in row-major order (bool: bytes of 0 and 1). Waits for the backend.
   *
   * @throws DisposedError for a disposed tensor.
   */
  data(): Promise<TypedArray> {
    return awaited("data", readElements(raw(this)));
  }

  /** The same at once, on a host-visible backend. @throws UnsupportedOpError on others. */
  dataSync(): TypedArray {
    return readElementsSync("dataSync", raw(this));
  }

  /** The value of a tensor of one element; of bool, 0 or 1. Waits for the backend. @throws ShapeError for more elements. */
  item(): Promise<number> {
    return awaited("item", readItem(raw(this)));
  }

  /** The same at once, on a host-visible backend. @throws ShapeError for more elements, UnsupportedOpError on other backends. */
  itemSync(): number {
    checkSingle("itemSync", this);
    return readElementsSync("itemSync", raw(this))[0] as number;
  }

  /**
   * A copy on another `backend`, outside the recorded graph; this tensor itself when it is there already.
   *
   * @throws TypeError for what is no backend, UnsupportedOpError for a dtype it does not have, OutOfMemoryError.
   */
  async to(backend: Backend): Promise<Tensor> {
    deviceOf(backend, "to");
    const self = checkLive("to", raw(this));
    if (backend === self.backend) return self;
    const moved = new Tensor(await moveStorage(self, backend));
    moved.wantsGrad = self.isLeaf && self.requiresGrad;
    return moved;
  }

  /**
   * The same values in another `dtype`; this tensor itself when it has it. To bool: `!= 0`. To int32: the fraction cut off; of what is larger the low 32
   * bits, and 0 for NaN and infinities. Integers and bool carry no gradient.
   *
   * @throws TypeError for no dtype.
   */
  type(dtype: DType): Tensor {
    return cast(checkLive("type", raw(this)), checkDType("type", dtype));
  }

  /** This tensor when it is contiguous, else a contiguous copy. */
  contiguous(): Tensor {
    return contiguous(checkLive("contiguous", raw(this)));
  }

  // --- autograd ---

  /**
   * Computes the gradients of this tensor by all leaves behind it and adds them to their `grad`.
   *
   * @param gradient The gradient of this tensor; may be left out for a single element, where it is 1.
   * @param options `retainGraph`: keep the graph for another call (default: the value of `createGraph`). `createGraph`: make the
   *   gradients differentiable themselves (default false).
   * @throws TypeError for a tensor that requires no gradient, ShapeError for more than one element without `gradient`, DisposedError when the graph
   *   was released, InPlaceError when a value it needs was edited, OutOfMemoryError. No gradient is changed then, of no leaf. Where it fails on its way,
   *   the graph is given up all the same, unless it is to be kept: compute the forward pass again.
   */
  backward(gradient?: Tensor, options?: { retainGraph?: boolean; createGraph?: boolean }): void {
    const { createGraph = false, retainGraph = createGraph } = optionsOf<BackwardOptions>("backward", options, BACKWARD);
    const self = checkLive("backward", raw(this));
    if (!self.requiresGrad) {
      const ways = "set requiresGrad, check noGrad and integers on the way";
      throw refusal("backward", "a float tensor that requires a gradient", `${self.dtype} that does not`, ways);
    }
    if (gradient === undefined) checkSingle("backward", self, "reduce it, or pass its gradient");
    const given = gradient === undefined ? undefined : checkTensor("backward", gradient, "the gradient");
    if (given !== undefined) checkGradient("backward", self, given);
    withScope(
      false,
      () => {
        const seed = given ?? constantLike(self, 1, self.sizes);
        accumulateGrads(computeGradients([self], [seed], { retainGraph, createGraph }), createGraph);
      },
      () => [],
    );
  }

  /** The same data, without the graph behind it. */
  detach(): Tensor {
    const self = checkLive("detach", raw(this));
    return self.wrap(viewLayout(self.layout));
  }

  // --- arithmetic: broadcasts, and converts mixed dtypes to the wider ---

  /**
   * The sum with `other`, broadcast; mixed dtypes meet in the wider one, bool counts as int32.
   *
   * @throws ShapeError where shapes do not broadcast; RangeError for a whole number beyond int32 with an int32 or bool tensor.
   */
  add(other: NumberOrTensor): Tensor {
    return arithmetic.add(this, other);
  }
  /** The difference from `other`, broadcast. Dtypes and errors as for `add`. */
  sub(other: NumberOrTensor): Tensor {
    return arithmetic.sub(this, other);
  }
  /** The product with `other`, element by element, broadcast. Dtypes and errors as for `add`. */
  mul(other: NumberOrTensor): Tensor {
    return arithmetic.mul(this, other);
  }
  /** The quotient by `other`, broadcast; of integers, too, a float. Errors as for `add`. */
  div(other: NumberOrTensor): Tensor {
    return arithmetic.div(this, other);
  }
  /** This tensor to the power of `exponent`, broadcast; of integers, too, a float. Errors as for `add`. */
  pow(exponent: NumberOrTensor): Tensor {
    return arithmetic.pow(this, exponent);
  }
  /** Minus each element. @throws TypeError for bool. */
  neg(): Tensor {
    return unary.neg(this);
  }
  /** e to the power of each element. @throws TypeError for int32 and bool. */
  exp(): Tensor {
    return unary.exp(this);
  }
  /** The natural logarithm of each element: NaN below 0, -Infinity at 0. @throws TypeError for int32 and bool. */
  log(): Tensor {
    return unary.log(this);
  }
  /** The square root of each element: NaN below 0. @throws TypeError for int32 and bool. */
  sqrt(): Tensor {
    return unary.sqrt(this);
  }
  /** The absolute value of each element; the gradient at 0 is 0. @throws TypeError for bool. */
  abs(): Tensor {
    return unary.abs(this);
  }
  /**
   * The matrix product `[..., m, k]` x `[..., k, n]` = `[..., m, n]` with PyTorch's rules: a vector is a row on the left and a column on the right, and
   * leading dimensions broadcast as batches.
   *
   * @param other Of a float dtype, like this one.
   * @throws ShapeError for inner sizes that differ and for scalars, TypeError for integers.
   */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }

  // --- comparisons: bool results ---

  /** Where this equals `other`: bool, broadcast, without a gradient, as for all six comparisons. NaN equals nothing. @throws ShapeError as `add` does. */
  eq(other: NumberOrTensor): Tensor {
    return arithmetic.eq(this, other);
  }
  /** Where this differs from `other`; bool. */
  ne(other: NumberOrTensor): Tensor {
    return arithmetic.ne(this, other);
  }
  /** Where this is less than `other`; bool. */
  lt(other: NumberOrTensor): Tensor {
    return arithmetic.lt(this, other);
  }
  /** Where this is at most `other`; bool. */
  le(other: NumberOrTensor): Tensor {
    return arithmetic.le(this, other);
  }
  /** Where this is greater than `other`; bool. */
  gt(other: NumberOrTensor): Tensor {
    return arithmetic.gt(this, other);
  }
  /** Where this is at least `other`; bool. */
  ge(other: NumberOrTensor): Tensor {
    return arithmetic.ge(this, other);
  }

  // --- selection ---

  /** These elements where the bool `condition` is true, `other` elsewhere; all broadcast. @throws TypeError for another condition, ShapeError. */
  where(condition: Tensor, other: NumberOrTensor): Tensor {
    return where(condition, this, other);
  }
  /** Elements cut to [min, max]; either bound may be left out. NaN stays; bounds pass the gradient on. @throws TypeError without bounds. */
  clamp(options: ClampOptions): Tensor {
    return clamp(this, options);
  }

  // --- reductions ---

  /** The sum over dimensions; of bool the int32 count, of nothing 0. @throws RangeError for a dim that is not there or named twice. */
  sum(options?: ReduceOptions): Tensor {
    return sum(this, options);
  }
  /** The mean over dimensions; of nothing NaN. @throws TypeError for int32 and bool, RangeError as for `sum`. */
  mean(options?: ReduceOptions): Tensor {
    return mean(this, options);
  }
  /** The largest elements, NaN if there is one; equal ones share the gradient. @throws RangeError for a dimension of size 0, and as for `sum`. */
  amax(options?: ReduceOptions): Tensor {
    return amax(this, options);
  }
  /** The smallest elements; all else as for `amax`. */
  amin(options?: ReduceOptions): Tensor {
    return amin(this, options);
  }
  /**
   * The int32 place of the largest element, the first of equals; without a gradient.
   *
   * @param options `dim`: one dimension; default: the place in the flattened tensor. `keepdim`: keep reduced dimensions with size 1 (default false).
   * @throws RangeError as for `amax`.
   */
  argmax(options?: { dim?: number; keepdim?: boolean }): Tensor {
    return argmax(this, options);
  }
  /** The variance; `correction` (default 1) is taken off the count, as in PyTorch. @throws TypeError for int32 and bool, RangeError as for `sum`. */
  var(options?: ReduceOptions & { correction?: number }): Tensor {
    return variance(this, options);
  }
  /** The standard deviation; `correction` and errors as for `var`. Its gradient where all elements are equal is 0. */
  std(options?: ReduceOptions & { correction?: number }): Tensor {
    return standardDeviation(this, options);
  }

  // --- shape: views over the same memory, unless the layout forces a copy in reshape ---

  /** The same elements in another `shape`; one size may be -1 and follows from the others. @throws ShapeError for another number of elements. */
  reshape(shape: Shape): Tensor {
    return reshape(this, shape);
  }
  /** With `dim0` and `dim1` swapped; negative ones count from the end. @throws RangeError for one that is not there. */
  transpose(dim0: number, dim1: number): Tensor {
    return transpose(this, dim0, dim1);
  }
  /** With all dimensions in the order of `dims`. @throws RangeError unless each is there once. */
  permute(dims: readonly number[]): Tensor {
    return permute(this, dims);
  }
  /**
   * Places `start` (default 0) up to, not including, `end` (default: the last one, too) along `dim`, in steps of `step` (default 1); negative places
   * count from the end.
   *
   * @throws RangeError for what is no integer, a step below 1, or a dim that is not there.
   */
  slice(dim: number, start?: number, end?: number, step?: number): Tensor {
    return slice(this, dim, start, end, step);
  }
  /** Without the dimension `dim`, if its size is 1; default: without all of size 1. @throws RangeError for one that is not there. */
  squeeze(dim?: number): Tensor {
    return squeeze(this, dim);
  }
  /** With a new dimension of size 1 before `dim`; -1 puts it last. @throws RangeError for one that is too far. */
  unsqueeze(dim: number): Tensor {
    return unsqueeze(this, dim);
  }
  /** Repeats dimensions of size 1, and adds new ones in front, up to `shape`, without copying; -1 keeps a size. @throws ShapeError. */
  expand(shape: Shape): Tensor {
    return expand(this, shape);
  }

  /** The shape, dtype and, where that needs no waiting, the values. */
  override toString(): string {
    return formatTensor(raw(this));
  }

  /** Refuses: JSON has no room for typed elements, and would keep what a tensor is made of inside in their place. @throws TypeError always. */
  toJSON(): never {
    return refuseJson("a Tensor", "keep Array.from(await x.data()) and x.shape");
  }

  /** Refuses to be a number or a part of one; as a text (a `hint` of "string") it is its `toString()`. @throws TypeError in arithmetic and comparisons. */
  [Symbol.toPrimitive](hint?: string): string {
    if (hint === "string") return this.toString();
    throw new TypeError("Tensor: expected a method, got an operator - write x.add(y)");
  }

  /** @internal What `console.log` prints in Node, Bun and Deno. */
  [INSPECT](): string {
    return this.toString();
  }

  // --- for the rooms inside core ---

  /** @internal A tensor over a new layout, which it takes over. */
  wrap(layout: Layout): Tensor {
    const result = new Tensor(layout);
    result.isView = layout.storage === this.storage;
    return result;
  }
  /** @internal Another handle of the same tensor, graph included; of a leaf, a view, so that gradients still reach it. With `layout`, over one that it had. */
  alias(layout = this.layout): Tensor {
    const result = this.wrap(viewLayout(layout));
    result.node = this.node;
    if (this.isLeaf && this.requiresGrad) {
      // A leaf that is gone cannot be viewed; one that was moved can.
      if (this.isDisposed) result.requiresGrad = true;
      else result.node = this.reshape(this.sizes).node;
    }
    return result;
  }
}
