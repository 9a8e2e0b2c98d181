import { mkdtempSync, openAsBlob, readdirSync, readlinkSync, realpathSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import { bytesOf, pathOf } from "../test/files";
import { serving } from "../test/range-server";
import {
  openSafetensors,
  type Progress,
  readSafetensors,
  type Source,
  type Weight,
  WeightFileError,
  type Weights,
  writeSafetensors,
} from "./index";

const NAME = "all-dtypes.safetensors";
const folder = realpathSync(mkdtempSync(join(tmpdir(), "dropwise-weights-")));
afterAll(() => rmSync(folder, { recursive: true }));

const plain = (weights: Weights) =>
  Object.entries(weights).map(([name, { shape, dtype, data }]) => [name, shape, dtype, Array.from(data as Int8Array, String)]);
const right = plain(await readSafetensors(bytesOf(NAME)));

/** Files of these tests that are open, where the system tells. */
function openFiles(): string[] {
  if (process.platform !== "linux") return [];
  const targets = readdirSync("/proc/self/fd").map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return ""; // closed by now
    }
  });
  return targets.filter((target) => target.startsWith(folder));
}

/** A file with tensors of some MB, so that it is read in parts. */
async function large(): Promise<Uint8Array<ArrayBuffer>> {
  const tensor = (from: number) => ({
    shape: [2 ** 21],
    dtype: "float32" as const,
    data: Float32Array.from({ length: 2 ** 21 }, (_, i) => from + i),
  });
  return (await writeSafetensors({
    a: tensor(0),
    b: tensor(0.5),
    c: { shape: [2], dtype: "int8", data: new Int8Array([1, 2]) },
  })) as Uint8Array<ArrayBuffer>;
}
const big = await large();

describe("a source", () => {
  const pooled = () => {
    const bytes = bytesOf(NAME);
    const pool = Buffer.alloc(bytes.length + 27, 0xff);
    pool.set(bytes, 13);
    return pool.subarray(13, 13 + bytes.length);
  };
  const shared = () => {
    const bytes = bytesOf(NAME);
    const buffer = new SharedArrayBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    return buffer;
  };
  test.each<[string, () => Source | Promise<Source>]>([
    ["a path", () => pathOf(NAME)],
    ["a file URL", () => pathToFileURL(pathOf(NAME))],
    ["a file URL in text", () => String(pathToFileURL(pathOf(NAME)))],
    ["an ArrayBuffer", () => bytesOf(NAME).buffer],
    ["a Uint8Array", () => bytesOf(NAME)],
    ["a slice of a pool of Buffers, at an odd byte", pooled],
    ["a DataView", () => new DataView(bytesOf(NAME).buffer)],
    ["a SharedArrayBuffer", shared],
    ["a view of a SharedArrayBuffer", () => new Uint8Array(shared())],
    ["a Blob", () => new Blob([bytesOf(NAME)])],
    ["a File", () => new File([bytesOf(NAME)], "a")],
    ["a Blob of a file", () => openAsBlob(pathOf(NAME))],
    ["a Response", () => new Response(bytesOf(NAME))],
    ["a data URL", () => `data:application/octet-stream;base64,${Buffer.from(bytesOf(NAME)).toString("base64")}`],
    ["a blob URL", () => URL.createObjectURL(new Blob([bytesOf(NAME)]))],
  ])("may be %s", async (_, source) => {
    expect(plain(await readSafetensors(await source()))).toEqual(right);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 1],
    ["an array", [1, 2]],
    ["an object", { size: 1 }],
    ["a function", () => {}],
    ["a promise", Promise.resolve(new Uint8Array(8))],
  ])("is not %s", async (_, source) => {
    await expect(readSafetensors(source as never)).rejects.toThrow(
      /^readSafetensors: expected a path, a URL, a Blob, a Response or bytes, got /,
    );
  });

  test("of memory that threads share is copied", async () => {
    const buffer = new SharedArrayBuffer(big.length);
    new Uint8Array(buffer).set(big);
    const { c } = await readSafetensors(buffer);
    new Uint8Array(buffer).fill(9);
    expect([...((c as Weight).data as Int8Array)]).toEqual([1, 2]);
  });
});

describe("a file", () => {
  test("that is not there, is a folder, or is cut while it is read is refused by name, and closed", async () => {
    const missing = await readSafetensors(join(folder, "none")).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(WeightFileError);
    expect(missing).toMatchObject({
      message: expect.stringContaining("readSafetensors: expected a file that can be read, got ENOENT"),
      cause: { code: "ENOENT" },
    });
    for (const path of ["file://[", "file://elsewhere/a", "a\0b", ""])
      await expect(readSafetensors(path)).rejects.toThrow("a file that can be read");
    await expect(readSafetensors(folder)).rejects.toThrow("expected a file, got what is none");
    const path = join(folder, "cut.safetensors");
    writeFileSync(path, big);
    const opened = await openSafetensors(path);
    expect(openFiles().length).toBe(process.platform === "linux" ? 1 : 0);
    truncateSync(path, 5_000_000);
    await expect(opened.read("a")).rejects.toThrow("as when it was opened, got the file's end at 5000000");
    await opened.close();
    await expect(readSafetensors(path)).rejects.toThrow("the file is torn");
    await expect(openSafetensors(path)).rejects.toThrow("the file is torn");
    expect(openFiles()).toEqual([]);
  });

  test("is refused by name where there are none", async () => {
    const { getBuiltinModule } = process;
    process.getBuiltinModule = undefined as never;
    try {
      await expect(readSafetensors("model.safetensors")).rejects.toThrow("as there are no files here");
    } finally {
      process.getBuiltinModule = getBuiltinModule;
    }
  });

  test("may be larger than what is read of it", async () => {
    const path = join(folder, "large.safetensors");
    writeFileSync(path, big);
    const told: Progress[] = [];
    const { c } = await readSafetensors(path, { names: ["c"], onProgress: (progress) => told.push(progress) });
    expect([...((c as Weight).data as Int8Array)]).toEqual([1, 2]);
    const wanted = big.length - 2 ** 24;
    expect(told.at(-1)).toEqual({ read: wanted, total: wanted });
  });
});

describe("a URL", () => {
  test("is read by ranges: the header and the tensors that are asked for", async () => {
    await serving(big, {}, async (url, requests) => {
      const opened = await openSafetensors(new URL(url));
      expect(opened.names).toEqual(["a", "b", "c"]);
      expect(requests).toEqual(["bytes=0-65535"]);
      expect([...(await opened.read("c")).data]).toEqual([1, 2]);
      const { data } = await opened.read("a");
      expect([data[0], data[20_000], data.at(-1)]).toEqual([0, 20_000, 2 ** 21 - 1]);
      expect(requests).toHaveLength(3);
      expect(plain(await readSafetensors(url))).toEqual(plain(await readSafetensors(big)));
    });
  });

  test("of a small file takes one request, and so does one whose server knows no ranges", async () => {
    for (const faults of [{}, { whole: true }]) {
      await serving(bytesOf(NAME), faults, async (url, requests) => {
        expect(plain(await readSafetensors(url))).toEqual(right);
        expect(requests).toHaveLength(1);
      });
    }
  });

  test("is read as a whole where the range of a part is not told", async () => {
    const answer = (
      request: { headers: { range?: string } },
      response: { writeHead(status: number): { end(bytes: Uint8Array): void } },
    ) => {
      if (request.headers.range === undefined) return false;
      response.writeHead(206).end(big.subarray(0, 10));
      return true;
    };
    await serving(big, { answer: answer as never }, async (url, requests) => {
      expect(Object.keys(await readSafetensors(url))).toEqual(["a", "b", "c"]);
      expect(requests).toEqual(["bytes=0-65535", undefined]);
    });
  });

  test("of nothing is an empty file", async () => {
    await serving(new Uint8Array(0), {}, (url) => expect(readSafetensors(url)).rejects.toThrow("got a file of 0"));
  });

  type Answer = [status: number, headers: Record<string, string>, bytes: Uint8Array];
  const range = (start: number, end: number, size = big.length) => ({ "content-range": `bytes ${start}-${end - 1}/${size}` });
  test.each<[string, number, Answer | null, string]>([
    ["is not there", 0, [404, {}, new Uint8Array(3)], "a file at that URL (status 206), got status 404"],
    ["has a fault", 1, [500, {}, new Uint8Array(3)], "a file at that URL (status 206), got status 500"],
    ["gives another range", 1, [206, range(0, 10), big.subarray(0, 10)], "/16777"],
    ["gives another size", 1, [206, { ...range(65536, big.length, 99), etag: '"1"' }, new Uint8Array(3)], "got bytes 65536-"],
    ["gives more than it says", 0, [206, range(0, 65536), big.subarray(0, 65537)], "65536 bytes from the server, got more"],
    ["gives less than it says", 0, [206, range(0, 65536), big.subarray(0, 65535)], "65536 bytes from the server, got 65535"],
    ["knows ranges at first, and not later", 1, [200, {}, big], "a file at that URL (status 206), got status 200"],
    ["breaks off", 1, null, "a URL that can be read"],
  ])("whose server %s is refused by name", async (_, at, wrong, says) => {
    const answer = (
      _: unknown,
      response: { socket: { destroy(): void }; writeHead(status: number, headers: object): { end(bytes: Uint8Array): void } },
      index: number,
    ) => {
      if (index !== at) return false;
      if (wrong === null) response.socket.destroy();
      else response.writeHead(wrong[0], { etag: '"1"', ...wrong[1] }).end(wrong[2]);
      return true;
    };
    await serving(big, { answer: answer as never }, async (url) => {
      const refused = expect(readSafetensors(url)).rejects;
      await refused.toThrow(WeightFileError);
      await refused.toThrow(says);
    });
  });

  test("whose file changes between two parts is refused", async () => {
    await serving(big, { etag: (index) => `"${index}"` }, (url) =>
      expect(readSafetensors(url)).rejects.toThrow('expected the file of the first request, "0", got "1" - read it again'),
    );
  });

  test("that nobody serves, or of another kind, is refused by name", async () => {
    const url = await serving(big, {}, async (url) => url);
    await expect(readSafetensors(url)).rejects.toThrow(WeightFileError);
    await expect(readSafetensors("ftp://example.org/a")).rejects.toThrow("an http:, https: or file: URL");
    await expect(readSafetensors("http://")).rejects.toThrow(WeightFileError);
    vi.stubGlobal("fetch", undefined);
    try {
      await expect(readSafetensors(url)).rejects.toThrow("as there is no fetch here");
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("a Response", () => {
  test("is read once, is a success, and is told how long it is", async () => {
    const response = new Response(bytesOf(NAME), { headers: { "content-length": String(bytesOf(NAME).length) } });
    const told: Progress[] = [];
    await readSafetensors(response, { onProgress: (progress) => told.push(progress) });
    expect(told.at(-1)).toEqual({ read: bytesOf(NAME).length, total: bytesOf(NAME).length });
    await expect(readSafetensors(response)).rejects.toThrow("a Response whose body is unread");
    const taken = new Response("text");
    taken.body?.getReader();
    await expect(readSafetensors(taken)).rejects.toThrow("a Response whose body is unread");
    await expect(readSafetensors(new Response("no", { status: 404 }))).rejects.toThrow("a Response of status 200, got status 404");
    await expect(readSafetensors(Response.error())).rejects.toThrow("got status 0");
  });

  test("without a body, or without a stream, is read as well", async () => {
    await expect(readSafetensors(new Response(null))).rejects.toThrow("got a file of 0");
    const { buffer } = bytesOf(NAME);
    const bare = { status: 200, headers: new Headers(), bodyUsed: false, body: undefined, arrayBuffer: async () => buffer };
    expect(plain(await readSafetensors(bare))).toEqual(right);
  });

  test("that fails on its way says so", async () => {
    const body = new ReadableStream({ start: (controller) => controller.error(new TypeError("the line is dead")) });
    await expect(readSafetensors(new Response(body))).rejects.toThrow(
      "readSafetensors: expected a URL that can be read, got the line is dead",
    );
  });
});

describe("onProgress and signal", () => {
  test.each<[string, () => Source]>([
    ["bytes", () => big],
    ["a Blob", () => new Blob([big])],
    [
      "a file",
      () => {
        writeFileSync(join(folder, "progress"), big);
        return join(folder, "progress");
      },
    ],
  ])("count what comes from %s, up to its size", async (_, source) => {
    const told: Progress[] = [];
    await readSafetensors(source(), { onProgress: (progress) => told.push(progress) });
    for (let i = 1; i < told.length; i++) expect((told[i] as Progress).read).toBeGreaterThan((told[i - 1] as Progress).read);
    expect(told.at(-1)).toEqual({ read: big.length, total: big.length });
    expect(told.length).toBeGreaterThan(2);
  });

  test("end a reading at once, and close what was open", async () => {
    const reason = new Error("enough");
    writeFileSync(join(folder, "stop"), big);
    for (const source of [big, new Blob([big]), join(folder, "stop"), new Response(big)]) {
      const controller = new AbortController();
      let calls = 0;
      const onProgress = () => {
        if (++calls === 2) controller.abort(reason);
      };
      if (source instanceof Response) controller.abort(reason);
      await expect(readSafetensors(source, { onProgress, signal: controller.signal })).rejects.toBe(reason);
      expect(calls).toBeLessThanOrEqual(2);
      await expect(readSafetensors(big, { onProgress: () => expect.unreachable(), signal: AbortSignal.abort(reason) })).rejects.toBe(
        reason,
      );
    }
    await expect(
      readSafetensors(join(folder, "stop"), {
        onProgress: () => {
          throw reason;
        },
      }),
    ).rejects.toBe(reason);
    expect(openFiles()).toEqual([]);
  });

  test("end a body that never comes", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    let cancelled: unknown;
    const body = new ReadableStream({
      cancel: (why) => {
        cancelled = why;
      },
    });
    const reading = readSafetensors(new Response(body), { signal: controller.signal });
    setTimeout(() => controller.abort(reason));
    await expect(reading).rejects.toBe(reason);
    expect(cancelled).toBe(reason);
    const answer = () => true; // and says nothing
    await serving(big, { answer }, async (url) => {
      const { signal } = controller;
      await expect(readSafetensors(url, { signal })).rejects.toBe(reason);
      const later = new AbortController();
      const waiting = readSafetensors(url, { signal: later.signal });
      setTimeout(() => later.abort(reason), 20);
      await expect(waiting).rejects.toBe(reason);
    });
  });

  test.each<[unknown, string]>([
    [{ onProgress: 1 }, "onProgress to be a function, got 1"],
    [{ signal: {} }, "signal to be an AbortSignal"],
    [{ signal: null }, "signal to be an AbortSignal, got null"],
    [{ name: ["a"] }, 'the options onProgress, signal, names, got "name"'],
    [{ names: "a" }, 'names as an array of strings, got "a"'],
    [{ names: [1] }, "names as an array of strings, got 1"],
    [1, "options as { name: value }, got 1"],
    [null, "options as { name: value }, got null"],
  ])("are refused by name where they are none: %o", async (options, says) => {
    await expect(readSafetensors(big, options as never)).rejects.toThrow(`readSafetensors: expected ${says}`);
  });
});
