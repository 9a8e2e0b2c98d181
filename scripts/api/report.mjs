/**
 * Reports of the types that a package's entry points offer, made by API Extractor. It reads declarations that TypeScript makes from the sources, not
 * those in `dist`: there, a bundler has turned `export * as nn` into a list of names that says nothing of what is in it.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { CompilerState, Extractor, ExtractorConfig } from "@microsoft/api-extractor";

/**
 * @typedef {object} Finding
 * @property {string} id API Extractor's name for it, such as "ae-undocumented".
 * @property {string} text
 * @property {string} place The line of the source, as far as it is known.
 */

/**
 * @typedef {object} Report
 * @property {import("./entries.mjs").Entry} entry
 * @property {string} text
 * @property {Finding[]} findings
 */

/**
 * @param {import("./entries.mjs").PublicPackage} pkg
 * @param {import("typescript").Program} program its sources
 * @returns {Report[]} one for each entry point
 */
export function reportsOf(pkg, program) {
  // Inside the package, whose package.json and node_modules decide what is its own and what comes from elsewhere.
  const folder = join(pkg.folder, "build", "api");
  rmSync(folder, { recursive: true, force: true });
  try {
    emitDeclarations(program, pkg.folder, folder);
    const configs = pkg.entries.map((entry) => configOf(pkg, entry, folder));
    const [first] = configs;
    if (first === undefined) return [];
    const compilerState = CompilerState.create(first, { additionalEntryPoints: configs.map((config) => config.mainEntryPointFilePath) });
    return configs.map((config, i) => report(/** @type {Entry} */ (pkg.entries[i]), config, compilerState));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// --- internal helpers ---

/** @typedef {import("./entries.mjs").Entry} Entry */

/** What API Extractor may say; TypeDoc looks after what the comments themselves look like. */
const MESSAGES = {
  compilerMessageReporting: { default: { logLevel: "error" } },
  extractorMessageReporting: {
    default: { logLevel: "warning" },
    // Everything exported is public: the packages have no alpha or beta parts.
    "ae-missing-release-tag": { logLevel: "none" },
    // What a setter refuses stands with it.
    "ae-setter-with-docs": { logLevel: "none" },
    "ae-unresolved-inheritdoc-reference": { logLevel: "none" },
    "ae-unresolved-link": { logLevel: "none" },
    "ae-undocumented": { logLevel: "warning" },
  },
  tsdocMessageReporting: { default: { logLevel: "none" } },
};

/** Where a file goes among the declarations: laid out as the packages are, since some share sources that lie beside them. @param {string} packageFolder @param {string} file */
function placeOf(packageFolder, file) {
  return relative(dirname(packageFolder), file);
}

/** @param {import("typescript").Program} program @param {string} packageFolder @param {string} folder */
function emitDeclarations(program, packageFolder, folder) {
  program.emit(
    undefined,
    (file, text) => {
      const target = join(folder, placeOf(packageFolder, file));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    },
    undefined,
    true,
  );
}

/** @param {import("./entries.mjs").PublicPackage} pkg @param {Entry} entry @param {string} folder @returns {ExtractorConfig} */
function configOf(pkg, entry, folder) {
  const declarations = join(folder, placeOf(pkg.folder, entry.source).replace(/\.ts$/, ".d.ts"));
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(pkg.folder, "package.json"),
    configObject: {
      projectFolder: pkg.folder,
      mainEntryPointFilePath: declarations,
      newlineKind: "lf",
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "es2022",
            lib: ["es2022", "dom"],
            module: "esnext",
            moduleResolution: "bundler",
            strict: true,
            skipLibCheck: true,
            types: ["node", "@webgpu/types"],
          },
          files: [declarations],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: entry.file,
        reportFolder: folder,
        reportTempFolder: folder,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: /** @type {import("@microsoft/api-extractor").IExtractorMessagesConfig} */ (MESSAGES),
    },
  });
}

/** @param {Entry} entry @param {ExtractorConfig} config @param {CompilerState} compilerState @returns {Report} */
function report(entry, config, compilerState) {
  /** @type {Finding[]} */
  const findings = [];
  Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
      // Beside findings, it tells of its progress.
      if (message.category === "console" || message.logLevel === "none" || message.logLevel === "verbose") return;
      const place = `${relative(config.projectFolder, message.sourceFilePath ?? "")}:${message.sourceFileLine ?? 0}`;
      findings.push({ id: message.messageId, text: message.text, place });
    },
  });
  return { entry, text: readFileSync(join(config.reportFolder, `${entry.file}.api.md`), "utf8"), findings };
}
