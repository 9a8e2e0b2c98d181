/** Compiles the kernels to WebAssembly with the clang that npm carries: no compiler of the system, nothing downloaded. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commands } from "@yowasp/clang";

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const headerFolder = join(packageFolder, "../kernels/include");

const FLAGS = [
  "--target=wasm32-wasip1", // with a bare wasm32 the C++ headers ask for a thread API
  "-nostdlib",
  "-std=c++17",
  "-Os",
  "-ffp-contract=off",
  "-fno-vectorize", // all vectors are written by hand; left to itself clang makes these loops larger and slower
  "-fno-slp-vectorize",
  "-fno-unroll-loops", // except where the source asks for it
  "-mllvm", // its rewriting of addresses in loops makes these larger by a twentieth, and no faster
  "-disable-lsr",
  "-fno-exceptions",
  "-fno-rtti",
  "-fno-threadsafe-statics",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-mbulk-memory",
  "-msimd128",
  "-Iinclude",
  "-Inative",
  "-Wl,--no-entry",
  "-Wl,--import-memory",
  // The largest memory there is. Declared, because a shared memory must have a maximum and the module is used with both kinds.
  "-Wl,--max-memory=4294967296",
  "-Wl,--stack-first", // an overflow traps instead of writing over the tables
  `-Wl,-z,stack-size=${16 * 1024}`,
  "-Wl,--compress-relocations", // call and constants take as few bytes as they need
  "-Wl,--export-table", // what multiplies and adds is called by its place there
  "-Wl,--strip-all",
];

/**
 * Compiles a source of `native` to a module and returns its bytes.
 *
 * @param {string} source
 * @param {readonly string[]} [flags] More than the usual ones.
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernels(source, flags = []) {
  const files = { include: readTree(headerFolder), native: readTree(join(packageFolder, "native")) };
  let log = "";
  /** @param {Uint8Array | null} bytes */
  const print = (bytes) => {
    if (bytes !== null) log += new TextDecoder().decode(bytes);
  };
  try {
    const out = await commands["clang++"]([...FLAGS, ...flags, `native/${source}`, "-o", "kernels.wasm"], files, {
      stdout: print,
      stderr: print,
    });
    return /** @type {Uint8Array} */ (out?.["kernels.wasm"]);
  } catch {
    throw new Error(`clang failed:\n${log}`);
  }
}

// --- internal helpers ---

/** A folder as nested objects of file texts, the form the compiler takes. @param {string} folder @returns {import("@yowasp/clang").Tree} */
function readTree(folder) {
  /** @type {import("@yowasp/clang").Tree} */
  const tree = {};
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    tree[name] = statSync(path).isDirectory() ? readTree(path) : readFileSync(path, "utf8");
  }
  return tree;
}
