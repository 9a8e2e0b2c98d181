/**
 * Writes an ONNX model of a few nodes as bytes, so that no model file has to be kept: the messages of ONNX's protobuf schema (onnx.proto) that such
 * a model needs, each field as its number and wire type (0 for integers, 2 for everything with a length).
 */

const FLOAT = 1;

/** The version of the schema that goes with an opset. */
const IR_VERSIONS = { 13: 8, 20: 9, 23: 11 };

/** @typedef {{ name: string, rank: number }} Value A float32 tensor whose sizes are left open. */

/** @typedef {{ op: string, inputs: string[], outputs: string[], attributes?: Record<string, number | number[]> }} Node Attributes are integers. */

/**
 * A model whose graph is these nodes, each after those whose outputs it takes.
 *
 * @param {Node[]} nodes
 * @param {{ opset?: 13 | 20 | 23, inputs: Value[], outputs: Value[], constants?: Uint8Array[] }} graph
 * @returns {Uint8Array}
 */
export function model(nodes, { opset = 13, inputs, outputs, constants = [] }) {
  const body = message(
    ...nodes.map((node) => bytes(1, nodeProto(node))),
    text(2, nodes.map(({ op }) => op).join(" ")),
    ...constants.map((constant) => bytes(5, constant)),
    ...inputs.map((value) => bytes(11, valueInfo(value))),
    ...outputs.map((value) => bytes(12, valueInfo(value))),
  );
  return message(integer(1, IR_VERSIONS[opset]), bytes(7, body), bytes(8, message(text(1, ""), integer(2, opset))));
}

/** A constant without dimensions. `type` is ONNX's number for it: 1 float32, 9 bool. @param {string} name @param {1 | 9} type @param {Uint8Array} raw */
export function scalar(name, type, raw) {
  return message(integer(2, type), text(8, name), bytes(9, raw));
}

/** A constant of one int64, as axes are given. @param {string} name @param {number} value */
export function axis(name, value) {
  return message(integer(1, 1), integer(2, 7), text(8, name), bytes(9, new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)));
}

// --- internal helpers ---

/** @param {Node} node */
function nodeProto({ op, inputs, outputs, attributes = {} }) {
  return message(
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
  );
}

/** AttributeProto: name, i or ints, type INT = 2 or INTS = 7. @param {string} name @param {number | number[]} value */
function attribute(name, value) {
  const values = Array.isArray(value) ? [...value.map((item) => integer(8, item)), integer(20, 7)] : [integer(3, value), integer(20, 2)];
  return message(text(1, name), ...values);
}

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
