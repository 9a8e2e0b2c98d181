/** What a page has for keeping bytes. Of its objects only what the tests use is described: the package's types know none of them. */
import { commands } from "vitest/browser";

/** A stream over a file, which takes the file's place when it is closed. */
export interface FileStream {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  abort(reason?: unknown): Promise<void>;
}

/** A file. */
export interface FileHandle {
  createWritable(): Promise<FileStream>;
  getFile(): Promise<Blob>;
}

/** A folder of the origin's private file system. */
export interface Folder {
  getFileHandle(name: string, options: { create: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
}

/** Where an origin keeps things. */
interface Storage {
  getDirectory(): Promise<Folder>;
}

/** A part of it with a quota of its own ([in Chromium](https://developer.chrome.com/docs/web-platform/storage-buckets)). */
interface Bucket extends Storage {
  readonly indexedDB: unknown;
}

interface Page {
  readonly navigator: {
    readonly storage: Storage;
    readonly storageBuckets: { open(name: string, options: { quota: number }): Promise<Bucket>; delete(name: string): Promise<void> };
  };
}

/** The page that the tests run in. */
export const page = globalThis as unknown as Page;

/** Waits for the download that comes next. */
export async function nextDownload(): Promise<File> {
  const { fileName, base64 } = await commands.nextDownload();
  return new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], fileName);
}

declare module "vitest/browser" {
  interface BrowserCommands {
    nextDownload(): Promise<{ fileName: string; base64: string }>;
  }
}
