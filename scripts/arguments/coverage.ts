/** Whether everything that can be called has a case, and what is no user's to call. */
import { type Cases, type Prepared, prepare } from "./case";
import type { Callable } from "./exports";
import type { Place } from "./place";

/** Members that the code marks @internal: core's rooms call them, and the published types leave them out. */
export const INTERNAL: readonly string[] = [
  "Tensor#wrap",
  "Tensor#alias",
  "DropoutLayer#callOptions",
  "DropoutLayer#batchDim",
  "nn.Module#ownGenerator",
  "DropoutLayer#ownGenerator",
  "nn.MultiheadAttention#ownGenerator",
  "Recurrent#ownGenerator",
  "nn.Dropout#callOptions",
  "nn.DropPath#callOptions",
  "SequenceDropout#callOptions",
  "nn.HeldDropout#callOptions",
  "MaskLayer#remember",
  "RateLayer#callOptions",
  "RateLayer#ownGenerator",
  "nn.ConcreteDropout#ownGenerator",
  "StatisticsNorm#prepared",
  "Recurrent#run",
  "RecurrentCell#step",
  "nn.ModuleList#accepted",
  "nn.ParameterList#accepted",
  "Raw.is",
  "RawTensor.is",
  "optim.LRScheduler#accept",
  "optim.LRScheduler#at",
  "optim.LRScheduler#groups",
  "optim.LRScheduler#set",
  "optim.ReduceLROnPlateau#accept",
  "optim.SequentialLR#accept",
  "Share#valueFrom",
  "Accuracy#added",
  "TopKAccuracy#added",
  "ConfusionMatrix#added",
  "ConfusionMatrix#valueFrom",
  "ConfidenceBins#added",
  "ConfidenceBins#valueFrom",
  "CalibrationError#valueOfBins",
  "ReliabilityTable#valueOfBins",
  "MeanOverTargets#added",
  "MeanOverTargets#valueFrom",
  "BrierScore#scores",
  "NegativeLogLikelihood#scores",
];

/** Members that the types call protected, by name: base classes call them on what extends them. */
export const PROTECTED: readonly string[] = ["extraRepr", "checkOptions", "stateCount", "rule"];

/** What Vue looks for in objects that it shall not wrap. */
const VUE_MARK = "__v_skip";

/** True for what only the library calls. */
export function isHidden({ id, key }: Callable): boolean {
  return INTERNAL.includes(id) || key === VUE_MARK || (typeof key === "string" && PROTECTED.includes(key)) || id.includes("#[@dropwise/");
}

/** What has no case, and which cases nothing has. Reading an accessor needs none. */
export function coverageOf(callables: readonly Callable[], cases: Cases): { missing: string[]; stale: string[] } {
  const ids = new Set(callables.map(({ id }) => id));
  const covered = new Set(Object.keys(cases).map(idOf));
  return {
    missing: callables.filter(({ id, kind }) => kind !== "getter" && !covered.has(id)).map(({ id }) => id),
    stale: [...covered].filter((id) => !ids.has(id)),
  };
}

/** The cases of everything that can be called, and how each is made ready; accessors are read without one. */
export function casesOf(
  callables: readonly Callable[],
  cases: Cases,
  receivers: Readonly<Record<string, Place>>,
): { name: string; ready: () => Prepared }[] {
  return callables.flatMap((callable) => {
    const { id, kind } = callable;
    const own = kind === "getter" ? [[id, []] as const] : Object.entries(cases).filter(([name]) => idOf(name) === id);
    return own.flatMap(([name, given]) => (typeof given === "string" ? [] : [{ name, ready: () => prepare(callable, given, receivers) }]));
  });
}

// --- internal helpers ---

/** The id of what a case is for: one export may have several, "tensor" and "tensor: without options". */
function idOf(name: string): string {
  return name.split(": ")[0] as string;
}
