import { cpu, Generator, rand, randn, tidy } from "@dropwise/core";

/** Points of a plane with a class each. */
export interface Points {
  readonly count: number;
  /** x and y of each point in turn. */
  readonly inputs: Float32Array;
  /** 0 or 1. */
  readonly targets: Float32Array;
}

/** The part of the plane that pictures show. */
export const PLANE = { minX: -2.4, maxX: 2.4, minY: -1.8, maxY: 1.8 } as const;

/** How far points stray from their half circle, whose radius is 1: enough for the two to overlap a little. */
const STRAY = 0.25;

/** Few points with some wrong labels, so that a wide model can learn them by heart; and test points with true ones. */
export function moons(seed: bigint): { train: Points; test: Points } {
  const generator = new Generator(BigInt.asUintN(64, seed + (1n << 32n))); // its own stream, apart from the initial weights
  return { train: draw(80, 0.1, generator), test: draw(400, 0, generator) };
}

// --- internal helpers ---

function draw(count: number, wrongLabels: number, generator: Generator): Points {
  return tidy(() => {
    const options = { generator, backend: cpu };
    const turn = rand([count], options).dataSync();
    const stray = randn([count, 2], options).dataSync();
    const flip = rand([count], options).dataSync();
    const inputs = new Float32Array(2 * count);
    const targets = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const lower = i % 2;
      const angle = (turn[i] as number) * Math.PI;
      inputs[2 * i] = (lower === 0 ? Math.cos(angle) : 1 - Math.cos(angle)) - 0.5 + STRAY * (stray[2 * i] as number);
      inputs[2 * i + 1] = (lower === 0 ? Math.sin(angle) : 0.5 - Math.sin(angle)) - 0.25 + STRAY * (stray[2 * i + 1] as number);
      targets[i] = (flip[i] as number) < wrongLabels ? 1 - lower : lower;
    }
    return { count, inputs, targets };
  });
}
