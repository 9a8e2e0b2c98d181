import { defaultGenerator } from "@dropwise/core";
import { crc32 } from "../crc32";
import { wrongType } from "../refusal";
import { writeSafetensors } from "../safetensors/write";
import { isPlainObject, optionsOf } from "../signal";
import { pack } from "./pack";
import { type Target, writeTo } from "./target";

/** Options of `saveCheckpoint`. */
export interface SaveCheckpointOptions {
  /** How many files to keep where the target is a path: this one, and as many before it, named `.1`, `.2` and so on; elsewhere there is one. Default: 1. */
  readonly keep?: number;
}

/** The version of what is in a checkpoint. One that is read may be as new as this. */
export const VERSION = 1;

/** What the metadata of a checkpoint is called. */
export const FORMAT = "dropwise-checkpoint";

/** Stands where the checksum will. */
const NO_CHECKSUM = "00000000";

/**
 * Saves a run as one file, from which `loadCheckpoint` goes on exactly: the same weights, the same masks, the same batches, bit for bit on the same backend. It is a
 * safetensors file: tensors by path (`model/0.weight`), all else as JSON in its metadata.
 *
 * On disk the file is written under another name, flushed, and then takes its place at once: whoever is killed at any moment leaves the old file or the new one, whole.
 * PyTorch's counterpart is a [dict of state dicts](https://docs.pytorch.org/tutorials/recipes/recipes/saving_and_loading_a_general_checkpoint.html) with `torch.save`.
 *
 * @param target A path or a `file:` URL, the handle of a file (of the origin's private file system), or what has `write(bytes)`, such as `inIndexedDB("run")`.
 * @param parts By name: models (with the generators of their layers), optimizers, schedulers, loaders, averages of weights, generators, and plain values such as a step. The
 *   default generator is saved unasked.
 * @param options `keep`: default 1.
 * @throws TypeError for what cannot be saved and RangeError for a `keep` that the target does not have, before anything is written; and what the target throws.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(4, 2), new nn.Dropout(0.5));
 * const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
 * const kept = inMemory();
 * await saveCheckpoint(kept, { model, optimizer, step: 37 });
 * const { step } = await loadCheckpoint(kept, { model, optimizer });
 * console.log(step); // 37
 * ```
 */
export async function saveCheckpoint(
  target: Target,
  parts: Readonly<Record<string, unknown>>,
  options?: SaveCheckpointOptions,
): Promise<void> {
  const { keep = 1 } = optionsOf<SaveCheckpointOptions>(OP, options, ["keep"]);
  if (!Number.isInteger(keep) || keep < 1) throw wrongType(OP, "keep to be a positive integer", keep);
  if (!isPlainObject(parts)) throw wrongType(OP, "parts as { model, optimizer, ... }", parts);
  const { json, tensors } = pack(OP, { ...parts, [DEFAULT_GENERATOR]: defaultGenerator() });
  const file = await writeSafetensors(tensors, {
    metadata: { format: FORMAT, version: String(VERSION), checksum: NO_CHECKSUM, values: JSON.stringify(json) },
  });
  const place = checksumPlace(file);
  file.set(new TextEncoder().encode(crc32(file).toString(16).padStart(8, "0")), place);
  await writeTo(OP, target, file, keep);
}

/** The name of the default generator among the parts. */
export const DEFAULT_GENERATOR = "default generator";

/** Whether a checkpoint's bytes are those that were written. */
export function isIntact(file: Uint8Array, checksum: string): boolean {
  const copy = file.slice();
  copy.set(new TextEncoder().encode(NO_CHECKSUM), checksumPlace(file));
  return crc32(copy).toString(16).padStart(8, "0") === checksum;
}

// --- internal helpers ---

const OP = "saveCheckpoint";

/** Where the eight digits of the checksum stand. Metadata comes first in the header, and within it what is written here in this order. */
function checksumPlace(file: Uint8Array): number {
  const label = new TextEncoder().encode('"checksum":"');
  for (let at = 8; at < file.length - label.length; at++) {
    let i = 0;
    while (i < label.length && file[at + i] === label[i]) i++;
    if (i === label.length) return at + label.length;
  }
  return 0;
}
