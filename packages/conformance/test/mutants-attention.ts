/** Attention with one fault each. */
import { type AttentionSpec, type Backend, type BackendStorage, type Operand, philox4x32, type TypedArray } from "@dropwise/core/backend";
import { type Mutant, mutant } from "./mutant";

/** The parts of the kernels that can be exchanged. */
interface Parts {
  /** How many keys query i sees by the triangle. */
  readonly seen: (firstQuery: number, i: number) => number;
  /** The head of keys that a head of queries reads. */
  readonly sharedHead: (head: number, group: number, shared: number) => number;
  /** The number of a weight, from which its mask is drawn. */
  readonly weight: (sizes: Sizes, head: number, i: number, j: number) => number;
  readonly keepsOffset: boolean;
  /** What is taken off the scores. */
  readonly shift: (top: number) => number;
  /** What a query gets that sees nothing. */
  readonly ofNothing: number;
  readonly isOpen: (bool: number) => boolean;
  /** Whether the output goes where its strides say. */
  readonly hasStrides: boolean;
  /** Whether the gradient draws the mask again. */
  readonly dropsGradient: boolean;
  /** What of a row's dot product the gradient of its scores has less. */
  readonly dot: number;
  /** What the gradient of keys is multiplied with beside the queries. */
  readonly keyScale: (scale: number) => number;
  /** Whether heads add to the gradient of the keys that they share. */
  readonly addsHeads: boolean;
}

interface Sizes {
  readonly batches: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
}

const RIGHT: Parts = {
  seen: (firstQuery, i) => firstQuery + i + 1,
  sharedHead: (head, group) => Math.floor(head / group),
  weight: ({ queries, keys }, head, i, j) => (head * queries + i) * keys + j,
  keepsOffset: true,
  shift: (top) => top,
  ofNothing: 0,
  isOpen: (bool) => bool !== 0,
  hasStrides: true,
  dropsGradient: true,
  dot: 1,
  keyScale: (scale) => scale,
  addsHeads: true,
};

const TRIANGLE =
  'attention > attends from [2,2,65,32] to [2,2,65,32] {"isCausal":true,"dropoutP":0.2,"elementOffset":5}, forward and backward';
const SHARED =
  'attention > attends from [1,4,30,12] to [1,2,40,12] {"enableGqa":true,"dropoutP":0.1} masked by [30,40], forward and backward';
const LONG = 'attention > attends from [1,1,150,16] to [1,1,600,16] {"dropoutP":0.5,"elementOffset":17179869177}, forward and backward';
const EXTREME = "attention > keeps large scores, infinities and NaN to the queries that have them";
const ORDERED = "attention > reads and writes heads that lie in the order of positions";
const DROPPED = "attention > drops the weights that dropout of them would drop, seen or hidden, whatever their number";

/** A correct one among the faults shows that they are right but for that. */
export const rightAttention: Mutant = attention("attention without a fault", {}, TRIANGLE, SHARED, LONG, EXTREME, ORDERED, DROPPED);

export const attentionMutants: readonly Mutant[] = [
  attention("a triangle off by one", { seen: (firstQuery, i) => firstQuery + i + 2 }, TRIANGLE),
  attention("heads that share the wrong keys", { sharedHead: (head, _, shared) => head % shared }, SHARED),
  attention("a mask drawn by columns", { weight: ({ queries, keys }, head, i, j) => (head * keys + j) * queries + i }, DROPPED, LONG),
  attention("a mask without its offset", { keepsOffset: false }, LONG, DROPPED),
  attention("weights that overflow", { shift: () => 0 }, EXTREME),
  attention("NaN where nothing is seen", { ofNothing: Number.NaN }, "attention > adds float masks, and gives zeros where nothing is seen"),
  attention("a mask of bools inverted", { isOpen: (bool) => bool === 0 }, SHARED),
  attention("an output without its strides", { hasStrides: false }, ORDERED),
  attention("a gradient without dropout", { dropsGradient: false }, LONG, TRIANGLE),
  attention("a gradient of scores that do not sum to 1", { dot: 0 }, LONG),
  attention("a gradient of keys without the scale", { keyScale: () => 1 }, LONG),
  attention("the last of the heads that share keys alone", { addsHeads: false }, SHARED),
];

// --- internal helpers ---

function attention(name: string, changes: Partial<Parts>, ...caughtBy: string[]): Mutant {
  return mutant(name, () => membersOf({ ...RIGHT, ...changes }), ...caughtBy);
}

type Op = Operand<TypedArray>;

const at = ({ strides, offset }: Op, ...index: number[]): number =>
  index.reduce((sum, i, dim) => sum + i * (strides[dim] as number), offset);
const get = (x: Op, ...index: number[]): number => x.storage.handle[at(x, ...index)] as number;

function membersOf(parts: Parts): Partial<Backend> {
  const members: Partial<Backend<TypedArray>> = {
    attention(spec, query, key, value, mask, out, _rows) {
      each(parts, spec, query, key, mask, (batch, head, shared, i, weights, kept) => {
        for (let e = 0; e < (value.shape[3] as number); e++) {
          const sum = weights.reduce((total, weight, j) => total + weight * (kept[j] as number) * get(value, batch, shared, j, e), 0);
          const [, heads, queries, size] = out.shape as [number, number, number, number];
          const place = parts.hasStrides ? at(out, batch, head, i, e) : out.offset + ((batch * heads + head) * queries + i) * size + e;
          out.storage.handle[place] = sum;
        }
      });
    },
    attentionGrad(spec, query, key, value, mask, out, _rows, grad, gradQuery, gradKey, gradValue) {
      for (const { storage } of [gradQuery, gradKey, gradValue]) clear(storage);
      const [size, valueSize] = [query.shape[3] as number, value.shape[3] as number];
      const add = (x: Op, y: number, ...index: number[]) => {
        x.storage.handle[at(x, ...index)] = (x.storage.handle[at(x, ...index)] as number) + y;
      };
      each(parts, spec, query, key, mask, (batch, head, shared, i, weights, drawn) => {
        const kept = parts.dropsGradient ? drawn : drawn.map(() => 1);
        let dot = 0;
        for (let e = 0; e < valueSize; e++) dot += get(grad, batch, head, i, e) * get(out, batch, head, i, e);
        const isLast = (head + 1) % ((query.shape[1] as number) / (key.shape[1] as number)) === 0;
        weights.forEach((weight, j) => {
          let up = 0;
          for (let e = 0; e < valueSize; e++) {
            const incoming = get(grad, batch, head, i, e);
            up += incoming * get(value, batch, shared, j, e);
            add(gradValue, weight * (kept[j] as number) * incoming, batch, shared, j, e);
          }
          const score = weight * ((kept[j] as number) * up - parts.dot * dot);
          for (let e = 0; e < size; e++) {
            add(gradQuery, score * spec.scale * get(key, batch, shared, j, e), batch, head, i, e);
            if (parts.addsHeads || isLast)
              add(gradKey, score * parts.keyScale(spec.scale) * get(query, batch, head, i, e), batch, shared, j, e);
          }
        });
      });
    },
  };
  return members as Partial<Backend>;
}

function clear({ handle, length }: BackendStorage<TypedArray>): void {
  handle.fill(0, 0, length);
}

/** Tells each query's weights, and what dropout makes of them: 0, or what it multiplies with. */
function each(
  parts: Parts,
  { scale, firstQuery, dropout }: AttentionSpec,
  query: Op,
  key: Op,
  mask: Op | null,
  tell: (batch: number, head: number, shared: number, i: number, weights: number[], kept: number[]) => void,
): void {
  const [batches, heads, queries, size] = query.shape as [number, number, number, number];
  const [, sharedHeads, keys] = key.shape as [number, number, number, number];
  const words = new Uint32Array(4);
  for (let batch = 0; batch < batches; batch++) {
    for (let head = 0; head < heads; head++) {
      const shared = parts.sharedHead(head, heads / sharedHeads, sharedHeads);
      for (let i = 0; i < queries; i++) {
        let seesAny = mask === null;
        const scores = Array.from({ length: keys }, (_, j) => {
          let score = 0;
          for (let e = 0; e < size; e++) score += Math.fround(get(query, batch, head, i, e) * scale) * get(key, batch, shared, j, e);
          const added = mask === null ? 0 : get(mask, batch, head, i, j);
          const isOpen = mask?.storage.dtype === "bool" ? parts.isOpen(added) : added > Number.NEGATIVE_INFINITY;
          if (!isOpen || (firstQuery !== null && j >= parts.seen(firstQuery, i))) return Number.NEGATIVE_INFINITY;
          seesAny = true;
          return mask?.storage.dtype === "float32" ? score + added : score;
        });
        const shift = parts.shift(Math.max(...scores));
        const powers = scores.map((score) => Math.fround(Math.exp(score - shift)));
        const total = powers.reduce((sum, power) => sum + power, 0);
        const weights = powers.map((power) => (seesAny ? power / total : parts.ofNothing));
        const kept = weights.map((_, j) => {
          if (dropout === null) return 1;
          const { seedLo, seedHi, callLo, callHi, elementOffset, threshold, keepScale } = dropout;
          const m = parts.weight({ batches, heads, queries, keys }, batch * heads + head, i, j) + (parts.keepsOffset ? elementOffset : 0);
          const block = Math.floor(m / 4);
          philox4x32(seedLo, seedHi, callLo, callHi, block >>> 0, Math.floor(block / 2 ** 32), words);
          return (words[m % 4] as number) < threshold ? keepScale : 0;
        });
        tell(batch, head, shared, i, weights, kept);
      }
    }
  }
}
