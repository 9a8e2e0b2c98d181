import { h } from "../../dom/h";
import { cssColour, paint, scale } from "../../dom/picture";
import { GRID } from "../../lab/model";
import { PLANE, type Points } from "../../lab/moons";

/** Pixels of the picture's own resolution along each side; the style sheet scales it. */
const SIDE = 480;

/** A picture of the plane with points on it. */
export class PlanePicture {
  readonly element: HTMLElement;
  readonly #canvas = h("canvas", { role: "img", width: SIDE, height: SIDE });
  readonly #caption = h("figcaption");
  readonly #title: string;

  constructor(title: string) {
    this.#title = title;
    this.#caption.textContent = title;
    this.element = h("figure", { class: "plane" }, this.#canvas, this.#caption);
  }

  /** Probabilities of class 1 over the plane, from one class's colour to the other's. */
  showBoundary(probabilities: Float32Array, points: Points, text: string): void {
    const colourOf = scale(cssColour("--class-0-soft"), cssColour("--surface"), cssColour("--class-1-soft"));
    this.#draw(probabilities, (value) => colourOf(2 * value - 1), points);
    this.#describe(text);
  }

  /** Deviations over the plane, from 0 to the largest. */
  showUncertainty(deviations: Float32Array, points: Points, text: string): void {
    const surface = cssColour("--surface");
    const largest = deviations.reduce((most, value) => Math.max(most, value), 1e-6);
    const colourOf = scale(surface, surface, cssColour("--heat"));
    this.#draw(deviations, (value) => colourOf(value / largest), points);
    this.#describe(text);
  }

  #describe(text: string): void {
    this.#caption.replaceChildren(h("strong", {}, this.#title), ` ${text}`);
    this.#canvas.setAttribute("aria-label", `${this.#title}: ${text}`);
  }

  #draw(values: Float32Array, colourOf: (value: number) => readonly [number, number, number], points: Points): void {
    const small = document.createElement("canvas");
    paint(small, values, [GRID, GRID], colourOf);
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    context.imageSmoothingEnabled = true;
    context.drawImage(small, 0, 0, SIDE, SIDE);
    const style = getComputedStyle(document.documentElement);
    const colours = [style.getPropertyValue("--class-0"), style.getPropertyValue("--class-1")];
    context.lineWidth = 1.5;
    context.strokeStyle = style.getPropertyValue("--surface");
    for (let i = 0; i < points.count; i++) {
      const x = (SIDE * ((points.inputs[2 * i] as number) - PLANE.minX)) / (PLANE.maxX - PLANE.minX);
      const y = (SIDE * (PLANE.maxY - (points.inputs[2 * i + 1] as number))) / (PLANE.maxY - PLANE.minY);
      context.fillStyle = colours[points.targets[i] as number] ?? "";
      context.beginPath();
      // Shapes, too, since not everybody tells the colours apart.
      if (points.targets[i] === 0) context.arc(x, y, 5.5, 0, 2 * Math.PI);
      else context.rect(x - 5, y - 5, 10, 10);
      context.fill();
      context.stroke();
    }
  }
}
