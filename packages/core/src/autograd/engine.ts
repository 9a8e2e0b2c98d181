import type { Tensor } from "../tensor/tensor";
import { withGradMode } from "./grad-mode";
import type { GradNode, Several } from "./node";
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
  // What is on its way, by where it goes; in the end that is to leaves, and to what the pass was told to end at or to note.
  const pending = new Map<GradNode | Tensor, Tensor>();

  const deliver = (edge: GradNode | Tensor, grad: Tensor): void => {
    const before = pending.get(edge);
    if (before === undefined && wanted.leads(edge)) pending.set(edge, grad);
    else {
      if (before !== undefined) pending.set(edge, before.add(grad));
      before?.dispose();
      grad.dispose();
    }
  };

  /** Nodes that pass on next, together or one by itself, with what has come for their outputs. */
  let several: [GradNode, Tensor][] = [];

  const take = (node: GradNode): void => {
    const grad = pending.get(node);
    if (grad === undefined) return;
    pending.delete(node);
    const target = wanted.captured(node);
    if (target !== undefined) pending.set(target, grad.alias());
    if (leads(node)) several.push([node, grad]);
    else grad.dispose();
  };

  /** Delivers what they give, and lets go of them and of what came for them. */
  const passOn = ([node, grad]: [GradNode, Tensor]): void => {
    const { primitive, edges } = node;
    own(several, () => (primitive.together ? [primitive.together(several)] : (primitive.backward?.(node, grad) ?? []))).forEach((g, k) => {
      if (g !== null && edges[k]) deliver(edges[k], g);
    });
    for (const [done, incoming] of several) {
      if (!mode.retainGraph) done.release();
      incoming.dispose();
    }
    several = [];
  };

  const pass = (): void => {
    roots.forEach((root, i) => {
      deliver(root.node ?? root, (rootGrads[i] as Tensor).alias());
    });
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i] as GradNode;
      const next = nodes[i - 1];
      take(node);
      // Those that pass on together were recorded one behind the other.
      if (node.primitive.together && next?.edges[0] === node.edges[0] && next?.primitive === node.primitive) continue;
      if (several[0]) passOn(several[0]);
    }
  };

  try {
    withGradMode(mode.createGraph, pass);
  } catch (error) {
    if (!mode.retainGraph) for (const node of nodes) if (leads(node)) node.release();
    throw error;
  }

  return pending as Map<Tensor, Tensor>;
}

/** True for an edge that leads to another operation, not to a leaf. */
export function isNode(edge: GradNode | Tensor | null): edge is GradNode {
  return edge !== null && "primitive" in edge;
}

// --- internal helpers ---

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

/** What `backward` gives, as handles of their own: the same tensor for two inputs, or an incoming one passed on, cannot be disposed for each. */
function own(incoming: Several<unknown>, backward: () => readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  return withScope(
    false,
    () => {
      const given = new Set<Tensor | null>(incoming.map(([, grad]) => grad));
      return backward().map((g) => {
        const handle = g !== null && given.has(g) ? g.alias() : g;
        given.add(handle);
        return handle;
      });
    },
    (grads) => grads.filter((g) => g !== null),
  );
}
