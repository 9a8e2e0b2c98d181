import type { Tensor } from "../tensor/tensor";
import { withGradMode } from "./grad-mode";
import type { GradNode } from "./node";
import { withScope } from "./scope";

/** How a backward pass treats the graph. */
export interface BackwardMode {
  /** Keep what the graph holds, for another pass. */
  readonly retainGraph: boolean;
  /** Record the pass itself, for gradients of gradients. */
  readonly createGraph: boolean;
}

/** Which gradients are asked for. */
export interface Wanted {
  /** Whether the gradient of a node's output, or of a leaf, is one of them or leads to one. Default: every leaf's. */
  leads(to: GradNode | Tensor): boolean;
  /** A tensor inside the graph whose own gradient is asked for, by the node that made it. */
  captured(node: GradNode): Tensor | undefined;
}

/**
 * Computes gradients from `roots` back to what is wanted.
 *
 * Nodes run from the last recorded to the first, so that a node has all of its gradient before it passes it on. Each runs in a scope of
 * its own, and its incoming gradient is disposed right after: at any time only the gradients still on their way are alive. Nothing is
 * written to any tensor here; the caller gets all gradients, or an error and none, and its scope frees those that were still on their way.
 *
 * `wantedOf` is given the nodes behind the roots, oldest first, and may take some off: there the pass ends, and the gradient of such a node's output is in the
 * result under the node.
 *
 * A graph that is not retained is given up by a pass that fails, too: part of it is gone by then, and the rest is memory that may be missing.
 */
export function computeGradients(
  roots: readonly Tensor[],
  rootGrads: readonly Tensor[],
  mode: BackwardMode,
  wantedOf: (nodes: GradNode[]) => Wanted = everything,
): Map<Tensor, Tensor> {
  const nodes = reachable(roots);
  const wanted = wantedOf(nodes);
  const leads = (node: GradNode): boolean => node.edges.some((edge) => edge !== null && wanted.leads(edge));
  const pending = new Map<GradNode | Tensor, Tensor>();
  const waiting = new Map<GradNode | Tensor, Together>();
  const result = new Map<Tensor, Tensor>();

  const deliver = (edge: GradNode | Tensor, grad: Tensor): void => {
    const before = pending.get(edge);
    if (before === undefined) {
      pending.set(edge, grad);
      return;
    }
    pending.set(edge, before.add(grad));
    before.dispose();
    grad.dispose();
  };

  const wait = (edge: GradNode | Tensor, node: GradNode, grad: Tensor): void => {
    const same = waiting.get(edge);
    if (same?.nodes[0]?.primitive === node.primitive) {
      same.nodes.push(node);
      same.grads.push(grad);
      return;
    }
    settle(edge);
    waiting.set(edge, { nodes: [node], grads: [grad] });
  };

  /** What nodes have in common for this edge, when no other will come. */
  const settle = (edge: GradNode | Tensor): void => {
    const same = waiting.get(edge);
    if (same === undefined) return;
    waiting.delete(edge);
    deliver(edge, runTogether(same));
    for (const grad of same.grads) grad.dispose();
  };

  const pass = (): void => {
    roots.forEach((root, i) => {
      const grad = rootGrads[i] as Tensor;
      deliver(root.node ?? root, grad.alias());
    });
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i] as GradNode;
      settle(node);
      const grad = pending.get(node);
      if (grad === undefined) continue;
      pending.delete(node);
      const target = wanted.captured(node);
      if (target !== undefined) result.set(target, grad.alias());
      if (leads(node)) {
        const isAlone = node.primitive.together === undefined;
        if (!isAlone) wait(node.edges[0] as GradNode | Tensor, node, grad.alias());
        const grads = isAlone ? runNode(node, grad) : [];
        grads.forEach((g, k) => {
          const edge = node.edges[k];
          if (g === null || !edge) return;
          if (wanted.leads(edge)) deliver(edge, g);
          else g.dispose();
        });
        if (!mode.retainGraph) node.release();
      }
      grad.dispose();
    }
    for (const leaf of [...waiting.keys()]) settle(leaf);
  };

  try {
    withGradMode(mode.createGraph, pass);
  } catch (error) {
    if (!mode.retainGraph) for (const node of nodes) if (leads(node)) node.release();
    throw error;
  }

  // All nodes have run; what is left is for leaves, and nodes that were taken off. A root that is a leaf got its gradient unasked.
  for (const [leaf, grad] of pending) {
    if (wanted.leads(leaf)) result.set(leaf as Tensor, grad);
    else grad.dispose();
  }
  return result;
}

// --- internal helpers ---

/** Nodes of one kind that read one tensor, and their gradients. */
interface Together {
  readonly nodes: GradNode[];
  readonly grads: Tensor[];
}

/** All nodes behind `roots`, in the order in which they were recorded. Throws DisposedError if one was released. */
function reachable(roots: readonly Tensor[]): GradNode[] {
  const seen = new Set<GradNode>();
  const stack: GradNode[] = [];
  const visit = (node: GradNode): void => {
    if (seen.has(node)) return;
    node.checkHeld();
    seen.add(node);
    stack.push(node);
  };
  for (const root of roots) if (root.node !== null) visit(root.node);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const edge of node.edges) if (isNode(edge)) visit(edge);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

const everything = (): Wanted => ({ leads: () => true, captured: () => undefined });

function isNode(edge: GradNode | Tensor | null): edge is GradNode {
  return edge !== null && "primitive" in edge;
}

/** One node's backward; the results are handles of their own, whatever the node returned. */
function runNode(node: GradNode, grad: Tensor): readonly (Tensor | null)[] {
  return withScope(
    false,
    () => {
      const grads = node.primitive.backward?.(node, grad) ?? [];
      const given = new Set<Tensor>([grad]);
      return grads.map((g) => {
        if (g === null) return null;
        // The same tensor for two inputs, or the incoming one passed on: each edge needs a handle that it may dispose.
        const own = given.has(g) ? g.alias() : g;
        given.add(own);
        return own;
      });
    },
    (grads) => grads.filter((g) => g !== null),
  );
}

/** The backward of nodes that have it together. */
function runTogether({ nodes, grads }: Together): Tensor {
  return withScope(
    false,
    () => (nodes[0] as GradNode).primitive.together?.(nodes, grads) as Tensor,
    (grad) => [grad],
  );
}
