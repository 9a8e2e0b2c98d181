/**
 * Layers, losses and containers: modules that hold parameters and know whether they train. Mirrors
 * [torch.nn](https://docs.pytorch.org/docs/stable/nn.html). Each computes what the function of its name in `functional` does.
 *
 * @packageDocumentation
 */
export { ELU, GELU, LeakyReLU, LogSoftmax, ReLU, SELU, Sigmoid, SiLU, Softmax, Softplus, Tanh } from "./activations";
export { clipGradNorm } from "./clip-grad-norm";
export { clipGradValue } from "./clip-grad-value";
export { ModuleList, Sequential, type TensorModule } from "./containers";
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
export { BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss, SmoothL1Loss } from "./losses";
export { Module } from "./module";
export { Buffer, Parameter } from "./parameter";
export { Flatten, type FlattenOptions, Identity } from "./shape";
export type { StateDict } from "./state-dict";
