import { type Backend, noGrad, type Tensor, tensor } from "@dropwise/core";
import type { HostData } from "../competitor";
import type { MatmulTask } from "../task";
import type { Work } from "./work";

/** A product of two matrices, each stored as it is or transposed. */
export function matmulWork(backend: Backend, { m, k, n, transposed }: MatmulTask, data: HostData): Work {
  let stored: Tensor[] = [];
  let [a, b]: Tensor[] = [];
  const dispose = (): void => {
    for (const matrix of [a, b, ...stored]) matrix?.dispose();
  };
  return {
    prepare(round) {
      dispose();
      const matrix = (rows: number, columns: number, flipped: boolean): Tensor => {
        const shape = flipped ? [columns, rows] : [rows, columns];
        const kept = tensor(data.values(rows * columns, round), { shape, backend });
        stored.push(kept);
        return flipped ? kept.transpose(0, 1) : kept;
      };
      stored = [];
      a = matrix(m, k, transposed[0]);
      b = matrix(k, n, transposed[1]);
    },
    run(calls) {
      noGrad(() => {
        for (let i = 0; i < calls; i++) (a as Tensor).matmul(b as Tensor).dispose();
      });
    },
    dispose,
  };
}
