/** Files on servers: by ranges where the server knows them, else the whole body at once. */
import { allocate, WeightFileError, wrongType } from "./refusal";
import { type AbortSignalLike, throwIfAborted } from "./signal";
import { type ByteSource, inMemory, inParts, type Watch } from "./source";

/** What a `Response` has, for programs that know no such type. */
export interface ResponseLike {
  /** The status, such as 200. */
  readonly status: number;
  /** The headers. */
  readonly headers: {
    /**
     * One of them.
     *
     * @param name Its name.
     */
    get(name: string): string | null;
  };
  /** True once somebody has read the body. */
  readonly bodyUsed: boolean;
  /** The body as it comes. */
  readonly body: unknown;
  /** The body as a whole. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Opens what lies at a URL. The first request asks for the first part, in which small files and most headers lie as a whole. */
export async function openUrl(watch: Watch, url: string): Promise<ByteSource> {
  if (!/^(https?|blob|data):/i.test(url)) throw wrongType(watch.op, "an http:, https: or file: URL, or a path", url);
  if (!/^http/i.test(url)) return inMemory(await readBody(watch, accepted(watch, await request(watch, url), 200)));
  const first = await request(watch, url, [0, FIRST]);
  if (first.status === 200) return inMemory(await readBody(watch, first));
  // A file without bytes has no range at all.
  if (first.status === 416 && first.headers.get("content-range") === "bytes */0") return inMemory(new Uint8Array(0));
  const size = rangeOf(accepted(watch, first, 206))?.size;
  if (size === undefined) {
    // A server of another origin may keep its headers to itself: what came is of no use then.
    await discard(first);
    return inMemory(await readBody(watch, accepted(watch, await request(watch, url), 200)));
  }
  return inRanges(watch, url, size, first.headers.get("etag"), await part(watch, first, 0, Math.min(FIRST, size), size));
}

/** The bytes of a body. They are counted as they come, and none is taken beyond `limit`. */
export async function readBody(watch: Watch, response: ResponseLike, limit = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const reader = readerOf(response);
  const stop = () => void reader.cancel(watch.signal?.reason).catch(() => {});
  const chunks: Uint8Array[] = [];
  const length = Number(response.headers.get("content-length")) || undefined;
  let size = 0;
  watch.signal?.addEventListener("abort", stop);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      throwIfAborted(watch.signal);
      if (done) break;
      size += value.byteLength;
      if (size > limit) throw new WeightFileError(watch.op, `${limit} bytes from the server`, "more");
      chunks.push(value);
      // What a server compressed is longer than it says. A part is counted where it is used.
      if (limit === Number.POSITIVE_INFINITY) watch.add(value.byteLength, length !== undefined && length >= size ? length : undefined);
    }
  } catch (error) {
    stop();
    throw failure(watch, error);
  } finally {
    watch.signal?.removeEventListener("abort", stop);
  }
  return joined(watch.op, chunks, size);
}

// --- internal helpers ---

/** Bytes that the first request asks for. */
const FIRST = 2 ** 16;

interface Reader {
  read(): Promise<{ done: boolean; value: Uint8Array }>;
  cancel(reason: unknown): Promise<void>;
}

function readerOf(response: ResponseLike): Reader {
  const body = response.body as { getReader?: () => Reader } | null | undefined;
  if (typeof body?.getReader === "function") return body.getReader();
  // Without a stream: one chunk, if there is anything.
  let rest: Promise<ArrayBuffer> | undefined = response.arrayBuffer();
  return {
    async read() {
      const value = new Uint8Array((await rest) ?? new ArrayBuffer(0));
      const done = rest === undefined;
      rest = undefined;
      return { done, value };
    },
    cancel: async () => {},
  };
}

function inRanges(watch: Watch, url: string, size: number, etag: string | null, head: Uint8Array): ByteSource {
  return inParts(watch, size, async (target, start) => {
    const end = start + target.length;
    if (end <= head.length) return target.set(head.subarray(start, end));
    const response = accepted(watch, await request(watch, url, [start, end]), 206);
    const now = response.headers.get("etag");
    if (now !== etag) throw await refused(watch, response, `the file of the first request, ${etag}`, `${now}`);
    target.set(await part(watch, response, start, end, size));
  });
}

async function request(watch: Watch, url: string, range?: readonly [number, number]): Promise<ResponseLike> {
  const { op, signal } = watch;
  if (typeof globalThis.fetch !== "function") throw wrongType(op, "a source other than a URL, as there is no fetch here", url);
  const headers: Record<string, string> = range === undefined ? {} : { range: `bytes=${range[0]}-${range[1] - 1}` };
  try {
    return await fetch(url, { headers, ...(signal === undefined ? {} : { signal: signal as AbortSignalLike & AbortSignal }) });
  } catch (error) {
    throw failure(watch, error);
  }
}

/** A response of the right status. */
function accepted(watch: Watch, response: ResponseLike, status: number): ResponseLike {
  if (response.status === status) return response;
  void discard(response);
  throw new WeightFileError(watch.op, `a file at that URL (status ${status})`, `status ${response.status}`);
}

/** The bytes of a range, which must be the one that was asked for. */
async function part(watch: Watch, response: ResponseLike, start: number, end: number, size: number): Promise<Uint8Array> {
  const range = rangeOf(response);
  if (range === undefined || range.start !== start || range.end !== end || range.size !== size) {
    throw await refused(watch, response, `bytes ${start}-${end - 1}/${size}`, String(response.headers.get("content-range")));
  }
  const bytes = await readBody(watch, response, end - start);
  if (bytes.length !== end - start) throw new WeightFileError(watch.op, `${end - start} bytes from the server`, `${bytes.length}`);
  return bytes;
}

function rangeOf(response: ResponseLike): { start: number; end: number; size: number } | undefined {
  const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return found === null ? undefined : { start: Number(found[1]), end: Number(found[2]) + 1, size: Number(found[3]) };
}

async function refused(watch: Watch, response: ResponseLike, expected: string, got: string): Promise<WeightFileError> {
  await discard(response);
  return new WeightFileError(watch.op, expected, got, "read it again");
}

/** Ends a body that nobody reads, so that its connection is free. */
async function discard(response: ResponseLike): Promise<void> {
  await readerOf(response)
    .cancel(undefined)
    .catch(() => {});
}

/** What ended a request: the signal, one of our own refusals, or the network. */
function failure(watch: Watch, error: unknown): unknown {
  if (watch.signal?.aborted) return watch.signal.reason;
  if (!(error instanceof TypeError) && (error as Error | undefined)?.name !== "AbortError") return error;
  const { message, cause } = error as Error;
  const detail = (cause as Error | undefined)?.message;
  return new WeightFileError(watch.op, "a URL that can be read", detail ? `${message} (${detail})` : message, undefined, { cause: error });
}

function joined(op: string, chunks: (Uint8Array | undefined)[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const bytes = allocate(op, size);
  let at = 0;
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i] as Uint8Array;
    bytes.set(chunk, at);
    at += chunk.byteLength;
    chunks[i] = undefined; // so that its memory can be had again
  }
  return bytes;
}
