import type { Backend, Operand } from "./backend";

type Linear<Handle> = NonNullable<Backend<Handle>["linear"]>;

/** A `linear` that does its epilogue with the other two members, in place: for backends whose product has no last step of its own. */
export function withEpilogue<Handle>(
  linear: (x: Operand<Handle>, weight: Operand<Handle>, bias: Operand<Handle> | null, out: Operand<Handle>) => void,
  { unary, dropout }: Required<Pick<Backend<Handle>, "unary" | "dropout">>,
): Linear<Handle> {
  return (x, weight, bias, out, epilogue) => {
    linear(x, weight, bias, out);
    if (epilogue?.activation !== undefined) unary(epilogue.activation, out, out);
    if (epilogue?.dropout !== undefined) dropout(epilogue.dropout, out, out);
  };
}
