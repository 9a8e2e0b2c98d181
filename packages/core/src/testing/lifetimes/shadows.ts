/** The tensors of a program with what they must hold beside them, in plain arrays: a shadow for each tensor, an array for each memory. */
import type { Storage } from "../../backend/storage";
import { deviceOf } from "../../cpu/device-of";
import { type Backend, memory, type Tensor, type TypedArray } from "../../index";
import { blindBackend, hostBackend } from "../backends";
import { memoryOf, placesOf } from "../elements";
import { constant, type Scalar, type Step, valued } from "./scalars";

export interface Shadow {
  readonly tensor: Tensor;
  readonly isLeaf: boolean;
  /** The elements in the graph; null for a tensor that requires no gradient. */
  nodes: readonly Scalar[] | null;
  /** The memory, which views share, and where in it the elements are. */
  memory: number[];
  places: readonly number[];
  /** How many `tidy` are open around the one whose end frees it, that one included; 0 where none does. */
  depth: number;
  isDisposed: boolean;
  grad: Shadow | null;
}

export class Shadows {
  readonly all: Shadow[] = [];
  readonly backends = poisoningBackends();
  /** How many `tidy` are open. */
  depth = 0;
  readonly #memories = new WeakMap<Storage, number[]>();

  /** Notes a tensor that the program got, and what it must hold. `step` is the operation that it is the result of. */
  add(tensor: Tensor, values: readonly Scalar[], details: { step?: Step; isLeaf?: boolean; depth?: number } = {}): Shadow {
    const { step, isLeaf = false, depth = this.depth } = details;
    const shadow: Shadow = { tensor, isLeaf, nodes: null, memory: [], places: [], depth, isDisposed: false, grad: null };
    this.locate(
      shadow,
      values.map((x) => x.value),
    );
    check(tensor.requiresGrad === values.some((x) => x.isTracked), `requiresGrad is ${tensor.requiresGrad}`);
    if (tensor.requiresGrad) {
      // A gradient that a pass hands on unchanged is the same node of the graph, as in PyTorch.
      const same = tensor.node && this.all.find((x) => x.tensor.node === tensor.node);
      shadow.nodes = same?.nodes ?? values;
      for (const x of shadow.nodes) if (step !== undefined) x.step ??= step;
    }
    this.all.push(shadow);
    return shadow;
  }

  /** Finds the memory of a shadow's tensor. Where it is new, it gets these values, else it must have them. */
  locate(shadow: Shadow, values: readonly number[]): void {
    const { tensor } = shadow;
    const known = this.#memories.get(tensor.storage);
    Object.assign(shadow, { memory: known ?? [], places: placesOf(tensor) });
    this.#memories.set(tensor.storage, shadow.memory);
    if (known === undefined) this.write(shadow, values);
    else
      check(
        this.values(shadow).every((value, i) => isClose(value, values[i] as number)),
        "it shares the memory of other values",
      );
  }

  values({ memory, places }: Shadow): number[] {
    return places.map((place) => memory[place] as number);
  }

  /** The values as an operation reads them that is recorded, or not. */
  read(shadow: Shadow, isRecorded = true): Scalar[] {
    const { nodes } = shadow;
    return this.values(shadow).map((value, i) => (nodes !== null && isRecorded ? valued(value, nodes[i] as Scalar) : constant(value)));
  }

  write({ memory, places }: Shadow, values: readonly number[]): void {
    places.forEach((place, i) => {
      memory[place] = values[i] as number;
    });
  }

  dispose(shadow: Shadow): void {
    shadow.isDisposed = true;
    if (shadow.grad !== null) this.dispose(shadow.grad);
    shadow.grad = null;
  }

  live(): Shadow[] {
    return this.all.filter((x) => !x.isDisposed);
  }

  /** On each backend, the tensors that count as live beside those here: dropped ones, and those inside composed functions. */
  uncollected(): number[] {
    return this.backends.map((backend) => memory(backend).tensors - this.live().filter((x) => x.tensor.backend === backend).length);
  }

  /** Holds every tensor to its shadow, and the counters to what is there. With `emptyPools`, memory that nobody holds is overwritten first. */
  verify(emptyPools: boolean): void {
    if (emptyPools) for (const backend of this.backends) deviceOf(backend).emptyPool();
    for (const { tensor, isDisposed, memory, places } of this.all) {
      check(tensor.isDisposed === isDisposed, isDisposed ? "a tensor is alive that was disposed" : "a tensor is disposed that was alive");
      if (isDisposed) continue;
      const actual = memoryOf(tensor);
      for (const place of places) {
        const [is, was] = [actual[place] as number, memory[place] as number];
        check(isClose(is, was), `a live tensor holds ${is}, not ${was}`);
      }
    }
    check(
      this.uncollected().every((count) => count >= 0),
      `${this.uncollected()} more tensors are counted than there are`,
    );
    const held = [...new Set(this.live().map(({ tensor }) => tensor.storage))];
    for (const backend of this.backends) {
      const bytes = held.reduce((total, storage) => total + (storage.device.backend === backend ? storage.claim.byteLength : 0), 0);
      const counted = memory(backend);
      check(counted.bytes >= bytes && counted.pooledBytes >= 0, `${bytes} bytes are held of ${JSON.stringify(counted)}`);
    }
  }
}

// --- internal helpers ---

/** A host-visible backend and a blind one. Their memory turns to NaN, or refuses its use, when it is given back, and is taken back once. */
function poisoningBackends(): readonly [Backend, Backend] {
  const released = new WeakSet<TypedArray>();
  const host = hostBackend("host", {
    release: (handle) => {
      check(!released.has(handle), "memory was released twice");
      released.add(handle.fill(Number.NaN));
    },
  });
  const blind = blindBackend();
  return [host as Backend, { ...blind, info: { ...blind.info, dtypes: host.info.dtypes } } as Backend];
}

function isClose(actual: number, expected: number): boolean {
  return !Number.isFinite(expected) || Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
}

/** As `expect`, which takes a hundred times as long. */
function check(isTrue: boolean, message: string): void {
  if (!isTrue) throw new Error(message);
}
