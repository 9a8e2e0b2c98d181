import { button, h, messageOf } from "./h";

interface JobOptions {
  /** On the button that starts it. */
  readonly label: string;
  readonly primary?: boolean;
  /** What the progress bar counts, for those who do not see it. */
  readonly counts: string;
  /** The status before the first start. */
  readonly idle?: string;
  /** Further buttons, in the same row. */
  readonly beside?: readonly HTMLElement[];
  /**
   * Does it, and resolves to how it went: one sentence. When `signal` aborts it must come to its end at once; what is reported after that is not
   * shown.
   */
  work(signal: AbortSignal, report: (share: number, text: string) => void): Promise<string>;
}

/** Long work on the page: a button that starts it, one that cancels it, how far it is, and how it went. */
export function job({ label, primary, counts, idle = "", beside = [], work }: JobOptions): {
  readonly actions: HTMLElement;
  readonly status: HTMLElement;
} {
  let controller = new AbortController();
  const run = button(label, () => void start(), primary === true ? { class: "primary" } : {});
  const cancel = button("Cancel", () => controller.abort(), { hidden: true });
  const progress = h("progress", { "aria-label": counts, max: 1, value: 0, hidden: true });
  const status = h("p", { class: "summary", role: "status" }, idle);

  const tell = (text: string, kind = ""): void => {
    status.setAttribute("aria-live", "polite");
    status.className = `summary ${kind}`;
    status.textContent = text;
  };

  const start = async (): Promise<void> => {
    controller = new AbortController();
    const { signal } = controller;
    cancel.hidden = progress.hidden = false;
    if (document.activeElement === run) cancel.focus(); // a button that is disabled or hidden would lose the keyboard's place
    run.disabled = true;
    progress.value = 0;
    tell("starting …");
    status.setAttribute("aria-live", "off"); // progress would be read aloud without an end
    try {
      const outcome = await work(signal, (share, text) => {
        if (signal.aborted) return;
        progress.value = share;
        status.textContent = text;
      });
      tell(outcome);
    } catch (error) {
      tell(messageOf(error), "bad");
    } finally {
      run.disabled = false;
      if (document.activeElement === cancel) run.focus();
      cancel.hidden = progress.hidden = true;
    }
  };

  return { actions: h("div", { class: "actions" }, run, cancel, ...beside, progress), status };
}
