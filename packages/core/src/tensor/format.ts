import { formatShape } from "../shape/shape";
import type { Tensor } from "./tensor";

/** Tensors of more elements are shown without their values. */
const MAX_SHOWN = 1000;

/**
 * A tensor as text: nested lists of its values with up to 4 decimals, then dtype and backend. Never waits: on a device, and for large
 * tensors, only the shape is shown.
 */
export function formatTensor(x: Tensor): string {
  const facts = [
    formatShape(x.shape),
    x.dtype,
    x.isDisposed ? "disposed" : x.backend.name,
    ...(x.requiresGrad ? [x.node === null ? "requiresGrad" : `from ${x.node.primitive.name}`] : []),
  ].join(", ");
  if (x.isDisposed || x.backend.view === undefined || x.size > MAX_SHOWN) return `Tensor(${facts})`;
  const values = x.dataSync();
  let next = 0;
  const show = (dim: number): string => {
    if (dim === x.shape.length) return formatValue(values[next++] as number, x.dtype === "bool");
    const items = Array.from({ length: x.shape[dim] as number }, () => show(dim + 1));
    const isInnermost = dim === x.shape.length - 1;
    return `[${items.join(isInnermost ? ", " : `,\n${" ".repeat("Tensor(".length + dim + 1)}`)}]`;
  };
  return `Tensor(${show(0)}, ${facts})`;
}

// --- internal helpers ---

function formatValue(value: number, isBool: boolean): string {
  if (isBool) return String(value !== 0);
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6 ? String(Number(value.toFixed(4))) : value.toExponential(4);
}
