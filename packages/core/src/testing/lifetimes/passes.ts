/** Actions that compute gradients. */
import { expect } from "vitest";
import { grad, type Tensor } from "../../index";
import { add, behind, constant, gradients, type Scalar } from "./scalars";
import type { Shadow } from "./shadows";
import type { Action, Kinds, World } from "./world";

export const passes: Kinds = { backward: [4, backward], grad: [4, gradOf], dropGrad: [1, dropGrad] };

// --- internal helpers ---

/** A larger graph is not recorded on top of: each gradient of a gradient is several times as large. */
const LARGEST = 2000;

interface Pass {
  readonly root: Shadow & { nodes: readonly Scalar[] };
  /** The gradient to start from; null for the 1 of a single element. */
  readonly seed: Shadow | null;
  readonly createGraph: boolean;
  readonly retainGraph: boolean;
}

function choosePass(world: World, a: number, c: number): Pass | undefined {
  const root = world.pick(a, (x) => x.nodes !== null) as Pass["root"] | undefined;
  if (root === undefined) return undefined;
  const createGraph = c % 4 === 0;
  const retainGraph = createGraph || c % 4 === 1;
  const isImplied = root.tensor.size === 1 && c % 8 < 4;
  // Without createGraph, a gradient may still be handed on as it is, graph and all, as in PyTorch; the shadows cannot tell when.
  const fits = (y: Shadow) => String(y.tensor.shape) === String(root.tensor.shape) && (createGraph || y.nodes === null);
  const seed = isImplied ? null : world.partner(c, root, fits);
  const isLarge = createGraph && behind(root.nodes).length > LARGEST;
  return seed === undefined || isLarge ? undefined : { root, seed, createGraph, retainGraph };
}

/** Runs a pass: it must throw where the graph was released, and may where an error is allowed. Undefined for an error. */
function run<T>(world: World, { root, seed, retainGraph }: Pass, isWhole: boolean, real: () => T): { result: T } | undefined {
  const steps = world.stepsBehind(root.nodes);
  const released = Math.max(0, ...steps.map((step) => step.released));
  const also = [...(released > 0 ? ["DisposedError"] : []), ...(world.hasMoved ? ["BackendMismatchError"] : [])];
  const made = world.attempt(seed === null ? [root] : [root, seed], () => ({ result: real() }), also);
  if (made !== undefined && released === 2) throw new Error("expected DisposedError of a graph that was released");
  // A pass that threw released what it had come past; one to a single target, what leads there.
  const isReleased = made !== undefined && isWhole;
  if (!retainGraph) for (const step of steps) step.released = isReleased && !step.isPass ? 2 : Math.max(step.released, 1);
  return made;
}

function gradientsOf({ shadows }: World, { root, seed, createGraph }: Pass): (x: Shadow) => Scalar[] | undefined {
  const found = gradients(root.nodes, seed === null ? [constant(1)] : shadows.read(seed));
  return ({ nodes }) => {
    if (!nodes?.some((node) => found.has(node))) return undefined;
    return nodes.map((node) => found.get(node) ?? constant(0)).map((x) => (createGraph ? x : constant(x.value)));
  };
}

function backward(world: World, { a, c }: Action): void {
  const { shadows } = world;
  const pass = choosePass(world, a, c);
  if (pass === undefined) return;
  const { root, seed, createGraph, retainGraph } = pass;
  const before = shadows.uncollected();
  if (run(world, pass, true, () => root.tensor.backward(seed?.tensor, { createGraph, retainGraph })) === undefined) return;
  const gradientOf = gradientsOf(world, pass);
  const step = world.newStep(true);
  for (const leaf of shadows.live().filter((x) => x.isLeaf)) {
    const gradient = gradientOf(leaf);
    if (gradient === undefined) continue;
    const old = leaf.grad?.isDisposed === false ? leaf.grad : null;
    const sum = old === null ? gradient : shadows.read(old).map((x, i) => add(x, gradient[i] as Scalar));
    const now = leaf.tensor.grad as Tensor;
    if (now !== old?.tensor) leaf.grad = shadows.add(now, sum, { step, depth: 0 });
    else {
      // The sum has memory of its own, which a graph would not see.
      expect(old.nodes).toBeNull();
      shadows.locate(
        old,
        sum.map((x) => x.value),
      );
    }
    if (!createGraph) expect(shadows.live().filter((x) => x.memory === leaf.grad?.memory)).toEqual([leaf.grad]);
  }
  // A pass frees all it made but the gradients.
  expect(shadows.uncollected()).toEqual(before);
}

function gradOf(world: World, { a, b, c }: Action): void {
  const { shadows } = world;
  const pass = choosePass(world, a, c);
  const target = world.pick(b, (x) => x.nodes !== null && !x.isDisposed);
  if (pass === undefined || target === undefined) return;
  const { root, seed, ...options } = pass;
  // The second derivative by what is no leaf depends on what the first was computed from: of softmax, its input or its output.
  if (!target.isLeaf && world.stepsBehind(root.nodes).some((step) => step.isPass)) return;
  const given = seed === null ? {} : { gradOutputs: seed.tensor };
  const before = shadows.uncollected();
  const made = run(world, pass, false, () => grad(root.tensor, target.tensor, { ...given, ...options, allowUnused: true }));
  if (made === undefined) return;
  const values = gradientsOf(world, pass)(target) ?? shadows.values(target).map(() => constant(0));
  shadows.add(made.result[0] as Tensor, values, { step: world.newStep(true) });
  expect(shadows.uncollected()).toEqual(before);
}

/** Disposes a gradient, forgets it, or both, as zeroGrad does. */
export function dropGrad({ shadows }: World, { a, b }: Action): void {
  const owners = shadows.live().filter((x) => x.grad !== null);
  const owner = owners[a % owners.length];
  if (owner === undefined) return;
  if (b % 3 > 0) {
    owner.tensor.grad?.dispose();
    shadows.dispose(owner.grad as Shadow);
  }
  if (b % 3 < 2) {
    owner.tensor.grad = null;
    owner.grad = null;
  }
}
