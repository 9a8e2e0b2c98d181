/**
 * What one recurrent layer computes in one direction, composed of other operations, or by a kernel for all of a sequence where the device has one. The layers in
 * `nn` are made of it.
 */
import { withScope } from "../autograd/scope";
import { stack } from "../ops/cat";
import { applyLstm, isLstmFused } from "../ops/lstm";
import { linear } from "../ops/matmul";
import { sigmoid, tanh } from "../ops/unary";
import { where } from "../ops/where";
import type { Tensor } from "../tensor/tensor";
import { hostTensor } from "./host-tensor";
import { equalParts, unbind } from "./parts";

/** The parameters of one layer and direction. Biases are both there, or neither. */
export interface CellWeights {
  /** `[gates * hidden, input]`. */
  readonly ih: Tensor;
  /** `[gates * hidden, hidden]`. */
  readonly hh: Tensor;
  /** `[gates * hidden]`, added to the input's share. */
  readonly biasIh: Tensor | null;
  /** `[gates * hidden]`, added to the state's share. */
  readonly biasHh: Tensor | null;
}

/** How one kind of layer goes from a step to the next. */
export interface Cell {
  /** How many gates its weights hold. */
  readonly gates: number;
  /** The parts of its state; the first is its output. */
  readonly parts: readonly string[];
  /** The state after a step, each part `[batch, hidden]`, from the input's share of the gates, `[batch, gates * hidden]`, and the state before. */
  next(input: Tensor, state: readonly Tensor[], weights: CellWeights): Tensor[];
  /** All steps of `[steps, batch, input]` in one kernel; null where there is none for them. */
  all?(x: Tensor, state: readonly Tensor[], weights: CellWeights, reverse: boolean): Ran | null;
}

/** `activation(input + W h)`. */
export function rnnCell(activation: (x: Tensor) => Tensor): Cell {
  return { gates: 1, parts: ["h"], next: (input, [h], { hh, biasHh }) => [activation(input.add(linear(h as Tensor, hh, biasHh)))] };
}

/** Gates in PyTorch's order: input, forget, cell, output. */
export const lstmCell: Cell = {
  gates: 4,
  parts: ["h", "c"],
  next(input, [h, before], { hh, biasHh }) {
    const gates = input.add(linear(h as Tensor, hh, biasHh));
    const size = hh.sizes[1] as number;
    // Of all gates at once, which is one step in place of three; the cell's is not used.
    const [i, f, , o] = equalParts(sigmoid(gates), 1, 4 * size, size) as [Tensor, Tensor, Tensor, Tensor];
    const g = tanh(gates.slice(1, 2 * size, 3 * size));
    const c = f.mul(before as Tensor).add(i.mul(g));
    return [o.mul(tanh(c)), c];
  },
  all(x, [h, c], { ih, hh, biasIh, biasHh }, reverse) {
    if (!isLstmFused(x, ih, hh, h as Tensor, c as Tensor)) return null;
    // Both biases are added to the same sum.
    const share = linear(x, ih, biasIh && biasHh ? biasIh.add(biasHh) : null);
    const [steps, batch, size] = [...x.sizes.slice(0, 2), hh.sizes[1]] as [number, number, number];
    const states = applyLstm(share, hh, h as Tensor, c as Tensor, reverse);
    const end = reverse ? 0 : steps - 1;
    const output = states.slice(0, 0, 1).reshape([steps, batch, size]);
    const last = (of: Tensor) => of.slice(0, end, end + 1).reshape([batch, size]);
    return { output, state: [last(output), last(states.slice(0, 1).reshape([steps, batch, size]))] };
  },
};

/** Gates in PyTorch's order: reset, update, new. The reset is laid on what the new gate has of the state, bias included. */
export const gruCell: Cell = {
  gates: 3,
  parts: ["h"],
  next(input, state, { hh, biasHh }) {
    const h = state[0] as Tensor;
    const own = linear(h, hh, biasHh);
    const size = hh.sizes[1] as number;
    const both = sigmoid(input.slice(1, 0, 2 * size).add(own.slice(1, 0, 2 * size)));
    const [r, z] = equalParts(both, 1, 2 * size, size) as [Tensor, Tensor];
    const n = tanh(input.slice(1, 2 * size).add(r.mul(own.slice(1, 2 * size))));
    return [n.add(z.mul(h.sub(n)))];
  },
};

/** How a sequence is gone through. */
export interface Course {
  /** How many steps each sample has, from the first; null: all of them. */
  readonly lengths: readonly number[] | null;
  /** From the last step to the first. */
  readonly reverse: boolean;
}

/** What a layer gives: its output at each step, `[steps, batch, hidden]`, and the state after the last one. */
export interface Ran {
  readonly output: Tensor;
  readonly state: readonly Tensor[];
}

/**
 * One layer in one direction, over a sequence `[steps, batch, input]` of at least one step. The input's share of the gates is one product for all steps.
 *
 * Beyond its length a sample keeps its state, its output is 0, and its input is not read; so the reverse direction starts at its last step. What is given is
 * checked.
 */
export function overSequence(cell: Cell, x: Tensor, initial: readonly Tensor[], weights: CellWeights, { lengths, reverse }: Course): Ran {
  const [steps, batch] = x.sizes as [number, number];
  return withScope(
    false,
    () => {
      const whole = lengths === null ? cell.all?.(x, initial, weights, reverse) : null;
      if (whole) return whole;
      const has = lengths === null ? null : stepsThere(x, lengths);
      // A value that is not read must not come back as 0 * NaN in the gradient of a weight.
      const inputs = unbind(linear(has === null ? x : where(has, x, 0), weights.ih, weights.biasIh));
      const shared = (lengths ?? []).reduce((least, length) => Math.min(least, length), steps);
      const outputs: Tensor[] = new Array(steps);
      let state = initial;
      for (let turn = 0; turn < steps; turn++) {
        const t = reverse ? steps - 1 - turn : turn;
        // Of a step only its results stay: without a graph, nothing else is needed of it any more.
        const { output, after } = withScope(
          false,
          () => {
            const next = cell.next(inputs[t] as Tensor, state, weights);
            if (has === null || t < shared) return { output: next[0] as Tensor, after: next };
            const here = has.slice(0, t, t + 1).reshape([batch, 1]);
            const after = next.map((part, i) => where(here, part, state[i] as Tensor));
            return { output: where(here, next[0] as Tensor, 0), after };
          },
          (made) => [made.output, ...made.after],
        );
        outputs[t] = output;
        state = after;
      }
      return { output: stack(outputs), state };
    },
    ({ output, state }) => [output, ...state],
  );
}

// --- internal helpers ---

/** bool, `[steps, batch, 1]`: whether a sample has a step. */
function stepsThere(x: Tensor, lengths: readonly number[]): Tensor {
  const [steps, batch] = x.sizes as [number, number];
  const has = Uint8Array.from({ length: steps * batch }, (_, i) => Number(Math.floor(i / batch) < (lengths[i % batch] as number)));
  return hostTensor(x, [steps, batch, 1], has);
}
