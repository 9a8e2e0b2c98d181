/**
 * Masks that known streams would draw for a seed, element by element and without p: each element has a number, and for a certain p those with the smaller numbers are kept.
 */
import { philox4x32 } from "../random/philox";
import { type CallKey, callKey } from "../random/words";
import { type AttentionMask, cudnnTakes, cudnnValues, flashTakes, flashValues, type Visit } from "./attention-bits";
import { bitsOf, seedOf, uniformOf31 } from "./compiled-words";
import { GPUS } from "./gpus";
import { folded, fractionOf, keyOf, wordsOf } from "./jax-draws";
import { Mt19937 } from "./mt19937";
import { uniformOf } from "./thresholds";
import { growth, threadsOf } from "./torch-cuda-masks";

/** One mask that a stream would draw. */
export interface Candidate {
  readonly stream: "dropwise" | "torchCuda" | "torchCpu" | "torchCompiled" | "jax";
  /** What draws it, and where. */
  readonly kind: string;
  /** The number of the call, counted from 0, after others like it; null: after what else was drawn. */
  readonly call: number | null;
  /** What lies before, in words; they are wanted of one in a million. */
  readonly place: () => string;
  /** Tells elements and their numbers until it is told to stop. */
  readonly draw: (visit: Visit) => void;
  /** The p at which an element of this number is the first to be dropped; falls as the number grows. */
  readonly toP: (value: number) => number;
}

/** What a mask is known by. */
export interface Wanted {
  readonly shape: readonly number[];
  readonly size: number;
  readonly seed: bigint;
  /** How many calls are tried of each kind. */
  readonly calls: number;
}

/** The streams, by what they try; each family is a haystack of its own. */
export const FAMILIES: readonly ((wanted: Wanted) => Generator<Candidate>)[] = [own, cuda, attention, compiledCuda, jax, cpu, compiledCpu];

// --- internal helpers ---

/** Words of the CPU's generator that may have been drawn before: initial weights are. */
const CPU_WORDS = 2 ** 18;

/** Random ops of a compiled graph that are tried. */
const OPS = 4;

const fromUniform = (value: number) => 1 - value;
const fromNegative = (value: number) => -value;
const nowhere = () => "";

/** Room for a block, which is read before the next is drawn. */
const BLOCK = /* @__PURE__ */ new Uint32Array(4);

/** Element by element. */
function each(size: number, numberOf: (element: number) => number): (visit: Visit) => void {
  return (visit) => {
    for (let e = 0; e < size; e++) if (!visit(e, numberOf(e))) return;
  };
}

type Seed = Pick<CallKey, "seedLo" | "seedHi">;

/** A reader of Philox blocks, the counter in its halves. Few elements are looked at, so none is kept. */
function blocksOf({ seedLo, seedHi }: Seed): (low: number, high: number) => Uint32Array {
  return (low, high) => {
    philox4x32(seedLo, seedHi, low >>> 0, Math.floor(low / 2 ** 32), high >>> 0, 0, BLOCK);
    return BLOCK;
  };
}

function* own({ size, seed, calls }: Wanted): Generator<Candidate> {
  const block = blocksOf(callKey(seed, 0n));
  const shared = size % 4 === 0 ? gpusFor(size, 4).find(([threads]) => size <= 4 * threads) : undefined;
  const kind = `Dropwise's own stream${shared ? `, which is that of PyTorch's dropout on CUDA, out of place, float32, ${shared[1]}` : ""}`;
  for (let call = 0; call < calls; call++) {
    const draw = each(size, (e) => uniformOf(block(call, Math.floor(e / 4))[e % 4] as number));
    yield { stream: "dropwise", kind, call, place: nowhere, draw, toP: fromUniform };
  }
}

/** A way in which threads of a GPU share the elements. */
interface Sharing {
  readonly kind: string;
  /** Elements of a thread that lie side by side. */
  readonly width: number;
  /** Two words an element. */
  readonly isWide?: boolean;
}

/** Eager dropout of PyTorch on CUDA. */
function* cuda({ size, seed, calls }: Wanted): Generator<Candidate> {
  const block = blocksOf(callKey(seed, 0n));
  for (const { kind, width, isWide = false } of sharingsOf(size)) {
    const unrolled = isWide ? 2 : 4;
    for (const [threads, where] of gpusFor(size, width)) {
      for (const [call, offset] of offsetsOf(calls, growth(threads, size, unrolled))) {
        const [first, perPass] = [offset / 4, (width > 1 ? width : unrolled) * threads];
        const wordOf = (e: number) => {
          const pass = Math.floor(e / perPass);
          const rest = e - pass * perPass;
          const slot = width > 1 ? rest % width : Math.floor(rest / threads);
          const thread = width > 1 ? Math.floor(rest / width) : rest % threads;
          const words = block(first + pass * Math.max(1, width / 4) + (slot >> 2), thread);
          return isWide ? wide(words[2 * slot] as number, words[2 * slot + 1] as number) : uniformOf(words[slot & 3] as number);
        };
        yield { stream: "torchCuda", kind, call, place: () => `offset ${offset}; ${where}`, draw: each(size, wordOf), toP: fromUniform };
      }
    }
  }
}

/** 53 bits of two words. */
function wide(x: number, y: number): number {
  return ((y >>> 11) * 2 ** 32 + ((x ^ (y << 21)) >>> 0)) * 2 ** -53 + 2 ** -54;
}

/** Vectors as long as fit, of each dtype; those that draw alike go together. */
function sharingsOf(size: number): Sharing[] {
  const dtypes: Record<number, string[]> = {};
  for (const [dtype, longest] of Object.entries({ float32: 4, "float16, bfloat16": 8, float64: 2 })) {
    let width = longest;
    while (size % width > 0) width /= 2;
    dtypes[width] = [...(dtypes[width] ?? []), dtype];
  }
  const noise = "PyTorch's dropout on CUDA, in place, of channels, with alpha, or of data with gaps";
  const vectors = [4, 8, 2].flatMap((width) => {
    const names = dtypes[width];
    return names ? [{ kind: `PyTorch's dropout on CUDA, out of place, ${names.join(", ")}`, width }] : [];
  });
  const plain = dtypes[1] ? `${noise}, or out of place, ${dtypes[1].join(", ")}` : noise;
  return [...vectors, { kind: plain, width: 1 }, { kind: `${noise}, float64`, width: 1, isWide: true }];
}

/** Numbers of threads that matter for so many elements, and the GPUs that have them: small masks are the same on all. */
function gpusFor(size: number, width: number): [threads: number, where: string][] {
  const groups = new Map<number, [number, string[]]>();
  for (const [name, [multiprocessors, threadsPerMultiprocessor]] of Object.entries(GPUS)) {
    const threads = threadsOf({ multiprocessors, threadsPerMultiprocessor });
    const key = size <= width * threads ? 0 : threads;
    const group = groups.get(key) ?? [threads, []];
    group[1].push(name);
    groups.set(key, group);
  }
  return [...groups.values()].map(([threads, names]) => [threads, groups.size === 1 ? "any GPU" : names.join(", ")]);
}

/** Offsets that a call may find: after calls like it, or after small ones. */
function offsetsOf(calls: number, takes: number): [call: number, offset: number][] {
  const after = Array.from({ length: calls }, (_, call) => [call, call * takes] as [number, number]);
  return takes === 4 ? after : [...after, ...after.slice(1).map(([call]) => [call, 4 * call] as [number, number])];
}

/** Attention on CUDA, of weights [..., queries, keys]. */
function* attention({ shape, size, seed, calls }: Wanted): Generator<Candidate> {
  const [queries, keys] = shape.slice(-2);
  if (queries === undefined || keys === undefined) return;
  const mask: Omit<AttentionMask, "p" | "offset"> = { heads: size / (queries * keys), queries, keys, seed };
  const block = blocksOf(callKey(seed, 0n));
  const kernels = [
    { name: "flash", takes: flashTakes(mask), values: flashValues, toP: (byte: number) => 1 - byte / 255 },
    { name: "cuDNN's", takes: cudnnTakes(mask), values: cudnnValues, toP: (half: number) => 1 - half / 65536 },
  ];
  for (const { name, takes, values, toP } of kernels)
    for (const [call, offset] of offsetsOf(calls, Number(takes))) {
      const draw = (visit: Visit) => values({ ...mask, offset: BigInt(offset) }, visit);
      yield { stream: "torchCuda", kind: `PyTorch's ${name} attention`, call, place: () => `offset ${offset}; any GPU`, draw, toP };
    }
  for (const [call, offset] of offsetsOf(calls, Number(cudnnTakes(mask)))) {
    const draw = each(size, (e) => -uniformOf(block(offset / 4 + Math.floor(e / 4), 0)[e % 4] as number));
    yield {
      stream: "torchCuda",
      kind: "PyTorch's memory-efficient attention",
      call,
      place: () => `offset ${offset}; any GPU`,
      draw,
      toP: fromNegative,
    };
  }
}

/** Both tests that compiled code has, of the same numbers. */
function* compiled(device: "cuda" | "cpu", call: number | null, place: () => string, seed: Seed, size: number): Generator<Candidate> {
  const block = blocksOf(seed);
  const uniform = (e: number) => uniformOf31(bitsOf(device, block(e, 0)[0] as number));
  const where = device === "cuda" ? "CUDA" : "the CPU";
  const common = { stream: "torchCompiled" as const, call, place };
  yield { ...common, kind: `dropout under torch.compile on ${where}`, draw: each(size, (e) => -uniform(e)), toP: fromNegative };
  if (device === "cuda")
    yield {
      ...common,
      kind: `noise under torch.compile on ${where}: in place, of channels or with alpha`,
      draw: each(size, uniform),
      toP: fromUniform,
    };
}

function* compiledCuda({ size, seed, calls }: Wanted): Generator<Candidate> {
  const block = blocksOf(callKey(seed, 0n));
  for (let call = 0; call < calls; call++)
    for (let op = 0; op < OPS; op++) {
      const [high, low] = block(call, op);
      const seedOfOp = callKey(seedOf(high as number, low as number), 0n);
      yield* compiled("cuda", call, () => `random op ${op} of the graph; offset ${4 * call}; any GPU`, seedOfOp, size);
    }
}

function* jax({ size, seed, calls }: Wanted): Generator<Candidate> {
  const root = keyOf(seed);
  const candidate = (kind: string, key: ReturnType<typeof keyOf>, call: number): Candidate => {
    const word = wordsOf(key);
    return { stream: "jax", kind, call, place: nowhere, draw: each(size, (e) => fractionOf(word(e))), toP: fromUniform };
  };
  for (let call = 0; call < calls; call++) yield candidate("flax.nnx.Dropout", folded(folded(root, 0), call), call);
  yield candidate("jax.random.bernoulli, or equinox.nn.Dropout, with the seed's own key", root, 0);
  for (let fork = 1; fork < calls; fork++)
    for (let call = 0; call < calls; call++)
      yield candidate(`flax.nnx.Dropout, key ${fork} of its Rngs`, folded(folded(root, fork), call), call);
}

/** The words that the CPU's generator gives, as far as they are tried. */
function cpuWords({ seed }: Wanted, length: number): Uint32Array {
  const words = new Uint32Array(length);
  new Mt19937(seed).fill(words);
  return words;
}

/** Words before a mask of the CPU: those of earlier masks like it, and all others up to a limit. */
function* cpuPlaces(calls: number, takes: number): Generator<[call: number | null, before: number, place: () => string]> {
  const place = (before: number) => () => `after ${before} words of the CPU's generator`;
  for (let call = 0; call < calls; call++) yield [call, call * takes, place(call * takes)];
  for (let before = 1; before < CPU_WORDS; before++) if (before % takes > 0 || before / takes >= calls) yield [null, before, place(before)];
}

function* cpu(wanted: Wanted): Generator<Candidate> {
  const { size, calls } = wanted;
  const words = cpuWords(wanted, 2 * size + Math.max(CPU_WORDS, (calls - 1) * 2 * size));
  for (const [call, before, place] of cpuPlaces(calls, 2 * size)) {
    const draw = each(
      size,
      (e) => (((words[before + 2 * e] as number) & 0x1fffff) * 2 ** 32 + (words[before + 2 * e + 1] as number)) * 2 ** -53,
    );
    yield { stream: "torchCpu", kind: "PyTorch's dropout on the CPU", call, place, draw, toP: fromUniform };
  }
}

function* compiledCpu(wanted: Wanted): Generator<Candidate> {
  const words = cpuWords(wanted, CPU_WORDS + 2 * wanted.calls);
  // Only the seed's low word is used, which is the second that was drawn.
  for (const [call, before, place] of cpuPlaces(wanted.calls, 2))
    yield* compiled("cpu", call, place, { seedLo: words[before + 1] as number, seedHi: 0 }, wanted.size);
}
