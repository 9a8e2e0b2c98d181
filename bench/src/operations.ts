/** Single operations and layers that models lean on, by name: what is computed, free of how any library does it. All on float32. */
import type { OperationTask } from "./task";

const MATRIX = [1024, 1024];
const HEADS = [4, 8, 512, 64];
const IMAGES = [32, 64, 28, 28];
const FILTERS = [64, 64, 3, 3];
const DENSE = [[128, 1024], MATRIX, [1024]];

/** Operations without gradients: name, label, shapes of the operands. */
export const OPERATIONS: readonly OperationTask[] = [
  operation("relu", "relu", MATRIX),
  operation("sigmoid", "sigmoid", MATRIX),
  operation("tanh", "tanh", MATRIX),
  operation("exp", "exp", MATRIX),
  operation("gelu", "gelu", MATRIX),
  operation("add", "add", MATRIX, MATRIX),
  operation("add", "add row", MATRIX, [1024]),
  operation("softmax-last", "softmax, last dim", MATRIX),
  operation("softmax-first", "softmax, first dim", MATRIX),
  operation("sum-all", "sum of all", MATRIX),
  operation("sum-rows", "sum of rows", MATRIX),
  operation("sum-columns", "sum of columns", MATRIX),
  operation("amax-rows", "amax of rows", MATRIX),
  operation("transpose", "transpose copy", MATRIX),
  operation("permute", "permute 32x32x32x32", [32, 32, 32, 32]),
  operation("matmul", "matmul 256", [256, 256], [256, 256]),
  operation("matmul", "matmul 1024", MATRIX, MATRIX),
  operation("matmul", "bmm 32x128x64x128", [32, 128, 64], [32, 64, 128]),
];

/** Layers, some of them with the gradients of all operands. */
export const LAYERS: readonly OperationTask[] = [
  layer("attention", "attention 4x8x512x64", false, HEADS, HEADS, HEADS),
  layer("attention", "attention 4x8x512x64, gradients", true, HEADS, HEADS, HEADS),
  layer("attention-dropout", "attention, dropout 0.1", false, HEADS, HEADS, HEADS),
  layer("attention-dropout", "attention, dropout 0.1, gradients", true, HEADS, HEADS, HEADS),
  layer("conv2d", "conv2d 32x64x28x28, 64 of 3x3", false, IMAGES, FILTERS, [64]),
  layer("conv2d", "conv2d, gradients", true, IMAGES, FILTERS, [64]),
  layer("layer-norm", "layerNorm 4096x768, gradients", true, [4096, 768], [768], [768]),
  layer("batch-norm", "batchNorm2d 32x64x28x28, gradients", true, IMAGES, [64], [64]),
  layer("linear", "linear 128x1024x1024", false, ...DENSE),
  layer("linear-dropout", "linear 128x1024x1024, dropout 0.5", false, ...DENSE),
];

const [SIDE, WIDE] = [8192, 4096];
const SQUARE = [SIDE, SIDE];
const MANY_HEADS = [4, 16, 1024, 64];

/** What fills a large GPU, and takes a CPU too long: 64M elements, products to 4096, attention as a transformer has it. */
export const LARGE: readonly OperationTask[] = [
  large("relu", "relu 64M", SQUARE),
  large("exp", "exp 64M", SQUARE),
  large("add", "add 64M", SQUARE, SQUARE),
  large("softmax-last", "softmax, last dim, 8192 x 8192", SQUARE),
  large("sum-all", "sum of all 64M", SQUARE),
  large("sum-rows", "sum of rows, 8192 x 8192", SQUARE),
  large("sum-columns", "sum of columns, 8192 x 8192", SQUARE),
  large("transpose", "transpose copy 8192 x 8192", SQUARE),
  large("matmul", "matmul 128x784x1024", [128, 784], [784, 1024]),
  large("matmul", "matmul 1024x128x1024", [1024, 128], [128, 1024]),
  large("matmul", "matmul 1024x4096x4096", [1024, WIDE], [WIDE, WIDE]),
  large("matmul", "matmul 4096", [WIDE, WIDE], [WIDE, WIDE]),
  large("attention-dropout", "attention 4x16x1024x64, dropout 0.1", MANY_HEADS, MANY_HEADS, MANY_HEADS),
];

// --- internal helpers ---

function operation(name: string, size: string, ...shapes: (readonly number[])[]): OperationTask {
  return { op: "ops", size, name, shapes, gradients: false, copied: elements(shapes) };
}

function large(name: string, size: string, ...shapes: (readonly number[])[]): OperationTask {
  return { op: "large", size, name, shapes, gradients: false, copied: elements(shapes) };
}

function layer(name: string, size: string, gradients: boolean, ...shapes: (readonly number[])[]): OperationTask {
  return { op: "layers", size, name, shapes, gradients, copied: elements(shapes) };
}

function elements(shapes: readonly (readonly number[])[]): number {
  return shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0);
}
