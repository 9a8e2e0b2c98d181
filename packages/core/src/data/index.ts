export { defaultCollate } from "./collate";
export { DataLoader } from "./data-loader";
export type { BatchDataset, BatchOf, Collated, Dataset, Sample, SampleDataset, SampleOf } from "./dataset";
export type { DataLoaderOptions } from "./options";
export type { DataLoaderStateDict } from "./progress";
export {
  RandomSampler,
  type RandomSamplerOptions,
  type Sampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from "./sampler";
export type { AbortSignalLike } from "./signal";
export { type RandomSplitOptions, randomSplit, Subset } from "./split";
export { TensorDataset } from "./tensor-dataset";
