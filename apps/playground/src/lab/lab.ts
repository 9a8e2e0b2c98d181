import { proxy, transfer } from "comlink";
import { BACKEND_NAMES, type BackendName, type BackendReport, Backends } from "./backends";
import { type LayerSettings, runLayers } from "./layers";
import { drawMask, type MaskSettings } from "./masks";
import { SpeedRun } from "./speed";
import { Training } from "./training";

/** What the page can ask of its worker. Every panel has a worker of its own, so that none waits for another. */
export class Lab {
  readonly #backends = new Backends();
  // Marked as proxies, so that the page calls their methods here and does not get copies.
  readonly training = proxy(new Training(this.#backends));
  readonly speed = proxy(new SpeedRun(this.#backends));

  /** Opens every backend and tells how that went. */
  survey(): Promise<BackendReport[]> {
    return Promise.all(BACKEND_NAMES.map((name) => this.#backends.report(name)));
  }

  async drawMask(name: BackendName, settings: MaskSettings, spoil: boolean) {
    const drawn = await drawMask(this.#backends, name, settings, spoil);
    return transfer(drawn, [drawn.mask.buffer as ArrayBuffer, drawn.output.buffer as ArrayBuffer]);
  }

  runLayers(name: BackendName, settings: LayerSettings) {
    return runLayers(this.#backends, name, settings);
  }

  /** Calls `report` with the reason whenever this worker's GPU device is lost. */
  onGpuLost(report: (reason: string) => void): void {
    this.#backends.onLost = (reason) => {
      this.training.gpuLost();
      report(reason);
    };
  }

  loseGpu(): void {
    this.#backends.loseGpu();
  }

  async reopenGpu(): Promise<BackendReport> {
    const report = await this.#backends.reopenGpu();
    if (report.available) await this.training.recover();
    return report;
  }
}
