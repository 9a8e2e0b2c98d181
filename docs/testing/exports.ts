/** What core exports, types included, as TypeScript sees it. */
import { join } from "node:path";
import ts from "typescript";
import { root } from "../../scripts/workspace.mjs";

/** Names of exports ("ones", "functional.relu", "nn.Linear") and of public members ("nn.Module.train"). */
export interface Exports {
  readonly names: readonly string[];
  /** The public members of an exported class or interface, inherited ones included; symbols left out. */
  membersOf(name: string): string[];
}

export function exportsOfCore(): Exports {
  const entry = join(root, "packages/core/src/index.ts");
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const found = new Map<string, ts.Symbol>();
  const collect = (holder: ts.Symbol, prefix: string): void => {
    for (const exported of checker.getExportsOfModule(holder)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      found.set(prefix + exported.name, symbol);
      if (symbol.flags & ts.SymbolFlags.ValueModule) collect(symbol, `${prefix}${exported.name}.`);
    }
  };
  collect(checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile) as ts.Symbol, "");

  return {
    names: [...found.keys()],
    membersOf(name) {
      const symbol = found.get(name);
      if (symbol === undefined) throw new Error(`expected an export of core, got ${name}`);
      return checker
        .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
        .filter(isPublic)
        .map((member) => member.name);
    },
  };
}

// --- internal helpers ---

function isPublic(member: ts.Symbol): boolean {
  const [declaration] = member.declarations ?? [];
  if (declaration === undefined || /^(#|__)/.test(member.name)) return false; // private fields, and symbols such as Symbol.iterator
  const hidden = ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
  const isInternal = ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === "internal");
  return hidden === 0 && !isInternal;
}
