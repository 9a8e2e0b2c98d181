import { codeBlock, type Sample } from "../../dom/code";
import { h } from "../../dom/h";
import { COLUMNS, INPUT, type LayerResult, ROWS } from "../../lab/layers";

/** A title, switches, the output as numbers, and the code for it. */
export class ResultCard {
  readonly element: HTMLElement;
  readonly #grid = h("div", { class: "grid", role: "img" });
  readonly #facts = h("p", { class: "facts" });
  readonly #code = codeBlock({ typescript: "", pytorch: "" });
  readonly #title: string;

  constructor(title: string, text: string, switches: readonly HTMLElement[]) {
    this.#title = title;
    this.element = h(
      "article",
      { class: "card aligned", "aria-label": title },
      h("h3", {}, title),
      h("p", {}, text),
      h("div", { class: "switches" }, ...switches),
      this.#grid,
      this.#facts,
      this.#code.element,
    );
  }

  show(result: LayerResult, sample: Sample): void {
    fillGrid(this.#grid, result.values);
    const dropped = result.values.reduce((count, value) => count + Number(value === 0), 0);
    this.#grid.setAttribute("aria-label", `Output of ${this.#title}: ${dropped} of ${result.values.length} elements are 0`);
    const drew = result.nextCall === "0" ? "No random number was drawn." : `Masks drawn so far: ${result.nextCall}.`;
    this.#facts.textContent = result.returnedInput
      ? `Returned x itself, not a copy. ${drew}`
      : `${dropped} of ${result.values.length} dropped, the others scaled. ${drew}`;
    this.#code.show(sample);
  }
}

/** The input, shown the same way. */
export function inputGrid(): HTMLElement {
  const grid = h("div", { class: "grid", role: "img", "aria-label": `The input: the numbers 1 to ${INPUT.length}` });
  fillGrid(grid, INPUT);
  return grid;
}

// --- internal helpers ---

function fillGrid(grid: HTMLElement, values: Float32Array): void {
  grid.style.setProperty("--columns", String(COLUMNS));
  grid.replaceChildren(
    ...Array.from({ length: ROWS * COLUMNS }, (_, i) => {
      const value = values[i] as number;
      return h(
        "span",
        { class: value === 0 ? "cell zero" : value === INPUT[i] ? "cell" : "cell scaled" },
        String(Number(value.toPrecision(3))),
      );
    }),
  );
}
