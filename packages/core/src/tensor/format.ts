import { formatShape } from "../shape/shape";
import type { Tensor } from "./tensor";

/** Tensors of more elements show only the corners, as in PyTorch. */
const MAX_SHOWN = 1000;

/** How many places a corner has along each dimension. */
const EDGE = 3;

/**
 * A tensor as text: nested lists of its values with up to 4 decimals, then shape, dtype and backend. Of a large tensor the first and last places of
 * each dimension; only those are read. Never waits: on a device only the facts are shown.
 */
export function formatTensor(x: Tensor): string {
  const facts = [
    formatShape(x.sizes),
    x.dtype,
    x.isDisposed ? "disposed" : x.backend.name,
    ...(x.requiresGrad ? [x.node === null ? "requiresGrad" : `from ${x.node.primitive.name}`] : []),
  ].join(", ");
  const places = x.sizes.map((size) => shownPlaces(size, x.size > MAX_SHOWN));
  const shown = places.reduce((product, along) => product * along.length, 1);
  // Many dimensions of few places have no corners to show.
  if (x.isDisposed || x.backend.view === undefined || shown > 2 * MAX_SHOWN) return `Tensor(${facts})`;
  return `Tensor(${x.size === 0 ? "[]" : valuesOf(x, places)}, ${facts})`;
}

// --- internal helpers ---

/** Stands for the places left out. */
const GAP = -1;

/** The places to show along a dimension. */
function shownPlaces(size: number, isLarge: boolean): number[] {
  if (!isLarge || size <= 2 * EDGE) return [...Array(Math.min(size, MAX_SHOWN)).keys()];
  return [0, 1, 2, GAP, size - 3, size - 2, size - 1];
}

function valuesOf(x: Tensor, places: readonly (readonly number[])[]): string {
  const elements = x.backend.view?.(x.storage) ?? [];
  const show = (dim: number, at: number): string => {
    const along = places[dim];
    if (along === undefined) return formatValue(elements[at] as number, x.dtype === "bool");
    const items = along.map((place) => (place === GAP ? "..." : show(dim + 1, at + place * (x.steps[dim] as number))));
    const isInnermost = dim === places.length - 1;
    return `[${items.join(isInnermost ? ", " : `,\n${" ".repeat("Tensor(".length + dim + 1)}`)}]`;
  };
  return show(0, x.offset);
}

function formatValue(value: number, isBool: boolean): string {
  if (isBool) return String(value !== 0);
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6 ? String(Number(value.toFixed(4))) : value.toExponential(4);
}
