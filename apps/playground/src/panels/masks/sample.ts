import type { Sample } from "../../dom/code";
import type { Kind, MaskSettings } from "../../lab/masks";

const LAYERS: Readonly<Record<Kind, string>> = {
  dropout: "Dropout",
  dropout1d: "Dropout1d",
  dropout2d: "Dropout2d",
  dropout3d: "Dropout3d",
  alphaDropout: "AlphaDropout",
  featureAlphaDropout: "FeatureAlphaDropout",
  shared: "Dropout",
};

/** The program that draws the mask which is shown. */
export function sampleFor({ kind, shape, noiseShape, p, seed, call }: MaskSettings): Sample {
  const safe = seed <= BigInt(Number.MAX_SAFE_INTEGER) && seed >= BigInt(Number.MIN_SAFE_INTEGER);
  const layer = LAYERS[kind];
  const options = kind === "shared" ? `{ p: ${p}, noiseShape: [${noiseShape.join(", ")}] }` : `{ p: ${p} }`;
  const forward = `const y = layer.forward(x);           // the mask of call ${call}`;
  const skip = call === 0n ? "" : `for (let i = 0; i < ${call}; i++) layer.forward(x);\n`;
  return {
    typescript: [
      `import { manualSeed, nn, ones } from "@dropwise/core";`,
      "",
      `manualSeed(${seed}${safe ? "" : "n"});`,
      `const layer = new nn.${layer}(${options});`,
      `const x = ones([${shape.join(", ")}]);`,
      `${skip}${forward}`,
      "const mask = layer.lastMask();        // true where kept",
    ].join("\n"),
    pytorch: [
      `torch.manual_seed(${seed})`,
      ...(call === 0n || kind === "shared" ? [] : [`for _ in range(${call}): torch.nn.${layer}(p=${p})(x)`]),
      kind === "shared"
        ? `mask = torch.nn.functional.dropout(torch.ones(${noiseShape.join(", ")}), p=${p})\ny = x * mask   # PyTorch has no noise shape`
        : `y = torch.nn.${layer}(p=${p})(x)`,
    ].join("\n"),
  };
}
