/** What one call works with: small valid values on the backend under test, and what must be the same after a refusal. */
import type { DType, Tensor } from "@dropwise/core";
import {
  type Backend,
  cpu,
  DataLoader,
  defaultGenerator,
  Generator,
  isTensor,
  nn,
  optim,
  setDefaultBackend,
  TensorDataset,
  tensor,
} from "@dropwise/core";

/** A second backend with the kernels of `cpu`, for tensors that live somewhere else. */
export const elsewhere: Backend = { ...cpu, name: "elsewhere" };

/** Values for one call. What it makes is listed, to be compared after a refusal and freed after the call. */
export class World {
  readonly generator = new Generator(7);
  readonly #made: { dispose(): void }[] = [];
  readonly #watched: [what: string, look: () => readonly unknown[]][] = [];
  readonly #once = new Map<string, unknown>();

  constructor(readonly backend: Backend) {
    setDefaultBackend(backend);
    this.watch("the generator that it was given", () => stateOf(this.generator));
    this.watch("the default generator", () => stateOf(defaultGenerator()));
  }

  // --- values ---

  /** A tensor of numbers in (0, 1), or of 0 and 1 for int32 and bool. */
  tensor(shape: readonly number[] = [2, 3], { dtype = "float32" as DType, requiresGrad = false, backend = this.backend } = {}): Tensor {
    const size = shape.reduce((product, length) => product * length, 1);
    const isFloat = dtype === "float32" || dtype === "float64";
    const values = Array.from({ length: size }, (_, i) => (isFloat ? (i % 7) / 8 + 0.0625 : i % 2));
    return this.own(tensor(TYPED[dtype].from(values), { shape, dtype, requiresGrad, backend }));
  }

  /** A parameter. */
  parameter(shape: readonly number[] = [2, 3]): Tensor {
    return this.own(new nn.Parameter(this.tensor(shape)));
  }

  /** A model with parameters "0.weight" and "0.bias". */
  model(): nn.Module {
    const linear = new nn.Linear(3, 2, { backend: this.backend, generator: this.generator });
    return this.module(new nn.Sequential(linear, new nn.Dropout(0.5)));
  }

  /** A module, whose parameters and buffers are listed. */
  module<T extends nn.Module>(module: T): T {
    for (const parameter of module.parameters()) this.own(parameter);
    for (const [, buffer] of module.namedBuffers()) this.own(buffer);
    const modules = [...module.modules()]; // as they are before a program sets a property to what cannot be gone through
    this.watch("the mode of a module", () => modules.map(({ training }) => training));
    return module;
  }

  /** An SGD that has taken a step, so that it has a momentum. */
  optimizer(): optim.SGD {
    const parameter = this.parameter();
    const optimizer = new optim.SGD([parameter], { lr: 0.1, momentum: 0.9 });
    const loss = parameter.sum();
    loss.backward();
    loss.dispose();
    optimizer.step();
    this.#made.push(optimizer);
    for (const { tensors } of Object.values(optimizer.stateDict().state)) {
      for (const value of tensors) if (isTensor(value)) this.#observe(value);
    }
    this.watch("the options of an optimizer", () =>
      optimizer.paramGroups.flatMap(({ params, ...rest }) => [params.length, ...Object.values(rest)]),
    );
    return optimizer;
  }

  /** A scheduler of that. */
  scheduler(optimizer = this.optimizer()): optim.LRScheduler {
    const scheduler = new optim.StepLR(optimizer, { stepSize: 1 });
    this.watch("where a scheduler stands", () => Object.values(scheduler.stateDict()).flat());
    return scheduler;
  }

  /** An average of a parameter. */
  ema(): optim.EMA {
    const ema = new optim.EMA([this.parameter()]);
    this.#made.push(ema);
    for (const average of ema.stateDict().averages) if (isTensor(average)) this.#observe(average);
    return ema;
  }

  /** A metric, which is reset in the end. */
  metric<T extends { reset(): void }>(metric: T): T {
    this.#made.push({ dispose: () => metric.reset() });
    return metric;
  }

  /** Four samples. */
  dataset(): TensorDataset {
    return new TensorDataset(this.tensor([4, 3]), this.tensor([4], { dtype: "int32" }));
  }

  /** A loader of two batches. */
  loader(): DataLoader {
    return new DataLoader(this.dataset(), { batchSize: 2 });
  }

  /** The same value wherever one call asks for it. */
  once<T>(name: string, make: () => T): T {
    if (!this.#once.has(name)) this.#once.set(name, make());
    return this.#once.get(name) as T;
  }

  // --- what becomes of them ---

  /** Takes over a tensor that a refused call leaves as it is. */
  own<T extends Tensor>(x: T): T {
    this.#made.push(x);
    this.#observe(x);
    return x;
  }

  /** Notes something that a refused call leaves as it is. Values are compared as they are: some of them cannot be made a text. */
  watch(what: string, look: () => readonly unknown[]): void {
    this.#watched.push([what, look]);
  }

  /** True for what is this world's to free. */
  owns(value: unknown): boolean {
    return this.#made.includes(value as Tensor);
  }

  /** Looks at everything that is watched. What it returns looks again, and names what has changed. */
  look(): () => string[] {
    const before = this.#watched.map(([, look]) => look());
    return () => this.#watched.flatMap(([what, look], i) => (i >= before.length || areSame(look(), before[i] ?? []) ? [] : [what]));
  }

  /** Frees the gradients that a call left in its inputs. */
  freeGrads(): void {
    for (const x of this.#made) {
      if (!isTensor(x) || x.isDisposed || x.grad === null) continue;
      x.grad.dispose();
      x.grad = null;
    }
  }

  /** Frees what it made. */
  dispose(): void {
    for (const x of this.#made) x.dispose();
  }

  #observe(x: Tensor): void {
    this.watch("an input", () => {
      const { version } = (x as unknown as { storage: { version: number } }).storage; // not public
      const values = x.isDisposed ? "disposed" : x.backend.view === undefined ? "" : x.dataSync().join();
      return [values, x.shape.join(), version, x.requiresGrad, x.grad === null];
    });
  }
}

// --- internal helpers ---

const TYPED = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array } as const;

function stateOf(generator: Generator): readonly number[] {
  return [...generator.getState()];
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
