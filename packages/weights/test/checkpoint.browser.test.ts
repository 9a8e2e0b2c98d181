/** Checkpoints in a page: the origin's private file system, IndexedDB, and a download. */
import { defaultGenerator } from "@dropwise/core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  asDownload,
  inIndexedDB,
  inMemory,
  loadCheckpoint,
  type Readable,
  readSafetensors,
  saveCheckpoint,
  WeightFileError,
  type Writable,
  writeSafetensors,
} from "../src/index";
import { type FileHandle, type FileStream, nextDownload, page } from "./page";
import { start, train, weights } from "./run";

type Stored = FileHandle | (Writable & Readable);

/** A file of the origin's private file system. */
async function inPrivateFile(name: string): Promise<FileHandle> {
  const folder = await page.navigator.storage.getDirectory();
  return folder.getFileHandle(name, { create: true });
}

/** Where a page can keep a checkpoint, and how other bytes get there. */
const PLACES: readonly (readonly [string, (name: string) => Promise<Stored>, (name: string, bytes: Uint8Array) => Promise<void>])[] = [
  [
    "the origin's private file system",
    inPrivateFile,
    async (name, bytes) => {
      const stream = await (await inPrivateFile(name)).createWritable();
      await stream.write(bytes as Uint8Array<ArrayBuffer>);
      await stream.close();
    },
  ],
  ["IndexedDB", async (name) => inIndexedDB(name), async (name, bytes) => inIndexedDB(name).write(bytes)],
];

/** The bytes of a checkpoint with this in it. */
async function saved(parts: Record<string, unknown>): Promise<Uint8Array> {
  const kept = inMemory();
  await saveCheckpoint(kept, parts);
  return kept.read();
}

/** A state of so many bytes, all of which say which step it is of. */
const large = (step: number, bytes: number) => ({ step, x: new Uint8Array(bytes).fill(step) });

/** Has what a test stores go to a part of the origin's storage that holds so many bytes. */
async function withRoomFor(bytes: number): Promise<void> {
  const { storage, storageBuckets } = page.navigator;
  const bucket = await storageBuckets.open("small", { quota: bytes });
  vi.stubGlobal("indexedDB", bucket.indexedDB);
  const getDirectory = vi.spyOn(storage, "getDirectory").mockImplementation(() => bucket.getDirectory());
  onTestFinished(async () => {
    vi.unstubAllGlobals();
    getDirectory.mockRestore();
    await storageBuckets.delete("small");
  });
}

describe.each(PLACES)("a checkpoint in %s", (_, at, put) => {
  test("goes on exactly, and the next one takes its place", async () => {
    const whole = start();
    const place = await at("run");
    await train(whole, 0, 20, true, async (step) => {
      if (step === 3 || step === 8) await saveCheckpoint(place, { ...whole, step });
    });
    const expected = [await weights(whole), [...defaultGenerator().getState()]];

    const other = start(2);
    const { step } = await loadCheckpoint(await at("run"), other);
    expect(step).toBe(8);
    await train(other, 8, 20, true);
    expect([await weights(other), [...defaultGenerator().getState()]]).toEqual(expected);
  });

  test("that is torn, another file or of the future is refused by name, and nothing changes", async () => {
    const run = start();
    const bytes = await saved({ model: run.model, step: 3 });
    const later = new TextDecoder("latin1").decode(bytes).replace('"version":"1"', '"version":"2"');
    const torn = bytes.slice();
    torn[bytes.length - 1] = (torn[bytes.length - 1] as number) ^ 1;
    const files: readonly (readonly [Uint8Array, RegExp])[] = [
      [torn, /loadCheckpoint: expected bytes whose checksum is .+, got others - the file is torn/],
      [bytes.slice(0, -1), /expected .+, got /],
      [new Uint8Array(0), /expected .+, got /],
      [await writeSafetensors({}), /loadCheckpoint: expected a file of saveCheckpoint, got another one/],
      [Uint8Array.from(later, (c) => c.charCodeAt(0)), /loadCheckpoint: expected a checkpoint of version 1 at most, got 2/],
    ];
    const other = start(2);
    const state = async () => [await weights(other), [...defaultGenerator().getState()]];
    const before = await state();
    for (const [file, says] of files) {
      await put("refused", file);
      const refusal = loadCheckpoint(await at("refused"), { model: other.model });
      await expect(refusal).rejects.toThrow(WeightFileError);
      await expect(refusal).rejects.toThrow(says);
      expect(await state()).toEqual(before);
    }
  });

  test("is one: keep is for paths", async () => {
    const place = await at("one");
    await saveCheckpoint(place, { step: 1 }, { keep: 1 });
    await expect(saveCheckpoint(place, { step: 2 }, { keep: 2 })).rejects.toThrow(
      "expected keep to be 1 where the target is no path, got 2",
    );
    expect(await loadCheckpoint(place)).toEqual({ step: 1 });
  });

  test("is whole when the next one finds no room", async () => {
    await withRoomFor(1_000_000);
    const place = await at("full");
    await saveCheckpoint(place, large(1, 100_000));
    await expect(saveCheckpoint(place, large(2, 20_000_000))).rejects.toMatchObject({
      // Of a stream, Chromium says now and then only that it ended.
      name: expect.stringMatching(/^(QuotaExceeded|Abort)Error$/),
      message: expect.stringMatching(/quota|failed to write/i),
    });
    expect(await loadCheckpoint(await at("full"))).toEqual(large(1, 100_000));
    await saveCheckpoint(place, large(3, 100_000));
    expect((await loadCheckpoint(await at("full"))).step).toBe(3);
  });
});

describe("a file of the origin's private file system", () => {
  test("is whole and free when its stream fails", async () => {
    const handle = await inPrivateFile("failed");
    await saveCheckpoint(handle, large(1, 1000));
    /** The file, to whose real streams this is done first. */
    const after = (change: (stream: FileStream) => unknown) => ({
      async createWritable() {
        const stream = await handle.createWritable();
        await change(stream);
        return stream;
      },
    });
    const isAborted = after((stream) => stream.abort(new Error("the page goes")));
    await expect(saveCheckpoint(isAborted, large(2, 1000))).rejects.toThrow();
    const isRefusing = after((stream) => Object.assign(stream, { write: () => Promise.reject(new Error("no more")) }));
    await expect(saveCheckpoint(isRefusing, large(2, 1000))).rejects.toThrow("no more");
    expect(await loadCheckpoint(handle)).toEqual(large(1, 1000));
    // Chromium removes no file that a stream is open over.
    await (await page.navigator.storage.getDirectory()).removeEntry("failed");
  });
});

describe("a download", () => {
  test("is a whole checkpoint, which loads again", async () => {
    const whole = start();
    await train(whole, 0, 3, true);
    const download = nextDownload();
    await saveCheckpoint(asDownload("run.safetensors"), { ...whole, step: 3 });
    const file = await download;
    expect(file.name).toBe("run.safetensors");
    const other = start(2);
    expect(await loadCheckpoint(file, other)).toEqual({ step: 3 });
    expect(await weights(other)).toEqual(await weights(whole));
    expect(Object.keys(await readSafetensors(file))).toContain("model/0.weight");
  });
});
