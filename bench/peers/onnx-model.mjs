/**
 * Writes the ONNX model of one node as bytes, so that no model file has to be kept: the few messages of ONNX's protobuf schema (onnx.proto, IR
 * version 8) that such a model needs, each field as its number and wire type (0 for integers, 2 for everything with a length).
 */

const FLOAT = 1;

/** @typedef {{ name: string, rank: number }} Value A float32 tensor whose sizes are left open. */

/**
 * A model whose graph is a single node.
 *
 * @param {{ op: string, opset: number, inputs: string[], outputs: string[], attributes?: Record<string, number> }} node Attributes are integers.
 * @param {{ inputs: Value[], outputs: Value[], constants?: Uint8Array[] }} graph
 * @returns {Uint8Array}
 */
export function model({ op, opset, inputs, outputs, attributes = {} }, graph) {
  const node = message(
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    // AttributeProto: name, i, type INT = 2.
    ...Object.entries(attributes).map(([name, value]) => bytes(5, message(text(1, name), integer(3, value), integer(20, 2)))),
  );
  const body = message(
    bytes(1, node),
    text(2, op),
    ...(graph.constants ?? []).map((constant) => bytes(5, constant)),
    ...graph.inputs.map((value) => bytes(11, valueInfo(value))),
    ...graph.outputs.map((value) => bytes(12, valueInfo(value))),
  );
  return message(integer(1, 8), bytes(7, body), bytes(8, message(text(1, ""), integer(2, opset))));
}

/** A constant without dimensions. `type` is ONNX's number for it: 1 float32, 9 bool. @param {string} name @param {1 | 9} type @param {Uint8Array} raw */
export function scalar(name, type, raw) {
  return message(integer(2, type), text(8, name), bytes(9, raw));
}

// --- internal helpers ---

/** ValueInfoProto of a tensor with open sizes. @param {Value} value */
function valueInfo({ name, rank }) {
  const shape = message(...Array.from({ length: rank }, (_, i) => bytes(1, message(text(2, `${name}${i}`)))));
  return message(text(1, name), bytes(2, message(bytes(1, message(integer(1, FLOAT), bytes(2, shape))))));
}

/** @param {...Uint8Array} fields */
function message(...fields) {
  return Uint8Array.from(fields.flatMap((field) => [...field]));
}

/** @param {number} field @param {number} value */
function integer(field, value) {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

/** @param {number} field @param {Uint8Array} value */
function bytes(field, value) {
  return Uint8Array.from([...varint((field << 3) | 2), ...varint(value.length), ...value]);
}

/** @param {number} field @param {string} value */
function text(field, value) {
  return bytes(field, new TextEncoder().encode(value));
}

/** Seven bits a byte, the low ones first. @param {number} value */
function varint(value) {
  const result = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...result, rest];
    result.push((rest & 0x7f) | 0x80);
  }
}
