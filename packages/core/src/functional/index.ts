/**
 * Functions without state: the dropouts, activations, losses and some mathematics; written `F` in examples. Mirrors
 * [torch.nn.functional](https://docs.pytorch.org/docs/stable/nn.functional.html). What it has no function for is a method of
 * `Tensor`.
 *
 * @packageDocumentation
 */
export { elu, gelu, leakyRelu, logSoftmax, relu, selu, sigmoid, silu, softmax, softplus, tanh } from "./activations";
export { type AdaptivePoolOptions, adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveMaxPool2d } from "./adaptive-pooling";
export { type BatchNormOptions, batchNorm, type InstanceNormOptions, instanceNorm, type StatisticsOptions } from "./batch-norm";
export { bmm } from "./bmm";
export {
  type ConvolutionOptions,
  type ConvolutionPadding,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  type TransposedConvolutionOptions,
} from "./convolution";
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
export type { PaddingMode } from "./padding-mode";
export {
  type AvgPoolOptions,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type DividedPoolOptions,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
} from "./pooling";
export { type FoldOptions, fold, type UnfoldOptions, unfold } from "./unfold";
export type { PerDimension } from "./windows";
