/** Masks that are drawn as another framework's threads share them out: every kind of layout, against the table of the contract. */
import { layoutOf, type MaskLayout, sizeOf } from "@dropwise/core/backend";
import { type Context, each, type Family, LARGE } from "../case";
import { compareDirect, dropoutSpec } from "../direct";
import { uniform } from "../inputs";
import { BITS } from "../tolerance";

const KINDS: readonly Pick<MaskLayout, "kind" | "width">[] = [
  { kind: "packed", width: 2 },
  { kind: "packed", width: 4 },
  { kind: "packed", width: 8 },
  { kind: "spread", width: 4 },
  { kind: "wide", width: 2 },
  { kind: "flat", width: 1 },
  { kind: "flat", width: 4 },
];

/** Threads: fewer than any vector has lanes, none and some multiples of it, more than elements, and the most there are. */
const THREADS = [1, 3, 7, 64, 256, 1000, 2 ** 29];

const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 95, 193, 770, 2049, 4099];

const OFFSETS = [1, 6, 2 ** 32 - 500, 2 ** 34 - 777, 2 ** 40 + 3, 2 ** 53 - 4200];

const SHAPES = [
  { shape: [40, 17], maskStrides: [1, 0] },
  { shape: [5, 37], maskStrides: [0, 1] },
  { shape: [6, 9, 11], maskStrides: [1, 66, 6] },
  { shape: [12, 33], maskStrides: [4099, 1] },
  { shape: [301], maskStrides: [3] },
  { shape: [70], maskStrides: [0] },
  { shape: [2, 3, 2, 3, 2, 3, 2, 3, 2], maskStrides: [1296, 432, 216, 72, 36, 12, 6, 2, 1] },
];

/** A layout as it comes; flat ones with their words shifted, wide ones with both halves of their threshold. */
const layout = ({ kind, width }: (typeof KINDS)[number], threads = 1) =>
  layoutOf({ kind, width, threads, ...(kind === "flat" ? { shift: 1, low: 0x80000001 } : {}), thresholdHi: kind === "wide" ? 0xfffff : 0 });

type Change = Parameters<typeof dropoutSpec>[2];

/** Runs one call on both sides. */
async function compare({ backend }: Context, what: string, n: number, change: Change, place: "apart" | "in place" | "repeated" = "apart") {
  const spec = dropoutSpec(n, 0.4, change);
  await compareDirect(
    backend,
    BITS,
    what,
    (kernels, [x, out]) => kernels.dropout(spec, (place === "in place" ? out : x) as never, out as never),
    place === "repeated" ? { input: uniform([1]), shape: [n], strides: [0] } : { input: uniform([n]), offset: 2 },
    { input: uniform([n], { seed: 2 }), offset: 3 },
  );
}

/** The checks of one kind. Backends of the first version of the contract are never handed a layout. */
const ofKind = (name: (kind: string) => string, check: (kind: (typeof KINDS)[number], context: Context) => Promise<void>): Family =>
  each(
    KINDS,
    ({ kind, width }) => name(`${kind} ${width}`),
    async (kind, context) => {
      if (context.backend.info.contract === 2) await check(kind, context);
    },
  );

/** Every layout of `MaskLayout`. */
export const layouts: Family = {
  ...ofKind(
    (kind) => `draws ${kind} for every size and number of threads`,
    async (kind, context) => {
      for (const threads of kind.kind === "flat" ? [1] : THREADS) {
        for (const n of SIZES) await compare(context, `${n} elements, ${threads} threads`, n, { layout: layout(kind, threads) });
      }
    },
  ),

  ...ofKind(
    (kind) => `draws ${kind} from any element offset and call on, beyond 2^32 too`,
    async (kind, context) => {
      for (const [i, elementOffset] of OFFSETS.entries()) {
        const call = i % 2 === 0 ? { callLo: 2 ** 32 - 1, callHi: 1 } : { callLo: 5, callHi: 0 };
        for (const threads of [3, 256, 1000]) {
          await compare(context, `offset ${elementOffset}, ${threads} threads`, 1100, {
            layout: layout(kind, threads),
            elementOffset,
            ...call,
          });
        }
      }
    },
  ),

  ...ofKind(
    (kind) => `draws ${kind} for masks that are shared, permuted or part of a larger one`,
    async (kind, context) => {
      for (const { shape, maskStrides } of SHAPES) {
        for (const threads of [5, 256]) {
          const change = { layout: layout(kind, threads), shape, maskStrides, elementOffset: 11 };
          await compare(context, `shape [${shape}], mask strides [${maskStrides}], ${threads} threads`, sizeOf(shape), change);
        }
      }
    },
  ),

  ...ofKind(
    (kind) => `scales, shifts and drops what ${kind} decides, in place and from one repeated value too`,
    async (kind, context) => {
      const [keepScale, keepShift, dropValue] = [Math.fround(0.88), context.mayContract ? 0 : Math.fround(0.7), Math.fround(-1.1)];
      for (const place of ["apart", "in place", "repeated"] as const) {
        const change = { layout: layout(kind, 256), elementOffset: 3 };
        await compare(context, place, 1500, change, place);
        await compare(context, `${place}, shifted`, 1500, { ...change, keepScale, keepShift, dropValue }, place);
      }
    },
  ),

  ...ofKind(
    (kind) => `draws ${kind} for as many elements as are divided among threads`,
    (kind, context) => compare(context, "large", LARGE, { layout: layout(kind, 2 ** 16 + 256), elementOffset: 5 }),
  ),

  ...ofKind(
    (kind) => `drops what equals the threshold and keeps what is one below it, of ${kind}`,
    async (kind, context) => {
      for (let element = 0; element < 6; element++) {
        const number = numberOf(kind, element);
        for (const limit of [number, number + 1]) {
          const ends = { layout: layoutOf({ ...kind, threads: 64, thresholdHi: Math.floor(limit / 2 ** 32) }), threshold: limit % 2 ** 32 };
          await compare(context, `a threshold of ${limit}`, 200, ends);
        }
      }
    },
  ),

  ...ofKind(
    (kind) => `compares words of ${kind} unsigned, at the ends of the range`,
    async (kind, context) => {
      for (const threshold of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
        for (const low of kind.kind === "flat" ? [0, 1, 0x80000000] : [0]) {
          const ends = { ...layout(kind, 64), low, shift: 0, thresholdHi: kind.kind === "wide" ? (threshold & 1) * 2 ** 21 : 0 };
          await compare(context, `threshold ${threshold}, low ${low}`, 300, { layout: layoutOf(ends), threshold });
        }
      }
    },
  ),
};

// --- internal helpers ---

/** The number that is drawn for an element: the smallest threshold that keeps it, less 1. */
function numberOf(kind: (typeof KINDS)[number], element: number): number {
  let [below, enough] = [0, kind.kind === "wide" ? 2 ** 53 : 2 ** 32];
  while (below < enough) {
    const limit = below + Math.floor((enough - below) / 2);
    const { keeps } = layoutOf({ ...kind, threads: 64, thresholdHi: Math.floor(limit / 2 ** 32) });
    if (keeps(dropoutSpec(200, 0.4, { threshold: limit % 2 ** 32 }))(element)) enough = limit;
    else below = limit + 1;
  }
  return enough - 1;
}
