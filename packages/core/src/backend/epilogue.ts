import type { Backend, Operand } from "./backend";

/**
 * A `linear` that does its epilogue by two other members, in place: for backends whose product has no last step of its own.
 *
 * @param linear The product and its bias.
 * @param members The backend's own `unary` and `dropout`.
 */
export function withEpilogue<Handle>(
  linear: (x: Operand<Handle>, weight: Operand<Handle>, bias: Operand<Handle> | null, out: Operand<Handle>) => void,
  members: Required<Pick<Backend<Handle>, "unary" | "dropout">>,
): NonNullable<Backend<Handle>["linear"]> {
  const { unary, dropout } = members;
  return (x, weight, bias, out, epilogue) => {
    linear(x, weight, bias, out);
    if (epilogue?.activation !== undefined) unary(epilogue.activation, out, out);
    if (epilogue?.dropout !== undefined) dropout(epilogue.dropout, out, out);
  };
}
