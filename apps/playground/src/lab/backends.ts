import { createWasmBackend } from "@dropwise/backend-wasm";
import { createWebGPUBackend, type WebGPUBackend } from "@dropwise/backend-webgpu";
import { type Backend, cpu, DeviceLostError } from "@dropwise/core";

/** The backends that a browser can have. */
export const BACKEND_NAMES = ["cpu", "wasm", "webgpu"] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

/** What became of opening a backend. */
export interface BackendReport {
  readonly name: BackendName;
  readonly available: boolean;
  /** What runs the kernels ("javascript", "simd128", the adapter). Empty where it is not available. */
  readonly device: string;
  readonly threads: number;
  /** Why it is not available, or what it goes without. */
  readonly note: string | null;
}

/** The backends of one worker, each opened when first asked for; and what to do when the GPU goes away. */
export class Backends {
  readonly #opened = new Map<BackendName, Promise<Backend>>();
  #gpu: WebGPUBackend | null = null;
  /** Told the reason when the GPU device is lost. */
  onLost: (reason: string) => void = () => {};

  /** Rejects with the backend's own error where it cannot be had, again and again, until `reopenGpu`. */
  open(name: BackendName): Promise<Backend> {
    let opened = this.#opened.get(name);
    if (opened === undefined) {
      opened = name === "cpu" ? Promise.resolve(cpu) : name === "wasm" ? createWasmBackend() : this.#openGpu();
      this.#opened.set(name, opened);
    }
    return opened;
  }

  /** Opens `name` and tells how that went. Never rejects. */
  async report(name: BackendName): Promise<BackendReport> {
    try {
      const { info } = await this.open(name);
      return { name, available: true, device: info.device, threads: info.threads, note: name === "wasm" ? threadNote(info.threads) : null };
    } catch (error) {
      return { name, available: false, device: "", threads: 0, note: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Does to the device what a driver's crash does: what is on it is gone. */
  loseGpu(): void {
    this.#gpu?.device.destroy();
  }

  /** Forgets the lost device and asks for another. */
  async reopenGpu(): Promise<BackendReport> {
    this.#gpu?.dispose();
    this.#gpu = null;
    this.#opened.delete("webgpu");
    return this.report("webgpu");
  }

  async #openGpu(): Promise<Backend> {
    const gpu = await createWebGPUBackend();
    this.#gpu = gpu;
    void gpu.device.lost.then(({ reason, message }) => {
      // Disposing of a backend ends its device, too; that is no loss.
      if (this.#gpu !== gpu) return;
      const gone = Promise.reject(new DeviceLostError("webgpu", `${reason}: ${message}`));
      gone.catch(() => {}); // told to whoever opens it next
      this.#opened.set("webgpu", gone);
      this.onLost(`${message} (${reason})`);
    });
    return gpu;
  }
}

// --- internal helpers ---

function threadNote(threads: number): string | null {
  if (threads > 1) return null;
  if (globalThis.crossOriginIsolated !== true) {
    return "One thread only: this page is not cross-origin isolated, so its memory cannot be shared. The host would have to send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.";
  }
  return navigator.hardwareConcurrency === 1
    ? "One thread only: this device has one processor."
    : "One thread only: workers could not be started.";
}
