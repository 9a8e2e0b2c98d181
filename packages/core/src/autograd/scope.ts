/**
 * Who frees what. A scope lists the tensors and graph nodes made while it is open; closing it releases them, but for those that
 * survive. Outside every scope a tensor is freed by `dispose()` or, some time after nobody can reach it, by the garbage collector.
 */
import { shared } from "../backend/shared";
import { type Claim, drop } from "../backend/storage";
import type { TensorHandle } from "../tensor/handle";
import type { Tensor } from "../tensor/tensor";
import type { GradNode } from "./node";

/** What was made while one scope was open. */
interface Scope {
  readonly tensors: TensorHandle[];
  readonly nodes: GradNode[];
}

const scopes: Scope[] = /* @__PURE__ */ shared("scopes", () => []);

/** What the garbage collector tells of: a tensor, by its claim, or a graph node, by its claims. No closure, which would cost as much as a small kernel. */
type Held = Claim | readonly Claim[];

const collected = /* @__PURE__ */ shared(
  "collected",
  () =>
    new FinalizationRegistry<Held>((held) => {
      if (Array.isArray(held)) for (const claim of held) drop(claim);
      else {
        (held as Claim).device.liveTensors--;
        drop(held as Claim);
      }
    }),
);

/** Lists a new tensor in the open scope or, outside all, leaves it to the garbage collector. */
export function trackTensor(tensor: TensorHandle): void {
  const scope = scopes.at(-1);
  if (scope !== undefined) scope.tensors.push(tensor);
  else watch(tensor);
}

/** Has the garbage collector release a tensor's memory. */
export function watch(tensor: TensorHandle): void {
  if (tensor.watcher) return;
  tensor.watcher = collected;
  collected.register(tensor, tensor.storage.claim, tensor);
}

/** Takes a tensor off the garbage collector's list: it was disposed, or its storage was replaced. */
export function unwatch(tensor: TensorHandle): void {
  tensor.watcher?.unregister(tensor);
  tensor.watcher = null;
}

/** Lists a new graph node in the open scope or leaves what it holds to the garbage collector. */
export function trackNode(node: GradNode): void {
  const scope = scopes.at(-1);
  if (scope !== undefined) scope.nodes.push(node);
  else collected.register(node, node.claims, node);
}

/** Takes a node off the garbage collector's list: it was released. */
export function unwatchNode(node: GradNode): void {
  collected.unregister(node);
}

/**
 * Runs `fn` in a scope of its own and then disposes what it made, but for kept tensors and the tensors `survivors` picks from the result.
 *
 * With `releaseGraph`, graph nodes made inside are released too, so that a forward pass without a backward one leaves nothing
 * behind. Without, they pass to the scope around: so a composed function frees its steps' handles while the graph holds what it needs.
 * Where `fn` throws, nobody got what was made: nothing survives, and no node.
 */
export function withScope<T>(releaseGraph: boolean, fn: () => T, survivors: (result: T) => readonly Tensor[]): T {
  const scope: Scope = { tensors: [], nodes: [] };
  scopes.push(scope);
  let result: T;
  let saved: readonly Tensor[] = [];
  let isDone = false;
  try {
    result = fn();
    saved = survivors(result);
    isDone = true;
  } finally {
    scopes.pop();
    close(scope, releaseGraph || !isDone, saved);
  }
  return result;
}

/** `withScope` for a composed function that returns one tensor and keeps the graph. */
export function composed(fn: () => Tensor): Tensor {
  return withScope(false, fn, (result) => [result]);
}

// --- internal helpers ---

function close(scope: Scope, releaseGraph: boolean, saved: readonly TensorHandle[]): void {
  for (const tensor of scope.tensors) {
    // What is disposed released its memory already: the garbage collector must not do it again.
    if (tensor.isDisposed) continue;
    if (tensor.isKept) watch(tensor);
    else if (saved.includes(tensor)) trackTensor(tensor);
    else tensor.dispose();
  }
  for (const node of scope.nodes) {
    if (releaseGraph) node.release();
    else if (!node.isReleased) trackNode(node);
  }
}
