/** `nn`: attention and transformers. */
import { nn } from "@dropwise/core";
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";
import { forward } from "./nn-forward";

const size = p.integer(4, 1, 1000);
const made = { bias: p.flag(), batchFirst: p.flag(), backend: p.backend, generator: p.generator };
const padding = p.nullable(p.operand([2, 3], { dtype: "bool" }));
const mask = p.nullable(p.operand([3, 3], { dtype: "bool" }));
/** Without one: what a past keeps stays behind after a call. */
const past: Place = { valid: () => null, accepts: (value) => value === null };
const layer = p.options({
  ...made,
  dimFeedforward: p.integer(3, 1, 1000),
  dropout: p.fraction(0.5),
  activation: p.or(p.word("gelu", "relu"), { valid: () => (x: unknown) => x, accepts: (value) => typeof value === "function" }),
  layerNormEps: p.amount(1e-3),
  normFirst: p.flag(),
});
const x = p.operand([2, 3, 4]);
const small = (w: World, dropout: number) => ({ dropout, dimFeedforward: 5, batchFirst: true, backend: w.backend, generator: w.generator });
const encoderLayer = (w: World, dropout = 0.5) => new nn.TransformerEncoderLayer(4, 2, small(w, dropout));
const decoderLayer = (w: World, dropout = 0.5) => new nn.TransformerDecoderLayer(4, 2, small(w, dropout));
/** The layer that is copied; without a world, only its properties are asked for. */
const own = <L extends nn.Module>(w: World, layer: L): L => (w.backend === undefined ? layer : w.module(layer));
const layerPlace = (make: (w: World) => nn.Module): Place => ({
  valid: (w) => w.module(make(w)),
  accepts: (value) => value instanceof nn.TransformerEncoderLayer || value instanceof nn.TransformerDecoderLayer,
});
const stack = p.options({ norm: p.nullable({ ...p.module, valid: (w) => w.module(new nn.LayerNorm(4)) }) });
const decoderCall = p.options({
  tgtMask: mask,
  memoryMask: mask,
  tgtKeyPaddingMask: padding,
  memoryKeyPaddingMask: padding,
  tgtIsCausal: p.flag(),
  memoryIsCausal: p.flag(),
});
const attention = (w: World) => w.once("attention", () => w.module(new nn.MultiheadAttention(4, 2, { batchFirst: true })));

/** Layers that a layer calls: a program may have put others in their place. */
const parts = (make: (w: World) => nn.Module, names: readonly string[]) =>
  Object.fromEntries(
    names.map((name) => [
      name,
      {
        valid: (w: World) =>
          Reflect.get(
            w.once("module", () => w.module(make(w))),
            name,
          ),
        accepts: (value: unknown) => value instanceof nn.Module,
      } as Place,
    ]),
  );
const shared = ["self_attn", "linear1", "linear2", "norm1", "norm2", "dropout", "dropout1", "dropout2"];

export const attentionCases: Cases = {
  "nn.MultiheadAttention": [
    size,
    p.integer(2, 1, 4),
    p.options({
      ...made,
      dropout: p.fraction(0.5),
      headDropout: p.fraction(0.5),
      kdim: size,
      vdim: size,
      addBiasKv: { valid: () => false, accepts: (value) => value === false },
    }),
  ],
  "nn.MultiheadAttention#forward": forward(
    (w) => new nn.MultiheadAttention(4, 2, { dropout: 0.5, batchFirst: true, backend: w.backend, generator: w.generator }),
    [
      x,
      x,
      x,
      p.options({ keyPaddingMask: padding, attnMask: mask, needWeights: p.flag(), averageAttnWeights: p.flag(), isCausal: p.flag(), past }),
    ],
    { dropout: p.fraction(0.5), training: p.flag() },
    ["linear", "slice", "reshape"],
  ),
  "nn.MultiheadAttention#lastMask": { on: p.receiver(attention), args: [] },
  "nn.AttentionPast": [],
  "nn.AttentionPast#clear": { on: p.receiver(() => new nn.AttentionPast()), args: [] },
  "nn.TransformerEncoderLayer": [size, p.integer(2, 1, 4), layer],
  "nn.TransformerDecoderLayer": [size, p.integer(2, 1, 4), layer],
  "nn.TransformerEncoderLayer#forward": forward(
    encoderLayer,
    [x, p.options({ srcMask: mask, srcKeyPaddingMask: padding, isCausal: p.flag(), past })],
    { ...parts(encoderLayer, shared), training: p.flag() },
    ["MultiheadAttention", "linear", "layerNorm", "add", "Dropout"],
  ),
  "nn.TransformerDecoderLayer#forward": forward(
    decoderLayer,
    [x, x, decoderCall],
    { ...parts(decoderLayer, [...shared, "multihead_attn", "norm3", "dropout3"]), training: p.flag() },
    ["MultiheadAttention", "linear", "layerNorm", "add", "Dropout"],
  ),
  "nn.TransformerEncoderLayer#copy": { on: p.receiver((w) => w.once("encoder layer", () => w.module(encoderLayer(w)))), args: [] },
  "nn.TransformerDecoderLayer#copy": { on: p.receiver((w) => w.once("decoder layer", () => w.module(decoderLayer(w)))), args: [] },
  "nn.TransformerEncoder": [layerPlace(encoderLayer), p.integer(2, 1, 10), stack],
  "nn.TransformerDecoder": [layerPlace(decoderLayer), p.integer(2, 1, 10), stack],
  "nn.TransformerEncoder#forward": forward(
    (w) => new nn.TransformerEncoder(own(w, encoderLayer(w, 0)), 1),
    [
      x,
      p.options({
        mask,
        srcKeyPaddingMask: padding,
        isCausal: p.flag(),
        past: { ...past, accepts: (value) => value === null || p.isArrayOf(value, (item) => (item ?? null) === null) },
      }),
    ],
    { norm: p.nullable(p.module), training: p.flag() },
    ["TransformerEncoderLayer", "linear", "MultiheadAttention", "layerNorm"],
  ),
  "nn.TransformerDecoder#forward": forward(
    (w) => new nn.TransformerDecoder(own(w, decoderLayer(w, 0)), 1),
    [x, x, decoderCall],
    { norm: p.nullable(p.module), training: p.flag() },
    ["TransformerDecoderLayer", "linear", "MultiheadAttention", "layerNorm"],
  ),
};
