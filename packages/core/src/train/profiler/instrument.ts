/**
 * Where a profile listens. Nothing in core knows of it: while one runs, the functions that everything passes through are replaced by ones that take down
 * the time, and put back after it. A program that runs no profile runs none of this.
 */
import { GradNode, type Primitive } from "../../autograd/node";
import type { Backend } from "../../backend/backend";
import type { DeviceKernels } from "../../backend/kernels";
import { shared } from "../../backend/shared";
import type { Device, Storage } from "../../backend/storage";
import { deviceOf, laterMember } from "../../cpu/device-of";
import { DataLoader } from "../../data";
import { raw } from "../../errors/brand";
import { awaited } from "../../errors/misuse";
import { gatherKernel, scatterKernel } from "../../ops/gather";
import { linearKernel } from "../../ops/matmul";
import { softmaxGradKernel, softmaxKernel } from "../../ops/softmax";
import { foldKernel, unfoldKernel } from "../../ops/unfold";
import { Optimizer, optimizerKernel } from "../../optim/optimizer";
import { getDefaultBackend } from "../../tensor/creation";
import { TensorHandle } from "../../tensor/handle";
import { Tensor } from "../../tensor/tensor";
import { nameOf, trafficOf } from "./kernel-call";
import type { Recorder } from "./recorder";
import type { Replace } from "./replace";

/** Replaces them. */
export function instrument(recorder: Recorder, replace: Replace): void {
  onDevices(replace, (device) => timeKernels(device, recorder, replace));
  onPrimitives(replace, (primitive) => timeBackward(primitive, recorder, replace));
  replace(Optimizer.prototype, "step", (step) => {
    return function (this: Optimizer<object>) {
      recorder.call({ kind: "step", name: `${this.constructor.name}.step`, device: null }, () => step.call(this));
    };
  });
  replace(DataLoader.prototype, Symbol.iterator, (iterate) => {
    return function (this: DataLoader) {
      const batches = iterate.call(this);
      const next = batches.next.bind(batches);
      batches.next = () => recorder.call({ kind: "batch", name: "DataLoader.next", device: null }, () => next());
      return batches;
    };
  });
  timeRead("data", recorder, replace);
  timeRead("item", recorder, replace);
}

// --- internal helpers ---

/**
 * Tells `found` of each device before a kernel of it is called: a device is reached from its backend, by way of one map, or from a tensor, by way of
 * one getter.
 */
function onDevices(replace: Replace, found: (device: Device) => void): void {
  const known = new Set<Device>();
  const tell = (device: Device): void => {
    if (known.has(device)) return;
    known.add(device);
    found(device);
  };
  tell(deviceOf(getDefaultBackend()));
  const devices = shared("devices", () => new WeakMap<Backend, Device>());
  replace(devices, "get", (get) => (backend) => {
    const device = get.call(devices, backend);
    if (device !== undefined) tell(device);
    return device;
  });
  replace(devices, "set", (set) => (backend, device) => {
    tell(device);
    return set.call(devices, backend, device);
  });
  const storage = (get: (this: TensorHandle) => Storage) =>
    function (this: TensorHandle): Storage {
      const found = get.call(this);
      tell(found.device);
      return found;
    };
  replace(TensorHandle.prototype, "storage", storage, "get");
}

/** Tells `found` of each primitive before a backward pass runs its gradient: a pass first asks every node whether it is still held. */
function onPrimitives(replace: Replace, found: (primitive: Primitive<unknown>) => void): void {
  const known = new Set<Primitive<unknown>>();
  replace(GradNode.prototype, "checkHeld", (checkHeld) => {
    return function (this: GradNode) {
      checkHeld.call(this);
      if (known.has(this.primitive)) return;
      known.add(this.primitive);
      found(this.primitive);
    };
  });
}

type Kernel = (...args: unknown[]) => void;

/** Kernels that a device may lack: what core then calls in their place, if anything. */
const STAND_INS: { readonly [Member in OptionalKernel]: (device: Device) => DeviceKernels[Member] } = {
  gather: gatherKernel,
  scatterAdd: scatterKernel,
  unfold: unfoldKernel,
  fold: foldKernel,
  normalize: (device) => laterMember(device, "normalize"),
  normalizeGrad: (device) => laterMember(device, "normalizeGrad"),
  lstm: (device) => laterMember(device, "lstm"),
  lstmGrad: (device) => laterMember(device, "lstmGrad"),
  attention: (device) => laterMember(device, "attention"),
  attentionGrad: (device) => laterMember(device, "attentionGrad"),
  convolution: (device) => laterMember(device, "convolution"),
  convolutionGradInput: (device) => laterMember(device, "convolutionGradInput"),
  convolutionGradWeight: (device) => laterMember(device, "convolutionGradWeight"),
  pool: (device) => laterMember(device, "pool"),
  poolGrad: (device) => laterMember(device, "poolGrad"),
  linear: linearKernel,
  softmax: softmaxKernel,
  softmaxGrad: softmaxGradKernel,
  optimizerStep: optimizerKernel,
  activation: (device) => laterMember(device, "activation"),
  activationGrad: (device) => laterMember(device, "activationGrad"),
};

type OptionalKernel = { [Member in keyof DeviceKernels]-?: undefined extends DeviceKernels[Member] ? Member : never }[keyof DeviceKernels];

function timeKernels(device: Device, recorder: Recorder, replace: Replace): void {
  const kernels = device.kernels as unknown as Record<string, Kernel | undefined>;
  for (const member of new Set([...Object.keys(kernels), ...Object.keys(STAND_INS)]) as Set<keyof DeviceKernels>) {
    const kernel = (kernels[member] ?? STAND_INS[member as OptionalKernel](device)) as Kernel | undefined;
    if (kernel === undefined) continue;
    replace(kernels, member, () => (...args) => {
      recorder.call(
        { kind: "op", name: nameOf(member, args), device },
        () => kernel(...args),
        () => trafficOf(args),
      );
    });
  }
}

function timeBackward(primitive: Primitive<unknown>, recorder: Recorder, replace: Replace): void {
  const spanOf = (grad: Tensor) => ({ kind: "backward", name: `${primitive.name}Backward`, device: grad.storage.device }) as const;
  if (primitive.together !== undefined) {
    replace(primitive, "together", (together) => (several) => {
      return recorder.call(spanOf(several[0]?.[1] as Tensor), () => (together as NonNullable<typeof together>).call(primitive, several));
    });
  } else if (primitive.backward !== undefined) {
    replace(primitive, "backward", (backward) => (node, grad) => {
      return recorder.call(spanOf(grad), () => (backward as NonNullable<typeof backward>).call(primitive, node, grad));
    });
  }
}

/** Times a method that gives elements, until they are there; its promise still refuses to be taken for its value. */
function timeRead(name: "data" | "item", recorder: Recorder, replace: Replace): void {
  type Read = (this: Tensor) => Promise<never>;
  replace(Tensor.prototype as unknown as Record<typeof name, Read>, name, (read) => {
    return function (this: Tensor) {
      const span = { kind: "read", name, device: raw(this).storage.device } as const;
      return awaited(
        name,
        recorder.callOrWait(span, () => read.call(this)),
      );
    };
  });
}
