import type { Backend } from "../backend/backend";
import { PooledDevice } from "../backend/device";
import type { DeviceKernels, LaterMember, View } from "../backend/kernels";
import { shared } from "../backend/shared";
import type { Device } from "../backend/storage";
import { UnsupportedOpError } from "../errors/errors";
import { wrongType, wrongValue } from "../errors/refusal";
import { referenceFamilies } from "./reference-families";

const STORAGE = ["allocate", "write", "read", "release", "dispose"] as const;
const FAMILIES = ["unary", "binary", "reduce", "where", "matmul", "copy", "fill", "dropout", "gather", "scatterAdd"] as const;
/** The members of the first version that compute; for later ones see `laterMember`. */
const FIRST: readonly (keyof Backend)[] = [...FAMILIES, "linear", "softmax", "softmaxGrad", "optimizerStep"];

/** The version of the contract that is written in `backend.ts`. */
const LATEST = 2;

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
  const view = memberOf(backend, "view", true) as View | undefined;
  const kernels = completeKernels(backend, view);
  const counts = shared("backend counts", () => Object.create(null) as Record<string, number>);
  const number = (counts[backend.name] ?? 0) + 1;
  const device = new PooledDevice(backend, kernels, view, number === 1 ? backend.name : `${backend.name} #${number}`);
  counts[backend.name] = number;
  devices.set(backend, device);
  return device;
}

/**
 * A member that came with the second version of the contract, undefined where the backend has none: what one of an earlier version has by its name is
 * something else. It is looked for when it is first asked for, so that only programs that do carry its name.
 */
export function laterMember<M extends LaterMember>({ backend, kernels }: Device, member: M): Pick<Backend, LaterMember>[M] {
  const known: Pick<Backend, LaterMember> = kernels;
  if (member in known || backend.info.contract !== LATEST) return known[member];
  const found = memberOf(backend, member, true);
  if (found !== undefined) Object.assign(kernels, { [member]: found });
  return known[member];
}

/** Whether a backend has all of these members: a kernel is only asked for where its gradient is there, too. */
export function hasMembers(device: Device, ...members: readonly LaterMember[]): boolean {
  return members.every((member) => laterMember(device, member) !== undefined);
}

// --- internal helpers ---

function checkBackend(op: string, backend: Backend): void {
  if (typeof backend !== "object" || backend === null || "then" in backend || !("allocate" in backend || "info" in backend)) {
    throw wrongType(op, "a backend such as cpu", backend, "await the factory that makes it");
  }
  const { info, name } = backend;
  if (typeof name !== "string") throw wrongType("backend", '"name" to be a string', name);
  if (!Array.isArray(info?.dtypes) || typeof info.maxBufferBytes !== "number") {
    throw wrongType(`backend ${name}`, '"info" with dtypes and maxBufferBytes', info);
  }
  if (![1, LATEST].includes(info.contract ?? 1)) throw wrongValue(`backend ${name}`, "contract 1 or 2", info.contract);
  for (const member of STORAGE) memberOf(backend, member, false);
}

/** A member as a function, bound to its backend; undefined for an optional one that is not there. */
function memberOf(backend: Backend, member: keyof Backend, isOptional: boolean): ((...args: never[]) => unknown) | undefined {
  const value = backend[member];
  if (typeof value === "function") return value.bind(backend);
  if (isOptional && value === undefined) return undefined;
  throw wrongType(`backend ${backend.name}`, `"${member}" to be a function${isOptional ? " or absent" : ""}`, value);
}

/** Every member that computes; absent are those fused or indexed ones whose reference comes with the operation that uses it. */
function completeKernels(backend: Backend, view: View | undefined): DeviceKernels {
  const kernels: Record<string, unknown> = view === undefined ? {} : referenceFamilies(view);
  for (const member of FIRST) kernels[member] = memberOf(backend, member, true) ?? kernels[member];
  if (view === undefined) {
    for (const member of FAMILIES) {
      kernels[member] ??= () => {
        const detail = `expected the ${backend.name} backend to have "${member}", got none - write it`;
        throw new UnsupportedOpError(member, backend.name, detail);
      };
    }
  }
  return kernels as unknown as DeviceKernels;
}
