/** Which dropout reaches a tensor, by the graph that made it. */
import { isNode } from "../../autograd/engine";
import type { GradNode } from "../../autograd/node";
import type { MaskKey } from "../../random/mask-key";
import type { Tensor } from "../../tensor/tensor";

/** The mask that an operation lays, by itself or inside a kernel that does more; null: it drops nothing. */
export function maskOf(node: GradNode): MaskKey | null {
  const { key } = (node.attrs ?? {}) as { key?: MaskKey | null };
  return typeof key?.p === "number" ? key : null;
}

/** All operations that `from` was computed by, itself included, but for what lies behind `stops`. */
export function madeBy(from: GradNode | null, stops?: ReadonlySet<GradNode>): Set<GradNode> {
  const seen = new Set<GradNode>();
  const open = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === null || seen.has(node) || stops?.has(node)) continue;
    seen.add(node);
    for (const edge of node.edges) if (isNode(edge)) open.push(edge);
  }
  return seen;
}

/** The operation that computed the elements of an output: behind those that only lay them out. */
export function computedBy({ node }: Tensor): GradNode | null {
  let made = node;
  while (made !== null && LAYS_OUT.has(made.primitive.name)) {
    const [edge = null] = made.edges;
    made = isNode(edge) ? edge : null;
  }
  return made;
}

/** Whether a mask drops whole samples, as stochastic depth does, which stands before batch norms by design. */
export function dropsSamples({ shape }: MaskKey): boolean {
  return shape.length > 1 && shape.every((size, dim) => dim === 0 || size === 1);
}

// --- internal helpers ---

/** Operations whose output has the elements of their input. */
const LAYS_OUT: ReadonlySet<string> = /* @__PURE__ */ new Set(["reshape", "permute", "expand", "slice", "split", "type"]);
