import type { Sample } from "../../dom/code";
import type { Kind, MaskSettings } from "../../lab/masks";
import { sizeOf } from "../../lab/picture";

const LAYERS: Readonly<Record<Kind, string>> = {
  dropout: "Dropout",
  dropout1d: "Dropout1d",
  dropout2d: "Dropout2d",
  dropout3d: "Dropout3d",
  alphaDropout: "AlphaDropout",
  featureAlphaDropout: "FeatureAlphaDropout",
  shared: "Dropout",
};

/** Up to this call, the code reaches it by forward passes; after it, by the generator's state. */
const FEW_CALLS = 4n;

/** What PyTorch covers in one pass on a T4, a small GPU; the masks of longer tensors depend on the GPU there. See docs/random-stream.md. */
const ONE_PASS = 163_840;

/** The program that draws the mask which is shown. */
export function sampleFor(settings: MaskSettings): Sample {
  return { typescript: typescriptFor(settings), pytorch: pytorchFor(settings) };
}

// --- internal helpers ---

function typescriptFor({ kind, shape, noiseShape, p, seed, call }: MaskSettings): string {
  const safe = seed <= BigInt(Number.MAX_SAFE_INTEGER) && seed >= BigInt(Number.MIN_SAFE_INTEGER);
  const far = call > FEW_CALLS;
  const layer = LAYERS[kind];
  return [
    `import { manualSeed, nn, ones } from "@dropwise/core";`,
    "",
    ...(far
      ? [
          "// Where the generator is after that many calls: seed, and 4 times the call.",
          `const state = new BigUint64Array([${BigInt.asUintN(64, seed)}n, ${4n * call}n]);`,
          "manualSeed(0).setState(new Uint8Array(state.buffer));",
        ]
      : [`manualSeed(${seed}${safe ? "" : "n"});`]),
    `const layer = new nn.${layer}(${kind === "shared" ? `{ p: ${p}, noiseShape: [${noiseShape.join(", ")}] }` : p});`,
    `const x = ones([${shape.join(", ")}]);`,
    ...(far || call === 0n ? [] : [`for (let i = 0; i < ${call}; i++) layer.forward(x);`]),
    `const y = layer.forward(x);           // the mask of call ${call}`,
    "const mask = layer.lastMask();        // true where kept",
  ].join("\n");
}

function pytorchFor({ kind, shape, noiseShape, p, seed, call }: MaskSettings): string {
  const far = call > FEW_CALLS;
  const size = sizeOf(shape);
  const same = kind === "dropout" && size % 4 === 0 && size <= ONE_PASS;
  return [
    far
      ? `torch.cuda.set_rng_state(torch.tensor([${BigInt.asIntN(64, seed)}, ${BigInt.asIntN(64, 4n * call)}]).view(torch.uint8))`
      : `torch.manual_seed(${seed})`,
    `layer = nn.${LAYERS[kind]}(${p})`,
    `x = torch.ones(${shape.join(", ")}, device="cuda")`,
    ...(far || call === 0n ? [] : [`for _ in range(${call}): layer(x)`]),
    kind === "shared"
      ? `y = x * layer(torch.ones(${noiseShape.join(", ")}, device="cuda"))   # PyTorch has no noise shape`
      : `y = layer(x)${same ? "   # the same mask" : ""}`,
  ].join("\n");
}
