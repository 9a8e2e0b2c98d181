/** A layer of an LSTM over a whole sequence in one kernel, where the device has it: what `functional/recurrent` else composes, step by step. */
import { gradMode } from "../autograd/grad-mode";
import { ANY, type GradNode, type Primitive } from "../autograd/node";
import type { LstmSpec } from "../backend/backend";
import { hasMembers, laterMember } from "../cpu/device-of";
import type { Tensor } from "../tensor/tensor";
import { cat, stack } from "./cat";
import { computedLayout, contiguous, runContiguous, unwritten } from "./layout";
import { sigmoid, tanh } from "./unary";

/** Inputs: the input's share of the gates, the weight of the state, `[4 hidden, hidden]`, the state before, and room for the gates, which the gradient reads. */
const lstmPrimitive: Primitive<LstmSpec> = {
  name: "lstm",
  reads: [ANY, ANY, ANY, ANY, ANY],
  readsOutput: ANY,
  forward(inputs, spec) {
    const [x, weight, h0, c0, gates] = inputs as unknown as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const { device } = x.storage;
    const { steps, batch, hidden } = spec;
    const turned = computedLayout(device, x.dtype, [hidden, 4 * hidden], (out, { copy }) => copy(weight.transpose(0, 1).layout, out));
    try {
      return computedLayout(device, x.dtype, [2, steps, batch, hidden], (out) =>
        laterMember(device, "lstm")?.(spec, x.layout, turned, h0.layout, c0.layout, gates.layout, out),
      );
    } finally {
      turned.storage.release();
    }
  },
  backward: (node, grad) => (gradMode.enabled ? composedGradients : fusedGradients)(node, grad),
};

/** Whether there is a kernel for these. */
export function isLstmFused(...tensors: readonly [Tensor, ...Tensor[]]): boolean {
  const { device } = tensors[0].storage;
  const fits = tensors.every(({ dtype, size }) => dtype === "float32" && size > 0);
  return fits && hasMembers(device, "lstm", "lstmGrad");
}

/**
 * The states after each step, `[2, steps, batch, hidden]`, h and c, of tensors that are fused.
 *
 * @param x The input's share of the gates, biases and all, `[steps, batch, 4 * hidden]`.
 * @param weight `[4 * hidden, hidden]`.
 */
export function applyLstm(x: Tensor, weight: Tensor, h0: Tensor, c0: Tensor, reverse: boolean): Tensor {
  const [steps, batch] = x.sizes as [number, number];
  const spec = { steps, batch, hidden: weight.sizes[1] as number, reverse };
  const gates = unwritten(x, x.sizes);
  return runContiguous(lstmPrimitive, [x, weight, h0, c0, gates], spec);
}

// --- internal helpers ---

type Gradients = readonly (Tensor | null)[];

function fusedGradients(node: GradNode<LstmSpec>, incoming: Tensor): Gradients {
  const { attrs: spec } = node;
  const [x, weight, h0, c0, gates] = [0, 1, 2, 3, 4].map((i) => node.input(i)) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const states = node.output();
  const grad = contiguous(incoming);
  const [ofX, ofH, ofC] = [x, h0, c0].map((like) => unwritten(like, like.sizes)) as [Tensor, Tensor, Tensor];
  laterMember(x.storage.device, "lstmGrad")?.(
    spec,
    ...([grad.layout, weight.layout, c0.layout, gates.layout, states.layout, ofX.layout, ofH.layout, ofC.layout] as const),
  );
  return [ofX, node.needs(1) ? weightGradient(spec, ofX, states, h0) : null, ofH, ofC, null];
}

/** The product of all gates' gradients with the states before them. */
function weightGradient({ steps, batch, hidden, reverse }: LstmSpec, ofX: Tensor, states: Tensor, h0: Tensor): Tensor {
  const rows = steps * batch;
  const h = states.slice(0, 0, 1).reshape([rows, hidden]);
  const before = reverse ? cat([h.slice(0, batch), h0], { dim: 0 }) : cat([h0, h.slice(0, 0, rows - batch)], { dim: 0 });
  return ofX
    .reshape([rows, 4 * hidden])
    .transpose(0, 1)
    .matmul(before);
}

/** All of it in differentiable operations, step by step. */
function composedGradients(node: GradNode<LstmSpec>, grad: Tensor): Gradients {
  const { attrs: spec } = node;
  const { steps, batch, hidden, reverse } = spec;
  const [x, weight, h0, c0] = [0, 1, 2, 3].map((i) => node.input(i)) as [Tensor, Tensor, Tensor, Tensor];
  const states = node.output();
  const of = (all: Tensor, part: number, t: number) =>
    all
      .slice(0, part, part + 1)
      .slice(1, t, t + 1)
      .reshape([batch, hidden]);
  const ofGates: Tensor[] = new Array(steps);
  let ofH: Tensor | null = null;
  let ofC: Tensor | null = null;
  for (let turn = steps - 1; turn >= 0; turn--) {
    const t = reverse ? steps - 1 - turn : turn;
    const last = reverse ? t + 1 : t - 1;
    const [h, c] = turn === 0 ? [h0, c0] : [of(states, 0, last), of(states, 1, last)];
    const sums = x
      .slice(0, t, t + 1)
      .reshape([batch, 4 * hidden])
      .add(h.matmul(weight.transpose(0, 1)));
    const [i, f, g, o] = [0, 1, 2, 3].map((gate) => (gate === 2 ? tanh : sigmoid)(sums.slice(1, gate * hidden, (gate + 1) * hidden))) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const squashed = tanh(of(states, 1, t));
    const dh = ofH === null ? of(grad, 0, t) : of(grad, 0, t).add(ofH);
    const through = dh.mul(o).mul(oneLess(squashed.mul(squashed)));
    const own = of(grad, 1, t).add(through);
    const dc: Tensor = ofC === null ? own : own.add(ofC);
    const slopes = [
      dc.mul(g).mul(i).mul(oneLess(i)),
      dc.mul(c).mul(f).mul(oneLess(f)),
      dc.mul(i).mul(oneLess(g.mul(g))),
      dh.mul(squashed).mul(o).mul(oneLess(o)),
    ];
    const ofSums = cat(slopes, { dim: 1 });
    ofGates[t] = ofSums;
    ofH = ofSums.matmul(weight);
    ofC = dc.mul(f);
  }
  const ofX = stack(ofGates);
  return [ofX, weightGradient(spec, ofX, states, h0), ofH, ofC, null];
}

const oneLess = (x: Tensor): Tensor => x.neg().add(1);
