/**
 * The contract between core and a backend. It can be read in five minutes and is all that a new backend has to know,
 * with the numbers that its members are told, which are in `specs.ts`.
 *
 * A backend is a plain object from a factory (`createXBackend(options)`). It owns memory and runs kernels; it knows nothing
 * of tensors, gradients, generators or modules. Core calls it with operands that are already checked: shapes agree, dtypes
 * are supported, `out` has the right size and is freshly allocated unless a member says that it may alias an input.
 *
 * - **Order.** Calls take effect in the order in which they are made. A device may queue them; only `read` waits.
 * - **Memory.** Core allocates every output through `allocate`, counts references, keeps a pool and calls `release` once for
 *   each handle. A kernel allocates nothing that outlives the call.
 * - **Host-visible backends** (their memory is a typed array of this process) offer `view` and write only the members they
 *   speed up: core runs the reference kernel on the view wherever an optional member is absent. A backend without `view`
 *   writes every member but those under "fused".
 * - **Same bits.** For any number of threads a member gives the same bits: work is cut in pieces of fixed size and combined in index order.
 * - **Errors.** A member that cannot do its work throws one of the named errors of `@dropwise/core/backend` and writes nothing. What writes over
 *   values that are there (`optimizerStep`, `copy`, `binary` in place) needs no memory: core takes all that a step needs before the first of them.
 */
import type { DType, TypedArray } from "../dtype/dtype";
import type { Activation, BinaryOp, ReduceOp, UnaryOp } from "./op-names";
import type {
  AttentionSpec,
  ConvolutionSpec,
  DropoutSpec,
  Epilogue,
  LstmSpec,
  NormalizeSpec,
  OptimizerSpec,
  PoolOp,
  WindowSpec,
} from "./specs";

export type * from "./specs";

/** The memory of one tensor, as a backend sees it. Made by core around what `allocate` returned. */
export interface BackendStorage<Handle = unknown> {
  /** What the backend's `allocate` returned for it; nobody else looks inside. */
  readonly handle: Handle;
  /** The type of its elements. */
  readonly dtype: DType;
  /** Elements in use. The memory behind may be longer, since it comes from a pool. */
  readonly length: number;
}

/**
 * A strided view of a storage: element `(i0, i1, …)` lies at `offset + i0 * strides[0] + i1 * strides[1] + …`, in elements.
 * A stride of 0 repeats one element (broadcasting). "Contiguous" means row-major without gaps; its `offset` may still be non-zero.
 */
export interface Operand<Handle = unknown> {
  /** The memory. */
  readonly storage: BackendStorage<Handle>;
  /** The sizes of the dimensions. */
  readonly shape: readonly number[];
  /** Elements to step for one place further along each dimension. As many as sizes. */
  readonly strides: readonly number[];
  /** The element of the storage that is the first here. */
  readonly offset: number;
}

/** A parameter's part of an optimizer's step; all operands are contiguous and of the same length. */
export interface OptimizerUpdate<Handle = unknown> {
  /** What is done. */
  readonly spec: OptimizerSpec;
  /** Updated in place. */
  readonly param: Operand<Handle>;
  /** Read alone. */
  readonly grad: Operand<Handle>;
  /** Updated in place: `[momentum]` or `[]` for SGD, `[first, second moment]` for Adam. */
  readonly state: readonly Operand<Handle>[];
}

/** What a backend is, for people and for core's decisions. */
export interface BackendInfo {
  /**
   * The version of this contract that the backend was written for; core uses no member, and hands it no name or layout, that this version does not have.
   * Default: 1. Version 2 is what is written here.
   */
  readonly contract?: 1 | 2;
  /** True when `view` works: tensors can be read without waiting. */
  readonly hostVisible: boolean;
  /** Whether handles are the garbage collector's own, memory included, as typed arrays are: `release` then frees nothing. Default: false. */
  readonly isCollected?: boolean;
  /** The element types that tensors may have here. */
  readonly dtypes: readonly DType[];
  /** Threads that one kernel may use. */
  readonly threads: number;
  /** What runs the kernels: an instruction set ("avx512", "simd128", "javascript") or the adapter's name. */
  readonly device: string;
  /** Bytes of the largest single tensor. */
  readonly maxBufferBytes: number;
}

/** A backend: storage, op families, and the dropout kernel. `Handle` is its own type for a piece of memory. */
export interface Backend<Handle = unknown> {
  /** Short and lower case ("wasm"); shown in messages, not used for look-up: a backend is a value. */
  readonly name: string;
  /** What it is and can do; the same for its whole life. */
  readonly info: BackendInfo;

  // --- storage ---

  /** Memory for `length` elements of `dtype` (0 is allowed), contents undefined. Core releases it. @throws OutOfMemoryError when there is none. */
  allocate(dtype: DType, length: number): Handle;
  /** Copies `data` (bool: bytes of 0 and 1) to the start of the storage, before any call made later. `data` may change right after. */
  write(storage: BackendStorage<Handle>, data: TypedArray): void;
  /** A new typed array with `length` elements from element `start` on, after all calls made before. Core holds the storage until it settles. */
  read(storage: BackendStorage<Handle>, start: number, length: number): Promise<TypedArray>;
  /** Host-visible backends: the storage as a typed array of at least `storage.length` elements, valid until the next `allocate`. Core never caches it. */
  view?(storage: BackendStorage<Handle>): TypedArray;
  /** Gives the memory behind `handle` back. Called once per handle; queued work that uses it still completes. */
  release(handle: Handle): void;

  // --- op families: optional with `view`, required without ---

  /** `out[i] = op(x[i])`. Both contiguous, same dtype (float; `neg` and `abs` also int32). `out` may be `x`. Some names came with version 2: see `versionOf`. */
  unary?(op: UnaryOp, x: Operand<Handle>, out: Operand<Handle>): void;
  /**
   * `out = op(a, b)`. Operands have `out`'s shape (strides of 0 broadcast) and one common dtype; a number stands for a constant of that dtype.
   * At most one is a number. `out` is contiguous; bool for comparisons, else the operands' dtype. `out` may be `a` or `b` where that is contiguous.
   */
  binary?(op: BinaryOp, a: Operand<Handle> | number, b: Operand<Handle> | number, out: Operand<Handle>): void;
  /**
   * Reduces the middle of `x`, contiguous and seen as `[outer, size, inner]`, to `out` `[outer, inner]`. `sum` of bool gives int32; `argmax`
   * gives int32 and the first of equals; `amax`, `amin` and `argmax` treat NaN as the extreme. `size` is at least 1 except for `sum`.
   */
  reduce?(op: ReduceOp, x: Operand<Handle>, out: Operand<Handle>, outer: number, size: number, inner: number): void;
  /** `out = condition ? a : b`; strides and numbers as in `binary`; `condition` is bool. `out` is contiguous and aliases nothing. */
  where?(condition: Operand<Handle>, a: Operand<Handle> | number, b: Operand<Handle> | number, out: Operand<Handle>): void;
  /**
   * `out[..., m, n] = sum_k a[..., m, k] * b[..., k, n]`, float. All three have the same rank (2 or 3) and batch size; a batch stride of 0 repeats one matrix.
   * In each of `a` and `b` one of the last two strides is 1 (a transposed operand has it first) and the other is at least the row length. `out` is contiguous.
   */
  matmul?(a: Operand<Handle>, b: Operand<Handle>, out: Operand<Handle>): void;
  /** Copies `x` into `out`, element by element, any strides on both (no element of `out` twice), converting dtypes (to bool: `!= 0`; to int32: truncated). They share no memory. */
  copy?(x: Operand<Handle>, out: Operand<Handle>): void;
  /** Sets every element of the contiguous `out` to `value`. */
  fill?(out: Operand<Handle>, value: number): void;
  /**
   * `out[o, j, i] = x[o, index[o, j, i], i]`. All three have rank 3 (outer, along, inner); `x` and `out` are contiguous, `index` is int32 with any strides.
   * An index outside [0, along): RangeError before anything is written, or, on a device that cannot look, NaN (0 for int32) in that place.
   */
  gather?(x: Operand<Handle>, index: Operand<Handle>, out: Operand<Handle>): void;
  /** `out[o, index[o, j, i], i] += x[o, j, i]` in the order of j, the transpose of `gather`; `out` holds the start values. Indices outside: as above, or skipped. */
  scatterAdd?(index: Operand<Handle>, x: Operand<Handle>, out: Operand<Handle>): void;
  /** The affine select, on float data. `x` is contiguous, or all of its strides are 0 (one value for all). `out` is contiguous and may be `x`. */
  dropout?(spec: DropoutSpec, x: Operand<Handle>, out: Operand<Handle>): void;

  // --- fused, optional everywhere: core runs the reference kernel on the view, or composes them from the families ---

  /**
   * Writes out windows: `out[n, (c, k), o] = x[n, c, o * stride + k * dilation - padding]`, and `spec.padValue` outside. `x` is `[N, C, ...sizes]` and `out`
   * `[N, C * prod(kernel), prod(outSizes)]`, k and o counted row-major; float, contiguous. They share no memory.
   */
  unfold?(spec: WindowSpec, x: Operand<Handle>, out: Operand<Handle>): void;
  /** The transpose of `unfold`: each element of `out`, `[N, C, ...sizes]`, is the sum of all that `unfold` would write of it in `x`, in a fixed order; the padding's are left out. */
  fold?(spec: WindowSpec, x: Operand<Handle>, out: Operand<Handle>): void;
  /**
   * `out[m, n] = sum_k x[m, k] * weight[n, k] + bias[n]`, all rank 2 (bias rank 1, or null) and contiguous; behind it the `epilogue`, with the bits that it has
   * as calls of its own (see `withEpilogue`). Only float32 has one, and a backend of the first version is never handed one.
   */
  linear?(x: Operand<Handle>, weight: Operand<Handle>, bias: Operand<Handle> | null, out: Operand<Handle>, epilogue?: Epilogue): void;
  /**
   * `out[n, o, w] = sum_(c, k) weight[o, c, k] * x[n, c, w * stride + k * dilation - padding] + bias[o]`, 0 outside, each group of channels alone. `x` is
   * `[N, C, ...sizes]`, `weight` `[O, C / groups, ...kernel]` with a kernel of at most 16384 elements, `bias` `[O]` or null, `out` `[N, O, ...outSizes]`;
   * one to three spatial dimensions, float, contiguous. Core asks for this one and both gradients, or composes all three.
   */
  convolution?(
    spec: ConvolutionSpec,
    x: Operand<Handle>,
    weight: Operand<Handle>,
    bias: Operand<Handle> | null,
    out: Operand<Handle>,
  ): void;
  /** Its transpose: the gradient by `x`, which is `out` here, from that of the result. `bias`, of as many elements as `out` has channels, is added. */
  convolutionGradInput?(
    spec: ConvolutionSpec,
    grad: Operand<Handle>,
    weight: Operand<Handle>,
    bias: Operand<Handle> | null,
    out: Operand<Handle>,
  ): void;
  /** The gradient by `weight`, which is `out` here, from `x` and that of the result. */
  convolutionGradWeight?(spec: ConvolutionSpec, x: Operand<Handle>, grad: Operand<Handle>, out: Operand<Handle>): void;
  /** Pools each plane of `x`, `[N, C, ...sizes]`, to `out`, `[N, C, ...outSizes]`. What lies outside takes no part: `spec.padValue`, -Infinity or 0, is left. */
  pool?(op: PoolOp, spec: WindowSpec, x: Operand<Handle>, out: Operand<Handle>): void;
  /** Its gradient by `x`, `out` here: `grad` of each window goes to all its elements, or for a maximum to the first of equals, or the first NaN. A sum has no `x`. */
  poolGrad?(op: PoolOp, spec: WindowSpec, x: Operand<Handle> | null, grad: Operand<Handle>, out: Operand<Handle>): void;
  /** Softmax, or its logarithm for `log`, over the middle of `[outer, size, inner]`; contiguous; `out` may be `x`. */
  softmax?(log: boolean, x: Operand<Handle>, out: Operand<Handle>, outer: number, size: number, inner: number): void;
  /** The gradient of `softmax` (`log`, `[outer, size, inner]`) from its output `y` and the incoming `grad`; contiguous; `out` may be `grad`. */
  softmaxGrad?(
    log: boolean,
    y: Operand<Handle>,
    grad: Operand<Handle>,
    out: Operand<Handle>,
    outer: number,
    size: number,
    inner: number,
  ): void;
  /**
   * `out = (x - mean) / sqrt(variance + eps) * weight + bias`, float32, at least one element. Weight and bias are contiguous, or null. `stats`, `[2, groups]`,
   * is written, too: the means, then the variances.
   */
  normalize?(
    spec: NormalizeSpec,
    x: Operand<Handle>,
    weight: Operand<Handle> | null,
    bias: Operand<Handle> | null,
    out: Operand<Handle>,
    stats: Operand<Handle>,
  ): void;
  /** The gradients of `normalize`, those that are not null, from the incoming one and the `stats` that it wrote; all contiguous. `gradX` may be `grad`. */
  normalizeGrad?(
    spec: NormalizeSpec,
    grad: Operand<Handle>,
    x: Operand<Handle>,
    weight: Operand<Handle> | null,
    stats: Operand<Handle>,
    gradX: Operand<Handle> | null,
    gradWeight: Operand<Handle> | null,
    gradBias: Operand<Handle> | null,
  ): void;
  /**
   * A layer of an LSTM over a sequence, float32, contiguous. For each step, with gates i, f, g, o side by side, `hidden` of each: `sigmoid, sigmoid, tanh, sigmoid of
   * (x[t] + h[t-1] weight)`, `c[t] = f c[t-1] + i g`, `h[t] = o tanh(c[t])`. `x` `[steps, batch, 4 hidden]` is the input's share with all biases, `weight`
   * `[hidden, 4 hidden]`, h0 and c0 `[batch, hidden]`. Writes `gates`, as large as x, after their functions, and `states` `[2, steps, batch, hidden]`: h, then c.
   */
  lstm?(
    spec: LstmSpec,
    x: Operand<Handle>,
    weight: Operand<Handle>,
    h0: Operand<Handle>,
    c0: Operand<Handle>,
    gates: Operand<Handle>,
    states: Operand<Handle>,
  ): void;
  /** The gradients of `lstm` from the one of its states; `weight` is transposed here, `[4 hidden, hidden]`, and its gradient the caller's: a product of `gradX` and h. */
  lstmGrad?(
    spec: LstmSpec,
    gradStates: Operand<Handle>,
    weight: Operand<Handle>,
    c0: Operand<Handle>,
    gates: Operand<Handle>,
    states: Operand<Handle>,
    gradX: Operand<Handle>,
    gradH0: Operand<Handle>,
    gradC0: Operand<Handle>,
  ): void;
  /**
   * `out = dropout(softmax(scale * query key^T + mask)) value`, float32. `query` is `[batches, heads, queries, E]`, `out` `[batches, heads, queries, Ev]`; `key` and `value`,
   * `[batches, shared, keys, E or Ev]`, may have fewer heads: head h reads number `floor(h * shared / heads)`. The last stride of each is 1; no size is 0; E and Ev are at
   * most 256. `mask` has strides of 0 where it is broadcast to the weights: bool, true where a key is seen, or float32, added, or null. A query that sees no key by mask
   * gets zeros. `rows`, contiguous `[batches, heads, queries, 2]`, gets what the gradient wants to know again. Come only together with `attentionGrad`.
   */
  attention?(
    spec: AttentionSpec,
    query: Operand<Handle>,
    key: Operand<Handle>,
    value: Operand<Handle>,
    mask: Operand<Handle> | null,
    out: Operand<Handle>,
    rows: Operand<Handle>,
  ): void;
  /** The gradients by query, key and value from the operands of `attention`, its `out` and `rows`, and the incoming `grad`, of the shape of `out`. */
  attentionGrad?(
    spec: AttentionSpec,
    query: Operand<Handle>,
    key: Operand<Handle>,
    value: Operand<Handle>,
    mask: Operand<Handle> | null,
    out: Operand<Handle>,
    rows: Operand<Handle>,
    grad: Operand<Handle>,
    gradQuery: Operand<Handle>,
    gradKey: Operand<Handle>,
    gradValue: Operand<Handle>,
  ): void;
  /** `out = f(x)`, one of the activations, float32 and contiguous; `out` may be `x`. With version 2 of the contract. */
  activation?(kind: Activation, x: Operand<Handle>, out: Operand<Handle>): void;
  /** `out = grad * f'(x)`; float32 and contiguous; `out` may be `grad`. A backend has both or neither. With version 2. */
  activationGrad?(kind: Activation, x: Operand<Handle>, grad: Operand<Handle>, out: Operand<Handle>): void;
  /** Updates each `param` and `state` in place; a step of a model is one call. All operands are contiguous; no two updates have a `param` or a `state` in common. */
  optimizerStep?(updates: readonly OptimizerUpdate<Handle>[]): void;

  /**
   * Ends threads and frees everything, whoever still holds the backend, its handles or its tensors. Later calls throw `DisposedError`, but for `release` and
   * `dispose`, which do nothing; a `read` that is on its way settles. Called by the user, never by core.
   */
  dispose(): void;
  /** True after `dispose`: then there is no memory of its tensors. A backend that keeps nothing need not say. */
  readonly isDisposed?: boolean;
}
