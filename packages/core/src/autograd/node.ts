import { shared } from "../backend/shared";
import type { Claim, Storage } from "../backend/storage";
import { DisposedError, InPlaceError } from "../errors/errors";
import type { Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { trackNode, unwatchNode } from "./scope";

/** A storage and how to step through it: what a primitive's forward returns. The caller owns one reference of the storage. */
export interface Layout {
  readonly storage: Storage;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The operands of an operation: at least one. */
export type Inputs = readonly [Tensor, ...Tensor[]];

/**
 * One differentiable operation. `forward` works on storages; `backward` is written in differentiable operations itself, which is how
 * gradients of gradients come about.
 */
export interface Primitive<A> {
  readonly name: string;
  /** Computes the output. Inputs are alive and on one device. */
  forward(inputs: Inputs, attrs: A): Layout;
  /** The gradient for each input, or null for one that needs none (`node.needs(i)`) or has none. Absent: the output carries no gradient. */
  backward?(node: GradNode<A>, grad: Tensor): readonly (Tensor | null)[];
  /**
   * The gradient of one input that several nodes of this kind read, at once: for operations whose gradients are put beside each other for less than adding them
   * takes. They have one input, are recorded one behind the other, and this is used in place of `backward`.
   */
  together?(several: Several<A>): Tensor;
  /**
   * Which values `backward` reads: for input `i`, a bit mask of the inputs whose gradients read it (bit j: input j's); an input is
   * only held when one of those gradients is wanted. Default: none.
   */
  readonly reads?: readonly number[];
  /** The same for the output. */
  readonly readsOutput?: number;
}

/** Nodes with the gradients of their outputs; at least one. */
export type Several<A> = readonly (readonly [node: GradNode<A>, grad: Tensor])[];

/** Every input, as a mask for `reads`. */
export const ANY = ~0;

/** A tensor with the memory it had, which stays behind when a module moves the tensor to another backend. */
interface Saved {
  readonly tensor: Tensor;
  readonly layout: Layout;
  readonly version: number;
}

/** Node numbers only grow, so that sorting by them is a topological order. */
export const counter: { next: number } = /* @__PURE__ */ shared("nodeCounter", () => ({ next: 0 }));

/** One recorded operation: where its inputs' gradients go, and the values that computing them takes. */
export class GradNode<A = unknown> {
  readonly id: number = counter.next++;
  /** The shapes of the inputs. */
  readonly shapes: readonly Shape[];
  /** Where each input's gradient goes: the node that made the input, the input itself when it is a leaf, or null. */
  readonly edges: readonly (GradNode | Tensor | null)[];
  /** Claims on what the saved values lie in, one reference each. An array of its own, from which nothing leads back to the node. */
  readonly claims: Claim[] = [];
  /** The version of the output's memory when this node made it. A view that is used at a later one would hide the edit from autograd. */
  readonly outputVersion: number;
  readonly #inputs: Saved[] = [];
  #output: Saved | undefined;
  #released = false;

  constructor(
    readonly primitive: Primitive<A>,
    readonly attrs: A,
    inputs: readonly Tensor[],
    output: Tensor,
  ) {
    this.outputVersion = output.storage.version;
    this.shapes = inputs.map((input) => input.sizes);
    this.edges = inputs.map((input) => (input.requiresGrad ? (input.node ?? input) : null));
    let wanted = 0;
    for (let i = 0; i < inputs.length; i++) if (this.edges[i] !== null) wanted |= 1 << i;
    const { reads = [], readsOutput = 0 } = primitive;
    for (let i = 0; i < inputs.length; i++) {
      if (((reads[i] ?? 0) & wanted) !== 0) this.#inputs[i] = this.#save(inputs[i] as Tensor);
    }
    if ((readsOutput & wanted) !== 0) this.#output = this.#save(output);
    trackNode(this as GradNode);
  }

  /** True when input `i` wants a gradient. */
  needs(i: number): boolean {
    return this.edges[i] !== null;
  }

  /** The value of input `i`, as it was. Throws InPlaceError when it was edited since. */
  input(i: number): Tensor {
    return this.#restore(this.#inputs[i]);
  }

  /** The value of the output, as it was. */
  output(): Tensor {
    return this.#restore(this.#output);
  }

  get isReleased(): boolean {
    return this.#released;
  }

  /** Drops what the node holds. A later backward pass through it throws DisposedError. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    unwatchNode(this as GradNode);
    for (const saved of [...this.#inputs, this.#output]) saved?.layout.storage.release();
    this.#inputs.length = 0;
    this.#output = undefined;
  }

  /** Throws DisposedError when the node was released. */
  checkHeld(): void {
    if (!this.#released) return;
    throw new DisposedError(
      "backward",
      `expected the graph of ${this.primitive.name}, got a released one - pass { retainGraph: true } before, or stay in its tidy`,
    );
  }

  #save(tensor: Tensor): Saved {
    const { layout } = tensor;
    this.claims.push(layout.storage.retain().claim);
    return { tensor, layout, version: layout.storage.version };
  }

  #restore(saved: Saved | undefined): Tensor {
    // A backward that reads what its primitive does not say it reads ends here, with an engine's error.
    const { tensor, layout, version } = saved as Saved;
    if (layout.storage.version !== version) {
      throw new InPlaceError(
        "backward",
        `expected the value that ${this.primitive.name} used, got one edited in place since - edit a copy, or leave inplace off`,
      );
    }
    return tensor.isDisposed || tensor.layout !== layout ? tensor.alias(layout) : tensor;
  }
}
