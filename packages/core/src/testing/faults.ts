/** Memory that runs out, or a kernel that fails, at every place in turn where that can happen. */
import { expect } from "vitest";
import { isGradEnabled } from "../autograd/grad-mode";
import { shared } from "../backend/shared";
import { deviceOf } from "../cpu/device-of";
import { referenceKernels } from "../cpu/reference-kernels";
import { OutOfMemoryError } from "../errors/errors";
import { type Backend, defaultGenerator, manualSeed, memory, type Tensor, type TypedArray } from "../index";
import { blindBackend, hostBackend } from "./backends";
import { memoryOf, placesOf } from "./elements";

/** What may fail: whatever takes memory, or whatever computes, writes and reads. */
export type Fault = "allocation" | "kernel";

/** Backends whose kernels are all there, fused ones included, and like a GPU's, where core composes. */
const BACKENDS = {
  fused: () =>
    hostBackend(
      "fused",
      referenceKernels(({ handle }) => handle as TypedArray),
    ) as Backend,
  composed: () => blindBackend("composed") as Backend,
} as const;

/** Every kind of backend with every kind of fault, for `describe.each`. */
export const SETTINGS = (Object.keys(BACKENDS) as (keyof typeof BACKENDS)[]).flatMap((kernels) =>
  (["allocation", "kernel"] as const).map((fault) => ({ kernels, fault })),
);

/** Something that may fail, on tensors that it does not own. */
export interface Scenario {
  /** What goes before it, at every try, and does not fail. */
  readonly ready?: () => void;
  /** Fails. The tensors that it returns are compared between runs, and disposed. */
  readonly act: () => unknown;
  /** What follows, whether it failed or not. */
  readonly done?: () => void;
  /** What must be as before where it fails, and is compared between runs: parameters, gradients, state. */
  readonly watched?: () => readonly (Tensor | null)[];
  /** The same for what is no tensor. */
  readonly notes?: () => unknown;
  /** Takes back what a run that succeeds leaves, such as gradients. */
  readonly reset?: () => void;
}

/**
 * Lets a scenario fail at every place in turn, and with it all that follows in the same run. Each time it must throw OutOfMemoryError and leave everything as it
 * was: what is watched, live tensors and bytes, the default generator, the grad mode and the open scopes. After all these failures it must give what it gives
 * without any, and leave no tensor to the garbage collector.
 *
 * @returns How often it failed.
 */
export async function failEverywhere(
  { kernels, fault }: { readonly kernels: keyof typeof BACKENDS; readonly fault: Fault },
  make: (backend: Backend) => Scenario,
): Promise<number> {
  const expected = await run(
    prepare(kernels, make),
    () => {},
    () => {},
  );
  if ("error" in expected) throw expected.error;
  const world = prepare(kernels, make);
  const { backend, scenario } = world;
  const faults = faultsOf(backend);
  for (let first = 0; ; first++) {
    const before = stateOf(world);
    const live = memory(backend).tensors;
    const outcome = await run(world, () => faults.begin(fault, first), faults.end);
    if (!("error" in outcome)) {
      expect(outcome).toEqual(expected);
      scenario.reset?.();
      expect(memory(backend).tensors, "live tensors in the end").toBeLessThanOrEqual(live);
      return first;
    }
    if ((outcome.error as Error)?.name !== "OutOfMemoryError") throw outcome.error;
    const after = stateOf(world);
    // Not always by `expect`, which takes a hundred times as long.
    if (after !== before) expect(after, `after ${fault} ${first} failed`).toBe(before);
  }
}

// --- internal helpers ---

interface World {
  readonly backend: Backend;
  readonly scenario: Scenario;
}

function prepare(kernels: keyof typeof BACKENDS, make: (backend: Backend) => Scenario): World {
  const backend = BACKENDS[kernels]();
  manualSeed(7);
  return { backend, scenario: make(backend) };
}

/** What it returned and what it watches; or its error. */
async function run(
  { scenario: { ready, act, done, watched, notes } }: World,
  begin: () => void,
  end: () => void,
): Promise<{ values: unknown; notes: unknown } | { error: unknown }> {
  ready?.();
  begin();
  try {
    const result = await act();
    end();
    const tensors = [result ?? []].flat() as Tensor[];
    const values = [...tensors, ...(watched?.() ?? [])].map(bitsOf);
    for (const x of tensors) x.dispose();
    return { values, notes: notes?.() };
  } catch (error) {
    return { error };
  } finally {
    end();
    done?.();
  }
}

/** All that a failure must leave as it was, as text. */
function stateOf({ backend, scenario: { watched, notes } }: World): string {
  const tensors = watched?.() ?? [];
  const { tensors: live, bytes } = memory(backend);
  const state = {
    values: tensors.map(bitsOf),
    versions: tensors.map((x) => x?.storage.version),
    notes: notes?.(),
    live,
    bytes,
    generator: defaultGenerator().getState().join(),
    isGradEnabled: isGradEnabled(),
    scopes: shared<unknown[]>("scopes", () => []).length,
  };
  return JSON.stringify(state, null, 2);
}

/** Elements as text that tells -0 from 0, and the shape. */
function bitsOf(x: Tensor | null): string | null {
  if (x === null) return null;
  const from = memoryOf(x);
  return `[${x.shape}] ${placesOf(x).map((place) => (Object.is(from[place], -0) ? "-0" : from[place]))}`;
}

/** Faults above the pool of a device, so that memory which is taken from there counts, too. */
function faultsOf(backend: Backend): { begin(fault: Fault, first: number): void; end(): void } {
  const device = deviceOf(backend);
  let failing: Fault | null = null;
  let left = 0;
  const intercept = (holder: object, name: string, fault: Fault): void => {
    const functions = holder as Record<string, ((...args: unknown[]) => unknown) | undefined>;
    const original = functions[name]?.bind(holder);
    if (original === undefined) return;
    functions[name] = (...args) => {
      if (failing === fault && left-- <= 0) throw new OutOfMemoryError(backend.name, 1);
      return original(...args);
    };
  };
  intercept(device, "allocate", "allocation");
  for (const name of Object.keys(device.kernels)) intercept(device.kernels, name, "kernel");
  for (const name of ["write", "read"]) intercept(backend, name, "kernel");
  return {
    begin(fault, first) {
      failing = fault;
      left = first;
    },
    end() {
      failing = null;
    },
  };
}
