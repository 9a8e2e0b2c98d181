import type { GradNode, Layout } from "../autograd/node";
import { trackTensor, unwatch } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import type { Storage } from "../backend/storage";
import { type DType, isFloating } from "../dtype/dtype";
import { BRAND, type Brand, RawTensor, raw } from "../errors/brand";
import { checkBoolean } from "../errors/options";
import { refusal } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { isContiguous, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "./tensor";
import { checkGradient } from "./transfer";

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
export abstract class TensorHandle extends RawTensor {
  /** @internal The memory, shared with views, and how to step through it. Kernels take this, whose arrays are plain: on frozen ones an engine is slow. */
  layout: Layout;
  /** @internal The operation that made this tensor, when it was recorded. */
  node: GradNode | null = null;
  /** @internal Survives the end of a scope. */
  isKept = false;
  /** @internal By what list the garbage collector will free it. */
  watcher: { unregister(tensor: TensorHandle): unknown } | null = null;
  /** @internal Tensors that go along when a module moves this one: an optimizer's state. */
  followers: readonly WeakRef<Tensor>[] | null = null;
  /** @internal Shares the storage of the tensor it was made from. */
  isView = false;
  /** @internal Given up: behind `isDisposed`. */
  isGone = false;
  /** @internal What an error says of it when it is gone, where another than the user gave it up. */
  declare fate?: string;
  /** @internal Asked for by the user, on a leaf: behind `requiresGrad`. */
  wantsGrad = false;
  /** @internal Behind `grad`. */
  gradient: Tensor | null = null;
  /** @internal What `shape` shows, once it was asked for. */
  shownShape: Shape | null = null;

  /** @internal Takes over the layout's reference of its storage. */
  constructor(layout: Layout) {
    super();
    this.layout = layout;
    layout.storage.device.liveTensors++;
    trackTensor(this);
  }

  /** @internal */
  get [BRAND](): Brand {
    return "Tensor";
  }

  // --- what it is ---

  /** The sizes of the dimensions; `[]` for a scalar. A frozen copy. */
  get shape(): Shape {
    this.shownShape ??= Object.freeze([...this.layout.shape]);
    return this.shownShape;
  }

  /** Elements to step for one place further along each dimension. A copy. */
  get strides(): readonly number[] {
    return [...this.layout.strides];
  }

  /** Where the first element is in the storage. */
  get offset(): number {
    return this.layout.offset;
  }

  /** @internal The sizes, for the rooms inside core, which do not change them. */
  get sizes(): Shape {
    return this.layout.shape;
  }

  /** @internal The steps, likewise. */
  get steps(): readonly number[] {
    return this.layout.strides;
  }

  /** @internal The memory, shared with views. */
  get storage(): Storage {
    return this.layout.storage;
  }

  /** The type of the elements. */
  get dtype(): DType {
    return this.storage.dtype;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.sizes);
  }

  /** The backend that holds the data and computes on it. */
  get backend(): Backend {
    return this.storage.device.backend;
  }

  /** True when `backward()` will compute a gradient for this tensor or through it. May be set on a leaf of a float dtype. */
  get requiresGrad(): boolean {
    return this.wantsGrad || this.node !== null;
  }

  /** @throws TypeError for anything but true and false, for integers and bool, and for `false` on a computed tensor. */
  set requiresGrad(value: boolean) {
    checkBoolean("requiresGrad", "the value", value);
    if (value && !isFloating(this.dtype)) throw refusal("requiresGrad", "a float tensor", this.dtype, "integers have no gradient");
    if (this.node !== null && !value) throw new TypeError("requiresGrad: expected a leaf, got a computed tensor - use detach()");
    this.wantsGrad = value;
  }

  /** The gradient that `backward()` left here, or null. Only leaves have one. Owned by this tensor. */
  get grad(): Tensor | null {
    return this.gradient;
  }

  /** Undefined is taken for null. @throws TypeError for anything else than these and a tensor, or another dtype; ShapeError and BackendMismatchError where it does not fit. */
  set grad(value: Tensor | null) {
    const self = raw(this);
    self.gradient = value === null || value === undefined ? null : fittingGrad(self, value);
  }

  /** True for a tensor that was not computed from one that requires a gradient. */
  get isLeaf(): boolean {
    return this.node === null;
  }

  /** True after `dispose()`, or after the `tidy` it was made in. */
  get isDisposed(): boolean {
    return this.isGone;
  }

  /** True when elements lie in row-major order without gaps. */
  isContiguous(): boolean {
    return isContiguous(this.layout.shape, this.layout.strides);
  }

  // --- memory ---

  /** Gives the tensor up; its memory is freed once no view or graph needs it. A second call does nothing. */
  dispose(): void {
    const self = raw(this);
    if (self.isGone) return;
    self.isGone = true;
    unwatch(self);
    self.storage.device.liveTensors--;
    self.storage.release();
    self.gradient?.dispose();
    self.gradient = null;
  }

  /** @internal What `using x = ...` calls at the end of its block; `MaybeDisposable` tells the types. */
  [DISPOSE](): void {
    this.dispose();
  }
}

// --- internal helpers ---

/** The gradient that a caller wants to give to a tensor. A backward pass adds to it, and a step reads it, as if it were the tensor's own. */
function fittingGrad(owner: TensorHandle, value: Tensor): Tensor {
  const gradient = checkTensor("grad", value);
  if (gradient === (owner as unknown)) throw new TypeError("grad: expected another tensor, got itself - copy it");
  checkGradient("grad", owner as Tensor, gradient);
  return gradient;
}
