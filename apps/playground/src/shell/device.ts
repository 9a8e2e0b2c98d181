import { proxy } from "comlink";
import { button, h, messageOf } from "../dom/h";
import type { BackendName, BackendReport } from "../lab/backends";
import { type RemoteLab, startLab } from "../lab/connect";

/** How backends are called on the page. */
export const BACKEND_LABELS: Readonly<Record<BackendName, string>> = { cpu: "reference", wasm: "wasm", webgpu: "webgpu" };

/** The colour of each backend in charts, by its name in the style sheet. */
export const BACKEND_COLOURS: Readonly<Record<BackendName, string>> = {
  cpu: "--series-cpu",
  wasm: "--series-wasm",
  webgpu: "--series-webgpu",
};

/** What this device offers, the workers of the panels, and what happens when the GPU goes away. */
export class Device {
  /** The row of backends, with reasons where one is missing, and the message about a lost device. */
  readonly element = h("section", { class: "device", "aria-label": "This device" });
  readonly #list = h("ul", { class: "backends" }, h("li", {}, "looking for backends …"));
  readonly #banner = h("div", { role: "alert" });
  readonly #lose = button("Simulate a lost GPU device", () => this.loseGpu(), { disabled: true });
  readonly #labs: RemoteLab[] = [];
  readonly #lost = new Set<RemoteLab>();
  readonly #reopened = new Set<() => void>();
  #reports: Promise<BackendReport[]> | null = null;

  constructor() {
    const isolation = globalThis.crossOriginIsolated
      ? "This page is cross-origin isolated: wasm may share memory between threads."
      : "This page is not cross-origin isolated: wasm runs on one thread. Everything else works.";
    this.element.append(
      this.#list,
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
    const lab = startLab();
    this.#labs.push(lab);
    void lab.onGpuLost(proxy((reason: string) => this.#showLost(lab, reason)));
    return lab;
  }

  /** What there is, once it is known. The worker that is asked first opens all of it. */
  reports(lab: RemoteLab): Promise<BackendReport[]> {
    this.#reports ??= lab.survey().then((reports) => {
      this.#show(reports);
      return reports;
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
      ...reports.map(({ name, available, device, threads, note }) =>
        h(
          "li",
          { class: available ? "there" : "missing", "data-backend": name },
          h("strong", {}, BACKEND_LABELS[name]),
          " ",
          h("span", {}, available ? `${device}${threads > 1 ? `, ${threads} threads` : ""}` : "not available"),
          note !== null && h("p", { class: "hint" }, note),
        ),
      ),
    );
    this.#lose.disabled = !reports.some(({ name, available }) => name === "webgpu" && available);
  }

  #showLost(lab: RemoteLab, reason: string): void {
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
  }
}
