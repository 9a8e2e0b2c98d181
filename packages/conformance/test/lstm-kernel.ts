/** The members `lstm` and `lstmGrad` in plain steps that can be exchanged, for backends with a fault in one of them. */
import type { Backend, LstmSpec, TypedArray } from "@dropwise/core/backend";
import { elements } from "./mutant";

/** The steps. */
export interface LstmSteps {
  /** The order in which time is gone through. */
  readonly order: (spec: LstmSpec) => number[];
  /** Where a gate, 0 to 3 for i, f, g, o, begins in a row. */
  readonly place: (gate: number) => number;
  /** The cell after a step. */
  readonly cell: (i: number, f: number, g: number, before: number) => number;
  /** What of the gradient of a cell goes on to the one before. */
  readonly through: (ofCell: number, f: number) => number;
  /** What of the gradient of a cell comes from its own, which others may read. */
  readonly own: (gradient: number) => number;
}

const RIGHT: LstmSteps = {
  order: ({ steps, reverse }) => Array.from({ length: steps }, (_, turn) => (reverse ? steps - 1 - turn : turn)),
  place: (gate) => gate,
  cell: (i, f, g, before) => f * before + i * g,
  through: (ofCell, f) => ofCell * f,
  own: (gradient) => gradient,
};

/** Both members. */
export function lstmMembers(changes: Partial<LstmSteps>): Required<Pick<Backend, "lstm" | "lstmGrad">> {
  const steps = { ...RIGHT, ...changes };
  return {
    lstm(spec, x, weight, h0, c0, gates, states) {
      const { batch, hidden, steps: count } = spec;
      const [share, w, kept, out] = [x, weight, gates, states].map(elements) as [TypedArray, TypedArray, TypedArray, TypedArray];
      let [h, c] = [elements(h0), elements(c0)];
      for (const t of steps.order(spec)) {
        const [nextH, nextC] = [0, 1].map((part) => out.subarray((part * count + t) * batch * hidden)) as [TypedArray, TypedArray];
        for (let b = 0; b < batch; b++) {
          for (let k = 0; k < hidden; k++) {
            const [i, f, g, o] = [0, 1, 2, 3].map((gate) => {
              const column = steps.place(gate) * hidden + k;
              let sum = at(share, (t * batch + b) * 4 * hidden + column);
              for (let l = 0; l < hidden; l++) sum += at(h, b * hidden + l) * at(w, l * 4 * hidden + column);
              const value = gate === 2 ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
              kept[(t * batch + b) * 4 * hidden + column] = value;
              return value;
            }) as [number, number, number, number];
            const cell = steps.cell(i, f, g, at(c, b * hidden + k));
            nextC[b * hidden + k] = cell;
            nextH[b * hidden + k] = o * Math.tanh(cell);
          }
        }
        [h, c] = [nextH, nextC];
      }
    },
    lstmGrad(spec, gradStates, weight, c0, gates, states, gradX, gradH0, gradC0) {
      const { batch, hidden, steps: count } = spec;
      const size = batch * hidden;
      const [given, w, first, kept, all] = [gradStates, weight, c0, gates, states].map(elements) as TypedArray[] as [
        TypedArray,
        TypedArray,
        TypedArray,
        TypedArray,
        TypedArray,
      ];
      const [ofX, ofH, ofC] = [gradX, gradH0, gradC0].map(elements) as [TypedArray, TypedArray, TypedArray];
      ofH.fill(0, 0, size);
      ofC.fill(0, 0, size);
      const order = steps.order(spec);
      for (let turn = count - 1; turn >= 0; turn--) {
        const t = order[turn] as number;
        const before = turn === 0 ? first : all.subarray((count + (order[turn - 1] as number)) * size);
        for (let i = 0; i < size; i++) {
          const row = t * batch + Math.floor(i / hidden);
          const gate = (number: number) => row * 4 * hidden + steps.place(number) * hidden + (i % hidden);
          const [input, forget, cell, output] = [0, 1, 2, 3].map((number) => at(kept, gate(number))) as [number, number, number, number];
          const squashed = Math.tanh(at(all, (count + t) * size + i));
          const dh = at(given, t * size + i) + at(ofH, i);
          const dc = steps.own(at(given, (count + t) * size + i)) + at(ofC, i) + dh * output * (1 - squashed * squashed);
          ofX[gate(0)] = dc * cell * input * (1 - input);
          ofX[gate(1)] = dc * at(before, i) * forget * (1 - forget);
          ofX[gate(2)] = dc * input * (1 - cell * cell);
          ofX[gate(3)] = dh * squashed * output * (1 - output);
          ofC[i] = steps.through(dc, forget);
        }
        for (let b = 0; b < batch; b++) {
          for (let k = 0; k < hidden; k++) {
            let sum = 0;
            for (let l = 0; l < 4 * hidden; l++) sum += at(ofX, (t * batch + b) * 4 * hidden + l) * at(w, l * hidden + k);
            ofH[b * hidden + k] = sum;
          }
        }
      }
    },
  };
}

// --- internal helpers ---

const at = (values: TypedArray, i: number): number => values[i] as number;
