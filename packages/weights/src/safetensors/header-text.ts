/** The JSON of a header: objects, strings and integers of 0 or more, and nothing else. `JSON.parse` would take a name twice, and keep the last. */
import { quoted, WeightFileError } from "../refusal";
import { isWellFormed } from "./kinds";

/** A place in the text of a header, from which one thing after another is read. */
export class HeaderText {
  readonly #op: string;
  readonly #text: string;
  #at = 0;

  /** @param op Who reads. @param text All of it. */
  constructor(op: string, text: string) {
    this.#op = op;
    this.#text = text;
  }

  /** What a header begins with, with nothing before. */
  begin(): void {
    if (this.#text[0] !== "{") this.#refuse("a header that begins with {");
  }

  /** Nothing but spaces follow. */
  end(): void {
    while (this.#text[this.#at] === " ") this.#at++;
    if (this.#at < this.#text.length) this.#refuse("nothing but spaces behind the header");
  }

  /** An object; `member` reads what belongs to a name. Each name is there once. */
  object(member: (name: string) => void): void {
    const names = new Set<string>();
    this.#take("{");
    if (this.#takes("}")) return;
    do {
      const name = this.string();
      if (names.has(name)) this.#refuse(`each name once, and not ${quoted(name)} again`);
      names.add(name);
      this.#take(":");
      member(name);
    } while (this.#takes(","));
    this.#take("}");
  }

  /** A string. */
  string(): string {
    this.#take('"');
    const start = this.#at - 1;
    let end = this.#at;
    for (;;) {
      end = this.#text.indexOf('"', end);
      if (end < 0) this.#refuse("a string with an end");
      let slashes = 0;
      while (this.#text[end - 1 - slashes] === "\\") slashes++;
      end++;
      if (slashes % 2 === 0) break;
    }
    this.#at = end;
    const value = this.#parsed(this.#text.slice(start, end));
    if (value === undefined || !isWellFormed(value)) this.#refuse("a string of JSON");
    return value;
  }

  /** An array of integers of 0 or more, without fractions, exponents or signs. */
  integers(): number[] {
    const values: number[] = [];
    this.#take("[");
    if (this.#takes("]")) return values;
    do values.push(this.#integer());
    while (this.#takes(","));
    this.#take("]");
    return values;
  }

  #integer(): number {
    this.#space();
    const pattern = /0|[1-9]\d*/y;
    pattern.lastIndex = this.#at;
    const value = Number(pattern.exec(this.#text)?.[0] ?? Number.NaN);
    if (!Number.isSafeInteger(value)) this.#refuse("an integer of 0 or more, below 2^53");
    this.#at = pattern.lastIndex;
    return value;
  }

  #parsed(literal: string): string | undefined {
    try {
      return JSON.parse(literal) as string;
    } catch {
      return undefined;
    }
  }

  #space(): void {
    while (/[ \t\n\r]/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #takes(mark: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #take(mark: string): void {
    if (!this.#takes(mark)) this.#refuse(mark);
  }

  #refuse(expected: string): never {
    const got = this.#text.slice(this.#at, this.#at + 20);
    throw new WeightFileError(this.#op, expected, got === "" ? "its end" : JSON.stringify(got), `at ${this.#at} of the header`);
  }
}
