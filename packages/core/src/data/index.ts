export { DataLoader, type DataLoaderOptions } from "./data-loader";
export { TensorDataset } from "./dataset";
