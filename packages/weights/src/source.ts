/** Where bytes come from, whatever it is: parts of it are read when they are asked for. */
import { allocate, WeightFileError, wrongType, wrongValue } from "./refusal";
import { type AbortSignalLike, type ReadOptions, throwIfAborted } from "./signal";
import { openFile } from "./source-file";
import { openUrl, type ResponseLike, readBody } from "./source-http";

/** Bytes that can be read in parts. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Those from `start` to before `end`, which lie within. They may be a view of the source's own memory. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Lets go of a file. */
  close(): Promise<void>;
}

/** What a `Blob` or a `File` has, for programs that know no such types. */
export interface BlobLike {
  /** Bytes. */
  readonly size: number;
  /**
   * A part of it.
   *
   * @param start Its first byte.
   * @param end The first byte behind it.
   */
  slice(start: number, end: number): BlobLike;
  /** Its bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** What a `URL` has, for programs that know no such type. */
export interface UrlLike {
  /** All of it as text. */
  readonly href: string;
}

/**
 * What a reader takes: a path or a `file:` URL (Node, Bun, Deno), an http(s) URL as a string or a `URL`, a `Blob` or `File`, a `Response`, or bytes: an
 * `ArrayBuffer`, a `SharedArrayBuffer`, or any view, such as a `Buffer`.
 */
export type Source = string | UrlLike | ArrayBufferLike | ArrayBufferView | BlobLike | ResponseLike;

/** Who reads, for whom, and how far it is. */
export interface Watch {
  readonly op: string;
  readonly signal: AbortSignalLike | undefined;
  /** More bytes have come, of `total`. Throws where the reading is to end. */
  add(bytes: number, total: number | undefined): void;
}

/** Opens a source; whoever does closes it. */
export async function openSource(op: string, source: Source, { onProgress, signal }: ReadOptions = {}): Promise<ByteSource> {
  let read = 0;
  const watch: Watch = {
    op,
    signal,
    add(bytes, total) {
      read += bytes;
      throwIfAborted(signal);
      onProgress?.({ read, total });
      throwIfAborted(signal);
    },
  };
  throwIfAborted(signal);
  switch (kindOf(source)) {
    case "bytes":
      return inMemory(viewOf(op, source as ArrayBufferLike | ArrayBufferView), watch);
    case "file":
      return openFile(watch, textOf(source as string | UrlLike));
    case "url":
      return openUrl(watch, textOf(source as string | UrlLike));
    case "blob":
      return inParts(watch, (source as BlobLike).size, inBlob(source as BlobLike, watch));
    case "response":
      return inMemory(await wholeOf(source as ResponseLike, watch));
    default:
      throw wrongType(op, "a path, a URL, a Blob, a Response or bytes", source);
  }
}

/** Bytes that are here already. Those that threads share are copied, as nobody else may change what was checked. */
export function inMemory(bytes: Uint8Array, watch?: Watch): ByteSource {
  const isShared = tagOf(bytes.buffer) === "SharedArrayBuffer";
  return {
    size: bytes.byteLength,
    async read(start, end) {
      const part = isShared ? bytes.slice(start, end) : bytes.subarray(start, end);
      watch?.add(end - start, bytes.byteLength);
      return part;
    },
    close: async () => {},
  };
}

/** Fills `target` with the bytes from `at` on. */
export type Fill = (target: Uint8Array, at: number) => Promise<void>;

/** Bytes that are somewhere else. */
export function inParts(watch: Watch, size: number, fill: Fill, close: () => Promise<void> = async () => {}): ByteSource {
  return {
    size,
    async read(start, end) {
      const bytes = allocate(watch.op, end - start);
      for (let at = start; at < end; at += PART) {
        const target = bytes.subarray(at - start, at - start + PART);
        await fill(target, at);
        watch.add(target.length, size);
      }
      return bytes;
    },
    close,
  };
}

/** A word and a colon begin a URL; a single letter there is a drive. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z\d+.-]+:/i.test(text);
}

// --- internal helpers ---

/** What is not in memory is read in parts of so many bytes, between which a signal is seen. */
const PART = 2 ** 24;

type Kind = "bytes" | "file" | "url" | "blob" | "response";

function kindOf(source: unknown): Kind | undefined {
  if (typeof source === "string") return kindOfUrl(source);
  if (typeof source !== "object" || source === null) return undefined;
  try {
    if (ArrayBuffer.isView(source)) return "bytes";
    const tag = tagOf(source);
    if (tag === "ArrayBuffer" || tag === "SharedArrayBuffer") return "bytes";
    const { href, size, slice, arrayBuffer, status, headers } = source as Partial<UrlLike & BlobLike & ResponseLike>;
    if (typeof href === "string") return kindOfUrl(href);
    if (typeof arrayBuffer !== "function") return undefined;
    if (typeof size === "number" && typeof slice === "function") return "blob";
    return typeof status === "number" && typeof headers?.get === "function" ? "response" : undefined;
  } catch {
    return undefined; // a proxy that was revoked
  }
}

function kindOfUrl(text: string): Kind {
  return isUrl(text) && !/^file:/i.test(text) ? "url" : "file";
}

/** A path or a URL as text. */
function textOf(source: string | UrlLike): string {
  return typeof source === "string" ? source : source.href;
}

function viewOf(op: string, source: ArrayBufferLike | ArrayBufferView): Uint8Array {
  try {
    return ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  } catch {
    throw wrongType(op, "bytes that are still here", source, "they were given away, to a worker perhaps");
  }
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function inBlob(blob: BlobLike, { op }: Watch): Fill {
  return async (target, at) => {
    let bytes: ArrayBuffer;
    try {
      bytes = await blob.slice(at, at + target.length).arrayBuffer();
    } catch (cause) {
      // A file on disk has changed since it was chosen.
      throw new WeightFileError(op, "a Blob that can be read", String(cause), undefined, { cause });
    }
    if (bytes.byteLength !== target.length) throw new WeightFileError(op, `${target.length} bytes of the Blob`, `${bytes.byteLength}`);
    target.set(new Uint8Array(bytes));
  };
}

async function wholeOf(response: ResponseLike, watch: Watch): Promise<Uint8Array> {
  const { op } = watch;
  const { locked } = (response.body ?? {}) as { locked?: boolean };
  if (response.bodyUsed || locked)
    throw wrongValue(op, "a Response whose body is unread", response, "read it once, or pass response.clone()");
  if (response.status !== 200) throw new WeightFileError(op, "a Response of status 200", `status ${response.status}`);
  return readBody(watch, response);
}
