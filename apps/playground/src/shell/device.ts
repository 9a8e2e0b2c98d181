import { proxy } from "comlink";
import { button, h, messageOf } from "../dom/h";
import type { BackendName, BackendReport } from "../lab/backends";
import { type LabWorker, type RemoteLab, startLab } from "../lab/connect";

/** How backends are called on the page. */
export const BACKEND_LABELS: Readonly<Record<BackendName, string>> = { cpu: "reference", wasm: "wasm", webgpu: "webgpu" };

/** The colour of each backend in charts, by its name in the style sheet. */
export const BACKEND_COLOURS: Readonly<Record<BackendName, string>> = {
  cpu: "--series-cpu",
  wasm: "--series-wasm",
  webgpu: "--series-webgpu",
};

const NEVER = new AbortController().signal;

/** What this device offers, the workers of the panels, and what happens when the GPU goes away. */
export class Device {
  /** The row of backends, with reasons where one is missing, and the message about a lost device. */
  readonly element = h("section", { class: "device", "aria-label": "This device" });
  readonly #list = h("ul", { class: "backends" }, h("li", { class: "pending" }, "looking for backends …"));
  readonly #notes = h("ul", { class: "notes" });
  readonly #banner = h("div", { role: "alert" });
  readonly #lose = button("Simulate a lost GPU device", () => this.loseGpu(), { disabled: true });
  readonly #labs = new Set<RemoteLab>();
  readonly #lost = new Set<RemoteLab>();
  readonly #reopened = new Set<() => void>();
  #reports: Promise<BackendReport[]> | null = null;

  constructor() {
    const isolation = globalThis.crossOriginIsolated
      ? "This page is cross-origin isolated: wasm may share memory between threads."
      : "This page is not cross-origin isolated: wasm runs on one thread. Everything else works.";
    this.element.append(
      this.#list,
      this.#notes,
      this.#banner,
      h(
        "details",
        {},
        h("summary", {}, "About this device"),
        h("p", {}, isolation),
        h("p", {}, "A GPU device can be lost at any time: a driver restarts, a laptop wakes up. See what this page does then:"),
        this.#lose,
      ),
    );
  }

  /** A worker for a panel. */
  startLab(): RemoteLab {
    return this.#start().lab;
  }

  /**
   * Gives `work` a worker of its own, which ends with it. When `signal` aborts, the worker ends at once, whatever it is at, and the result is null.
   */
  async inWorker<T>(signal: AbortSignal, work: (lab: RemoteLab) => Promise<T>): Promise<T | null> {
    const { lab, end } = this.#start();
    const aborted = new Promise<null>((resolve) => signal.addEventListener("abort", () => resolve(null)));
    try {
      return await Promise.race([work(lab), aborted]);
    } finally {
      end();
      this.#labs.delete(lab);
      this.#lost.delete(lab);
    }
  }

  #start(): LabWorker {
    const worker = startLab(() => this.#showBroken());
    const { lab } = worker;
    this.#labs.add(lab);
    void lab.onGpuLost(proxy((reason: string) => this.#showLost(lab, reason)));
    return worker;
  }

  /** What there is, once it is known. The worker that is named first opens all of it; without a name, one that ends after that. */
  reports(lab?: RemoteLab): Promise<BackendReport[]> {
    const survey = (worker: RemoteLab): Promise<BackendReport[]> => worker.survey();
    this.#reports ??= (lab === undefined ? this.inWorker(NEVER, survey) : survey(lab)).then((reports) => {
      this.#show(reports ?? []);
      return reports ?? [];
    });
    return this.#reports;
  }

  /** Calls `again` when a new GPU device is there after a loss. */
  onReopened(again: () => void): void {
    this.#reopened.add(again);
  }

  /** Ends the GPU device of every worker. */
  loseGpu(): void {
    for (const lab of this.#labs) void lab.loseGpu();
  }

  #show(reports: readonly BackendReport[]): void {
    this.#list.replaceChildren(
      ...reports.map(({ name, available, device, threads }) =>
        h(
          "li",
          { class: available ? "there" : "missing", "data-backend": name },
          h("strong", {}, BACKEND_LABELS[name]),
          " ",
          h("span", {}, available ? `${device}${threads > 1 ? `, ${threads} threads` : ""}` : "not available"),
        ),
      ),
    );
    const notes = reports.flatMap(({ name, note }) => (note === null ? [] : [[name, note] as const]));
    this.#notes.replaceChildren(...notes.map(([name, note]) => h("li", { "data-backend": name }, withName(name, note))));
    this.#lose.disabled = !reports.some(({ name, available }) => name === "webgpu" && available);
  }

  #showBroken(): void {
    const text = "A script of this page could not be loaded, or it failed: what it would compute is missing. ";
    this.#banner.replaceChildren(
      h(
        "div",
        { class: "banner" },
        h("p", {}, text),
        button("Load the page again", () => location.reload(), { class: "primary" }),
      ),
    );
  }

  #showLost(lab: RemoteLab, reason: string): void {
    if (!this.#labs.has(lab)) return; // it has ended meanwhile
    this.#lost.add(lab);
    this.#markGpu(false);
    const outcome = h("span", { role: "status" });
    const reopen = button(
      "Open the GPU again",
      () => {
        reopen.disabled = true;
        outcome.textContent = " opening …";
        void this.#reopen().then(
          () => this.#banner.replaceChildren(),
          (error: unknown) => {
            reopen.disabled = false;
            outcome.textContent = ` That did not work: ${messageOf(error)}`;
          },
        );
      },
      { class: "primary" },
    );
    const text = `The GPU device was lost: ${reason.replace(/\.? \(/, " (")}. Everything on it is gone; the other backends go on. `;
    this.#banner.replaceChildren(h("div", { class: "banner" }, h("p", {}, text), reopen, outcome));
  }

  async #reopen(): Promise<void> {
    for (const lab of [...this.#lost]) {
      const report = await lab.reopenGpu();
      if (!report.available) throw new Error(report.note ?? "no reason given");
      this.#lost.delete(lab);
    }
    this.#markGpu(true);
    for (const again of this.#reopened) again();
  }

  #markGpu(there: boolean): void {
    const entry = this.#list.querySelector('[data-backend="webgpu"]');
    if (entry !== null) entry.className = there ? "there" : "missing";
    this.#lose.disabled = !there;
  }
}

// --- internal helpers ---

/** Messages of core begin with the backend's name already. */
function withName(name: BackendName, note: string): string {
  return note.startsWith(`${name}:`) ? note : `${BACKEND_LABELS[name]}: ${note}`;
}
