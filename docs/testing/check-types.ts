/** Checks the types of code blocks, all in one program, without writing them to disk. */
import { join } from "node:path";
import ts from "typescript";
import { root } from "../../scripts/workspace.mjs";
import type { Block } from "./blocks.mjs";

/** One line for each error, beginning with its place in the page; none when the types are right. */
export function typeErrors(blocks: readonly Block[]): string[] {
  const files = new Map(blocks.map((block, i) => [join(root, "docs", `block-${i}.ts`), block]));
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const built = process.env.DROPWISE_TEST_DIST === "1";
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name)?.code ?? readFile(name);
  const entries = { "@dropwise/core": "", "@dropwise/core/train": "train/", "@dropwise/core/streams": "streams/" };
  const paths = Object.fromEntries(
    Object.entries(entries).map(([name, folder]) => [name, [join(root, `packages/core/src/${folder}index.ts`)]]),
  );
  const program = ts.createProgram([...files.keys()], { ...options, noUnusedLocals: false, ...(built ? {} : { paths }) }, host);
  return [...files].flatMap(([name, block]) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(name)).map(({ messageText, start = 0 }) => {
      const [page, line] = block.place.split(":");
      const row = block.code.slice(0, start).split("\n").length - 1;
      return `${page}:${Number(line) + row}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    }),
  );
}
