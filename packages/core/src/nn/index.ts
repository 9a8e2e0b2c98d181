/**
 * Layers, losses and containers: modules that hold parameters and know whether they train. Mirrors
 * [torch.nn](https://docs.pytorch.org/docs/stable/nn.html). Each computes what the function of its name in `functional` does.
 *
 * @packageDocumentation
 */
export { ELU, GELU, LeakyReLU, LogSoftmax, ReLU, SELU, Sigmoid, SiLU, Softmax, Softplus, Tanh } from "./activations";
export {
  CELU,
  GLU,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LogSigmoid,
  Mish,
  PReLU,
  type PReLUOptions,
  ReLU6,
  Softsign,
} from "./activations-more";
export { MultiheadAttention, type MultiheadAttentionCall, type MultiheadAttentionOptions } from "./attention";
export { AttentionPast } from "./attention-past";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type StatisticsNormOptions,
} from "./batch-norm";
export { clipGradNorm } from "./clip-grad-norm";
export { clipGradValue } from "./clip-grad-value";
export { Sequential, type TensorModule } from "./containers";
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvolutionLayerOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  type TransposedConvolutionLayerOptions,
} from "./convolution";
export {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  type DropoutLayerOptions,
  FeatureAlphaDropout,
  type FeatureDropoutLayerOptions,
} from "./dropout";
export {
  DropBlock2d,
  type DropBlockLayerOptions,
  EmbeddingDropout,
  MultiSampleDropout,
  type MultiSampleDropoutLayerOptions,
  Zoneout,
} from "./dropout-more";
export {
  ConcreteDropout,
  type ConcreteDropoutLayerOptions,
  type ConcreteRegularizerOptions,
  GaussianDropout,
  type GaussianDropoutLayerOptions,
} from "./dropout-noise";
export {
  DropPath,
  type DropPathLayerOptions,
  HeadDropout,
  LockedDropout,
  type SequenceDropoutLayerOptions,
  TokenDropout,
} from "./dropout-structured";
export { Embedding, type EmbeddingLayerOptions } from "./embedding";
export { HeldDropout } from "./held-dropout";
export type { ForwardHook, ForwardPreHook, RemovableHandle } from "./hooks";
export * as init from "./init";
export { LayerDrop } from "./layer-drop";
export { Linear, type LinearOptions } from "./linear";
export { ModuleDict, ModuleList, ParameterList } from "./lists";
export { HuberLoss, L1Loss, MSELoss, SmoothL1Loss } from "./losses";
export {
  CosineEmbeddingLoss,
  CosineSimilarity,
  GaussianNLLLoss,
  KLDivLoss,
  MarginRankingLoss,
  PoissonNLLLoss,
  TripletMarginLoss,
} from "./losses-more";
export { BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss } from "./losses-weighted";
export { Module } from "./module";
export {
  GroupNorm,
  type GroupNormLayerOptions,
  LayerNorm,
  type LayerNormLayerOptions,
  RMSNorm,
  type RMSNormLayerOptions,
} from "./normalization";
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  type ConstantPadClass,
  type Padding,
  PaddingLayer,
  type PaddingLayerClass,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from "./padding";
export { Buffer, Parameter } from "./parameter";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  type AvgPoolLayerOptions,
  type DividedPoolLayerOptions,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPoolLayerOptions,
} from "./pooling";
export { RDropLoss } from "./r-drop-loss";
export type { RateOptions } from "./rate-layer";
export { GRU, LSTM, type RecurrentOptions, RNN, type RNNOptions, type SequenceOptions } from "./recurrent";
export { GRUCell, LSTMCell, type RecurrentCellOptions, RNNCell, type RNNCellOptions } from "./recurrent-cells";
export type { SavedTensor, SavedValue } from "./saved-tensor";
export { Flatten, type FlattenOptions, Identity, Unflatten } from "./shape";
export type { LoadedStateDict, LoadStateDictOptions, StateDict } from "./state-dict";
export { type DecoderCall, type EncoderLayerCall, TransformerDecoderLayer, TransformerEncoderLayer } from "./transformer";
export type { TransformerLayerOptions } from "./transformer-parts";
export { type EncoderCall, TransformerDecoder, TransformerEncoder, type TransformerStackOptions } from "./transformer-stack";
export { Fold, type FoldLayerOptions, Unfold, type UnfoldLayerOptions } from "./unfold";
export { PixelShuffle, Upsample } from "./upsample";
export { WeightDrop } from "./weight-drop";
