import { cpu, Generator, nn, randn, tensor, tidy } from "@dropwise/core";
import type { BackendName, Backends } from "./backends";

/** The members of the dropout family, and what they are called on the page. */
export const KINDS = [
  ["dropout", "Dropout"],
  ["dropout1d", "Dropout1d, whole channels of (N, C, L)"],
  ["dropout2d", "Dropout2d, whole channels of (N, C, H, W)"],
  ["dropout3d", "Dropout3d, whole channels of (N, C, D, H, W)"],
  ["alphaDropout", "AlphaDropout"],
  ["featureAlphaDropout", "FeatureAlphaDropout, whole channels"],
  ["shared", "Dropout with a shared mask (noiseShape)"],
] as const;
export type Kind = (typeof KINDS)[number][0];

/** What dropout is applied to. */
export const INPUTS = [
  ["waves", "Waves"],
  ["ones", "Ones"],
  ["normal", "Normal noise"],
] as const;
export type Input = (typeof INPUTS)[number][0];

/** All that decides a mask and an output. Seed and call are 64-bit, hence bigint. */
export interface MaskSettings {
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** For kind "shared"; ignored otherwise. */
  readonly noiseShape: readonly number[];
  readonly p: number;
  readonly seed: bigint;
  readonly call: bigint;
  readonly input: Input;
}

/** One backend's answer. */
export interface DrawnMask {
  /** 1 where kept; of the mask's own shape, which broadcasts to the input's. */
  readonly mask: Uint8Array;
  readonly maskShape: readonly number[];
  readonly output: Float32Array;
  /** Of one byte for each mask element; null where the page is no secure context. */
  readonly sha256: string | null;
}

/**
 * Draws the mask and applies it, on the named backend. Rejects with the errors of core for settings that it refuses. `spoil` turns the element in
 * the middle around, for a look at what the comparison says then.
 */
export async function drawMask(backends: Backends, name: BackendName, settings: MaskSettings, spoil: boolean): Promise<DrawnMask> {
  const backend = await backends.open(name);
  const layer = layerFor(settings);
  const [output, mask] = tidy(() => {
    const x = tensor(inputValues(settings), { shape: settings.shape, backend });
    const y = layer.forward(x);
    // With p = 0 the layer gives its input itself, which ends with this scope.
    return [y === x ? y.detach() : y, layer.lastMask() ?? tensor(true, { backend })];
  });
  try {
    const [values, bits] = await Promise.all([output.data(), mask.data()]);
    const bytes = bits as Uint8Array<ArrayBuffer>;
    const middle = bytes.length >> 1;
    if (spoil) bytes[middle] = 1 - (bytes[middle] as number);
    return { mask: bytes, maskShape: mask.shape, output: values as Float32Array, sha256: await fingerprint(bytes) };
  } finally {
    output.dispose();
    mask.dispose();
  }
}

/** A generator whose next mask is number `call` of `seed`. */
function generatorAt(seed: bigint, call: bigint): Generator {
  const state = new Uint8Array(24);
  const view = new DataView(state.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, seed), true);
  view.setBigUint64(8, 4n * call, true);
  return new Generator(0).setState(state);
}

// --- internal helpers ---

function layerFor({ kind, p, seed, call, noiseShape }: MaskSettings) {
  const options = { p, generator: generatorAt(seed, call) };
  switch (kind) {
    case "dropout":
      return new nn.Dropout(options);
    case "dropout1d":
      return new nn.Dropout1d(options);
    case "dropout2d":
      return new nn.Dropout2d(options);
    case "dropout3d":
      return new nn.Dropout3d(options);
    case "alphaDropout":
      return new nn.AlphaDropout(options);
    case "featureAlphaDropout":
      return new nn.FeatureAlphaDropout(options);
    case "shared":
      return new nn.Dropout({ ...options, noiseShape });
  }
}

/** Made on the host, so that every backend gets the same bits. */
function inputValues({ input, shape, seed }: MaskSettings): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  if (input === "ones") return new Float32Array(size).fill(1);
  if (input === "normal") return tidy(() => randn([size], { generator: new Generator(seed), backend: cpu }).dataSync()) as Float32Array;
  const width = shape.at(-1) ?? 1;
  const height = shape.at(-2) ?? 1;
  return Float32Array.from({ length: size }, (_, i) => {
    const x = (i % width) / width;
    const y = (Math.floor(i / width) % height) / height;
    return Math.sin(2 * Math.PI * (x + 0.3 * y)) * Math.cos(2 * Math.PI * (1.5 * y - 0.25));
  });
}

async function fingerprint(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
