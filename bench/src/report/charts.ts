/** The drawings, as SVG text. Observable Plot draws them here, into a document of linkedom, so that the page needs no script. */
import { axisX, axisY, barX, dot, gridX, gridY, lineY, type MarkerName, type PlotOptions, plot, text } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { MemoryResult } from "../memory/memory";
import { formatSize } from "../task";
import { digits } from "./numbers";
import type { Figure } from "./result";

/** Colours that the style sheet has, as `--s0` and so on. */
const COLOURS = 12;

/** Drawn at about the width of a phone, so that letters stay readable there. */
const WIDTH = 440;
const FONT = "12.5px";

/** Above this, largest to smallest, bars give way to dots. */
const WIDE_RANGE = 30;

/** Time per element over the number of elements, both logarithmic, with the copy as a dashed line. */
export function lines(figures: readonly Figure[], names: readonly string[]): string {
  const points = figures.map(({ competitor, elements, value, wide, spread }) => ({
    competitor,
    elements: elements as number,
    value,
    title: `${competitor}, ${formatSize(elements as number)} elements: ${digits(value)} ns/element, spread ${Math.round(100 * spread)}%${wide ? " ~" : ""}`,
  }));
  const copies = copyLine(figures);
  const sizes = [...new Set(points.map(({ elements }) => elements))].sort((a, b) => a - b);
  return draw({
    height: 330,
    marginLeft: 46,
    marginRight: 16,
    marginTop: 26,
    marginBottom: 44,
    x: { type: "log", label: "elements" },
    y: { type: "log", label: "ns per element" },
    color: colours(names),
    marks: [
      gridY(powersOfTen([...points, ...copies].map(({ value }) => value)), { stroke: "var(--rule)", strokeOpacity: 1 }),
      // A logarithmic axis writes labels at powers of its base only; these belong at every size.
      axisX(sizes, { tickFormat: () => "", labelOffset: 38 }),
      text(sizes, { x: (size: number) => size, text: formatSize, frameAnchor: "bottom", dy: 20 }),
      axisY(powersOfTen([...points, ...copies].map(({ value }) => value)), { tickFormat: String }),
      lineY(copies, { x: "elements", y: "value", stroke: "var(--faint)", strokeDasharray: "5 4", strokeWidth: 2 }),
      lineY(points, {
        x: "elements",
        y: "value",
        stroke: "competitor",
        strokeWidth: 2,
        marker: "dot" satisfies MarkerName,
        title: "title",
      }),
    ],
  });
}

/** One bar for each competitor, one panel for each size. */
export function bars(figures: readonly Figure[], names: readonly string[], label: string): string {
  const rows = figures.map(({ competitor, op, size, value, wide }) => ({
    competitor,
    size: op === "latency" ? `${size} elements` : size,
    value,
    label: `${digits(value)}${wide ? " ~" : ""}`,
  }));
  return horizontal(rows, names, label);
}

/** Two bars for each backend: with a sum, and with a gradient that the caller holds. */
export function memoryBars(results: readonly MemoryResult[], names: readonly string[]): string {
  const rows = results.flatMap(({ competitor, size, sum, gradient }) => [
    { competitor, size: `sum().backward(), ${size} elements`, value: sum, label: sum.toFixed(2) },
    { competitor, size: `backward(gradient), ${size} elements`, value: gradient, label: gradient.toFixed(2) },
  ]);
  return horizontal(rows, names, "tensors of the size of x, less is better");
}

/** The colours of the competitors in these figures, and the dashed line. */
export function legend(figures: readonly Figure[], names: readonly string[]): string {
  const present = names.filter((name) => figures.some(({ competitor }) => competitor === name));
  const items = present.map((name) => `<span><i style="background:${colour(names.indexOf(name))}"></i>${name}</span>`);
  return `<div class="legend">${items.join("")}<span><i class="dashed"></i>copy</span></div>`;
}

// --- internal helpers ---

interface Bar {
  readonly competitor: string;
  readonly size: string;
  readonly value: number;
  readonly label: string;
}

function horizontal(rows: readonly Bar[], names: readonly string[], label: string, lessIsBetter = label.includes("less")): string {
  const present = names.filter((name) => rows.some(({ competitor }) => competitor === name));
  const longest = Math.max(...present.map((name) => name.length));
  const [least, most] = [Math.min(...rows.map(({ value }) => value)), Math.max(...rows.map(({ value }) => value))];
  // Bars must begin at 0; where that would leave most of them without length, dots on a logarithmic axis take their place.
  const isWide = lessIsBetter && most > WIDE_RANGE * least;
  const drawings = [...new Set(rows.map(({ size }) => size))].map((size, panel, sizes) => {
    const own = rows.filter((row) => row.size === size);
    // The last panel has the axis of all.
    const isLast = panel === sizes.length - 1;
    const bottom = isLast ? 42 : 8;
    return draw({
      height: 24 * present.length + 26 + bottom,
      marginLeft: 16 + 7.4 * longest,
      marginRight: 62,
      marginTop: 26,
      marginBottom: bottom,
      x: {
        label: null,
        axis: isLast ? "bottom" : null,
        tickFormat: (value: number) => value.toLocaleString("en-US"),
        ...(isWide ? { type: "log", domain: [least / 1.5, most], ticks: powersOfTen([least, most]) } : { domain: [0, most], ticks: 4 }),
      },
      y: { domain: present, label: null, padding: 0.25 },
      color: colours(names),
      marks: [
        gridX({ ticks: isWide ? powersOfTen([least, most]) : 4, stroke: "var(--rule)", strokeOpacity: 1 }),
        isWide
          ? dot(own, { x: "value", y: "competitor", fill: "competitor", r: 5 })
          : barX(own, { x: "value", y: "competitor", fill: "competitor", rx: 2 }),
        text(own, { x: "value", y: "competitor", text: "label", textAnchor: "start", dx: isWide ? 10 : 6 }),
        text([size], { frameAnchor: "top-left", dy: -20, fontWeight: "bold" }),
        ...(isLast ? [text([label], { frameAnchor: "bottom-right", dy: 38, fill: "var(--faint)" })] : []),
      ],
    });
  });
  return drawings.join("");
}

/** The median copy for each number of elements, per element. */
function copyLine(figures: readonly Figure[]): { elements: number; value: number }[] {
  const sizes = [...new Set(figures.map(({ elements }) => elements as number))].sort((a, b) => a - b);
  return sizes.map((elements) => {
    // The fastest of the copies that stand beside each competitor: the limit of this machine.
    const copies = figures.filter((figure) => figure.elements === elements).map(({ copy }) => copy / elements);
    return { elements, value: Math.min(...copies) };
  });
}

/** The powers of ten within the range of these values. */
function powersOfTen(values: readonly number[]): number[] {
  const [first, last] = [Math.ceil(Math.log10(Math.min(...values))), Math.floor(Math.log10(Math.max(...values)))];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(`1e${first + i}`));
}

function colours(names: readonly string[]): PlotOptions["color"] {
  return { domain: [...names], range: names.map((_, i) => colour(i)) };
}

function colour(i: number): string {
  return `var(--s${i % COLOURS})`;
}

function draw(options: PlotOptions): string {
  const { document } = parseHTML("<html><body></body></html>");
  const style = { fontSize: FONT, overflow: "visible" };
  return plot({ document, width: WIDTH, style, ...options } as PlotOptions).outerHTML;
}
