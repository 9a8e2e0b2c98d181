import { proxy } from "comlink";
import { type Chart, chart } from "../../dom/chart";
import { codeBlock } from "../../dom/code";
import { selectField } from "../../dom/fields";
import { button, h } from "../../dom/h";
import { job } from "../../dom/job";
import type { BackendName } from "../../lab/backends";
import type { SpeedPoint } from "../../lab/speed";
import { BACKEND_COLOURS, BACKEND_LABELS, type Device } from "../../shell/device";
import type { Panel } from "../../shell/tabs";
import { exportResults } from "./export";

/** Bytes that dropout moves for each float32 element: one read, one written. A copy moves as many. */
const BYTES_PER_ELEMENT = 8;

const SAMPLE = {
  typescript:
    "const x = ones([n], { backend });\nconst y = F.dropout(x, { p: 0.5 });   // timed\ntarget.set(source);                   // timed: a copy of n floats",
  pytorch: "x = torch.ones(n, device=device)\ny = F.dropout(x, p=0.5)\ntarget.copy_(source)",
};

/** Dropout on every backend of this device, beside a copy of the same bytes. */
export async function speedPanel(device: Device): Promise<Panel> {
  const reports = await device.reports();
  const names = reports.filter(({ available }) => available).map(({ name }) => name);
  let points: SpeedPoint[] = [];

  const largest = selectField<string>({
    label: "Largest n",
    value: "20",
    choices: [
      ["14", "16,384"],
      ["18", "262,144"],
      ["20", "1,048,576"],
      ["22", "4,194,304"],
      ["24", "16,777,216"],
    ],
    onchange: () => {},
  });
  const save = button("Export as JSON", () => exportResults(points, reports), { disabled: true });
  const plot: Chart = chart({
    label: "Gigabytes per second against n: dropout and a copy of the same bytes, on each backend. The table below has the numbers.",
    xLabel: "n, float32 elements",
    yLabel: "GB/s, read + written",
    logarithmic: true,
    height: 320,
    lines: names.flatMap((name) => [
      { label: `${BACKEND_LABELS[name]} dropout`, colour: BACKEND_COLOURS[name] },
      { label: `${BACKEND_LABELS[name]} copy`, colour: BACKEND_COLOURS[name], dash: [4, 4] },
    ]),
    formatX: powerOfTwo,
  });
  const rows = h("tbody");
  const place = h("div", { hidden: true });

  const show = (): void => {
    const lengths = [...new Set(points.map(({ n }) => n))].sort((a, b) => a - b);
    const column = (name: BackendName, ms: (point: SpeedPoint) => number): (number | null)[] =>
      lengths.map((n) => {
        const point = points.find((candidate) => candidate.n === n && candidate.backend === name);
        return point === undefined ? null : (BYTES_PER_ELEMENT * n) / ms(point) / 1e6;
      });
    plot.show([lengths, ...names.flatMap((name) => [column(name, ({ dropoutMs }) => dropoutMs), column(name, ({ copyMs }) => copyMs)])]);
    rows.replaceChildren(
      ...points.map(({ backend, n, dropoutMs, copyMs }) =>
        h(
          "tr",
          {},
          h("td", {}, n.toLocaleString("en")),
          h("td", {}, BACKEND_LABELS[backend]),
          h("td", {}, formatMs(dropoutMs)),
          h("td", {}, formatMs(copyMs)),
          h("td", {}, `${formatRatio(dropoutMs / copyMs)} ×`),
        ),
      ),
    );
    place.hidden = points.length === 0;
    save.disabled = points.length === 0;
  };

  const { actions, status } = job({
    label: "Measure",
    primary: true,
    counts: "Points measured",
    idle: "Nothing measured yet.",
    beside: [save],
    work: async (signal, report) => {
      points = [];
      show();
      report(0, "Measuring … other work on this device makes the numbers worse.");
      await device.inWorker(signal, (lab) =>
        lab.measureSpeed(
          Number(largest.value),
          proxy((point: SpeedPoint, done: number, total: number) => {
            if (signal.aborted) return;
            points.push(point);
            report(done / total, `${done} of ${total}: ${BACKEND_LABELS[point.backend]}, n = ${point.n.toLocaleString("en")}`);
            show();
          }),
        ),
      );
      return signal.aborted ? `Cancelled after ${points.length} points.` : `Done: ${points.length} points, medians of 5.`;
    },
  });

  const heading = (text: string) => h("th", { scope: "col" }, text);
  place.append(
    plot.element,
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "All measurements" },
      h("table", {}, h("thead", {}, h("tr", {}, ...["n", "backend", "dropout", "copy", "ratio"].map(heading))), rows),
    ),
  );
  const element = h(
    "section",
    { "aria-labelledby": "speed-title" },
    h("h2", { id: "speed-title" }, "Speed on this device"),
    h(
      "p",
      {},
      "Dropout reads n numbers and writes n, as a copy does; no dropout can be faster than that. Both are timed in the backend's own memory, many calls at a time where one is too short for the browser's clock. For the GPU that includes handing the calls over and waiting for the last.",
    ),
    h("div", { class: "settings" }, largest.element),
    actions,
    status,
    place,
    h("h3", {}, "In code"),
    codeBlock(SAMPLE).element,
  );
  return { element };
}

// --- internal helpers ---

function formatMs(ms: number): string {
  return ms >= 1 ? `${ms.toPrecision(3)} ms` : `${(1000 * ms).toPrecision(3)} µs`;
}

function formatRatio(ratio: number): string {
  return ratio >= 100 ? Math.round(ratio).toLocaleString("en") : ratio.toPrecision(2);
}

function powerOfTwo(n: number): string {
  const exponent = Math.log2(n);
  return Number.isInteger(exponent) ? `2^${exponent}` : n.toLocaleString("en");
}
