/**
 * Checks the comments of what a package exports, beyond their being there: every parameter and option is explained, what mirrors PyTorch or a
 * paper links to it, and what a user meets first has an example and says what it throws.
 */
import { relative } from "node:path";
import ts from "typescript";
import { root } from "../workspace.mjs";
import { FIRST_MET } from "./first-met.mjs";
import { exportsOf } from "./program.mjs";

/** Namespaces whose functions and classes have a source to name. */
const MIRRORS = /^(functional|nn|optim)\./;

/**
 * @param {import("./entries.mjs").PublicPackage} pkg
 * @param {ts.Program} program
 * @returns {string[]} one line for each fault
 */
export function missingComments(pkg, program) {
  const checker = program.getTypeChecker();
  /** @type {string[]} */
  const faults = [];
  /** @type {Set<ts.Node>} */
  const seen = new Set();
  const expected = new Set(FIRST_MET[pkg.name] ?? []);

  /** @param {ts.Node} node @param {string} text */
  const fault = (node, text) => {
    const file = node.getSourceFile();
    faults.push(`${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${text}`);
  };

  /** @param {ts.Symbol} symbol @param {string} path */
  const visit = (symbol, path) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if (target.flags & ts.SymbolFlags.ValueModule) {
      for (const member of checker.getExportsOfModule(target)) visit(member, `${path}.${member.name}`);
      return;
    }
    const all = (target.declarations ?? []).filter((node) => isOwn(node, pkg.folder));
    // Of overloads, those that a user sees.
    const declarations = all.filter((node) => all.length === 1 || !ts.isFunctionDeclaration(node) || node.body === undefined);
    for (const declaration of declarations) visitDeclaration(declaration, path);
    if (MIRRORS.test(path)) {
      const first = declarations.find((node) => ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node));
      if (first !== undefined && !commentOf(first).includes("https://"))
        fault(first, `${path}: expected a link to what it mirrors, got none`);
    }
    if (expected.delete(path)) visitFirstMet(declarations, path);
  };

  /** @param {ts.Node} node @param {string} path */
  const visitDeclaration = (node, path) => {
    if (seen.has(node)) return;
    seen.add(node);
    if (ts.isFunctionDeclaration(node)) checkParameters(node, path, "");
    if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) return;
    for (const member of node.members) {
      if (isHidden(member)) continue;
      const name = `${path}.${member.name?.getText() ?? "constructor"}`;
      const isCallable = ts.isMethodDeclaration(member) || ts.isMethodSignature(member) || ts.isConstructorDeclaration(member);
      if (isCallable) checkParameters(member, name, ts.isConstructorDeclaration(member) ? commentOf(node) : "");
    }
    // Bases that nobody can import are looked at through those who extend them.
    for (const base of node.heritageClauses?.flatMap(({ types }) => types) ?? []) {
      for (const declaration of checker.getTypeAtLocation(base.expression).symbol?.declarations ?? []) {
        if (isOwn(declaration, pkg.folder)) visitDeclaration(declaration, base.expression.getText());
      }
    }
  };

  /** @param {ts.SignatureDeclaration} node @param {string} path @param {string} around what the comment of the class says */
  const checkParameters = (node, path, around) => {
    const comment = commentOf(node);
    if (isBehindOverloads(node)) return;
    const text = around + comment;
    for (const parameter of node.parameters) {
      const isPattern = ts.isObjectBindingPattern(parameter.name);
      const name = isPattern ? "options" : parameter.name.getText();
      if (!isExplained(parameter, name, text))
        fault(parameter, `${path}: expected an explanation of ${name}, got none - add @param ${name}`);
      for (const option of inlineOptionsOf(parameter.type)) {
        if (commentOf(option) === "" && !text.includes(`\`${option.name.getText()}\``)) {
          fault(option, `${path}: expected an explanation of the option ${option.name.getText()}, got none`);
        }
      }
    }
  };

  /** @param {ts.ParameterDeclaration} parameter @param {string} name @param {string} text */
  const isExplained = (parameter, name, text) => {
    // By a tag, in its own comment, or where the text speaks of it in code: `[outer, size, inner]`.
    if (new RegExp(`@param\\s+${name}\\b|\`[^\`\n]*\\b${name}\\b[^\`\n]*\``).test(text) || commentOf(parameter) !== "") return true;
    // An options object of our own, or an alias such as `NumberOrTensor`, explains itself.
    const type = parameter.type && withoutPartial(parameter.type);
    const symbol = type && ts.isTypeReferenceNode(type) ? checker.getSymbolAtLocation(type.typeName) : undefined;
    const target = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return (
      (target?.declarations ?? []).some(
        (node) => (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) && isOwn(node, pkg.folder) && commentOf(node) !== "",
      ) ||
      (parameter.type !== undefined && inlineOptionsOf(parameter.type).length > 0)
    );
  };

  /** @param {ts.Declaration[]} declarations @param {string} path */
  const visitFirstMet = (declarations, path) => {
    const node = declarations[0];
    if (node === undefined) return;
    const members = ts.isClassDeclaration(node) ? node.members.filter((member) => !isHidden(member)) : [];
    const own = declarations.map(commentOf).join("\n");
    if (!/@example\s+```ts\n/.test(own)) fault(node, `${path}: expected an @example, got none`);
    if (![own, ...members.map(commentOf)].some((text) => text.includes("@throws"))) fault(node, `${path}: expected @throws, got none`);
    if (!ts.isFunctionDeclaration(node)) return;
    for (const { name } of node.parameters) {
      const expectedName = ts.isIdentifier(name) ? name.text : "options";
      if (!new RegExp(`@param\\s+${expectedName}\\b`).test(own)) fault(node, `${path}: expected @param ${expectedName}, got none`);
    }
  };

  for (const entry of pkg.entries) for (const symbol of exportsOf(program, entry)) visit(symbol, symbol.name);
  for (const path of expected) faults.push(`${pkg.name}: expected "${path}" of the list of what is met first, got no such export`);
  return faults;
}

// --- internal helpers ---

/** Whether a declaration is written in a package's sources. @param {ts.Node} node @param {string} folder */
function isOwn(node, folder) {
  const file = node.getSourceFile().fileName;
  return file.startsWith(folder) && !file.includes("/node_modules/") && !file.includes("/dist/");
}

/** The comments before a declaration, as they are written; "" without one. @param {ts.Node} node @returns {string} */
function commentOf(node) {
  return ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map((comment) => comment.getText())
    .join("\n")
    .replace(/^\s*\* ?/gm, "");
}

/** Private members, and those for core alone. @param {ts.ClassElement | ts.TypeElement} member */
function isHidden(member) {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return true;
  return commentOf(member).includes("@internal") || (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
}

/** The implementation of overloads, which nobody sees. @param {ts.SignatureDeclaration} node @returns {boolean} */
function isBehindOverloads(node) {
  if (!("body" in node) || node.body === undefined) return false;
  const others = ts.isClassDeclaration(node.parent) ? node.parent.members : [];
  return others.some((other) => other !== node && other.kind === node.kind && other.name?.getText() === node.name?.getText());
}

/** The members that a parameter's type has on the spot: `{ dim?: number }`. @param {ts.TypeNode | undefined} type @returns {(ts.TypeElement & { name: ts.PropertyName })[]} */
function inlineOptionsOf(type) {
  if (type === undefined) return [];
  if (ts.isIntersectionTypeNode(type)) return type.types.flatMap(inlineOptionsOf);
  if (!ts.isTypeLiteralNode(type)) return [];
  return type.members.flatMap((member) =>
    member.name === undefined ? [] : [/** @type {ts.TypeElement & { name: ts.PropertyName }} */ (member)],
  );
}

/** `Options` of `Partial<Options>` and of `number | Options`. @param {ts.TypeNode} type @returns {ts.TypeNode} */
function withoutPartial(type) {
  if (ts.isUnionTypeNode(type)) return withoutPartial(type.types.find(ts.isTypeReferenceNode) ?? type.types[0] ?? type);
  if (ts.isTypeReferenceNode(type) && type.typeName.getText() === "Partial") return type.typeArguments?.[0] ?? type;
  return type;
}
