import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Missing } from "../cases/backends";
import type { Competitor } from "../competitor";

/** The folder of the peers, a package of its own that is installed on demand. Seen from `dist/`, and from this file's folder in tests. */
const here = dirname(fileURLToPath(import.meta.url));
const PEERS = join(here, existsSync(join(here, "..", "peers", "package.json")) ? "../peers" : "../../peers");

/** The peers, by the file that adapts each, in the order in which they are shown. */
const FILES = ["onnxruntime-node", "onnxruntime-web", "tfjs", "jax-js", "js-pytorch", "torch"];

/** What the default export of a peer's file is: opens it, as one competitor or several. */
type Peer = () => Promise<Competitor[]>;

/** Opens every peer that is installed and works; the others come with a reason. */
export async function openPeers(): Promise<{ competitors: Competitor[]; missing: Missing[] }> {
  const competitors: Competitor[] = [];
  const missing: Missing[] = [];
  for (const name of FILES) {
    try {
      const { default: open } = (await import(pathToFileURL(join(PEERS, `${name}.mjs`)).href)) as { default: Peer };
      competitors.push(...(await open()));
    } catch (error) {
      missing.push({ name, reason: reasonOf(error, name) });
    }
  }
  return { competitors, missing };
}

// --- internal helpers ---

function reasonOf(error: unknown, name: string): string {
  if ((error as NodeJS.ErrnoException | null)?.code === "ERR_MODULE_NOT_FOUND") return `${name} is not installed - see npm run bench:peers`;
  return ((error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "").trim() || "no reason given";
}
