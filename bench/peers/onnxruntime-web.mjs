import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { onnxruntime } from "./onnxruntime.mjs";

export default async () => {
  ort.env.wasm.numThreads = 1;
  const { version } = JSON.parse(readFileSync(new URL("node_modules/onnxruntime-web/package.json", import.meta.url), "utf8"));
  return [onnxruntime("onnxruntime-web", ort, `wasm simd, ${version}`)];
};
