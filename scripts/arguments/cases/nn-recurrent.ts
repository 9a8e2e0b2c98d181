/** `nn`: recurrent layers and their cells. */
import { nn } from "@dropwise/core";
import type { Case, Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";
import { forward, type Make } from "./nn-forward";

const size = p.integer(3, 1, 100);
const made = { bias: p.flag(), backend: p.backend, generator: p.generator };
const layers = { ...made, numLayers: p.integer(2, 1, 10), batchFirst: p.flag(), dropout: p.fraction(0.5), bidirectional: p.flag() };
const nonlinearity = p.word("tanh", "relu");
const KINDS = { RNN: 1, LSTM: 4, GRU: 3 } as const;
const weight = (shape: readonly number[]): Place => ({ ...p.operand(), valid: (w) => w.parameter(shape) });
const orNone = (place: Place): Place => p.nullable(p.optional(place));
const state = (kind: string, shape: readonly number[]): Place => orNone(kind === "LSTM" ? p.list(p.operand(shape), 2) : p.operand(shape));

function run(kind: keyof typeof KINDS): Case {
  const options = (w: World) => ({ numLayers: 2, bias: false, dropout: 0.5, generator: w.generator });
  const make: Make = (w) => new nn[kind as "LSTM"](2, 3, options(w));
  const rows = KINDS[kind] * 3;
  const weights = [0, 1].map((layer) => ({
    [`weight_ih_l${layer}`]: weight([rows, layer === 0 ? 2 : 3]),
    [`weight_hh_l${layer}`]: weight([rows, 3]),
  }));
  const args = [p.operand([4, 2, 2]), state(kind, [2, 2, 3]), p.options({ lengths: p.list(p.integer(3, 1, 4), 2) })];
  return forward(make, args, { ...weights[0], ...weights[1], dropout: p.fraction(0.5), training: p.flag() });
}

function step(kind: keyof typeof KINDS): Case {
  const make: Make = (w) => new nn[`${kind}Cell` as "LSTMCell"](2, 3, { generator: w.generator });
  const rows = KINDS[kind] * 3;
  const weights = { weight_ih: weight([rows, 2]), weight_hh: weight([rows, 3]) };
  const biases = { bias_ih: p.nullable(weight([rows])), bias_hh: p.nullable(weight([rows])) };
  return forward(make, [p.operand([4, 2]), state(kind, [4, 3])], { ...weights, ...biases });
}

export const recurrentCases: Cases = {
  "nn.RNN": [size, size, p.options({ ...layers, nonlinearity })],
  "nn.LSTM": [size, size, p.options(layers)],
  "nn.GRU": [size, size, p.options(layers)],
  "nn.RNN#forward": run("RNN"),
  "nn.LSTM#forward": run("LSTM"),
  "nn.GRU#forward": run("GRU"),
  "Recurrent#lastMask": [],
  "nn.RNNCell": [size, size, p.options({ ...made, nonlinearity })],
  "nn.LSTMCell": [size, size, p.options(made)],
  "nn.GRUCell": [size, size, p.options(made)],
  "nn.RNNCell#forward": step("RNN"),
  "nn.LSTMCell#forward": step("LSTM"),
  "nn.GRUCell#forward": step("GRU"),
};
