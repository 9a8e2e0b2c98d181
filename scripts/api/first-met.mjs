/** What a user meets first: each has an example that the tests run, and says what it throws. */

/** @type {Readonly<Record<string, readonly string[]>>} */
export const FIRST_MET = {
  "@dropwise/core": [
    ...["tensor", "zeros", "ones", "full", "rand", "randn", "cat", "stack", "Tensor"],
    ...["manualSeed", "Generator", "noGrad", "grad", "gradcheck", "tidy", "keep", "memory", "setDefaultBackend"],
    ...["dropout", "dropout1d", "dropout2d", "dropout3d", "alphaDropout", "featureAlphaDropout"].map((name) => `functional.${name}`),
    ...["mseLoss", "binaryCrossEntropy", "binaryCrossEntropyWithLogits", "crossEntropy", "nllLoss"].map((name) => `functional.${name}`),
    ...["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"].map((name) => `nn.${name}`),
    ...["Linear", "Sequential", "Module", "Parameter", "MSELoss", "BCELoss", "CrossEntropyLoss"].map((name) => `nn.${name}`),
    ...["SGD", "Adam", "AdamW"].map((name) => `optim.${name}`),
    ...["TensorDataset", "DataLoader"],
  ],
  "@dropwise/backend-native": ["createNativeBackend"],
  "@dropwise/backend-wasm": ["createWasmBackend"],
  "@dropwise/backend-webgpu": ["createWebGPUBackend"],
  "@dropwise/distributed": ["connect"],
  "@dropwise/weights": ["readSafetensors", "writeSafetensors", "openSafetensors", "describe", "readTorch", "writeTorch"],
  "@dropwise/conformance": ["describeBackend"],
};
