import { computeGradients } from "../autograd/engine";
import type { Layout } from "../autograd/node";
import { checkInputs } from "../autograd/run";
import type { Backend } from "../backend/backend";
import type { BinaryOp, UnaryOp } from "../backend/op-names";
import type { Storage } from "../backend/storage";
import { checkDType, type DType, type TypedArray } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { applyBinary, type NumberOrTensor } from "../ops/binary";
import { type ClampOptions, clamp } from "../ops/clamp";
import { cast, contiguous, viewLayout } from "../ops/layout";
import { matmul } from "../ops/matmul";
import { amax, amin, argmax, mean, type ReduceOptions, sum, variance } from "../ops/reduce";
import { applyUnary } from "../ops/unary";
import { expand, permute, reshape, slice, squeeze, transpose, unsqueeze } from "../ops/views";
import { where } from "../ops/where";
import { formatShape, type Shape } from "../shape/shape";
import { formatTensor } from "./format";
import { TensorHandle } from "./handle";
import { accumulateGrads, checkGradient, moveStorage, onesLike, readElements, readElementsSync } from "./transfer";

/**
 * An n-dimensional array on a backend that can record how it was computed. Mirrors `torch.Tensor`; made by `tensor`, `zeros`, `randn` and the like.
 *
 * Its methods are a closed list; all other functions are in `functional`. Memory is freed by `dispose()`, at the end of a `tidy`, or by the
 * garbage collector.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * x.mul(x).sum().backward();
 * x.grad?.dataSync();   // Float32Array [2, 4, 6, 8]
 * ```
 */
export class Tensor extends TensorHandle {
  // --- data ---

  /**
   * A copy of the elements in row-major order (bool: bytes of 0 and 1). Waits for the backend.
   *
   * @throws DisposedError for a disposed tensor.
   */
  async data(): Promise<TypedArray> {
    return readElements(this);
  }

  /** The same at once, on a host-visible backend. Throws UnsupportedOpError on others. */
  dataSync(): TypedArray {
    return readElementsSync(this);
  }

  /** The value of a tensor of one element. Throws ShapeError for more. */
  async item(): Promise<number> {
    this.#checkSingle("item");
    return (await readElements(this))[0] as number;
  }

  /** The same at once, on a host-visible backend. */
  itemSync(): number {
    this.#checkSingle("itemSync");
    return readElementsSync(this)[0] as number;
  }

  /** A copy on another backend, outside the recorded graph; this tensor itself when it is there already. */
  async to(backend: Backend): Promise<Tensor> {
    if (backend === this.backend) return this;
    const moved = new Tensor(await moveStorage(this, backend));
    moved.requiresGrad = this.isLeaf && this.requiresGrad;
    return moved;
  }

  /** The same values in another dtype; this tensor itself when it has it. To bool: `!= 0`; to int32: truncated. Differentiable. */
  type(dtype: DType): Tensor {
    return cast(this, checkDType("type", dtype));
  }

  /** This tensor when it is contiguous, else a contiguous copy. Differentiable. */
  contiguous(): Tensor {
    return contiguous(this);
  }

  // --- autograd ---

  /**
   * Computes the gradients of this tensor by all leaves behind it and adds them to their `grad`.
   *
   * @param gradient The gradient of this tensor; may be left out for a single element, where it is 1.
   * @param options `retainGraph`: keep the graph for another call (default: the value of `createGraph`). `createGraph`: make the
   *   gradients differentiable themselves (default false).
   * @throws DisposedError when the graph was released, InPlaceError when a value it needs was edited. No gradient is changed then.
   */
  backward(
    gradient?: Tensor,
    { createGraph = false, retainGraph = createGraph }: { retainGraph?: boolean; createGraph?: boolean } = {},
  ): void {
    checkInputs("backward", [this]);
    if (!this.requiresGrad) {
      throw new TypeError(
        "backward: expected a tensor that requires a gradient, got one that was computed from none - set requiresGrad, and check noGrad",
      );
    }
    if (gradient === undefined && this.size !== 1) {
      throw new ShapeError(
        "backward",
        [this.shape],
        `expected one element, got shape ${formatShape(this.shape)} - reduce it, or pass its gradient`,
      );
    }
    if (gradient !== undefined) checkGradient("backward", this, gradient);
    const seed = gradient ?? new Tensor(onesLike(this));
    accumulateGrads(computeGradients([this], [seed], null, { retainGraph, createGraph }), createGraph);
    if (gradient === undefined) seed.dispose();
  }

  /** The same data, without the graph behind it. */
  detach(): Tensor {
    checkInputs("detach", [this]);
    const result = new Tensor(viewLayout(this, this.shape, this.strides, this.offset));
    result.isView = true;
    return result;
  }

  // --- arithmetic: broadcasts, and converts mixed dtypes to the wider ---

  add(other: NumberOrTensor): Tensor {
    return applyBinary("add", this, other);
  }
  sub(other: NumberOrTensor): Tensor {
    return applyBinary("sub", this, other);
  }
  mul(other: NumberOrTensor): Tensor {
    return applyBinary("mul", this, other);
  }
  /** Division; of integers, too, the result is a float. */
  div(other: NumberOrTensor): Tensor {
    return applyBinary("div", this, other);
  }
  pow(exponent: NumberOrTensor): Tensor {
    return applyBinary("pow", this, exponent);
  }
  neg(): Tensor {
    return applyUnary("neg", this);
  }
  exp(): Tensor {
    return applyUnary("exp", this);
  }
  log(): Tensor {
    return applyUnary("log", this);
  }
  sqrt(): Tensor {
    return applyUnary("sqrt", this);
  }
  abs(): Tensor {
    return applyUnary("abs", this);
  }
  /** Matrix product with PyTorch's rules for 1-dimensional operands and batches. Throws ShapeError. */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }

  // --- comparisons: bool results ---

  eq(other: NumberOrTensor): Tensor {
    return applyBinary("eq", this, other);
  }
  ne(other: NumberOrTensor): Tensor {
    return applyBinary("ne", this, other);
  }
  lt(other: NumberOrTensor): Tensor {
    return applyBinary("lt", this, other);
  }
  le(other: NumberOrTensor): Tensor {
    return applyBinary("le", this, other);
  }
  gt(other: NumberOrTensor): Tensor {
    return applyBinary("gt", this, other);
  }
  ge(other: NumberOrTensor): Tensor {
    return applyBinary("ge", this, other);
  }

  // --- selection ---

  /** These elements where the bool `condition` is true, `other` elsewhere; all three broadcast. */
  where(condition: Tensor, other: NumberOrTensor): Tensor {
    return where(condition, this, other);
  }
  /** Elements cut to [min, max]; either bound may be left out. NaN stays. */
  clamp(options: ClampOptions): Tensor {
    return clamp(this, options);
  }

  // --- reductions ---

  sum(options?: ReduceOptions): Tensor {
    return sum(this, options);
  }
  mean(options?: ReduceOptions): Tensor {
    return mean(this, options);
  }
  /** The largest elements; equal ones share the gradient. */
  amax(options?: ReduceOptions): Tensor {
    return amax(this, options);
  }
  /** The smallest elements; equal ones share the gradient. */
  amin(options?: ReduceOptions): Tensor {
    return amin(this, options);
  }
  /** The int32 place of the largest element along `dim`, or in the flattened tensor. */
  argmax(options?: { dim?: number; keepdim?: boolean }): Tensor {
    return argmax(this, options);
  }
  /** The variance; `correction` (default 1) is taken off the count, as in PyTorch. */
  var(options?: ReduceOptions & { correction?: number }): Tensor {
    return variance(this, options);
  }
  /** The standard deviation; `correction` as for `var`. */
  std(options?: ReduceOptions & { correction?: number }): Tensor {
    return variance(this, options).sqrt();
  }

  // --- shape: views over the same memory, unless the layout forces a copy in reshape ---

  /** The same elements in another shape; one size may be -1. */
  reshape(shape: Shape): Tensor {
    return reshape(this, shape);
  }
  transpose(dim0: number, dim1: number): Tensor {
    return transpose(this, dim0, dim1);
  }
  permute(dims: readonly number[]): Tensor {
    return permute(this, dims);
  }
  /** Places `start` up to, not including, `end` along `dim`, in steps of `step`; negative places count from the end. */
  slice(dim: number, start?: number, end?: number, step?: number): Tensor {
    return slice(this, dim, start, end, step);
  }
  /** Without one dimension of size 1, or without all of them. */
  squeeze(dim?: number): Tensor {
    return squeeze(this, dim);
  }
  /** With a new dimension of size 1 before `dim`. */
  unsqueeze(dim: number): Tensor {
    return unsqueeze(this, dim);
  }
  /** Repeats dimensions of size 1 without copying; -1 keeps a size. */
  expand(shape: Shape): Tensor {
    return expand(this, shape);
  }

  /** The shape, dtype and, where that needs no waiting, the values. */
  override toString(): string {
    return formatTensor(this);
  }

  // --- for the rooms inside core ---

  /** @internal An elementwise function by name. */
  unary(op: UnaryOp): Tensor {
    return applyUnary(op, this);
  }
  /** @internal An elementwise function of two operands by name. */
  binary(op: BinaryOp, other: NumberOrTensor): Tensor {
    return applyBinary(op, this, other);
  }
  /** @internal A tensor over a new layout, which it takes over. */
  wrap(layout: Layout): Tensor {
    const result = new Tensor(layout);
    result.isView = layout.storage === this.storage;
    return result;
  }
  /** @internal Another handle of the same tensor, graph included; of a leaf, a view, so that gradients still reach the leaf. */
  alias(): Tensor {
    return this.isLeaf && this.requiresGrad ? this.reshape(this.shape) : this.revive(this.storage);
  }
  /** @internal The same over `storage`, for a graph that outlived the handle. */
  revive(storage: Storage): Tensor {
    const { shape, strides, offset } = this;
    const result = new Tensor({ storage: storage.retain(), shape, strides, offset });
    result.node = this.node;
    if (this.isLeaf && this.requiresGrad) result.requiresGrad = true;
    result.isView = true;
    return result;
  }
  #checkSingle(op: string): void {
    if (this.size !== 1) throw new ShapeError(op, [this.shape], `expected one element, got shape ${formatShape(this.shape)} - use data()`);
  }
}
