/** Where a browser keeps bytes. Of its objects only what is used here is described: programs for Node know none of them. */
import { WeightFileError, wrongType } from "../refusal";
import type { Readable, Writable } from "./target";

/**
 * A database of the browser, [IndexedDB](https://developer.mozilla.org/docs/Web/API/IndexedDB_API): one entry, replaced in one transaction.
 *
 * @param name The entry's.
 * @returns What a checkpoint is saved to and loaded from.
 * @throws TypeError for no name; on use, TypeError where there is no browser, WeightFileError for an entry that is not there, and what the browser throws, such as a
 *   QuotaExceededError (by its `name`): what was there is there still.
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
 * @throws TypeError for no name, and on use where there is no page.
 */
export function asDownload(fileName: string): Writable {
  if (typeof fileName !== "string" || fileName === "") throw wrongType("asDownload", "a name", fileName);
  return {
    write(bytes) {
      const { document } = globalThis as unknown as { document?: { createElement(tag: "a"): Link } };
      if (document === undefined) throw wrongType("asDownload", "a page", document, "workers and Node have no downloads");
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
  error: Error | null;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

interface Store {
  put(value: unknown, key: string): Asked<unknown>;
  get(key: string): Asked<unknown>;
}

interface Transaction {
  error: Error | null;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  objectStore(name: string): Store;
}

interface Database {
  createObjectStore(name: string): unknown;
  transaction(name: string, mode: string, options: { durability: "strict" }): Transaction;
  close(): void;
}

/** One question to the store, in a transaction of its own; done when that is, and when it is on disk. A question that fails ends its transaction. */
async function withStore(mode: "readonly" | "readwrite", ask: (store: Store) => Asked<unknown>): Promise<unknown> {
  const { indexedDB } = globalThis as unknown as {
    indexedDB?: { open(name: string, version: number): Asked<Database> & { onupgradeneeded: (() => void) | null } };
  };
  if (indexedDB === undefined) throw wrongType("inIndexedDB", "a browser", indexedDB, "use a path or inMemory()");
  const opening = indexedDB.open("dropwise", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("checkpoints");
  await new Promise<void>((resolve, reject) => {
    opening.onsuccess = () => resolve();
    opening.onerror = () => reject(told(opening.error));
  });
  const database = opening.result;
  try {
    const transaction = database.transaction("checkpoints", mode, { durability: "strict" });
    const asked = ask(transaction.objectStore("checkpoints"));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(told(transaction.error));
    });
    return asked.result;
  } finally {
    database.close();
  }
}

/** The browser's error, under its own name; where it says no more than that, in words. */
function told(error: Error | null): Error | null {
  if (error === null || error.message !== "") return error;
  const why = error.name === "QuotaExceededError" ? "room for the bytes within the origin's quota" : "the database to take the bytes";
  return Object.assign(new Error(`inIndexedDB: expected ${why}, got ${error.name}`, { cause: error }), { name: error.name });
}
