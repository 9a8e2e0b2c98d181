/** Work that the benchmarks of both compiled backends do. */
import { functional as F, nn, noGrad, ones, optim, rand, randn, tidy } from "@dropwise/core";

/** @typedef {import("@dropwise/core").Backend} Backend */

/** Dropout of `n` elements, without gradients. @param {number} n @returns {(backend: Backend) => () => void} */
export function dropout(n) {
  return (backend) => {
    const x = ones([n], { backend });
    return () => noGrad(() => F.dropout(x, { p: 0.5 }).dispose());
  };
}

/** The product of a layer's input and weight. @param {Backend} backend */
export function product(backend) {
  const [a, b] = [rand([128, 784], { backend }), rand([784, 1024], { backend })];
  return () => noGrad(() => a.matmul(b).dispose());
}

/** A training step of 784-1024-1024-10, batch 128, with two dropouts and Adam: 1.224 GFLOP in its matrix products. @param {Backend} backend */
export function mlpStep(backend) {
  const model = new nn.Sequential(
    ...[new nn.Linear(784, 1024, { backend }), new nn.ReLU(), new nn.Dropout(0.5)],
    ...[new nn.Linear(1024, 1024, { backend }), new nn.ReLU(), new nn.Dropout(0.5)],
    new nn.Linear(1024, 10, { backend }),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const x = randn([128, 784], { backend });
  const target = rand([128, 10], { backend }).argmax({ dim: 1 });
  return () =>
    tidy(() => {
      optimizer.zeroGrad();
      F.crossEntropy(model.forward(x), target).backward();
      optimizer.step();
    });
}
