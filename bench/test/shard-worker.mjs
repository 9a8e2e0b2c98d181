/** A worker that draws its own part of a mask and applies it: dropout of one shard, told only where the shard begins. Runs the built core. */
import { parentPort, workerData } from "node:worker_threads";
import { createWasmBackend } from "@dropwise/backend-wasm";
import { functional as F, Generator, tensor } from "@dropwise/core";

const { data, state, start, p, backendName } = workerData;
const backend = backendName === "wasm" ? await createWasmBackend({ threads: 1 }) : undefined;
const generator = new Generator(0).setState(state);
const x = tensor(data, { backend, requiresGrad: true });
const y = F.dropout(x, { p, generator, elementOffset: start });
y.backward(tensor(data, { backend }));
parentPort.postMessage({ start, output: y.dataSync(), gradient: x.grad.dataSync(), call: generator.call });
