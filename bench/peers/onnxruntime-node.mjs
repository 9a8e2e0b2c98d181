import { createRequire } from "node:module";
import ort from "onnxruntime-node";
import { onnxruntime } from "./onnxruntime.mjs";

export default async () => [
  onnxruntime("onnxruntime-node", ort, `native, ${createRequire(import.meta.url)("onnxruntime-node/package.json").version}`),
];
