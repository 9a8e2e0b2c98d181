import type { WebGPUBackend } from "../../src/index";

/** Elements that kernels read and wrote, each as often as it was. */
export interface Traffic {
  readonly read: number;
  readonly written: number;
}

/**
 * Counts what kernels read and write, element by element, on a backend that has compiled nothing yet: every function by which a kernel reaches a buffer counts
 * itself. Nothing is left out and no driver has a say in it, so it can be held where there is no GPU; it takes one binding more than the kernel itself.
 */
export function countTraffic(backend: WebGPUBackend): (fn: () => unknown) => Promise<Traffic> {
  const { device } = backend;
  const counter = device.createBuffer({ size: 8, usage: STORAGE | COPY_SRC | COPY_DST });
  const staging = device.createBuffer({ size: 8, usage: MAP_READ | COPY_DST });
  const layout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: COMPUTE, buffer: { type: "storage" } }] });
  const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: counter } }] });

  const { createShaderModule, createPipelineLayout, createCommandEncoder } = device;
  device.createShaderModule = ({ code, ...rest }) => createShaderModule.call(device, { ...rest, code: counting(code) });
  device.createPipelineLayout = ({ bindGroupLayouts }) =>
    createPipelineLayout.call(device, { bindGroupLayouts: [...bindGroupLayouts, layout] });
  device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder.call(device, descriptor);
    const { beginComputePass } = encoder;
    encoder.beginComputePass = (passDescriptor) => {
      const pass = beginComputePass.call(encoder, passDescriptor);
      pass.setBindGroup(1, group);
      return pass;
    };
    return encoder;
  };

  return async (fn) => {
    await settled(backend);
    device.queue.writeBuffer(counter, 0, new Uint32Array(2));
    fn();
    await settled(backend);
    const encoder = createCommandEncoder.call(device);
    encoder.copyBufferToBuffer(counter, 0, staging, 0, 8);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(READ);
    const [read = 0, written = 0] = new Uint32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    return { read, written };
  };
}

// --- internal helpers ---

/** From the specification of WebGPU; Node has no such globals. */
const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [0x1, 0x4, 0x8, 0x80];
const COMPUTE = 0x4;
const READ = 0x1;

/** A kernel whose accessors count. One that goes through another's is not counted twice. */
function counting(code: string): string {
  const accessor = /fn (load|store)_\w+\(i: u32(?:, value: \S+)?\)(?: -> (\S+))? \{(?! return load_)/g;
  const counted = code.replace(accessor, (head, kind: string, type: string | undefined) => {
    const isVector = (type ?? head).includes("vec4");
    return `${head} atomicAdd(&traffic[${kind === "load" ? 0 : 1}], ${isVector ? 4 : 1}u);`;
  });
  return `@group(1) @binding(0) var<storage, read_write> traffic: array<atomic<u32>, 2>;\n${counted}`;
}

/** Waits for all that was queued. */
async function settled(backend: WebGPUBackend): Promise<void> {
  await Promise.resolve();
  await backend.device.queue.onSubmittedWorkDone();
}
