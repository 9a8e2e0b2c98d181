/**
 * A function as one operation of the graph, which keeps its inputs and how its draws were made, and none of the values in between: its gradient runs it once
 * more. The face of it is in `tensor/checkpoint`.
 */

import { describe } from "../errors/describe";
import { ShapeError } from "../errors/errors";
import { Tape } from "../random/tape";
import { sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { computeGradients, type Wanted } from "./engine";
import { gradMode, withGradMode } from "./grad-mode";
import { ANY, counter, GradNode, type Primitive } from "./node";
import { withScope } from "./scope";

/**
 * Runs `fn` on stand-ins for `inputs` and gives its result, with a node that runs `fn` again in the backward pass; null where `fn` gave none, or one that needs
 * no gradient. Everything else made on the way is freed, but for `kept`.
 */
export function runAgainForGradient(
  fn: (inputs: readonly Tensor[]) => Tensor | null,
  inputs: readonly Tensor[],
  kept: () => readonly Tensor[],
): Tensor | null {
  const tape = new Tape();
  const { output, outside } = withScope(
    true,
    () => {
      const own = inputs.map((x) => standIn(x, x.requiresGrad));
      const start = counter.next;
      const root = tape.record(() => fn(own));
      if (!root?.requiresGrad) return { output: null, outside: [] };
      const made = root.detach();
      made.isView = root.isView;
      return { output: made, outside: edgesOut(root, start).filter((edge) => !own.includes(edge as Tensor)) };
    },
    ({ output }) => (output === null ? kept() : [output, ...kept()]),
  );
  if (output === null) return null;
  const primitive = againPrimitive(fn, inputs.length, outside, tape);
  output.node = new GradNode(primitive, null, [...inputs, ...outside.map(asInput)], output) as GradNode;
  return output;
}

// --- internal helpers ---

/** Where a gradient may go: to the node that made a tensor, or to a leaf. */
type Edge = GradNode | Tensor;

/** One operation: `fn` of `count` inputs, which also reads what is behind the edges `outside`. */
function againPrimitive(
  fn: (inputs: readonly Tensor[]) => Tensor | null,
  count: number,
  outside: readonly Edge[],
  tape: Tape,
): Primitive<null> {
  const gradients = (node: GradNode<null>, grad: Tensor, again: boolean): (Tensor | null)[] => {
    // Of a gradient that is to be differentiated itself, the graph goes on behind the inputs.
    const own = Array.from({ length: count }, (_, i) => {
      const x = node.input(i);
      return again && node.needs(i) ? x.reshape(x.sizes) : standIn(x, node.needs(i));
    });
    const start = counter.next;
    // What the steps made and the graph does not need is freed before the gradients take memory of their own.
    const root = withScope(
      false,
      () => withGradMode(true, () => tape.replay(() => fn(own), differs)),
      (made) => (made === null ? [] : [made]),
    );
    if (!root?.requiresGrad || !sameShape(root.sizes, grad.sizes)) {
      const detail = `expected what the first call gave, of shape [${grad.sizes.join(", ")}], got ${describe(root)} - let it do the same in both`;
      throw new ShapeError("checkpoint", [grad.sizes], detail);
    }
    const ends = [...own.map((x, i) => (node.needs(i) ? (x.node ?? x) : null)), ...outside];
    const found = computeGradients([root], [grad], { retainGraph: again, createGraph: again }, (nodes) => upTo(ends, start, nodes));
    return ends.map((end) => found.get(end as Tensor) ?? null);
  };
  return {
    name: "checkpoint",
    reads: Array(count).fill(ANY),
    forward() {
      throw new Error("checkpoint: expected no second forward");
    },
    backward(node, grad) {
      if (gradMode.enabled) return gradients(node, grad, true);
      return withScope(
        true,
        () => gradients(node, grad, false),
        (made) => made.filter((x) => x !== null),
      );
    },
  };
}

/** The gradients of `ends`, without a step beyond them: what lies there gets its share from the pass around. */
function upTo(ends: readonly (Edge | null)[], start: number, nodes: GradNode[]): Wanted {
  const wanted = new Set<Edge | null>(ends);
  wanted.delete(null);
  const inside = nodes.filter((node) => node.id >= start);
  nodes.splice(0, nodes.length, ...inside);
  for (const node of inside) if (node.edges.some((edge) => wanted.has(edge))) wanted.add(node);
  return { leads: (to) => wanted.has(to), captured: () => undefined };
}

/** The edges that lead from the nodes of number `start` and on, behind `root`, to others and to leaves. */
function edgesOut(root: Tensor, start: number): Edge[] {
  const seen = new Set<Edge>();
  const out: Edge[] = [];
  const open: Edge[] = [root.node ?? root];
  for (let edge = open.pop(); edge !== undefined; edge = open.pop()) {
    if (seen.has(edge)) continue;
    seen.add(edge);
    if ("primitive" in edge && edge.id >= start) open.push(...edge.edges.filter((next) => next !== null));
    else out.push(edge);
  }
  return out;
}

/** The same values, apart from the graph. */
function standIn(x: Tensor, needsGrad: boolean): Tensor {
  const result = x.detach();
  result.wantsGrad = needsGrad;
  return result;
}

/** What a node takes for an input, where there may be no tensor any more: it asks only where its gradient goes. */
function asInput(edge: Edge): Tensor {
  return "primitive" in edge ? ({ node: edge, requiresGrad: true, sizes: [] } as unknown as Tensor) : edge;
}

function differs(expected: string, got: string): Error {
  return new RangeError(`checkpoint: expected ${expected} as in the first call, got ${got} - let it draw the same in both`);
}
