import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import { onThemeChange } from "../shell/theme";
import { h } from "./h";

/** One line of a chart. `colour` names a property of the style sheet. */
export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly dash?: readonly number[];
  readonly width?: number;
}

interface ChartOptions {
  /** Says what the chart shows, for those who do not see it. */
  readonly label: string;
  readonly lines: readonly Line[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly height?: number;
  /** Logarithmic axes; x then counts in powers of 2. */
  readonly logarithmic?: boolean;
  /** Fixed ends of y. Default: what the data needs. */
  readonly yRange?: readonly [number, number];
  readonly formatX?: (value: number) => string;
  readonly formatY?: (value: number) => string;
}

/** x, then one array for each line; null where a line has no value. */
export type ChartData = readonly (readonly (number | null)[])[];

/** A chart that follows the width of its place and the colours of the theme. */
export interface Chart {
  readonly element: HTMLElement;
  show(data: ChartData): void;
}

/** Makes a line chart. It draws once it is part of the page and has a width. */
export function chart(options: ChartOptions): Chart {
  const element = h("div", { class: "chart", role: "img", "aria-label": options.label });
  let data: ChartData = [[], ...options.lines.map(() => [])];
  let plot: uPlot | null = null;

  const draw = (): void => {
    plot?.destroy();
    plot = null;
    if (element.clientWidth > 0) plot = new uPlot(plotOptions(options, element.clientWidth), data as unknown as uPlot.AlignedData, element);
  };
  new ResizeObserver(() => {
    if (element.clientWidth === 0) return;
    if (plot === null) draw();
    else if (plot.width !== element.clientWidth) plot.setSize({ width: element.clientWidth, height: options.height ?? 220 });
  }).observe(element);
  onThemeChange(draw);

  return {
    element,
    show(next) {
      data = next;
      plot?.setData(data as unknown as uPlot.AlignedData);
    },
  };
}

// --- internal helpers ---

function plotOptions(options: ChartOptions, width: number): uPlot.Options {
  const { lines, xLabel, yLabel, height = 220, logarithmic = false, yRange, formatX, formatY } = options;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = (label: string, format: ((value: number) => string) | undefined): uPlot.Axis => ({
    label,
    labelSize: 22,
    labelFont: "12px system-ui, sans-serif",
    font: "11px system-ui, sans-serif",
    stroke: colour("--text-quiet"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1, size: 4 },
    ...(format && { values: (_plot: uPlot, splits: number[]) => splits.map((split) => (split === null ? "" : format(split))) }),
  });
  const value = (format: ((value: number) => string) | undefined) => (_plot: uPlot, raw: number | null) =>
    raw === null || raw === undefined ? "–" : (format?.(raw) ?? String(Number(raw.toPrecision(4))));
  return {
    width,
    height,
    legend: { live: true },
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: false, ...(logarithmic && { distr: 3, log: 2 }) },
      y: { ...(logarithmic && { distr: 3, log: 10 }), ...(yRange && { range: [yRange[0], yRange[1]] as uPlot.Range.MinMax }) },
    },
    axes: [
      { ...axis(xLabel, formatX), size: 32 },
      { ...axis(yLabel, formatY), size: 46 },
    ],
    series: [
      { label: xLabel, value: value(formatX) },
      ...lines.map(({ label, colour: name, dash, width: lineWidth = 1.75 }) => ({
        label,
        stroke: colour(name),
        width: lineWidth,
        value: value(formatY),
        points: { show: logarithmic },
        ...(dash && { dash: [...dash] }),
      })),
    ],
  };
}
