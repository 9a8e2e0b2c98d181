/** Going through modules inside modules, also where one knows the module it belongs to. Not by recursion: models are built by loops, too. */
import { isModule, type ModuleLike, partsOf } from "./tree";

/** Modules inside one another; Python's limit for PyTorch, too, since each calls the next one's forward. */
const MAX_DEPTH = 1000;

/** A module and all inside it, each once under the first of its dotted names, in order of definition. */
export function* parentsFirst<M extends ModuleLike>(root: M): IterableIterator<[string, M]> {
  const seen = new Set<M>();
  const open: Place<M>[] = [{ name: "", module: root, depth: 0 }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { name, module, depth } = place;
    if (seen.has(module)) continue;
    seen.add(module);
    yield [name, module];
    const prefix = name === "" ? "" : `${name}.`;
    for (const part of modulesIn(module, depth).reverse()) open.push({ ...part, name: prefix + part.name });
  }
}

/** A module and all inside it, each once and after those inside it. */
export function childrenFirst<M extends ModuleLike>(root: M): M[] {
  const order: M[] = [];
  const seen = new Set<M>([root]);
  const path = [{ module: root, inside: modulesIn(root, 0), next: 0 }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const child = top.inside[top.next++];
    if (child === undefined) {
      order.push(top.module);
      path.pop();
    } else if (!seen.has(child.module)) {
      seen.add(child.module);
      path.push({ module: child.module, inside: modulesIn(child.module, child.depth), next: 0 });
    }
  }
  return order;
}

/**
 * A module and those inside as an indented text; one that is inside itself, and what is too far inside to read, shows its name only. `factsOf` gives
 * what stands between a module's brackets.
 */
export function formatModule<M extends ModuleLike>(root: M, factsOf: (module: M) => string): string {
  const show = (module: M, around: readonly M[]): string => {
    const { name } = module.constructor;
    if (around.includes(module) || around.length === MAX_SHOWN_DEPTH) return `${name}(...)`;
    const inside = modulesIn(module, around.length);
    if (inside.length === 0) return `${name}(${factsOf(module)})`;
    const lines = inside.map((part) => `  (${part.name}): ${show(part.module, [...around, module]).replaceAll("\n", "\n  ")}`);
    return `${name}(\n${lines.join("\n")}\n)`;
  };
  return show(root, []);
}

/** Refuses what no model is. */
export function checkDepth(depth: number): void {
  if (depth <= MAX_DEPTH) return;
  throw new RangeError(`Module: expected at most ${MAX_DEPTH} modules inside one another, got more - put them side by side in one list`);
}

// --- internal helpers ---

/** Deeper modules are not shown. */
const MAX_SHOWN_DEPTH = 32;

/** A module, its name in the one around it, and how many are around it. */
interface Place<M> {
  readonly name: string;
  readonly module: M;
  readonly depth: number;
}

function modulesIn<M extends ModuleLike>(module: M, depth: number): Place<M>[] {
  checkDepth(depth);
  return partsOf(module).flatMap(({ name, value }) => (isModule(value) ? [{ name, module: value, depth: depth + 1 }] : []));
}
