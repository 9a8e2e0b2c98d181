import { BackendUnavailableError, optionsOf, wrongType } from "@dropwise/core/backend";
import { NAME } from "./gpu/session";

/** What to run on; everything is found by itself where it is not given. */
export interface WebGPUBackendOptions {
  /** The entry point. Default: `navigator.gpu`, or in Node what the package `webgpu` makes. It is kept for as long as the process. */
  readonly gpu?: GPU | undefined;
  /** An adapter of yours. The backend asks it for a device, which uses it up. */
  readonly adapter?: GPUAdapter | undefined;
  /** A device of yours, used with the limits it has. `dispose()` leaves it alone; keep its `gpu` alive for as long as it. */
  readonly device?: GPUDevice | undefined;
  /** Which adapter to ask for where there are several. Default: the system's choice. */
  readonly powerPreference?: GPUPowerPreference | undefined;
}

/** A device, and whether it is the backend's own. */
export interface Acquired {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  readonly owned: boolean;
  readonly retained: readonly unknown[];
}

/** Finds a device. Throws TypeError for options of a wrong type, and BackendUnavailableError, with what to do in this runtime, where there is none. */
export async function acquire(given: WebGPUBackendOptions): Promise<Acquired> {
  const options = readOptions(given);
  if (options.gpu !== undefined) retain(options.gpu);
  const { device } = options;
  if (device !== undefined) {
    return { device, info: device.adapterInfo ?? options.adapter?.info ?? UNKNOWN, owned: false, retained: [options.gpu, options.adapter] };
  }
  const tried: string[] = [];
  const gpu = options.adapter === undefined ? (options.gpu ?? (await findGpu(tried))) : options.gpu;
  const adapter = options.adapter ?? (await requestAdapter(gpu as GPU, options.powerPreference, tried));
  if (adapter === null) {
    throw new BackendUnavailableError(NAME, `expected a GPU adapter, got none - ${adapterAdvice()}`, tried);
  }
  try {
    const own = await adapter.requestDevice({ label: "dropwise", requiredLimits: limitsOf(adapter) });
    return { device: own, info: adapter.info, owned: true, retained: [gpu, adapter] };
  } catch (error) {
    const detail = `expected a device from the adapter "${adapter.info?.description}", got: ${messageOf(error)} - an adapter gives one device; ask for a new adapter`;
    throw new BackendUnavailableError(NAME, detail, tried);
  }
}

// --- internal helpers ---

/** The limits that decide how large a tensor and a group may be. By default a device has the smallest ones that any adapter has. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxStorageBuffersPerShaderStage",
] as const;

function limitsOf(adapter: GPUAdapter): Record<string, number> {
  return Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
}

/** For devices of implementations that do not say what they run on. */
const UNKNOWN = { vendor: "", architecture: "", device: "", description: "unknown adapter" } as GPUAdapterInfo;

/** A method that each option must have to be what it should be. */
const METHODS = { gpu: "requestAdapter", adapter: "requestDevice", device: "createBuffer" } as const;

const OP = "createWebGPUBackend";

const POWER: readonly unknown[] = ["low-power", "high-performance"];

/** The options, read once and checked. */
function readOptions(given: WebGPUBackendOptions): WebGPUBackendOptions {
  const options = optionsOf(OP, given, { gpu: "any", adapter: "any", device: "any", powerPreference: "any" });
  for (const [name, method] of Object.entries(METHODS) as [keyof typeof METHODS, string][]) {
    const value: unknown = options[name];
    if (value !== undefined && !hasMethod(value, method))
      throw wrongType(OP, `${name} to have ${method}()`, value, "leave it out to have one found");
  }
  const { powerPreference } = options;
  if (powerPreference !== undefined && !POWER.includes(powerPreference))
    throw wrongType(OP, 'powerPreference to be "low-power" or "high-performance"', powerPreference);
  return options;
}

/** Whether there is such a method; not so in what cannot be read, such as a proxy that was revoked. */
function hasMethod(value: unknown, method: string): boolean {
  try {
    return typeof (value as Record<string, unknown>)[method] === "function";
  } catch {
    return false;
  }
}

/** What an error says; a runtime may throw anything. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "what is no error";
}

const RETAINED = Symbol.for("@dropwise/backend-webgpu:retained");

/**
 * Keeps an entry point alive for the rest of the process. When Node's one is collected, it takes its devices with it, and the next call crashes
 * the process; a global property is the one reference that an engine cannot optimise away.
 */
function retain(gpu: GPU): void {
  const holder = globalThis as { [RETAINED]?: Set<GPU> };
  holder[RETAINED] ??= new Set();
  holder[RETAINED].add(gpu);
}

interface NodeWebGPU {
  create(flags: readonly string[]): GPU;
}

const NODE_GPU = Symbol.for("@dropwise/backend-webgpu:node-gpu");

const isNode = (): boolean => typeof process === "object" && typeof process.versions?.node === "string" && !("Deno" in globalThis);

async function findGpu(tried: string[]): Promise<GPU> {
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (gpu !== undefined && gpu !== null) return gpu; // a browser keeps its own
  tried.push("navigator.gpu is not there");
  if (!isNode()) {
    const secure = (globalThis as { isSecureContext?: boolean }).isSecureContext;
    const advice =
      secure === false ? "serve the page over https or from localhost" : "use a browser with WebGPU, or start Deno with --unstable-webgpu";
    throw new BackendUnavailableError(NAME, `expected navigator.gpu, got none - ${advice}`, tried);
  }
  const holder = globalThis as { [NODE_GPU]?: GPU };
  if (holder[NODE_GPU] !== undefined) return holder[NODE_GPU];
  try {
    const name = "webgpu"; // a variable, so that bundlers leave the import alone
    const { create } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as NodeWebGPU;
    holder[NODE_GPU] = create([]);
    return holder[NODE_GPU];
  } catch (error) {
    tried.push(`the package "webgpu" did not load: ${messageOf(error)}`);
    throw new BackendUnavailableError(NAME, "expected WebGPU in Node, got none - run `npm install webgpu`", tried);
  }
}

async function requestAdapter(gpu: GPU, powerPreference: GPUPowerPreference | undefined, tried: string[]): Promise<GPUAdapter | null> {
  try {
    const adapter = await gpu.requestAdapter(powerPreference === undefined ? {} : { powerPreference });
    if (!adapter) tried.push("requestAdapter() gave no adapter");
    return adapter ?? null;
  } catch (error) {
    tried.push(`requestAdapter() failed: ${messageOf(error)}`);
    return null;
  }
}

function adapterAdvice(): string {
  if (isNode()) {
    return "install a Vulkan driver (on Linux, Chromium's software one will do: VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json)";
  }
  return "switch on hardware acceleration, or in Chromium start it with --enable-unsafe-webgpu for a software adapter";
}
