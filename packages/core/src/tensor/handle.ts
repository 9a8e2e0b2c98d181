import type { GradNode, Layout } from "../autograd/node";
import { trackTensor, unwatch } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import { BRAND, type Brand } from "../backend/shared";
import type { Storage } from "../backend/storage";
import { type DType, isFloating } from "../dtype/dtype";
import { isContiguous, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "./tensor";

/**
 * `Symbol.dispose` as a type where the program's `lib` has it, so that `using x = tensor(...)` compiles there and the rest compiles without.
 */
type DisposeKey = SymbolConstructor extends { readonly dispose: infer Key extends symbol } ? Key : never;
/** `[Symbol.dispose]`, as far as the program's `lib` knows the symbol. */
type MaybeDisposable = { readonly [Key in DisposeKey]: () => void };

/** The symbol itself; an engine without it has no `using`, and nobody finds the stand-in. */
const DISPOSE: symbol = (Symbol as { dispose?: symbol }).dispose ?? /* @__PURE__ */ Symbol("dispose");

/** The class below has the method; to some compilers its name is unknown. */
export interface TensorHandle extends MaybeDisposable {}

/**
 * What a tensor is, apart from what it can do: a layout over counted memory, its place in the recorded graph, and the end of its life.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export abstract class TensorHandle {
  /** The sizes of the dimensions; `[]` for a scalar. */
  readonly shape: Shape;
  /** Elements to step for one place further along each dimension. */
  readonly strides: readonly number[];
  /** Where the first element is in the storage. */
  readonly offset: number;
  /** The gradient that `backward()` left here, or null. Only leaves have one. Owned by this tensor. */
  grad: Tensor | null = null;

  /** @internal The memory, shared with views. */
  storage: Storage;
  /** @internal The operation that made this tensor, when it was recorded. */
  node: GradNode | null = null;
  /** @internal Survives the end of a scope. */
  isKept = false;
  /** @internal The garbage collector will free it. */
  isWatched = false;
  /** @internal Tensors that go along when a module moves this one: an optimizer's state. */
  followers: readonly WeakRef<Tensor>[] | null = null;
  /** @internal Shares the storage of the tensor it was made from. */
  isView = false;
  #isDisposed = false;
  #requiresGrad = false;

  /** @internal Takes over the layout's reference of its storage. */
  constructor(layout: Layout) {
    this.storage = layout.storage;
    this.shape = layout.shape;
    this.strides = layout.strides;
    this.offset = layout.offset;
    this.storage.device.liveTensors++;
    trackTensor(this);
  }

  /** @internal */
  get [BRAND](): Brand {
    return "Tensor";
  }

  // --- what it is ---

  /** The type of the elements. */
  get dtype(): DType {
    return this.storage.dtype;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The backend that holds the data and computes on it. */
  get backend(): Backend {
    return this.storage.device.backend;
  }

  /** True when `backward()` will compute a gradient for this tensor or through it. May be set on a leaf of a float dtype. */
  get requiresGrad(): boolean {
    return this.#requiresGrad || this.node !== null;
  }

  /** @throws TypeError for integers and bool, and for `false` on a computed tensor. */
  set requiresGrad(value: boolean) {
    if (value && !isFloating(this.dtype))
      throw new TypeError(`requiresGrad: expected a float tensor, got ${this.dtype} - integers have no gradient`);
    if (this.node !== null && !value) throw new TypeError("requiresGrad: expected a leaf, got a computed tensor - use detach()");
    this.#requiresGrad = value;
  }

  /** True for a tensor that was not computed from one that requires a gradient. */
  get isLeaf(): boolean {
    return this.node === null;
  }

  /** True after `dispose()`, or after the `tidy` it was made in. */
  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** True when elements lie in row-major order without gaps. */
  isContiguous(): boolean {
    return isContiguous(this.shape, this.strides);
  }

  // --- memory ---

  /** Gives the tensor up; its memory is freed once no view or graph needs it. A second call does nothing. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    unwatch(this);
    this.storage.collect();
    this.grad?.dispose();
    this.grad = null;
  }

  /** @internal What `using x = ...` calls at the end of its block; `MaybeDisposable` tells the types. */
  [DISPOSE](): void {
    this.dispose();
  }
}
