/** Finds the compiled addon of a package and loads it. Bundled into each package that has one. */
import { existsSync, readFileSync } from "node:fs";
import nodeModule from "node:module";
import { isAbsolute, resolve, toNamespacedPath } from "node:path";
import { fileURLToPath } from "node:url";
import { platformNames } from "./platform";

/** What is looked for, and where the package that looks is. */
export interface AddonSearch<Addon> {
  /** The package's name; those of the platforms have it before theirs. */
  readonly packageName: string;
  /** The package's version. An addon of another one is refused: how calls are written is settled between the two. */
  readonly version: string;
  /** The file of the addon, without its folder. */
  readonly file: string;
  /** The environment variable that names a file to load instead; here for messages alone. */
  readonly variable: string;
  /** Whether what a file exports is what this addon does. */
  readonly isAddon: (exports: Partial<Addon>) => boolean;
  /**
   * `import.meta.url` and `__filename`, each as a function, written in a file of the package itself: once that is bundled they are the bundle's. The second throws
   * in an ES module.
   */
  readonly own: readonly [url: () => string | undefined, file: () => string];
  /** What else to do where there is no addon, such as "use another backend". */
  readonly otherwise?: string;
  /** Makes the error to throw. `tried` says what was looked for, in order, and why each was none; `detail` ends with a colon, for that list to follow. */
  readonly unavailable: (detail: string, tried: readonly string[]) => Error;
}

/**
 * The addon, from the first of these that there is: the file that `override` names (and no other then), a build in the package, the package for this
 * platform. `places` are files that the package's code may be in.
 *
 * @throws What `search.unavailable` makes.
 */
export function findAddon<Addon extends { readonly version: string }>(
  search: AddonSearch<Addon>,
  override: string | undefined,
  places: readonly string[] = ownPlaces(search.own),
): Addon {
  const { packageName, variable, file: fileName } = search;
  const tried: string[] = [];
  const attempt = (label: string, locate: () => string): Addon | undefined => {
    try {
      return loadFile(locate(), search);
    } catch (error) {
      tried.push(`${label}: ${((error as Error).message ?? String(error)).split("\n")[0]}`);
      return undefined;
    }
  };

  if (override !== undefined && override !== "") {
    const file = resolve(override);
    const addon = attempt(`${variable} (${file})`, () => file);
    if (addon !== undefined) return addon;
    const fix = "correct it or unset it; a relative path counts from the working directory; tried:";
    throw search.unavailable(`expected ${variable} to name the addon - ${fix}`, tried);
  }
  for (const place of places.filter((each) => isIn(packageName, each))) {
    const build = resolve(place, BUILD, fileName);
    const addon = attempt(`a build in this package (${build})`, () => build);
    if (addon !== undefined) return addon;
  }
  const platforms = platformNames();
  for (const place of places.flatMap((each) => originsOf(packageName, each))) {
    for (const platform of platforms) {
      const name = `${packageName}-${platform}`;
      const addon = attempt(`the package ${name}, from ${place}`, () => resolveFrom(place, name));
      if (addon !== undefined) return addon;
    }
  }
  const ways = [
    "install with optional dependencies (npm install without --omit=optional)",
    "build it from a clone (npm run build)",
    `let ${variable} name the file ${fileName}`,
    ...(search.otherwise === undefined ? [] : [search.otherwise]),
  ];
  throw search.unavailable(`expected a compiled addon for ${platforms.join(" or ")}, got none - ${ways.join(", or ")}; tried:`, tried);
}

// --- internal helpers ---

/** From a file in `dist` or `src`. */
const BUILD = "../../build/Release";
const MANIFEST = "../../package.json";

/**
 * The file that the package's code is in. In a bundle that is the bundle, where the bundler knows: in CommonJS there may be no `import.meta.url`, in an ES module
 * there is no `__filename`, and some put the place in which they found this package in place of the former.
 */
function ownPlaces([url, file]: AddonSearch<unknown>["own"]): string[] {
  const places = new Set<string>();
  const address = url();
  if (address?.startsWith("file:")) places.add(fileURLToPath(address));
  try {
    places.add(file());
  } catch {
    // Asking with typeof is no help: there are bundlers that answer it beforehand, and wrongly.
  }
  return [...places].filter(isAbsolute);
}

/** The file that `name` stands for where `place` is. Not by the named import: bundlers look for calls of that, and resolve them while bundling. */
function resolveFrom(place: string, name: string): string {
  return nodeModule.createRequire(place).resolve(name);
}

/** Whether a file is the package's own: what lies beside a bundle is another's. */
function isIn(packageName: string, place: string): boolean {
  try {
    return JSON.parse(readFileSync(resolve(place, MANIFEST), "utf8")).name === packageName;
  } catch {
    return false;
  }
}

/** The files from which the platform's package is looked for: where it depends on how packages were installed, only the package itself finds it, not a bundle. */
function originsOf(packageName: string, place: string): string[] {
  if (isIn(packageName, place)) return [place];
  try {
    return [place, resolveFrom(place, `${packageName}/package.json`)];
  } catch {
    return [place];
  }
}

/** Loads a file as an addon, and as nothing else: no JavaScript runs, whatever the file is called. */
function loadFile<Addon extends { readonly version: string }>(file: string, search: AddonSearch<Addon>): Addon {
  if (!existsSync(file)) throw new Error("not there");
  const module = { exports: {} as Partial<Addon> };
  try {
    process.dlopen(module, toNamespacedPath(file));
  } catch (error) {
    throw new Error(`did not load: ${(error as Error).message.replace(`${file}: `, "")}`);
  }
  const { packageName, version, isAddon } = search;
  const found = module.exports.version;
  if (!isAddon(module.exports)) throw new Error(found === undefined ? "it is no Dropwise addon" : `it is no addon of ${packageName}`);
  if (found !== version) throw new Error(`it belongs to ${packageName} ${found ?? "of another version"}, not to ${version}`);
  return module.exports as Addon;
}
