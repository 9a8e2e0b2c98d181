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
export { clipGradNorm } from "./clip-grad-norm";
export { ModuleList, Sequential, type TensorModule } from "./containers";
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
export { Linear, type LinearOptions } from "./linear";
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
export { Flatten, type FlattenOptions, Identity } from "./shape";
export type { StateDict } from "./state-dict";
export { Fold, type FoldLayerOptions, Unfold, type UnfoldLayerOptions } from "./unfold";
