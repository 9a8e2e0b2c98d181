import { proxy, transfer } from "comlink";
import { BACKEND_NAMES, type BackendName, type BackendReport, Backends } from "./backends";
import { type LayerSettings, runLayers } from "./layers";
import { drawMasks, type MaskResult, type MaskSettings } from "./masks";
import type { ModelSettings } from "./model";
import { prove } from "./proof";
import { measureSpeed, type SpeedPoint } from "./speed";
import { Training } from "./training";

/** What the page can ask of a worker. Every panel has a worker of its own, so that none waits for another. */
export class Lab {
  readonly #backends = new Backends();
  #drawing = 0;
  // Marked as a proxy, so that the page calls its methods here and does not get a copy.
  readonly training = proxy(new Training(this.#backends));

  /** Opens every backend and tells how that went. */
  survey(): Promise<BackendReport[]> {
    return Promise.all(BACKEND_NAMES.map((name) => this.#backends.report(name)));
  }

  /** Null when other masks were asked for meanwhile: only the last ones are still wanted. */
  async drawMasks(names: readonly BackendName[], settings: MaskSettings, spoil: boolean): Promise<MaskResult[] | null> {
    const mine = ++this.#drawing;
    const stillWanted = async (): Promise<boolean> => {
      await new Promise((resolve) => setTimeout(resolve)); // lets what was asked meanwhile come in
      return mine === this.#drawing;
    };
    const results = await drawMasks(this.#backends, names, settings, spoil, stillWanted);
    if (results === null) return null;
    const drawn = results.flatMap((result) => (result.failure === undefined ? [result.mask, result.output] : []));
    return transfer(
      results,
      drawn.map(({ levels }) => levels.buffer),
    );
  }

  runLayers(name: BackendName, settings: LayerSettings) {
    return runLayers(this.#backends, name, settings);
  }

  measureSpeed(largest: number, report: (point: SpeedPoint, done: number, total: number) => unknown): Promise<void> {
    return measureSpeed(this.#backends, largest, report);
  }

  prove(settings: ModelSettings, steps: number, report: (backend: BackendName, losses: readonly number[]) => unknown): Promise<void> {
    return prove(this.#backends, settings, steps, report);
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
