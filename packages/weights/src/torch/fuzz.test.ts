import { expect, it } from "vitest";
import { mutated, randomOf } from "../../test/mutate";
import { bytesOfFile } from "../../test/torch-files";
import { readNpy, readNpz, readTorch, type Source, WeightFileError } from "../index";

/** `DROPWISE_FUZZ=long` runs a million. */
const ROUNDS = process.env.DROPWISE_FUZZ === "long" ? 1_000_000 : 20_000;

const readers: readonly (readonly [read: (source: Source) => Promise<unknown>, files: readonly string[], share: number])[] = [
  [readTorch, ["dtypes.pt", "views.pt", "model.pt", "model-4.pt", "checkpoint.pt", "tied.pt", "module.pt"], 0.6],
  [readTorch, ["dtypes-legacy.pt", "views-legacy.pt"], 0.2],
  [readNpy, ["float64.npy", "fortran.npy", "big-endian.npy", "float16.npy", "bool.npy", "version-3.npy"], 0.15],
  [readNpz, ["stored.npz", "deflated.npz"], 0.05],
];

it.each(readers)(
  "%o gives values or refuses, whatever is done to %j",
  async (read, names, share) => {
    const files = names.map(bytesOfFile);
    const random = randomOf(7);
    let [taken, refused] = [0, 0];
    for (let round = 0; round < ROUNDS * share; round++) {
      const bytes = mutated(files, random);
      try {
        const value = await read(bytes);
        expect(heldBy(value)).toBeLessThanOrEqual(bytes.length * (read === readNpz ? 1032 : 9) + 2 ** 20);
        taken++;
      } catch (error) {
        // What is no refusal shows its file.
        if (!(error instanceof WeightFileError))
          throw new Error(`round ${round}: ${Buffer.from(bytes).toString("base64")}`, { cause: error });
        refused++;
      }
    }
    // Some spoil what no one looks at.
    expect(Math.min(taken, refused)).toBeGreaterThan(ROUNDS * share * 0.02);
  },
  7_200_000,
);

/** The bytes that a value holds, each memory once. */
function heldBy(value: unknown): number {
  const buffers = new Set<ArrayBufferLike>();
  const seen = new Set<unknown>();
  const open = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one !== "object" || one === null || seen.has(one)) continue;
    seen.add(one);
    if (ArrayBuffer.isView(one)) buffers.add(one.buffer);
    else for (const item of one instanceof Map ? one.values() : Object.values(one)) open.push(item);
  }
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
