/**
 * A file of 1 GB: written in parts, read tensor by tensor, here and by PyTorch. Each way runs in a process of its own, whose peak of memory says that nobody held the whole.
 *
 *     node large.mjs write|read FILE
 */
import { spawnSync } from "node:child_process";
import { createWriteStream, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { openSafetensors, writeSafetensorsStream } from "../../dist/index.js";
import { ask } from "./python.mjs";

const TENSORS = 64;
/** Elements of each, 16 MiB. */
const LENGTH = 2 ** 22;
/** What may be held beyond what the process takes when nothing was read: a quarter of the file, as memory of tensors gone by is not collected at once. */
const MOST = 256 * 2 ** 20;
const self = fileURLToPath(import.meta.url);

/**
 * @param {string} python
 * @param {string} folder for the file
 * @returns {Promise<string[]>} what went wrong
 */
export async function large(python, folder) {
  const file = join(folder, "large.safetensors");
  const wrong = [];
  for (const way of ["write", "read"]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [self, way, file], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${way} of a large file: ${stderr}`);
    const { start, peak } = JSON.parse(stdout);
    console.log(
      `a file of ${megabytes(statSync(file).size)} ${way === "read" ? "read tensor by tensor" : "written"}: peak of ${megabytes(peak)}, ${megabytes(start)} of them before`,
    );
    if (!(peak - start <= MOST)) wrong.push(`${way} of a large file takes ${megabytes(peak - start)}`);
  }
  const sums = ask(python, "files.py", "lazy", file);
  if (sums.length !== TENSORS || sums.some((/** @type {number} */ sum, /** @type {number} */ i) => sum !== 3 * i))
    wrong.push("a large file read by PyTorch");
  return wrong;
}

/** Writes or reads the file, and prints bytes held before and at most. @param {string} way @param {string} file */
async function measured(way, file) {
  const start = process.memoryUsage.rss();
  if (way === "write") await write(file);
  else await read(file);
  console.log(JSON.stringify({ start, peak: process.resourceUsage().maxRSS * 1024 }));
}

/** @param {string} file */
async function write(file) {
  const tensors = Array.from({ length: TENSORS }, (_, i) => {
    const data = () => new Float32Array(LENGTH).fill(i);
    return [`layer.${String(i).padStart(2, "0")}`, { shape: [LENGTH], dtype: /** @type {const} */ ("float32"), data }];
  });
  await pipeline(writeSafetensorsStream(Object.fromEntries(tensors)), createWriteStream(file));
}

/** @param {string} file */
async function read(file) {
  const opened = await openSafetensors(file);
  for (const [i, name] of opened.names.entries()) {
    const { data, shape } = await opened.read(name);
    if (shape[0] !== LENGTH || data[0] !== i || data.at(-1) !== i) throw new Error(`${name} is another tensor`);
  }
  await opened.close();
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

const [, program, way = "", file = ""] = process.argv;
if (program === self) await measured(way, file);
