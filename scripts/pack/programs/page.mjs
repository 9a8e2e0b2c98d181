/// <reference lib="dom" />
/** The checks as the program of a page, for the bundlers; the page's `smoke` settles with the result. What to check stands in its address, after `?`. */

import * as wasm from "@dropwise/backend-wasm";
// @ts-expect-error Bundlers are set to give the file's address.
import address from "@dropwise/backend-wasm/kernels.wasm";
import * as webgpu from "@dropwise/backend-webgpu";
import * as core from "@dropwise/core";
import * as weights from "@dropwise/weights";
import { check } from "./checks.mjs";

const parts = decodeURIComponent(globalThis.location.search.slice(1)).split(",");
const kernels = async () => (await fetch(address)).arrayBuffer();

Object.assign(globalThis, { smoke: check(parts, { core, wasm, webgpu, weights, kernels, canShare: globalThis.crossOriginIsolated }) });
