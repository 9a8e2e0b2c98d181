/** Where a browser keeps bytes. Of its objects only what is used here is described: programs for Node know none of them. */
import { WeightFileError, wrongType } from "../refusal";
import type { Readable, Writable } from "./target";

/**
 * A database of the browser, [IndexedDB](https://developer.mozilla.org/docs/Web/API/IndexedDB_API): one entry, replaced in one transaction.
 *
 * @param name The entry's.
 * @returns What a checkpoint is saved to and loaded from.
 * @throws TypeError for no name; on use, WeightFileError for an entry that is not there, and what the browser throws.
 */
export function inIndexedDB(name: string): Writable & Readable {
  if (typeof name !== "string" || name === "") throw wrongType("inIndexedDB", "a name", name);
  return {
    async write(bytes) {
      await withStore("readwrite", (store) => store.put(bytes, name));
    },
    async read() {
      const bytes = await withStore("readonly", (store) => store.get(name));
      if (!(bytes instanceof Uint8Array)) throw new WeightFileError("inIndexedDB", `an entry of the name ${JSON.stringify(name)}`, "none");
      return bytes;
    },
  };
}

/**
 * A download of the browser, by a [link](https://developer.mozilla.org/docs/Web/HTML/Element/a#download) that is never seen.
 *
 * @param fileName What the file is called.
 * @returns What a checkpoint is saved to.
 * @throws TypeError for no name.
 */
export function asDownload(fileName: string): Writable {
  if (typeof fileName !== "string" || fileName === "") throw wrongType("asDownload", "a name", fileName);
  return {
    write(bytes) {
      const { document } = globalThis as unknown as { document: { createElement(tag: "a"): Link } };
      const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" }));
      const link = document.createElement("a");
      link.href = url;
      link.download = fileName;
      link.click();
      // The browser has begun to read by then.
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
  };
}

// --- internal helpers ---

interface Link {
  href: string;
  download: string;
  click(): void;
}

interface Asked<T> {
  result: T;
  error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

interface Store {
  put(value: unknown, key: string): Asked<unknown>;
  get(key: string): Asked<unknown>;
}

interface Transaction {
  error: unknown;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  objectStore(name: string): Store;
}

interface Database {
  createObjectStore(name: string): unknown;
  transaction(name: string, mode: string): Transaction;
  close(): void;
}

/** One question to the store, in a transaction of its own; done when that is. */
async function withStore(mode: "readonly" | "readwrite", ask: (store: Store) => Asked<unknown>): Promise<unknown> {
  const { indexedDB } = globalThis as unknown as {
    indexedDB: { open(name: string, version: number): Asked<Database> & { onupgradeneeded: (() => void) | null } };
  };
  const opening = indexedDB.open("dropwise", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("checkpoints");
  const database = await answered(opening);
  try {
    const transaction = database.transaction("checkpoints", mode);
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const result = await answered(ask(transaction.objectStore("checkpoints")));
    await ended;
    return result;
  } finally {
    database.close();
  }
}

function answered<T>(asked: Asked<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
