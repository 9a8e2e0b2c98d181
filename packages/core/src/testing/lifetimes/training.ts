/** Actions on the model and its optimizer. */
import { expect } from "vitest";
import type { Backend, Tensor } from "../../index";
import { dispose } from "./endings";
import { dropGrad } from "./passes";
import { constant } from "./scalars";
import type { Shadow } from "./shadows";
import type { Action, Kinds, World } from "./world";

export const training: Kinds = { step: [2, step], forget: [1, forget] };

/** Moves the model, half of the times there and back. Now and then something is given up while it moves. */
export async function move(world: World, action: Action): Promise<void> {
  const [host, blind] = world.shadows.backends;
  for (const backend of [[host], [blind], [host, blind], [blind, host]][action.a % 4] ?? []) await moveTo(world, action, backend);
}

// --- internal helpers ---

async function moveTo(world: World, action: Action, backend: Backend): Promise<void> {
  const { shadows } = world;
  const tensors = world.params.flatMap((p) => [p, p.grad ?? [], world.momenta.get(p) ?? []].flat());
  const isRefused = tensors.some((x) => x.isDisposed && x.tensor.backend !== backend);
  const moving = world.net.to(backend);
  if (action.b % 4 === 0) [forget, dispose, dropGrad][action.c % 3]?.(world, action);
  // Not `expect(moving).rejects`, which would hold the promise, and so the tensors, until the end of the test.
  const error = await moving.then(() => undefined, String);
  expect(error?.startsWith("DisposedError") ?? false, error).toBe(isRefused);
  if (isRefused) return;
  world.hasMoved = true;
  for (const x of tensors) if (!x.isDisposed) shadows.locate(x, shadows.values(x));
}

function step(world: World): void {
  const { shadows, optimizer, params, momenta } = world;
  const stepping = params.filter((p) => p.grad !== null);
  const gone = stepping.flatMap((p) => p.grad ?? []).filter((x) => x.isDisposed);
  if (world.attempt(gone, () => optimizer.step() ?? true) === undefined) return;
  world.hasEdited ||= stepping.length > 0;
  const { state } = optimizer.stateDict();
  const { lr, momentum: decay } = optimizer.paramGroups[0] as (typeof optimizer.paramGroups)[number];
  for (const p of stepping) {
    const known = momenta.get(p);
    const before = known && shadows.values(known);
    const momentum = shadows.values(p.grad as Shadow).map((g, i) => (before === undefined ? g : decay * (before[i] as number) + g));
    const next = shadows.values(p).map((w, i) => w - lr * (momentum[i] as number));
    if (known !== undefined) shadows.write(known, momentum);
    else momenta.set(p, shadows.add(state[params.indexOf(p)]?.tensors[0] as Tensor, momentum.map(constant), { depth: 0 }));
    shadows.write(p, next);
  }
}

/** The optimizer gives up its state, and may go on with a new one. */
function forget({ shadows, optimizer, momenta }: World): void {
  optimizer.dispose();
  for (const x of momenta.values()) shadows.dispose(x);
  momenta.clear();
}
