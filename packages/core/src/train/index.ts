/**
 * For programs that train: the loop, metrics, when to stop, and where the time goes.
 *
 * Examples here leave out one line: `import { profile, recordFunction } from "@dropwise/core/train"`, with the names that they use, and that of
 * `@dropwise/core`.
 *
 * @module @dropwise/core/train
 * @packageDocumentation
 */

export type { Batch, Batches } from "./batches";
export { checkDropout } from "./check-dropout/check-dropout";
export { type DropoutFinding, type DropoutMistake, dropoutReport } from "./check-dropout/finding";
export { type DropoutLayerEntry, dropoutLayers, setDropout } from "./dropout-layers";
export { DropoutSchedule, type DropoutScheduleOptions, type DropoutScheduleStateDict } from "./dropout-schedule";
export {
  constantDropoutRate,
  cosineDropoutRate,
  type DropoutScheduleFunction,
  type EarlyDropoutOptions,
  earlyDropout,
  type LateDropoutOptions,
  lateDropout,
  linearDropoutRate,
  type RampOptions,
} from "./dropout-schedules";
export { EarlyStopping, type EarlyStoppingOptions, type EarlyStoppingStateDict } from "./early-stopping";
export { type EvaluateOptions, evaluate, type MetricLike, type MetricValues } from "./evaluate";
export { fit } from "./fit";
export type { EpochResult, FitOptions, StepEvent, ValidationLoss } from "./fit-options";
export type { LossFunction, LossModule } from "./loss";
export { Accuracy } from "./metrics/accuracy";
export { AUROC } from "./metrics/auroc";
export { BrierScore } from "./metrics/brier-score";
export { CalibrationError } from "./metrics/calibration-error";
export type { CalibrationErrorOptions } from "./metrics/confidence-bins";
export { ConfusionMatrix, type ConfusionMatrixOptions } from "./metrics/confusion-matrix";
export { MeanLoss } from "./metrics/mean-loss";
export { Metric } from "./metrics/metric";
export { NegativeLogLikelihood } from "./metrics/negative-log-likelihood";
export type { IgnoreOptions, PredictionOptions } from "./metrics/predictions";
export { type ReliabilityRow, ReliabilityTable } from "./metrics/reliability-table";
export { TopKAccuracy, type TopKAccuracyOptions } from "./metrics/top-k-accuracy";
export type { Model } from "./mode";
export type { OutputKind } from "./monte-carlo/answers";
export type { LayerChoice } from "./monte-carlo/flags";
export {
  type MonteCarloClasses,
  type MonteCarloClassOptions,
  type MonteCarloOptions,
  type MonteCarloResult,
  monteCarlo,
} from "./monte-carlo/monte-carlo";
export type { Profile, TableOptions } from "./profiler/profile";
export { type ProfileOptions, profile, recordFunction } from "./profiler/run";
export type { KeyAveragesOptions, ProfileRow, RowKind } from "./profiler/summary";
export { type TemperatureScaling, type TemperatureScalingOptions, temperatureScaling } from "./temperature-scaling";
