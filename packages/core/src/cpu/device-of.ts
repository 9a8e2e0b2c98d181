import type { Backend } from "../backend/backend";
import { Device, type DeviceKernels, type View } from "../backend/device";
import { shared } from "../backend/shared";
import { UnsupportedOpError } from "../errors/errors";
import { wrongType } from "../errors/refusal";
import { referenceFamilies } from "./reference-families";

const STORAGE: readonly (keyof Backend)[] = ["allocate", "write", "read", "release", "dispose"];
const FAMILIES = ["unary", "binary", "reduce", "where", "matmul", "copy", "fill", "dropout", "gather", "scatterAdd"] as const;
const FUSED = ["linear", "softmax", "softmaxGrad", "optimizerStep"] as const;

/**
 * The device of a backend, made when it is first used: members it does not have run as reference kernels on its `view`, or, without a
 * view, throw `UnsupportedOpError` when called. Throws TypeError for what is no backend; `op` is the call that was given it.
 */
export function deviceOf(backend: Backend, op = "backend"): Device {
  const devices = shared("devices", () => new WeakMap<Backend, Device>());
  // A WeakMap answers "no" for what cannot be a key.
  const known = devices.get(backend);
  if (known !== undefined) return known;
  checkBackend(op, backend);
  const view = backend.view?.bind(backend);
  const counts = shared("backend counts", () => new Map<string, number>());
  const number = (counts.get(backend.name) ?? 0) + 1;
  const label = number === 1 ? backend.name : `${backend.name} #${number}`;
  const device = new Device(backend, completeKernels(backend, view), view, label);
  counts.set(backend.name, number);
  devices.set(backend, device);
  return device;
}

// --- internal helpers ---

function checkBackend(op: string, backend: Backend): void {
  if (typeof backend !== "object" || backend === null || "then" in backend || !("allocate" in backend || "info" in backend)) {
    throw wrongType(op, "a backend such as cpu", backend, "await the factory that makes it");
  }
  const expect = (holds: boolean, what: string, value: unknown): void => {
    if (!holds) throw wrongType(`backend ${backend.name}`, what, value);
  };
  const { info, name } = backend;
  expect(typeof name === "string", '"name" to be a string', name);
  expect(Array.isArray(info?.dtypes) && typeof info.maxBufferBytes === "number", '"info" with dtypes and maxBufferBytes', info);
  for (const member of [...STORAGE, ...FAMILIES, ...FUSED, "view"] as const) {
    const value = backend[member];
    const isOptional = !STORAGE.includes(member);
    expect(
      typeof value === "function" || (isOptional && value === undefined),
      `"${member}" to be a function${isOptional ? " or absent" : ""}`,
      value,
    );
  }
}

/** Every member as a function, bound to its backend; absent are those fused or indexed ones whose reference comes with the operation that uses it. */
function completeKernels(backend: Backend, view: View | undefined): DeviceKernels {
  const kernels: Record<string, unknown> = view === undefined ? {} : referenceFamilies(view);
  for (const member of [...FAMILIES, ...FUSED]) if (backend[member] !== undefined) kernels[member] = backend[member].bind(backend);
  if (view === undefined) {
    for (const member of FAMILIES) {
      kernels[member] ??= () => {
        const detail = `expected the ${backend.name} backend to have "${member}", got none - a backend without "view" writes every family`;
        throw new UnsupportedOpError(member, backend.name, detail);
      };
    }
  }
  return kernels as unknown as DeviceKernels;
}
