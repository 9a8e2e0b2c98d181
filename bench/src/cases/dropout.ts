import { type Backend, functional as F, manualSeed, noGrad, type Tensor, tensor } from "@dropwise/core";
import type { HostData } from "../competitor";
import { type ElementwiseTask, P } from "../task";
import type { Work } from "./work";

/** The dropout calls: forward, forward and backward, in place, whole channels. */
export function dropoutWork(backend: Backend, { op, elements, shape }: ElementwiseTask, data: HostData): Work {
  const withGradient = op === "dropout-backward";
  let x: Tensor | undefined;
  // The gradient's values decide nothing, so one tensor serves all rounds.
  const gradient = withGradient ? tensor(data.values(elements, 1), { shape, backend }) : undefined;
  const call = calls[op];
  return {
    prepare(round) {
      // The old one goes last: core's pool keeps as many bytes as were ever live at once, and is to keep the output's memory from turn to turn.
      const old = x;
      x = tensor(data.values(elements, round), { shape, backend, requiresGrad: withGradient });
      old?.dispose();
      manualSeed(round);
    },
    run(count) {
      if (withGradient) call(x as Tensor, count, gradient);
      else noGrad(() => call(x as Tensor, count));
    },
    dispose() {
      x?.dispose();
      gradient?.dispose();
    },
  };
}

// --- internal helpers ---

function forward(x: Tensor, count: number): void {
  for (let i = 0; i < count; i++) F.dropout(x, { p: P }).dispose();
}

const calls: Readonly<Record<ElementwiseTask["op"], (x: Tensor, count: number, gradient?: Tensor) => void>> = {
  dropout: forward,
  latency: forward,
  "dropout-inplace": (x, count) => {
    for (let i = 0; i < count; i++) F.dropout(x, { p: P, inplace: true });
  },
  "dropout-backward": (x, count, gradient) => {
    for (let i = 0; i < count; i++) forwardBackward(x, gradient as Tensor);
  },
  "dropout-feature": (x, count) => {
    for (let i = 0; i < count; i++) F.dropout2d(x, { p: P }).dispose();
  },
};

function forwardBackward(x: Tensor, gradient: Tensor): void {
  const y = F.dropout(x, { p: P });
  y.backward(gradient);
  y.dispose();
  x.grad?.dispose();
  x.grad = null;
}
