import { defaultGenerator } from "@dropwise/core";
import { WeightFileError, wrongType } from "../refusal";
import { openSafetensors } from "../safetensors/open";
import { isPlainObject } from "../signal";
import { openSource, type Source } from "../source";
import type { Weights } from "../weight";
import { pack, StateWithGenerators, unpack } from "./pack";
import { generatorsOf, isGenerator, isStateful, type Stateful } from "./parts";
import { DEFAULT_GENERATOR, FORMAT, isIntact, VERSION } from "./save";
import type { Readable, ReadableFileHandle } from "./target";

/**
 * Goes on with a run that `saveCheckpoint` saved. Each part given takes its state again; nothing has changed when anything is refused.
 *
 * @param source Where it was saved: a path, a URL, a `Blob`, a `Response`, bytes, the handle of a file, or what has `read()`, such as `inIndexedDB("run")`.
 * @param parts What is to take its state, by the names under which it was saved; a part that was saved may be left out.
 * @returns All plain values that were saved, by name, and the states of parts that were not given.
 * @throws WeightFileError for a file that is torn, of a later version, or none; and what the parts throw for a state that does not fit them, such as that of another
 *   model.
 * @example
 * ```ts
 * const model = new nn.Linear(4, 2);
 * const kept = inMemory();
 * await saveCheckpoint(kept, { model, epoch: 3 });
 * console.log(await loadCheckpoint(kept, { model })); // { epoch: 3 }
 * ```
 */
export async function loadCheckpoint(
  source: Source | Readable | ReadableFileHandle,
  parts: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  if (!isPlainObject(parts)) throw wrongType(OP, "parts as { model, optimizer, ... }", parts);
  const given = Object.entries({ ...parts, [DEFAULT_GENERATOR]: defaultGenerator() });
  const saved = await read(source);
  for (const [name] of given) {
    if (!Object.hasOwn(saved, name))
      throw new WeightFileError(OP, `a checkpoint with ${name}`, `one with ${Object.keys(saved).join(", ")}`);
  }
  const before: (() => void)[] = [];
  try {
    for (const [name, part] of given) await restore(name, part, saved[name], before);
  } catch (error) {
    for (const undo of before.reverse()) undo();
    throw error;
  }
  for (const [name] of given) delete saved[name];
  return saved;
}

// --- internal helpers ---

const OP = "loadCheckpoint";

async function read(source: Parameters<typeof loadCheckpoint>[0]): Promise<Record<string, unknown>> {
  const bytes = await bytesOf(source);
  const file = await openSafetensors(bytes);
  try {
    const { format, version, checksum, values } = file.metadata;
    if (format !== FORMAT || version === undefined || values === undefined || checksum === undefined)
      throw new WeightFileError(OP, "a file of saveCheckpoint", "another one", "read it with readSafetensors");
    if (!(Number(version) <= VERSION))
      throw new WeightFileError(OP, `a checkpoint of version ${VERSION} at most`, version, "use a later release");
    if (!isIntact(bytes, checksum)) throw new WeightFileError(OP, `bytes whose checksum is ${checksum}`, "others", "the file is torn");
    const weights: Weights = {};
    for (const name of file.names) weights[name] = await file.read(name);
    return unpack(OP, JSON.parse(values), weights) as Record<string, unknown>;
  } finally {
    await file.close();
  }
}

async function bytesOf(source: Parameters<typeof loadCheckpoint>[0]): Promise<Uint8Array> {
  const { read, getFile } = (source ?? {}) as Partial<Readable & ReadableFileHandle>;
  if (typeof read === "function") {
    const bytes: unknown = await read.call(source);
    if (!(bytes instanceof Uint8Array)) throw wrongType(OP, "a source whose read() gives a Uint8Array", bytes);
    return bytes;
  }
  const opened = await openSource(OP, typeof getFile === "function" ? await getFile.call(source) : (source as Source));
  try {
    return await opened.read(0, opened.size);
  } finally {
    await opened.close();
  }
}

/** Has a part take its state, and says how to undo that. */
async function restore(name: string, part: unknown, saved: unknown, before: (() => void)[]): Promise<void> {
  if (isStateful(part)) {
    const { state, generators } = saved instanceof StateWithGenerators ? saved : new StateWithGenerators(saved, {});
    const own = generatorsOf(part);
    const names = (record: object) => Object.keys(record).sort().join(", ");
    if (names(own) !== names(generators))
      throw new WeightFileError(OP, `${name} with the generators ${names(own) || "of none of its layers"}`, names(generators) || "none");
    const undo = await snapshot(part);
    part.loadStateDict(state);
    before.push(undo);
    for (const [key, generator] of Object.entries(own)) {
      const stood = generator.getState();
      generator.setState(generators[key] as Uint8Array);
      before.push(() => generator.setState(stood));
    }
  } else if (isGenerator(part)) {
    const stood = part.getState();
    part.setState(saved as Uint8Array);
    before.push(() => part.setState(stood));
  } else if (isPlainObject(part) || Array.isArray(part)) {
    const inner = (saved ?? {}) as Record<string, unknown>;
    for (const [key, value] of Object.entries(part)) await restore(`${name}.${key}`, value, inner[key], before);
  } else throw wrongType(OP, `${name} to be something that takes its state again`, part);
}

/** What puts a part's state back as it is now. */
async function snapshot(part: Stateful): Promise<() => void> {
  const { json, tensors } = pack(OP, { state: part.stateDict() });
  const weights: Weights = {};
  for (const [name, x] of Object.entries(tensors)) {
    const data = typeof x.data === "function" ? await x.data() : x.data;
    weights[name] = { shape: x.shape, dtype: x.dtype, data: data.slice() };
  }
  const { state } = unpack(OP, json, weights) as { state: unknown };
  return () => void part.loadStateDict(state);
}
