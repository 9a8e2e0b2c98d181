import { type Backend, cpu, Generator, nn, randn, tensor, tidy } from "@dropwise/core";
import type { BackendName, Backends } from "./backends";
import { broadcast, type Picture, pictureOf, sizeOf } from "./picture";
import { compare, type Verdict } from "./verdict";

/** The members of the dropout family, and what they are called on the page. */
export const KINDS = [
  ["dropout", "Dropout"],
  ["dropout1d", "Dropout1d (N, C, L)"],
  ["dropout2d", "Dropout2d (N, C, H, W)"],
  ["dropout3d", "Dropout3d (N, C, D, H, W)"],
  ["alphaDropout", "AlphaDropout"],
  ["featureAlphaDropout", "FeatureAlphaDropout"],
  ["shared", "Dropout, shared mask"],
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

/** What one backend drew, or why it did not. */
export type MaskResult = { readonly backend: BackendName } & (DrawnMask | { readonly failure: string });

/** A mask and what came of it, as the page shows them. */
export interface DrawnMask {
  readonly failure?: undefined;
  /** Of the mask's own shape, which broadcasts to the input's. */
  readonly maskShape: readonly number[];
  readonly kept: number;
  /** Of one byte for each mask element; null where the page is no secure context. */
  readonly sha256: string | null;
  /** Null for the reference itself, and where it has no result. */
  readonly verdict: Verdict | null;
  readonly mask: Picture;
  readonly output: Picture;
}

/**
 * Draws the mask on each of the backends, applies it, and compares with the reference. The errors of core for settings that it refuses are results,
 * too. `spoil` turns the element in the middle of the last backend's mask around, for a look at what the comparison says then. Null when `goOn`,
 * asked between two backends, says no.
 */
export async function drawMasks(
  backends: Backends,
  names: readonly BackendName[],
  settings: MaskSettings,
  spoil: boolean,
  goOn: () => Promise<boolean>,
): Promise<MaskResult[] | null> {
  const input = inputValues(settings);
  const results: MaskResult[] = [];
  let reference: Raw | null = null;
  for (const [i, backend] of names.entries()) {
    if (!(await goOn())) return null;
    try {
      const raw: Raw = await draw(await backends.open(backend), settings, input);
      const middle = raw.mask.length >> 1;
      if (spoil && i > 0 && i === names.length - 1) raw.mask[middle] = 1 - (raw.mask[middle] as number);
      results.push({ backend, ...(await present(raw, settings)), verdict: reference && compare(reference, raw) });
      if (backend === "cpu") reference = raw;
    } catch (error) {
      results.push({ backend, failure: error instanceof Error ? error.message : String(error) });
    }
  }
  return results;
}

// --- internal helpers ---

interface Raw {
  /** 1 where kept. */
  readonly mask: Uint8Array<ArrayBuffer>;
  readonly maskShape: readonly number[];
  readonly output: Float32Array;
}

async function draw(backend: Backend, settings: MaskSettings, input: Float32Array): Promise<Raw> {
  const layer = layerFor(settings);
  const [output, mask] = tidy(() => {
    const x = tensor(input, { shape: settings.shape, backend });
    const y = layer.forward(x);
    // With p = 0 the layer gives its input itself, which ends with this scope.
    return [y === x ? y.detach() : y, layer.lastMask() ?? tensor(true, { backend })];
  });
  try {
    const [values, bits] = await Promise.all([output.data(), mask.data()]);
    return { mask: bits as Uint8Array<ArrayBuffer>, maskShape: mask.shape, output: values as Float32Array };
  } finally {
    output.dispose();
    mask.dispose();
  }
}

async function present({ mask, maskShape, output }: Raw, { shape }: MaskSettings): Promise<Omit<DrawnMask, "verdict">> {
  // The output's own range, so that a scale of 1 / (1 - p) does not wash it out.
  const largest = output.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  return {
    maskShape,
    kept: mask.reduce((sum, bit) => sum + bit, 0),
    sha256: await fingerprint(mask),
    mask: pictureOf(broadcast(mask, maskShape, shape), shape, (bit) => (bit === 1 ? 255 : 1)),
    output: pictureOf(output, shape, (value) => 128 + Math.round((127 * value) / largest)),
  };
}

/** A generator whose next mask is number `call` of `seed`. */
function generatorAt(seed: bigint, call: bigint): Generator {
  const state = new Uint8Array(24);
  const view = new DataView(state.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, seed), true);
  view.setBigUint64(8, 4n * call, true);
  return new Generator(0).setState(state);
}

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
  const size = sizeOf(shape);
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
