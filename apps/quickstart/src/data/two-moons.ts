import { cpu, type Generator, rand, randn, tidy } from "@dropwise/core";
import { type DataSource, generatorFor, type Rows } from "./source";

/** Two columns place a row on its moon; the other eight are noise, there to be memorised. */
export const MOON_FEATURES = 10;

/** How far rows stray from the arc of their moon, whose radius is 1. */
const ARC_NOISE = 0.15;

/** Standard deviation of the eight columns that say nothing. */
const IDLE_NOISE = 0.5;

/** The share of training rows whose label is flipped. A model right on more of them than the rest has memorised mistakes. */
export const LABEL_NOISE = 0.2;

/**
 * Two interleaving half circles, one per class, in equal parts.
 *
 * Column 0 and 1 are the coordinates, centred on 0; columns 2 to 9 are normal noise. Each label is flipped with
 * probability `labelNoise`. The same generator state gives the same rows.
 */
export function twoMoons(count: number, { labelNoise, generator }: { labelNoise: number; generator: Generator }): Rows {
  return tidy(() => {
    const options = { generator, backend: cpu };
    const angle = rand([count], options).dataSync();
    const noise = randn([count, MOON_FEATURES], options).dataSync();
    const flip = rand([count], options).dataSync();
    const inputs = new Float32Array(count * MOON_FEATURES);
    const targets = new Int32Array(count);
    for (let row = 0; row < count; row++) {
      const moon = row % 2;
      const turn = (angle[row] as number) * Math.PI;
      const start = row * MOON_FEATURES;
      for (let i = 2; i < MOON_FEATURES; i++) inputs[start + i] = IDLE_NOISE * (noise[start + i] as number);
      const x = moon === 0 ? Math.cos(turn) : 1 - Math.cos(turn);
      const y = moon === 0 ? Math.sin(turn) : 0.5 - Math.sin(turn);
      inputs[start] = x - 0.5 + ARC_NOISE * (noise[start] as number);
      inputs[start + 1] = y - 0.25 + ARC_NOISE * (noise[start + 1] as number);
      targets[row] = (flip[row] as number) < labelNoise ? 1 - moon : moon;
    }
    return { count, features: MOON_FEATURES, inputs, targets };
  });
}

/** Two moons as a source: training labels carry noise, test labels are true. Each seed draws new rows. */
export function twoMoonsSource(): DataSource {
  return {
    name: "two moons",
    classes: ["0", "1"],
    question: { text: "does the row lie on moon 1?", yes: [1] },
    about:
      `Two moons: made-up points on two half circles, and the models tell which. 2 columns say where a point lies, ${MOON_FEATURES - 2} are noise. ` +
      `${LABEL_NOISE * 100}% of the labels to learn from are wrong on purpose; those to judge by are all true.`,
    labelNoise: LABEL_NOISE,
    split(seed, size) {
      const generator = generatorFor(seed, "rows");
      const train = twoMoons(size.train, { labelNoise: LABEL_NOISE, generator });
      return { train, test: twoMoons(size.test, { labelNoise: 0, generator }) };
    },
  };
}
