import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import { onThemeChange, themeColour } from "../shell/theme";
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
  readonly formatX?: (value: number) => string;
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

const POWERS_OF_TEN = (_plot: uPlot, splits: readonly number[]): (number | null)[] =>
  splits.map((split) => (Number.isInteger(Math.log10(split)) ? split : null));

/** Steps between marks of an axis of whole numbers. */
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

function plotOptions(options: ChartOptions, width: number): uPlot.Options {
  const { lines, xLabel, yLabel, height = 220, logarithmic = false, formatX } = options;
  const axis = (label: string, format?: (value: number) => string): uPlot.Axis => ({
    label,
    labelSize: 22,
    labelFont: "12px system-ui, sans-serif",
    font: "11px system-ui, sans-serif",
    stroke: themeColour("--text-quiet"),
    grid: { stroke: themeColour("--line"), width: 1 },
    ticks: { stroke: themeColour("--line"), width: 1, size: 4 },
    ...(format && { values: (_plot: uPlot, splits: number[]) => splits.map((split) => (split === null ? "" : format(split))) }),
  });
  // The value under the pointer; without one, the newest.
  const value =
    (format: (value: number) => string = (y) => String(Number(y.toPrecision(3)))) =>
    (plot: uPlot, raw: number | null, line: number, at: number | null): string => {
      const shown = at === null ? newest(plot.data[line] ?? []) : raw;
      return shown === null || shown === undefined ? "–" : format(shown);
    };
  const [x, y] = [axis(xLabel, formatX), axis(yLabel)];
  return {
    width,
    height,
    legend: { live: true, markers: { dash: (plot, line) => (plot.series[line]?.dash === undefined ? "solid" : "dashed") } },
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: false, ...(logarithmic && { distr: 3, log: 2 }) },
      y: logarithmic ? { distr: 3, log: 10 } : {},
    },
    axes: [
      { ...x, size: 32, ...(!logarithmic && { incrs: WHOLE_STEPS }) },
      { ...y, size: 46, ...(logarithmic && { grid: { ...y.grid, filter: POWERS_OF_TEN }, ticks: { ...y.ticks, filter: POWERS_OF_TEN } }) },
    ],
    series: [
      { label: xLabel, value: value(formatX) },
      ...lines.map(({ label, colour: name, dash, width: lineWidth = 1.75 }) => ({
        label,
        stroke: themeColour(name),
        width: lineWidth,
        value: value(),
        // A line of one point would not be seen.
        points: { show: (_plot: uPlot, _line: number, first: number, last: number) => logarithmic || first === last },
        ...(dash && { dash: [...dash] }),
      })),
    ],
  };
}

/** The last value there is. */
function newest(values: ArrayLike<number | null | undefined>): number | null {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null && values[i] !== undefined) return values[i] as number;
  return null;
}
