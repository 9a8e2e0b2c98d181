export { elu, gelu, leakyRelu, logSoftmax, relu, selu, sigmoid, silu, softmax, softplus, tanh } from "./activations";
export { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from "./dropout";
export type { DropoutOptions, FeatureDropoutOptions } from "./dropout-options";
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
  smoothL1Loss,
} from "./losses";
export { gather, linear, maximum, minimum, where } from "./math";
