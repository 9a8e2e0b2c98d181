import { h } from "../../dom/h";
import { type Palette, paint } from "../../dom/picture";
import type { BackendName } from "../../lab/backends";
import type { DrawnMask } from "../../lab/masks";
import type { Picture } from "../../lab/picture";
import { sizeOf } from "../../lab/picture";
import type { Verdict } from "../../lab/verdict";
import { BACKEND_LABELS } from "../../shell/device";

/** The colours of the two pictures. */
export interface MaskPalettes {
  readonly mask: Palette;
  readonly output: Palette;
}

/** Wider pictures are as wide as their place at least, or shrunk into it. */
const ENLARGED_BELOW = 320;

/** What one backend drew: mask, output, fingerprint, verdict. */
export class BackendCard {
  readonly element: HTMLElement;
  readonly #mask = h("canvas", { role: "img" });
  readonly #output = h("canvas", { role: "img" });
  readonly #facts = h("p", { class: "hint" });
  readonly #fingerprint = h("code", { class: "fingerprint" });
  readonly #verdict = h("p", { class: "verdict" });
  readonly #body: HTMLElement;
  #last: DrawnMask | null = null;

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

  show(drawn: DrawnMask, palettes: MaskPalettes): void {
    const { maskShape, kept, sha256, verdict } = drawn;
    this.#last = drawn;
    this.#body.hidden = false;
    const size = sizeOf(maskShape);
    const what = `${kept.toLocaleString("en")} of ${size.toLocaleString("en")} kept (${((100 * kept) / size).toFixed(1)}%)`;
    this.#mask.setAttribute("aria-label", `Mask by ${BACKEND_LABELS[this.name]}: ${what}`);
    this.#output.setAttribute("aria-label", `Output by ${BACKEND_LABELS[this.name]}`);
    this.#facts.textContent = `${what}, mask shape [${maskShape.join(", ")}]`;
    this.#fingerprint.textContent = sha256 ?? "needs a page served over https or from localhost";
    this.#verdict.className = `verdict ${verdict === null ? "" : verdict.mask === null ? "good" : "bad"}`;
    this.#verdict.textContent = this.name === "cpu" ? "what the others are compared with" : sentence(verdict, maskShape);
    this.paint(palettes);
  }

  /** Shows why there is no result. */
  fail(message: string): void {
    this.#last = null;
    this.#body.hidden = true;
    this.#verdict.className = "verdict missing";
    this.#verdict.textContent = message;
  }

  /** Paints what was shown, perhaps in other colours than before. */
  paint(palettes: MaskPalettes): void {
    if (this.#last === null) return;
    paintPixels(this.#mask, this.#last.mask, palettes.mask);
    paintPixels(this.#output, this.#last.output, palettes.output);
  }
}

// --- internal helpers ---

function paintPixels(canvas: HTMLCanvasElement, picture: Picture, colours: Palette): void {
  paint(canvas, picture, colours);
  canvas.className = picture.width <= ENLARGED_BELOW ? "pixels sharp" : "pixels";
  canvas.style.setProperty("--ratio", String(picture.width / picture.height));
}

function sentence(verdict: Verdict | null, maskShape: readonly number[]): string {
  if (verdict === null) return "the reference has no result to compare with";
  if (verdict.mask !== null) return `mask differs, first at index ${verdict.mask.toLocaleString("en")}, ${place(verdict.mask, maskShape)}`;
  if (verdict.output === null) return "identical: mask and output, bit for bit";
  return `mask identical; outputs differ by at most ${verdict.largest.toExponential(1)}, first at index ${verdict.output.toLocaleString("en")}`;
}

/** Where an element lies: its index in each dimension. */
function place(index: number, shape: readonly number[]): string {
  let rest = index;
  const indices = [...shape].reverse().map((length) => {
    const at = rest % length;
    rest = Math.floor(rest / length);
    return at;
  });
  return `[${indices.reverse().join(", ")}]`;
}
