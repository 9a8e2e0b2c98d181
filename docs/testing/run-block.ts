/** Runs a code block of a page as the program that a reader would make of it. */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { build, type Plugin } from "esbuild";
import { root } from "../../scripts/workspace.mjs";
import { type Block, blocksOf, fileNameOf } from "./blocks.mjs";

/** What a program printed, and how it ended. */
export interface Outcome {
  readonly lines: string[];
  readonly errors: string;
  readonly status: number | null;
}

/** Core's source, as in all tests, or with `DROPWISE_TEST_DIST=1` the built files. */
const alias: Record<string, string> =
  process.env.DROPWISE_TEST_DIST === "1"
    ? {}
    : {
        "@dropwise/core/backend": join(root, "packages/core/src/backend/index.ts"),
        "@dropwise/core/streams": join(root, "packages/core/src/streams/index.ts"),
        "@dropwise/core/train": join(root, "packages/core/src/train/index.ts"),
        "@dropwise/core": join(root, "packages/core/src/index.ts"),
      };

/** The block and all it imports as one module. */
export async function bundle(block: Block): Promise<string> {
  const page = block.place.replace(/:\d+$/, "");
  const { outputFiles } = await build({
    stdin: { contents: block.code, loader: "ts", resolveDir: join(root, dirname(page)), sourcefile: block.place },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    alias,
    loader: { ".wasm": "binary" },
    plugins: [filesOfPage(page)],
    logLevel: "silent",
    // A name that does not exist would otherwise be undefined, silently.
    logOverride: { "import-is-undefined": "error" },
  });
  return outputFiles[0]?.text as string;
}

/** Runs a block in a process of its own, so that blocks share no generator and no default. */
export async function runBlock(block: Block): Promise<Outcome> {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module"], {
    input: await bundle(block),
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, NODE_OPTIONS: undefined },
  });
  return { lines: stdout === "" ? [] : stdout.trimEnd().split("\n"), errors: stderr, status };
}

// --- internal helpers ---

/** Lets blocks import the files that earlier blocks of the page are. */
function filesOfPage(page: string): Plugin {
  const files = new Map(blocksOf(page).flatMap((block) => [[`./${fileNameOf(block)}`, block.code]]));
  return {
    name: "files-of-page",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\// }, ({ path }) => (files.has(path) ? { path, namespace: "page" } : undefined));
      onLoad({ filter: /.*/, namespace: "page" }, ({ path }) => ({ contents: files.get(path) as string, loader: "ts" }));
    },
  };
}
