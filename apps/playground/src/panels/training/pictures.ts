import { h } from "../../dom/h";
import { type Palette, paint, palette } from "../../dom/picture";
import { GRID } from "../../lab/model";
import { PLANE, type Points } from "../../lab/moons";
import { pictureOf } from "../../lab/picture";
import { themeColour } from "../../shell/theme";

/** The picture's own resolution; the style sheet scales it. */
const WIDTH = 640;
const HEIGHT = (WIDTH * (PLANE.maxY - PLANE.minY)) / (PLANE.maxX - PLANE.minX);

/** A picture of the plane with points on it. */
export class PlanePicture {
  readonly element: HTMLElement;
  readonly #canvas = h("canvas", { role: "img", width: WIDTH, height: HEIGHT });
  readonly #caption = h("figcaption");
  readonly #title: string;

  constructor(title: string) {
    this.#title = title;
    this.#caption.textContent = title;
    this.element = h("figure", { class: "plane" }, this.#canvas, this.#caption);
  }

  /** Probabilities of class 1 over the plane, from one class's colour to the other's. */
  showBoundary(probabilities: Float32Array, points: Points, text: string): void {
    this.#draw(probabilities, 1, palette("--class-0-soft", "--surface", "--class-1-soft"), points);
    this.#describe(text);
  }

  /** Deviations over the plane, from 0 to the largest. */
  showUncertainty(deviations: Float32Array, points: Points, text: string): void {
    const largest = deviations.reduce((most, value) => Math.max(most, value), 1e-6);
    this.#draw(deviations, largest, palette("--surface", "--heat"), points);
    this.#describe(text);
  }

  #describe(text: string): void {
    this.#caption.replaceChildren(h("strong", {}, this.#title), ` ${text}`);
    this.#canvas.setAttribute("aria-label", `${this.#title}: ${text}`);
  }

  /** Values from 0 to `largest`, and points on them. */
  #draw(values: Float32Array, largest: number, colours: Palette, points: Points): void {
    const small = document.createElement("canvas");
    paint(
      small,
      pictureOf(values, GRID, (value) => 1 + Math.round((254 * value) / largest)),
      colours,
    );
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    context.imageSmoothingEnabled = true;
    context.drawImage(small, 0, 0, WIDTH, HEIGHT);
    const classes = [themeColour("--class-0"), themeColour("--class-1")];
    context.lineWidth = 1.5;
    context.strokeStyle = themeColour("--surface");
    for (let i = 0; i < points.count; i++) {
      const x = (WIDTH * ((points.inputs[2 * i] as number) - PLANE.minX)) / (PLANE.maxX - PLANE.minX);
      const y = (HEIGHT * (PLANE.maxY - (points.inputs[2 * i + 1] as number))) / (PLANE.maxY - PLANE.minY);
      context.fillStyle = classes[points.targets[i] as number] ?? "";
      context.beginPath();
      // Shapes, too, since not everybody tells the colours apart.
      if (points.targets[i] === 0) context.arc(x, y, 5.5, 0, 2 * Math.PI);
      else context.rect(x - 5, y - 5, 10, 10);
      context.fill();
      context.stroke();
    }
  }
}
