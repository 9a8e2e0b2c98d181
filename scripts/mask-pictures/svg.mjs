/**
 * Grids of cells as SVG text. The colours are of a middle brightness, so that a picture reads on a light page as on a dark one; what is dropped is also fainter
 * than what is kept, for those who do not see colours. A picture is at most 296 pixels wide: it fits a phone as it is, with sharp edges.
 */

/**
 * What a cell shows: kept, dropped, something else in its place, nothing at all, or a shade from 0 to 4.
 *
 * @typedef {"kept" | "dropped" | "other" | "none" | 0 | 1 | 2 | 3 | 4} Kind
 */

/**
 * One grid.
 *
 * @typedef {object} Panel
 * @property {readonly (readonly Kind[])[]} cells
 * @property {string} [caption] above it
 * @property {readonly string[]} [names] of its rows, at their left
 * @property {readonly (readonly string[])[]} [values] written in the cells
 */

/**
 * @typedef {object} Picture
 * @property {string} title What there is to see, for who hears the page.
 * @property {string} made The call that made it.
 * @property {readonly Panel[]} panels
 * @property {number} [across] How many panels stand beside one another. Default: all.
 * @property {string} rows What the rows of cells are.
 * @property {string} columns What its columns are.
 * @property {string} [down] What rows of panels are, where panels count something.
 * @property {readonly [width: number, height: number]} [cell] Default: [16, 16].
 * @property {readonly (readonly [kind: Kind, meaning: string])[]} legend
 */

/** The widest that a picture may be. */
export const WIDEST = 296;

const BLUE = "#3579bd";
const GREY = "#747f8b";
const FILLS = /** @type {Record<string, string>} */ ({
  kept: `fill="${BLUE}"`,
  dropped: `fill="${GREY}" fill-opacity=".3"`,
  other: `fill="#b8620f"`,
  ...Object.fromEntries([0.14, 0.35, 0.56, 0.78, 1].map((opacity, i) => [i, `fill="${BLUE}" fill-opacity="${opacity}"`])),
});

/** Between the cells, and between panels. */
const [GAP, SPACE] = [2, 12];
/** Of a line of text; and of a character, about. */
const [LINE, CHARACTER] = [18, 6.4];

/**
 * A picture as the text of an SVG file.
 *
 * @param {Picture} picture
 * @returns {string}
 */
export function svgOf({ title, made, panels, across = panels.length, rows, columns, down, cell = [16, 16], legend }) {
  const [wide, high] = cell;
  const [{ cells, names = [] }] = /** @type {[Panel]} */ (panels);
  const [width, height] = [(cells[0]?.length ?? 0) * wide - GAP, cells.length * high - GAP];
  const left = LINE + (down === undefined ? 0 : LINE) + (names.length === 0 ? 0 : Math.ceil(textWidth(names)) + 6);
  const stepX = width + SPACE;
  // A row of panels without captions stands close below the one before.
  let bottom = -8;
  const tops = Array.from({ length: Math.ceil(panels.length / across) }, (_, row) => {
    const isCaptioned = panels.slice(row * across, (row + 1) * across).some(({ caption }) => caption !== undefined);
    const top = bottom + 8 + (isCaptioned ? LINE : 2);
    bottom = top + height;
    return top;
  });
  const drawn = panels.map((panel, i) => panelAt(panel, left + (i % across) * stepX, tops[Math.floor(i / across)] ?? 0, cell));
  const right = left + across * stepX - SPACE;
  const key = legendAt(legend, bottom + 2 * LINE);
  const captions = panels.map(({ caption = "" }, i) => left + (i % across) * stepX + textWidth([caption]));
  const size = [Math.max(right, key.width, ...captions.map(Math.ceil)) + 2, key.bottom];
  if (/** @type {number} */ (size[0]) > WIDEST)
    throw new RangeError(`svgOf: expected a picture of at most ${WIDEST} pixels, got ${size[0]}: ${title}`);
  const [top = 0] = tops;
  const middle = (top + bottom) / 2;
  const axes = [
    sideways(rows, LINE - 6 + (down === undefined ? 0 : LINE), down === undefined ? middle : top + height / 2),
    ...(down === undefined ? [] : [sideways(down, LINE - 6, middle)]),
    `<text x="${(left + right) / 2}" y="${bottom + LINE - 3}" text-anchor="middle">${escaped(columns)}</text>`,
  ];
  return svgText(title, made, size, [...drawn, ...axes, key.text]);
}

/**
 * The text of an SVG file around its shapes.
 *
 * @param {string} title
 * @param {string} made
 * @param {readonly (number | undefined)[]} size width and height
 * @param {readonly string[]} shapes
 */
export function svgText(title, made, [width, height], shapes) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="12" fill="${GREY}">
<title id="title">${escaped(title)}</title>
<desc>${escaped(made)}</desc>
${shapes.join("\n")}
</svg>
`;
}

/** Little squares, and what they mean. @param {Picture["legend"]} legend @param {number} y of the middle of its first line */
export function legendAt(legend, y) {
  let [x, line, width] = [2, y, 0];
  const parts = legend.map(([kind, meaning]) => {
    const needs = 20 + textWidth([meaning]);
    if (x + needs > WIDEST - 4) [x, line] = [2, line + LINE];
    const part = `<rect x="${x}" y="${line - 10}" width="11" height="11" ${FILLS[kind]}/><text x="${x + 16}" y="${line}">${escaped(meaning)}</text>`;
    x += Math.ceil(needs) + 8;
    width = Math.max(width, x - 8);
    return part;
  });
  return { text: parts.join("\n"), width, bottom: line + 6 };
}

// --- internal helpers ---

/** @param {Panel} panel @param {number} x @param {number} y @param {readonly [number, number]} cell */
function panelAt({ cells, caption, names = [], values = [] }, x, y, [wide, high]) {
  const parts = [];
  if (caption !== undefined) parts.push(`<text x="${x}" y="${y - 5}">${escaped(caption)}</text>`);
  // One path for each kind; runs of equal cells are one line of dashes in it.
  const paths = new Map(Object.keys(FILLS).map((kind) => [kind, ""]));
  cells.forEach((row, i) => {
    for (const { kind, from, length } of runsOf(row)) {
      if (kind !== "none")
        paths.set(String(kind), `${paths.get(String(kind))}M${x + from * wide} ${y + i * high + (high - GAP) / 2}h${length * wide - GAP}`);
    }
  });
  for (const [kind, d] of paths) {
    const stroke = FILLS[kind]?.replaceAll("fill", "stroke");
    if (d !== "") parts.push(`<path d="${d}" ${stroke} stroke-width="${high - GAP}" stroke-dasharray="${wide - GAP} ${GAP}"/>`);
  }
  names.forEach((name, i) => {
    parts.push(`<text x="${x - 6}" y="${y + i * high + high / 2 + 3}" text-anchor="end">${escaped(name)}</text>`);
  });
  values.forEach((row, i) => {
    const texts = row.map((value, j) => `<tspan x="${x + j * wide + (wide - GAP) / 2}">${escaped(value)}</tspan>`);
    parts.push(`<text y="${y + i * high + high / 2 + 3}" text-anchor="middle" font-size="11" fill="#fff">${texts.join("")}</text>`);
  });
  return parts.join("\n");
}

/** @param {readonly Kind[]} row */
function runsOf(row) {
  /** @type {{ kind: Kind, from: number, length: number }[]} */
  const runs = [];
  row.forEach((kind, i) => {
    const last = runs.at(-1);
    if (last?.kind === kind) last.length++;
    else runs.push({ kind, from: i, length: 1 });
  });
  return runs;
}

/** A name that is read from below. @param {string} name @param {number} x @param {number} y of its middle */
const sideways = (name, x, y) => `<text transform="translate(${x} ${y}) rotate(-90)" text-anchor="middle">${escaped(name)}</text>`;

/** @param {readonly string[]} texts */
const textWidth = (texts) => CHARACTER * Math.max(...texts.map((text) => text.length));

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
