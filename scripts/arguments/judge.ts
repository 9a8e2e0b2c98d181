/** Whether a call that worked should have, and whether a refusal is one of ours. */
import { EndlessError, UserError } from "./kinds";

/** How a call ended. */
export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** What is asked of it. */
export interface Expectation {
  /** What a message may begin with: the names of the call. */
  readonly names: readonly string[];
  readonly mayWork: boolean;
  readonly mustWork: boolean;
  /** What a refusal must say. */
  readonly says: readonly string[];
}

/** `op: expected X, got Y - what to do`. */
const FORM = /^(\S+): expected [\s\S]+, got:? [\s\S]+/;

const CLASSES = [
  "TypeError",
  "RangeError",
  "ShapeError",
  "BackendMismatchError",
  "UnsupportedOpError",
  "DisposedError",
  "InPlaceError",
  "WeightFileError",
  "GroupError",
];
/** Errors of a backend, whose name they may begin with. */
const BACKEND_CLASSES = ["BackendUnavailableError", "DeviceLostError", "OutOfMemoryError"];

/** What is wrong with how a call ended, as short sentences. */
export function judge(outcome: Outcome, { names, mayWork, mustWork, says }: Expectation): string[] {
  if ("result" in outcome) return mayWork ? [] : ["is accepted"];
  const { error } = outcome;
  if (error instanceof UserError) return [];
  // A class where a function is called: the engine says of the user's own value what is wrong with it.
  if (error instanceof TypeError && /^Class constructor/.test(error.message)) return [];
  if (error instanceof EndlessError) return ["reads all of it before looking at what it is"];
  if (!(error instanceof Error)) return [`throws what is no error: ${typeof error}`];
  const text = `${error.name}: ${error.message}`;
  if (mustWork) return [`is refused: ${text}`];
  const op = FORM.exec(error.message)?.[1];
  const isOurs = [...CLASSES, ...BACKEND_CLASSES].includes(error.name) || (error.name === "Error" && names.includes("gradcheck"));
  if (op === undefined || !isOurs) return [`throws a raw ${text}`];
  const problems: string[] = [];
  // For a dtype that a backend does not have the op is "allocate", as UnsupportedOpError says, whoever wanted memory.
  const isAllocation = error.name === "UnsupportedOpError" && op === "allocate";
  const isNamed = names.some((name) => name.toLowerCase() === op.toLowerCase()) || isAllocation || BACKEND_CLASSES.includes(error.name);
  if (!isNamed) problems.push(`names another call: ${text}`);
  if (error.message.length > 1000) problems.push(`has a message of ${error.message.length} characters`);
  if (/\[object \w+\]|of type (-|$|,)/.test(error.message)) problems.push(`does not say what it got: ${text}`);
  for (const part of says) if (!error.message.includes(part)) problems.push(`does not say ${part}: ${text}`);
  return problems;
}
