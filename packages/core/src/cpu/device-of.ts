import type { Backend } from "../backend/backend";
import { Device, type DeviceKernels, type View } from "../backend/device";
import { shared } from "../backend/shared";
import { UnsupportedOpError } from "../errors/errors";
import { wrongType } from "../errors/refusal";
import { referenceFamilies } from "./reference-families";

const STORAGE = ["allocate", "write", "read", "release", "dispose"] as const;
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
  const device = new Device(backend, completeKernels(backend, view), view, number);
  counts.set(backend.name, number);
  devices.set(backend, device);
  return device;
}

// --- internal helpers ---

function checkBackend(op: string, backend: Backend): void {
  if (typeof backend !== "object" || backend === null || "then" in backend || !("allocate" in backend || "info" in backend)) {
    throw wrongType(op, "a backend such as cpu", backend, "await the factory that makes it");
  }
  if (typeof backend.name !== "string") throw wrongType("backend", '"name" to be a string', backend.name);
  const { info, name } = backend;
  const refuse = (expected: string, value: unknown) => wrongType(`backend ${name}`, expected, value);
  if (typeof info !== "object" || info === null || !Array.isArray(info.dtypes) || typeof info.maxBufferBytes !== "number")
    throw refuse('"info" with dtypes and maxBufferBytes', info);
  const check = (member: keyof Backend, orAbsent: string) => {
    const value = backend[member];
    if (typeof value !== "function" && (value !== undefined || orAbsent === ""))
      throw refuse(`"${member}" to be a function${orAbsent}`, value);
  };
  for (const member of STORAGE) check(member, "");
  for (const member of [...FAMILIES, ...FUSED, "view"] as const) check(member, " or absent");
  if (info.hostVisible !== (backend.view !== undefined)) throw refuse('info.hostVisible to say whether "view" is there', info.hostVisible);
}

/** Every member as a function, bound to its backend; absent are those fused or indexed ones whose reference comes with the operation that uses it. */
function completeKernels(backend: Backend, view: View | undefined): DeviceKernels {
  const reference: Partial<DeviceKernels> = view === undefined ? {} : referenceFamilies(view);
  const kernels: Record<string, unknown> = {};
  for (const member of [...FAMILIES, ...FUSED]) kernels[member] = backend[member]?.bind(backend) ?? reference[member];
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
