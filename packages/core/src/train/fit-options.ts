import { type AbortSignalLike, checkSignal } from "../data/signal";
import { checkFunction, checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongType } from "../errors/refusal";
import type { Tensor } from "../tensor/tensor";
import { type LossFunction, lossOf } from "./loss";

/** What is told after each step. */
export interface StepEvent {
  /** The number of the epoch, from 1. */
  readonly epoch: number;
  /** The number of the step in it, from 1. */
  readonly step: number;
  /** How many there are in an epoch, where the loader has a length. */
  readonly steps: number | undefined;
  /** Reads the loss of the step's batch, which waits for the device; to be called before the next step. Who does not call it does not wait. */
  readonly readLoss: () => Promise<number>;
}

/** What an epoch came to. */
export interface EpochResult<V = undefined> {
  /** Its number, from 1. */
  readonly epoch: number;
  /** The mean of the training loss over the epoch's samples, each as the weights were at its step. */
  readonly loss: number;
  /** What `validate` gave. */
  readonly validation: V;
}

/** Options of `fit`; `V` is what `validate` gives. */
export interface FitOptions<V = undefined> {
  /** A function of output and target, such as `F.crossEntropy`, or a module of losses; it must give one element. */
  readonly loss: LossFunction;
  /** One of `optim`, or anything with the two methods, called before and after `backward`: a place for `nn.clipGradNorm`. */
  readonly optimizer: {
    /** Drops gradients. */
    zeroGrad(): void;
    /** Updates parameters. */
    step(): void;
  };
  /** How often to go over the loader. */
  readonly epochs: number;
  /** Called after each epoch, with the model in evaluation mode; say, `() => evaluate(model, test, { accuracy: new Accuracy() })`. Default: nothing. */
  readonly validate?: () => V | PromiseLike<V>;
  /** The number of an epoch that `scheduler` and `earlyStopping` watch. Default: what `validate` gave, if that is a number, or its `loss`; else the training loss. */
  readonly monitor?: (result: EpochResult<V>) => number;
  /** A scheduler of the optimizer's learning rate. Default: none. */
  readonly scheduler?: {
    /** Goes on; `ReduceLROnPlateau` is told the number that is watched. */
    step(metric?: number): void;
  };
  /** When it is stepped: after each epoch, or after each step, as `OneCycleLR` wants it. Default: "epoch". */
  readonly schedulerInterval?: "epoch" | "step";
  /** An `EarlyStopping`, or anything that says by the number that is watched whether to end. Default: none. */
  readonly earlyStopping?: {
    /** True: end here. */
    step(value: number): boolean;
  };
  /** Told of each step; `fit` waits for the promise that it may give. */
  readonly onStep?: (event: StepEvent) => unknown;
  /** Told of each epoch; waited for, too. */
  readonly onEpoch?: (result: EpochResult<V>) => unknown;
  /** An `AbortSignal` that ends it: the promise rejects with its reason, and the model stays as the last whole step left it. */
  readonly signal?: AbortSignalLike;
}

/** The same, checked. */
export type FitSettings<V> = Omit<FitOptions<V>, "loss" | "schedulerInterval"> & {
  readonly loss: (output: unknown, target: unknown) => Tensor;
  readonly stepsEachBatch: boolean;
};

/** Reads and checks the options of `fit`. */
export function readFitOptions<V>(options: FitOptions<V>): FitSettings<V> {
  const given = optionsOf<FitOptions<V>>(OP, options, OPTIONS as OptionKinds<FitOptions<V>>) as FitOptions<V>;
  const { schedulerInterval: interval = "epoch", scheduler, ...rest } = given;
  const loss = lossOf(OP, given.loss);
  checkMethods("optimizer", given.optimizer, ["zeroGrad", "step"]);
  checkInteger(OP, "epochs", given.epochs, 0);
  if (scheduler !== undefined) checkMethods("scheduler", scheduler, ["step"]);
  if (interval !== "epoch" && interval !== "step") throw wrongType(OP, 'schedulerInterval to be "epoch" or "step"', interval);
  const stepsEachBatch = scheduler !== undefined && interval === "step";
  if (stepsEachBatch && (scheduler as { watches?: boolean }).watches === true)
    throw refusal(OP, 'schedulerInterval "epoch" for ReduceLROnPlateau', '"step"', "it watches a number that there is once an epoch");
  if (given.earlyStopping !== undefined) checkMethods("earlyStopping", given.earlyStopping, ["step"]);
  for (const name of ["validate", "monitor", "onStep", "onEpoch"] as const)
    if (given[name] !== undefined) checkFunction(OP, given[name], `pass ${name}: () => { ... }`);
  checkSignal(OP, given.signal);
  return { ...rest, ...(scheduler && { scheduler }), loss, stepsEachBatch };
}

/** The number that is watched. */
export function watched<V>(result: EpochResult<V>, monitor: FitOptions<V>["monitor"]): number {
  if (monitor !== undefined) {
    const value: unknown = monitor(result);
    if (typeof value !== "number") throw wrongType(OP, "monitor to give a number", value);
    return value;
  }
  const { validation } = result;
  if (typeof validation === "number") return validation;
  const { loss } = (validation ?? {}) as { loss?: unknown };
  return typeof loss === "number" ? loss : result.loss;
}

// --- internal helpers ---

const OP = "fit";

const OPTIONS: OptionKinds<FitOptions> = {
  loss: "any",
  optimizer: "any",
  epochs: "any",
  validate: "any",
  monitor: "any",
  scheduler: "any",
  schedulerInterval: "any",
  earlyStopping: "any",
  onStep: "any",
  onEpoch: "any",
  signal: "any",
};

function checkMethods(name: string, value: unknown, methods: readonly string[]): void {
  const holder = (value ?? {}) as Record<string, unknown>;
  if (methods.some((method) => typeof holder[method] !== "function"))
    throw wrongType(OP, `${name} to be an object with ${methods.join(" and ")}`, value);
}
