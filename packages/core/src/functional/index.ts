/**
 * Functions without state: the dropouts, activations, losses and some mathematics; written `F` in examples. Mirrors
 * [torch.nn.functional](https://docs.pytorch.org/docs/stable/nn.functional.html). What it has no function for is a method of
 * `Tensor`.
 *
 * @packageDocumentation
 */
export { elu, gelu, leakyRelu, logSoftmax, relu, selu, sigmoid, silu, softmax, softplus, tanh } from "./activations";
export { type BatchNormOptions, batchNorm, type InstanceNormOptions, instanceNorm, type StatisticsOptions } from "./batch-norm";
export { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from "./dropout";
export type { DropoutOptions, FeatureDropoutOptions, NoiseShape } from "./dropout-options";
export { type EmbeddingOptions, embedding, type OneHotOptions, oneHot } from "./embedding";
export { type InterpolateOptions, type InterpolationMode, interpolate, pixelShuffle } from "./interpolate";
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  type LossOptions,
  l1Loss,
  mseLoss,
  nllLoss,
  type Reduction,
  type SmoothL1Options,
  smoothL1Loss,
} from "./losses";
export { gather, linear, maximum, minimum, where } from "./math";
export {
  type AffineTensors,
  type GroupNormOptions,
  groupNorm,
  type LayerNormOptions,
  layerNorm,
  type RMSNormOptions,
  rmsNorm,
} from "./normalization";
export { type NormalizeOptions, normalize } from "./normalize";
export { type PadMode, type PadOptions, pad } from "./padding";
