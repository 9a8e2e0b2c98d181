import type { Backend } from "../backend/backend";
import { Device, type DeviceKernels, type View } from "../backend/device";
import { shared } from "../backend/shared";
import { describe } from "../errors/describe";
import { UnsupportedOpError } from "../errors/errors";
import { wrongType } from "../errors/refusal";
import { referenceFamilies } from "./reference-families";

const STORAGE_MEMBERS = ["allocate", "write", "read", "release", "dispose"] as const;
const FAMILIES = ["unary", "binary", "reduce", "where", "matmul", "copy", "fill", "gather", "scatterAdd", "dropout"] as const;
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
  const device = new Device(backend, completeKernels(backend, view), view);
  devices.set(backend, device);
  return device;
}

// --- internal helpers ---

function checkBackend(op: string, backend: Backend): void {
  if (typeof backend !== "object" || backend === null || "then" in backend || !("allocate" in backend || "info" in backend)) {
    throw wrongType(op, "a backend such as cpu", backend, "await the factory that makes it");
  }
  if (typeof backend.name !== "string") throw wrongType("backend", '"name" to be a string', backend.name);
  const { info } = backend;
  if (typeof info !== "object" || info === null || !Array.isArray(info.dtypes) || typeof info.maxBufferBytes !== "number") {
    throw new TypeError(`backend ${backend.name}: expected "info" with dtypes and maxBufferBytes, got ${describe(info)}`);
  }
  for (const member of [...STORAGE_MEMBERS, ...FAMILIES, ...FUSED, "view"] as const) {
    const isOptional = !STORAGE_MEMBERS.includes(member as never);
    if (typeof backend[member] !== "function" && !(isOptional && backend[member] === undefined)) {
      const expected = `"${member}" to be a function${isOptional ? " or absent" : ""}`;
      throw new TypeError(`backend ${backend.name}: expected ${expected}, got ${describe(backend[member])}`);
    }
  }
  if (info.hostVisible !== (backend.view !== undefined)) {
    throw new TypeError(
      `backend ${backend.name}: expected info.hostVisible to say whether "view" is there, got ${describe(info.hostVisible)}`,
    );
  }
}

function completeKernels(backend: Backend, view: View | undefined): DeviceKernels {
  const reference = view === undefined ? undefined : referenceFamilies(view);
  const kernels: Record<string, unknown> = {};
  for (const name of FAMILIES) {
    kernels[name] =
      backend[name]?.bind(backend) ??
      reference?.[name] ??
      (() => {
        const detail = `expected the ${backend.name} backend to have "${name}", got none - a backend without "view" writes every family`;
        throw new UnsupportedOpError(name, backend.name, detail);
      });
  }
  for (const name of FUSED) kernels[name] = backend[name]?.bind(backend);
  return kernels as unknown as DeviceKernels;
}
