import { h } from "../../dom/h";
import { broadcast, cssColour, paint, scale } from "../../dom/picture";
import type { BackendName } from "../../lab/backends";
import type { DrawnMask, MaskSettings } from "../../lab/masks";
import { BACKEND_LABELS } from "../../shell/device";
import type { Verdict } from "./verdict";

/** What one backend drew: mask, output, fingerprint, verdict. */
export class BackendCard {
  readonly element: HTMLElement;
  readonly #mask = h("canvas", { role: "img", class: "pixels" });
  readonly #output = h("canvas", { role: "img", class: "pixels" });
  readonly #facts = h("p", { class: "hint" });
  readonly #fingerprint = h("code", { class: "fingerprint" });
  readonly #verdict = h("p", { class: "verdict" });
  readonly #body: HTMLElement;
  #last: { settings: MaskSettings; drawn: DrawnMask } | null = null;

  constructor(readonly name: BackendName) {
    this.#body = h(
      "div",
      {},
      h(
        "figure",
        {},
        this.#mask,
        h("figcaption", {}, "mask: ", h("span", { class: "swatch kept" }), " kept ", h("span", { class: "swatch dropped" }), " dropped"),
      ),
      h(
        "figure",
        {},
        this.#output,
        h(
          "figcaption",
          {},
          "output: ",
          h("span", { class: "swatch low" }),
          " below 0 ",
          h("span", { class: "swatch zero" }),
          " 0 ",
          h("span", { class: "swatch high" }),
          " above",
        ),
      ),
      this.#facts,
      h("p", { class: "label" }, "SHA-256 of the mask"),
      this.#fingerprint,
    );
    this.element = h(
      "article",
      { class: "card", "data-backend": name, "aria-label": BACKEND_LABELS[name] },
      h("h3", {}, BACKEND_LABELS[name]),
      this.#verdict,
      this.#body,
    );
    this.#body.hidden = true;
  }

  /** Shows a result. `verdict` is null for the reference itself. */
  show(settings: MaskSettings, drawn: DrawnMask, verdict: Verdict | null): void {
    this.#last = { settings, drawn };
    this.#body.hidden = false;
    const kept = drawn.mask.reduce((sum, bit) => sum + bit, 0);
    const share = drawn.mask.length === 0 ? 0 : (100 * kept) / drawn.mask.length;
    const what = `${kept.toLocaleString("en")} of ${drawn.mask.length.toLocaleString("en")} kept (${share.toFixed(1)}%)`;
    const shared = drawn.mask.length === drawn.output.length ? "" : `, mask shape [${drawn.maskShape.join(", ")}]`;
    this.#mask.setAttribute("aria-label", `Mask by ${BACKEND_LABELS[this.name]}: ${what}`);
    this.#output.setAttribute("aria-label", `Output by ${BACKEND_LABELS[this.name]}`);
    this.#fingerprint.textContent = drawn.sha256 ?? "needs a page served over https or from localhost";
    const complete = this.paint();
    this.#facts.textContent = `${what}${shared}.${complete ? "" : " The picture shows the first part."}`;
    this.#verdict.className = `verdict ${verdict === null ? "" : verdict.mask === null ? "good" : "bad"}`;
    this.#verdict.textContent = sentence(verdict);
  }

  /** Shows why there is no result. */
  fail(message: string): void {
    this.#last = null;
    this.#body.hidden = true;
    this.#verdict.className = "verdict missing";
    this.#verdict.textContent = message;
  }

  /** Paints again, in the colours of the theme. False when the picture is cut off. */
  paint(): boolean {
    if (this.#last === null) return true;
    const { settings, drawn } = this.#last;
    const [kept, dropped] = [cssColour("--mask-kept"), cssColour("--mask-dropped")];
    const mask = broadcast(drawn.mask, drawn.maskShape, settings.shape);
    const { complete } = paint(this.#mask, mask, settings.shape, (bit) => (bit === 1 ? kept : dropped));
    // The output's own range, so that a scale of 1 / (1 - p) does not wash it out.
    const largest = drawn.output.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const colourOf = scale(cssColour("--map-low"), cssColour("--map-zero"), cssColour("--map-high"));
    paint(this.#output, drawn.output, settings.shape, (value) => colourOf(value / largest));
    return complete;
  }
}

// --- internal helpers ---

function sentence(verdict: Verdict | null): string {
  if (verdict === null) return "what the others are compared with";
  if (verdict.mask !== null) return `mask differs, first at index ${verdict.mask.toLocaleString("en")}`;
  if (verdict.output === null) return "identical: mask and output, bit for bit";
  return `mask identical; outputs differ by at most ${verdict.largest.toExponential(1)}, first at index ${verdict.output.toLocaleString("en")}`;
}
