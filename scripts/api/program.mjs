/** A package's sources as TypeScript sees them. */
import { join } from "node:path";
import ts from "typescript";

/** @typedef {import("./entries.mjs").PublicPackage} PublicPackage */
/** @typedef {import("./entries.mjs").Entry} Entry */

/**
 * The program of a package's entry points, with the package's own settings; it can emit declarations.
 *
 * @param {PublicPackage} pkg
 * @returns {ts.Program}
 */
export function programOf(pkg) {
  const { config } = ts.readConfigFile(join(pkg.folder, "tsconfig.json"), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, pkg.folder);
  const ambient = fileNames.filter((name) => name.startsWith(join(pkg.folder, "src")) && name.endsWith(".d.ts"));
  const program = ts.createProgram([...pkg.entries.map(({ source }) => source), ...ambient], {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
  });
  checkImports(program, pkg.folder);
  return program;
}

/**
 * What an entry point exports, by name.
 *
 * @param {ts.Program} program
 * @param {Entry} entry
 * @returns {ts.Symbol[]}
 */
export function exportsOf(program, entry) {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry.source);
  const symbol = file && checker.getSymbolAtLocation(file);
  if (symbol === undefined) throw new Error(`${entry.source}: expected a module, got a file without exports`);
  return checker.getExportsOfModule(symbol);
}

/** @param {ts.Program} program @param {Entry} entry @returns {string[]} */
export const exportedNames = (program, entry) => exportsOf(program, entry).map(({ name }) => name);

// --- internal helpers ---

/** Types of a package that is not there would be reported as `any`. @param {ts.Program} program @param {string} folder */
function checkImports(program, folder) {
  const checker = program.getTypeChecker();
  for (const file of program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(join(folder, "src")))) {
    for (const statement of file.statements) {
      if (!ts.isImportDeclaration(statement) || checker.getSymbolAtLocation(statement.moduleSpecifier) !== undefined) continue;
      const name = statement.moduleSpecifier.getText();
      throw new Error(`${file.fileName}: expected the types of ${name}, found none - run \`npm run build\` first`);
    }
  }
}
