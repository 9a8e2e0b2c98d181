import type { BundleSize } from "../bundles/bundles";
import { ABOUT, OPS, type Op, type TimedOp, UNITS } from "../task";
import { bars, legend, lines, memoryBars } from "./charts";
import { digits, duration, percent } from "./numbers";
import { RATIO_TITLE, torchRatios, torchTimes } from "./ratios";
import type { Figure, Result } from "./result";
import { STYLE } from "./style";

/** The result as one HTML file that needs nothing else: drawings are SVG, drawn here, and follow light and dark. */
export function page(result: Result): string {
  const names = result.participants.map(({ name }) => name);
  const ops = OPS.filter((op): op is TimedOp => result.figures.some((figure) => figure.op === op));
  const sections = ops.map((op) => {
    const figures = result.figures.filter((figure) => figure.op === op);
    const isLine = figures.every(({ elements }) => elements !== undefined) && op !== "latency";
    const chart =
      isLine && new Set(figures.map(({ elements }) => elements)).size > 1 ? lines(figures, names) : bars(figures, names, unitNote(op));
    return section(op, `${isLine ? legend(figures, names) : ""}${chart}`, figureRows(figures));
  });
  if (result.memory.length > 0) sections.push(section("memory", memoryBars(result.memory, names), ""));
  if (result.bundles !== undefined && result.bundles.length > 0) sections.push(section("bundle-size", bundleRows(result.bundles), ""));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Dropwise benchmark, ${escapeHtml(result.date.slice(0, 10))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Dropwise benchmark</h1>
<p>${escapeHtml(about(result))}</p>
${notices(result)}
</header>
<div class="grid">
${sections.join("\n")}
</div>
${ratioSection(result.figures)}
<section>
<h2>How it was measured</h2>
<ul>${result.method.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("")}</ul>
<h3>Who took part</h3>
<dl>${result.participants.map(({ name, threads, device, notes }) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(`${device}, ${threads === 1 ? "1 thread" : `${threads} threads`}.${notes === undefined ? "" : ` ${notes}`}`)}</dd>`).join("")}</dl>
<p>Versions: ${escapeHtml(
    Object.entries(result.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  )}.</p>
</section>
</main>
</body>
</html>
`;
}

// --- internal helpers ---

function about({ date, effort, machine }: Result): string {
  const load = machine.load === null ? "" : `, load ${digits(machine.load)} per core at the start`;
  const thorough = effort === "full" ? "" : `, ${effort} run`;
  return `${date.slice(0, 16).replace("T", " ")} UTC${thorough}. ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}${load}.`;
}

/** What is not in the drawings: competitors and tasks that were left out. */
function notices({ missing, skipped, figures }: Result): string {
  const wide = figures.filter((figure) => figure.wide).length;
  const items = [
    ...missing.map(({ name, reason }) => `${name} is left out: ${reason}`),
    ...skipped.map(({ name, op, size, reason }) => `${name} without ${op} ${size}: ${reason}`),
    ...(wide > 0 ? [`${wide} of ${figures.length} figures have a wide spread and are marked with ~ in the tables.`] : []),
  ];
  return items.length === 0 ? "" : `<ul class="notices">${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
}

function unitNote(op: TimedOp): string {
  const { unit, higherIsBetter } = UNITS[op];
  return `${unit}, ${higherIsBetter ? "more" : "less"} is better`;
}

function section(op: Op, drawing: string, table: string): string {
  const [title = "", rest = ""] = ABOUT[op].split(/: (.*)/s);
  const details = table === "" ? "" : `<details><summary>Figures</summary><div class="scroll">${table}</div></details>`;
  const heading =
    rest === "" ? `<h2>${escapeHtml(op)}</h2><p>${escapeHtml(title)}</p>` : `<h2>${escapeHtml(title)}</h2><p>${escapeHtml(rest)}</p>`;
  return `<section>${heading}<figure>${drawing}</figure>${details}</section>`;
}

function figureRows(figures: readonly Figure[]): string {
  const peer = torchTimes(figures);
  const head = ["size", "who", figures[0]?.unit ?? "", "best call", "median", "spread", "× copy", ...(peer.size > 0 ? ["× torch"] : [])];
  const rows = figures.map(({ size, competitor, value, min, median, spread, ratio, wide }) => {
    const torch = peer.get(size);
    return [
      size,
      competitor,
      digits(value),
      duration(min),
      duration(median),
      `${percent(spread)}${wide ? " ~" : ""}`,
      digits(ratio),
      ...(torch === undefined ? [] : [digits(torch / median)]),
    ];
  });
  return htmlTable(head, rows);
}

/** Everybody's figures against PyTorch's; nothing where it took no part. */
function ratioSection(figures: readonly Figure[]): string {
  const { competitors, rows } = torchRatios(figures);
  if (rows.length === 0) return "";
  const [title = "", rest = ""] = RATIO_TITLE.split(/: (.*)/s);
  const lines = rows.map(({ op, size, torch, ratios }) => [
    ...[op, size, duration(torch)],
    ...ratios.map((ratio) => (ratio === undefined ? "" : digits(ratio))),
  ]);
  const table = htmlTable(["op", "size", "torch", ...competitors], lines);
  return `<section>\n<h2>${escapeHtml(title)}</h2><p>${escapeHtml(rest)}</p>\n<div class="scroll">${table}</div>\n</section>`;
}

function bundleRows(sizes: readonly BundleSize[]): string {
  const rows = sizes.map(({ name, bytes, limit }) => [name, String(bytes), String(limit)]);
  return `<div class="scroll">${htmlTable(["import", "bytes", "limit in CI"], rows)}</div>`;
}

function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${line("th", head)}</thead><tbody>${rows.map((row) => line("td", row)).join("")}</tbody></table>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
