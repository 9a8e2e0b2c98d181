/** The family beyond PyTorch's: what is dropped is the same on every backend, bit for bit, and so is the gradient. */
import { cat, functional as F, nn, shards, type Tensor, tensor } from "@dropwise/core";
import { each, type Family } from "../../case";
import { generatorAt, type Input, uniform } from "../../inputs";
import { BITS, COMPOSED, type Tolerance } from "../../tolerance";

interface Member {
  readonly shape: readonly number[];
  readonly drop: (x: Tensor) => Tensor;
  readonly tolerance: Tolerance;
}

const MEMBERS: Readonly<Record<string, Member>> = {
  dropPath: { shape: [9, 3, 2], drop: (x) => F.dropPath(x, { p: 0.4, generator: generatorAt(5) }), tolerance: BITS },
  "dropPath, by batch": {
    shape: [5, 6],
    // A mask of one element, in as many calls as it takes to see both.
    drop: (x) => cat([0, 1, 2, 3].map((call) => F.dropPath(x, { p: 0.4, mode: "batch", generator: generatorAt(5, call) }))),
    tolerance: BITS,
  },
  lockedDropout: { shape: [4, 3, 7], drop: (x) => F.lockedDropout(x, { generator: generatorAt(5) }), tolerance: BITS },
  "lockedDropout, batch first": {
    shape: [3, 4, 7],
    drop: (x) => F.lockedDropout(x, { batchFirst: true, generator: generatorAt(5) }),
    tolerance: BITS,
  },
  tokenDropout: { shape: [4, 3, 7], drop: (x) => F.tokenDropout(x, { generator: generatorAt(5) }), tolerance: BITS },
  headDropout: { shape: [3, 5, 2, 3], drop: (x) => F.headDropout(x, { p: 0.5, generator: generatorAt(5) }), tolerance: BITS },
  zoneout: { shape: [5, 9], drop: (x) => F.zoneout(x.mul(-1), x, { p: 0.3, generator: generatorAt(5) }), tolerance: BITS },
  dropBlock2d: {
    shape: [2, 3, 7, 9],
    drop: (x) => F.dropBlock2d(x, { p: 0.2, blockSize: 3, generator: generatorAt(5) }),
    tolerance: COMPOSED,
  },
  dropConnect: { shape: [5, 6], drop: (x) => F.dropConnect(x, x, { p: 0.4, generator: generatorAt(5) }), tolerance: COMPOSED },
  embeddingDropout: {
    shape: [6, 4],
    drop: (x) =>
      F.embeddingDropout(tensor(new Int32Array([0, 5, 5, 2, 1, 3]), { backend: x.backend }), x, { p: 0.5, generator: generatorAt(5) }),
    tolerance: BITS,
  },
  gaussianDropout: { shape: [6, 7], drop: (x) => F.gaussianDropout(x, { p: 0.3, generator: generatorAt(5) }), tolerance: BITS },
  concreteDropout: {
    shape: [6, 7],
    drop: (x) => F.concreteDropout(x, x.mean(), { temperature: 0.5, generator: generatorAt(5) }),
    tolerance: COMPOSED,
  },
  multiSampleDropout: {
    shape: [6, 7],
    drop: (x) => F.multiSampleDropout(x, (y) => y.mul(2), { samples: 3, generator: generatorAt(5) }),
    tolerance: COMPOSED,
  },
  layerDrop: {
    shape: [6, 7],
    drop: (x) =>
      F.layerDrop(
        x,
        [1, 2, 3, 4].map((k) => (y) => y.add(k)),
        { p: 0.5, generator: generatorAt(5) },
      ),
    tolerance: COMPOSED,
  },
  "a held mask, twice": {
    shape: [6, 7],
    drop: (x) => {
      const layer = new nn.HeldDropout({ generator: generatorAt(5) });
      return cat([layer.forward(x), layer.forward(x.mul(3))]);
    },
    tolerance: BITS,
  },
};

const of = (name: string): Member => MEMBERS[name] as Member;
const inputOf = (name: string): Input => uniform(of(name).shape);

/** Those whose mask has samples, and the dimension of the input that counts them. */
const SAMPLES: Readonly<Record<string, number>> = {
  dropPath: 0,
  lockedDropout: 1,
  "lockedDropout, batch first": 0,
  tokenDropout: 1,
  headDropout: 0,
  zoneout: 0,
  dropBlock2d: 0,
};

/** What a member gives for a batch in parts. */
function inParts(name: string, x: Tensor): Tensor {
  const { drop, shape } = of(name);
  const dim = SAMPLES[name] as number;
  const parts = shards({ count: 2, total: shape[dim] as number }, ({ start, rows }) => drop(x.slice(dim, start, start + rows)));
  return cat(parts, { dim });
}

/** Values and gradients of each member, of a whole batch and of parts of it. */
export const members: Family = {
  ...each(
    Object.keys(MEMBERS),
    (name) => `gives what the reference gives, and the gradient: ${name}`,
    (name, { within }) => within(of(name).tolerance)((x) => of(name).drop(x), inputOf(name)),
  ),

  ...each(
    Object.keys(MEMBERS),
    (name) => `gives in float64 what the reference gives, and the gradient, where there is float64: ${name}`,
    async (name, { backend, within }) => {
      if (!backend.info.dtypes.includes("float64")) return; // that it is refused, another check says
      await within(of(name).tolerance)((x) => of(name).drop(x), uniform(of(name).shape, { dtype: "float64" }));
    },
  ),

  ...each(
    Object.keys(SAMPLES),
    (name) => `gives parts of a batch the parts of its mask, forward and backward: ${name}`,
    async (name, { backend, within }) => {
      if (name === "tokenDropout" && backend.info.contract !== 2) return; // its parts have gaps, which the first version of the contract did not know
      // On the reference the whole, on the backend the parts.
      await within(of(name).tolerance)((x) => (x.backend === backend ? inParts(name, x) : of(name).drop(x)), inputOf(name));
    },
  ),
};
