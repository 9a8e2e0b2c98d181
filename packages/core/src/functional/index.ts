/**
 * Functions without state: the dropouts, activations, losses and some mathematics; written `F` in examples. Mirrors
 * [torch.nn.functional](https://docs.pytorch.org/docs/stable/nn.functional.html). What it has no function for is a method of
 * `Tensor`.
 *
 * @packageDocumentation
 */
export { elu, type GeluOptions, gelu, leakyRelu, logSoftmax, relu, selu, sigmoid, silu, softmax, softplus, tanh } from "./activations";
export {
  celu,
  glu,
  type HardtanhOptions,
  hardsigmoid,
  hardswish,
  hardtanh,
  logSigmoid,
  mish,
  prelu,
  relu6,
  softsign,
} from "./activations-more";
export { type AdaptivePoolOptions, adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveMaxPool2d } from "./adaptive-pooling";
export { type AttentionOptions, scaledDotProductAttention } from "./attention";
export { type BatchNormOptions, batchNorm, type InstanceNormOptions, instanceNorm, type StatisticsOptions } from "./batch-norm";
export { bmm } from "./bmm";
export { type ConcreteDropoutOptions, concreteDropout } from "./concrete-dropout";
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
export { clone, flip, type RollOptions, repeat, repeatInterleave, roll } from "./copies";
export { type DropBlockOptions, dropBlock2d } from "./drop-block";
export {
  type DropConnectOptions,
  dropConnect,
  type EmbeddingDropoutOptions,
  embeddingDropout,
} from "./drop-connect";
export { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from "./dropout";
export type { DropoutOptions, FeatureDropoutOptions, NoiseShape, OutOfPlaceOptions, WeightDropoutOptions } from "./dropout-options";
export {
  type DropPathOptions,
  dropPath,
  headDropout,
  lockedDropout,
  type SequenceDropoutOptions,
  tokenDropout,
} from "./dropout-structured";
export { einsum } from "./einsum";
export { type EmbeddingOptions, embedding, type OneHotOptions, oneHot } from "./embedding";
export { type GaussianDropoutOptions, gaussianDropout } from "./gaussian-dropout";
export { indexSelect, maskedFill } from "./index-select";
export { type InterpolateOptions, type InterpolationMode, interpolate, pixelShuffle } from "./interpolate";
export { layerDrop } from "./layer-drop";
export { type LinearDropoutOptions, linearDropout } from "./linear-dropout";
export { isnan, logicalAnd, logicalNot, logicalOr } from "./logic";
export { type HuberOptions, huberLoss, l1Loss, mseLoss, type SmoothL1Options, smoothL1Loss } from "./losses";
export {
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
} from "./losses-binary";
export { type CrossEntropyOptions, crossEntropy, type NllOptions, nllLoss } from "./losses-classes";
export {
  type GaussianNllOptions,
  gaussianNllLoss,
  type KlDivOptions,
  klDivLoss,
  type PoissonNllOptions,
  poissonNllLoss,
} from "./losses-distributions";
export {
  type CosineSimilarityOptions,
  cosineEmbeddingLoss,
  cosineSimilarity,
  type MarginOptions,
  marginRankingLoss,
  type TripletMarginOptions,
  tripletMarginLoss,
} from "./losses-pairs";
export type { LossOptions, Reduction } from "./losses-shared";
export { gather, linear, maximum, minimum, where } from "./math";
export { type MultiSampleDropoutOptions, multiSampleDropout } from "./multi-sample-dropout";
export { type NormOptions, norm } from "./norm";
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
export { chunk, type SplitOptions, split, unbind } from "./parts";
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
export { type RDropOptions, rDropLoss } from "./r-drop-loss";
export { all, any, argmin, type DimOptions, logsumexp, prod } from "./reductions";
export { cumsum } from "./scan";
export { argsort, type Sorted, type SortOptions, sort, type TopkOptions, topk } from "./sorting";
export { type TriangleOptions, tril, triu } from "./triangles";
export { ceil, cos, floor, round, rsqrt, sign, sin } from "./unary";
export { type FoldOptions, fold, type UnfoldOptions, unfold } from "./unfold";
export type { PerDimension } from "./windows";
export { type ZoneoutOptions, zoneout } from "./zoneout";
