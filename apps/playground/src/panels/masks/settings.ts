import { INPUTS, KINDS, type MaskSettings } from "../../lab/masks";

/** The settings as a person types them, and as the address carries them. */
export interface TypedSettings {
  readonly kind: string;
  readonly shape: string;
  readonly noiseShape: string;
  readonly p: string;
  readonly seed: string;
  readonly call: string;
  readonly input: string;
}

export const DEFAULTS: TypedSettings = {
  kind: "dropout",
  shape: "48, 64",
  noiseShape: "48, 1",
  p: "0.5",
  seed: "42",
  call: "0",
  input: "waves",
};

/** More would take a phone's memory: three backends hold input, mask and output at a time. */
const MAX_ELEMENTS = 2 ** 22;

/** What is wrong, by field; or the settings. */
export type Parsed = { readonly settings: MaskSettings } | { readonly errors: Partial<Record<keyof TypedSettings, string>> };

/** Reads what was typed. Core refuses more (a rank that does not fit the kind, say); its message is shown with the result. */
export function parseSettings(typed: TypedSettings): Parsed {
  const errors: Partial<Record<keyof TypedSettings, string>> = {};
  const read = <T>(name: keyof TypedSettings, parse: (text: string) => T): T => {
    try {
      return parse(typed[name].trim());
    } catch (error) {
      errors[name] = (error as Error).message;
      return undefined as never; // not used: there are errors
    }
  };
  const settings: MaskSettings = {
    kind: read("kind", (text) => oneOf(text, KINDS)),
    shape: read("shape", (text) => parseShape(text)),
    noiseShape: typed.kind === "shared" ? read("noiseShape", (text) => parseShape(text)) : [],
    p: read("p", parseProbability),
    seed: read("seed", (text) => parseInteger(text, -(2n ** 63n), 2n ** 64n, "-2^63 to 2^64 - 1")),
    call: read("call", (text) => parseInteger(text, 0n, 2n ** 62n, "0 to 2^62 - 1")),
    input: read("input", (text) => oneOf(text, INPUTS)),
  };
  return Object.keys(errors).length > 0 ? { errors } : { settings };
}

/** The address's query for these settings; defaults are left out. */
export function toQuery(typed: TypedSettings): string {
  const query = new URLSearchParams();
  for (const name of Object.keys(DEFAULTS) as (keyof TypedSettings)[]) {
    if (name === "noiseShape" && typed.kind !== "shared") continue;
    const value = typed[name].replaceAll(/\s/g, "");
    if (value !== DEFAULTS[name].replaceAll(/\s/g, "")) query.set(name, value);
  }
  const text = query.toString().replaceAll("%2C", ",");
  return text === "" ? "" : `?${text}`;
}

/** The settings in an address's query; what is missing or unknown is as by default. */
export function fromQuery(query: string): TypedSettings {
  const params = new URLSearchParams(query);
  const value = (name: keyof TypedSettings): string => {
    const text = params.get(name);
    return text === null ? DEFAULTS[name] : text.replaceAll(",", ", ");
  };
  const known = (name: "kind" | "input", choices: readonly (readonly [string, string])[]): string =>
    choices.some(([choice]) => choice === value(name)) ? value(name) : DEFAULTS[name];
  return {
    kind: known("kind", KINDS),
    shape: value("shape"),
    noiseShape: value("noiseShape"),
    p: value("p"),
    seed: value("seed"),
    call: value("call"),
    input: known("input", INPUTS),
  };
}

// --- internal helpers ---

function oneOf<T extends string>(text: string, choices: readonly (readonly [T, string])[]): T {
  const choice = choices.find(([value]) => value === text);
  if (choice === undefined) throw new RangeError(`Choose one of the list, not "${text}".`);
  return choice[0];
}

function parseShape(text: string): number[] {
  const shape = text
    .split(/[\s,x×]+/)
    .filter((part) => part !== "")
    .map(Number);
  if (shape.length === 0 || shape.length > 6 || !shape.every((length) => Number.isInteger(length) && length >= 1)) {
    throw new RangeError("One to six whole numbers, such as 48, 64.");
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (size > MAX_ELEMENTS)
    throw new RangeError(`At most ${MAX_ELEMENTS.toLocaleString("en")} elements; this has ${size.toLocaleString("en")}.`);
  return shape;
}

function parseProbability(text: string): number {
  const p = text === "" ? Number.NaN : Number(text);
  if (!(p >= 0 && p <= 1)) throw new RangeError("A number from 0 to 1.");
  return p;
}

function parseInteger(text: string, from: bigint, below: bigint, range: string): bigint {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new RangeError(`A whole number, ${range}.`);
  const value = BigInt(text.replace("+", ""));
  if (value < from || value >= below) throw new RangeError(`A whole number, ${range}.`);
  return value;
}
