/** Pieces of sentences. */

/** The text, or as much of it as fits in so many characters. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Text in double quotes, on one line and not too long to read. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text, 40));
}

/** The items with commas; at most so many, so that a line stays readable. */
export function listed(items: readonly string[], most = 8): string {
  return items.length <= most ? items.join(", ") : `${items.slice(0, most).join(", ")}, … (${items.length.toLocaleString("en")} in all)`;
}

/** `1 row`, `1,200 rows`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** A whole number as it is, any other with at most four digits that count. */
export function rounded(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}
