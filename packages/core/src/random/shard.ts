/**
 * A batch in parts: every mask that is drawn for a part is that part of the mask which the whole batch would have. Only keys are changed, by the whole mask's
 * strides and the place of the part's first row; no mask is drawn that is not wanted.
 */
import { ShapeError, UnsupportedOpError } from "../errors/errors";
import { refusePromise } from "../errors/misuse";
import { checkFunction, checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { contiguousStrides, formatShape, isContiguous, type Shape, sizeOf } from "../shape/shape";
import { type Draw, drawing, type MaskPlace, sampleDim, withDrawing } from "./drawing";
import { rewinding } from "./rewinding";
import type { MaskRequest } from "./source";

/** Which rows of a batch a part holds. */
export interface Shard {
  /** The number of the part, from 0. */
  readonly index: number;
  /** How many parts there are. */
  readonly count: number;
  /** The first row of the part. */
  readonly start: number;
  /** Rows of the whole batch. */
  readonly total: number;
  /**
   * Rows of the part. Default: what is left, for the last part; what an even split gives, where `start` is its place in one (the first parts have one more
   * where rows are left over); else what the first mask drawn in the part has.
   */
  readonly rows?: number;
}

/** How a batch is cut. */
export interface ShardsOptions {
  /** How many parts there are: as even as can be, the first with one row more where rows are left over. */
  readonly count: number;
  /** Rows of the whole batch. */
  readonly total: number;
  /** Which parts are to run, in this order. Default: all. */
  readonly indices?: readonly number[];
}

/**
 * Runs `fn` for one part of a batch: every mask in it is that part of the mask which the whole batch would have drawn, and the generator ends where the whole
 * batch would leave it. So a batch may be cut over processes, or be worked through in pieces, and nobody can tell from the result.
 *
 * The batch is dimension 0 of what dropout is laid on (recurrent and sequence-first layers: 1); a leading dimension that is a multiple of the rows, such as
 * B * T, is cut alike. What a `noiseShape` shares along the batch is shared by all parts. Inside a part, another `shard` cuts that part. Numbers drawn on the
 * host (`rand`, `randn`) are the same in every part.
 *
 * @param part Which part it is.
 * @param fn Returns at once.
 * @returns What `fn` returned.
 * @throws RangeError for a part that is none of the batch; ShapeError from a dropout whose rows cannot be told; UnsupportedOpError where a backend written for
 *   the first version of the contract would need a mask with gaps; TypeError for an async function.
 * @example
 * ```ts
 * const x = ones([8, 2]);
 * const whole = F.dropout(x, { generator: new Generator(1) }).dataSync().slice(6, 10);
 * const part = shard({ index: 1, count: 3, start: 3, total: 8, rows: 2 }, () => F.dropout(x.slice(0, 3, 5), { generator: new Generator(1) }));
 * console.log(part.dataSync().join() === whole.join()); // true
 * ```
 */
export function shard<T>(part: Shard, fn: () => T): T {
  const checked = checkedShard(part);
  checkFunction("shard", fn, "write shard({ ... }, () => { ... })");
  return runPart("shard", checked, fn);
}

/**
 * Runs several parts of one batch in this process, one after the other, each from the same call of every generator that it draws from; these end where the
 * whole batch would leave them. For gradients that are gathered over pieces of a batch too large for memory.
 *
 * @param options How the batch is cut, and which parts run.
 * @param fn Called for each part with its place; returns at once.
 * @returns What `fn` returned for each.
 * @throws As `shard`; RangeError where the parts do not draw alike. Then, and where `fn` throws, the generators are as they were before.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.5), new nn.Linear(8, 1));
 * const x = rand([10, 4]);
 * const sizes = shards({ count: 4, total: 10 }, ({ start, rows }) => {
 *   const loss = model.forward(x.slice(0, start, start + rows)).pow(2).mean();
 *   loss.mul(rows / 10).backward(); // adds to what the other parts left
 *   return rows;
 * });
 * console.log(sizes.join()); // 3,3,2,2
 * ```
 */
export function shards<T>(options: ShardsOptions, fn: (part: Required<Shard>) => T): T[] {
  const { count, total, indices } = checkedShards(options);
  checkFunction("shards", fn, "write shards({ ... }, (part) => { ... })");
  return rewinding((states) => {
    let ended: string | undefined;
    return Array.from({ length: indices?.length ?? count }, (_, turn) => {
      const index = indices?.[turn] ?? turn;
      states.rewind();
      const part = { index, count, start: startOf(index, count, total), total, rows: rowsOf(index, count, total) };
      const result = runPart("shards", part, () => fn(part));
      // A part may make generators of its own: they end alike, too.
      const end = states.ends();
      if (end !== (ended ?? end))
        throw wrongValue("shards", "parts that draw alike", index, "draw as often in each, from the same generators");
      ended = end;
      return result;
    });
  });
}

// --- internal helpers ---

function runPart<T>(op: string, { index, count, start, total, rows }: Shard, fn: () => T): T {
  // Perhaps of another copy of core: what it is counts, not whose.
  const outer = drawing.part as Part | undefined;
  outer?.isCut(op, total);
  const likely = index === count - 1 ? total - start : start === startOf(index, count, total) ? rowsOf(index, count, total) : undefined;
  const own = new Part((outer?.start ?? 0) + start, outer?.total ?? total, total - start, rows, likely);
  return withDrawing({ part: own }, () => refusePromise(op, fn()));
}

/** A part, by the rows of the outermost whole. */
class Part {
  constructor(
    readonly start: number,
    readonly total: number,
    /** The most rows that it can have. */
    readonly most: number,
    public rows: number | undefined,
    readonly likely: number | undefined,
  ) {}

  /** Where a mask for this part lies in the whole batch's. */
  place(draw: Draw, shape: Shape, batchDim = 0): MaskPlace | undefined {
    const { op, generator, input, elementOffset = 0 } = draw;
    if (input === undefined) return undefined;
    const rank = input.sizes.length;
    if (batchDim < 0 || batchDim >= rank) throw new ShapeError(op, [input.sizes], NO_ROWS(formatShape(input.sizes)));
    const dim = sampleDim(draw, shape, batchDim);
    const whole = [...shape];
    let first = 0;
    if (dim >= 0) {
      const times = this.#timesIn(op, shape, dim);
      whole[dim] = times * this.total;
      first = times * this.start;
    }
    const strides = contiguousStrides(whole);
    const size = sizeOf(whole);
    if (elementOffset > 2 ** 53 - size) throw wrongValue(op, `an elementOffset of at most 2^53 - ${size}`, elementOffset);
    const place = { elementOffset: elementOffset + first * (strides[dim] ?? 0), whole };
    // A part without rows draws nothing, but the whole batch would.
    if (input.size === 0 && size > 0)
      generator.source.take(generator.source.mask({ ...(draw as MaskRequest), ...place, shape: whole, elementOffset }));
    if (isContiguous(shape, strides)) return place;
    const { name, info } = input.backend;
    if (info.contract !== 2)
      throw new UnsupportedOpError(op, name, "expected a backend of contract 2 for a mask with gaps, got 1 - put the batch first");
    return { ...place, strides };
  }

  /** Refuses to be cut as if it had other rows than it has. */
  isCut(op: string, total: number): void {
    this.rows ??= this.likely ?? total;
    if (this.rows !== total) throw wrongValue(op, `a total of ${this.rows}, the rows of the part around`, total);
  }

  /** How many rows of the mask belong to one row of the batch. */
  #timesIn(op: string, shape: Shape, dim: number): number {
    const size = shape[dim] as number;
    const known = this.rows ?? (size % (this.likely as number) === 0 ? this.likely : size <= this.most ? size : undefined);
    if (known === undefined || (known === 0 ? size > 0 : size % known > 0)) {
      const rows = known ?? `at most ${this.most}`;
      const detail = `expected dimension ${dim} of the mask to be a multiple of the part's rows (${rows}), got ${formatShape(shape)} - say how many in shard({ rows })`;
      throw new ShapeError(op, [shape], detail);
    }
    this.rows = known;
    return known === 0 ? 1 : size / known;
  }
}

const NO_ROWS = (shape: string) => `expected an input with a dimension for the batch inside a shard, got ${shape} - add one with unsqueeze`;

function rowsOf(index: number, count: number, total: number): number {
  return Math.floor(total / count) + Number(index < total % count);
}

function startOf(index: number, count: number, total: number): number {
  return index * Math.floor(total / count) + Math.min(index, total % count);
}

const SHARD: OptionKinds<Shard> = { index: "number", count: "number", start: "number", total: "number", rows: "number" };
const SHARDS: OptionKinds<ShardsOptions> = { count: "number", total: "number", indices: "any" };

function checkedShard(part: Shard): Shard {
  const given = optionsOf("shard", part ?? null, SHARD);
  const { index, count, start, total, rows } = given as Shard;
  checkInteger("shard", "count", count, 1);
  checkInteger("shard", "index", index, 0);
  checkInteger("shard", "total", total, 0);
  checkInteger("shard", "start", start, 0);
  if (index >= count) throw wrongValue("shard", `an index below ${count}`, index);
  if (start > total) throw wrongValue("shard", `a start of at most ${total}`, start);
  if (rows !== undefined) checkInteger("shard", "rows", rows, 0);
  if ((rows ?? 0) > total - start) throw wrongValue("shard", `at most ${total - start} rows`, rows);
  return given as Shard;
}

function checkedShards(options: ShardsOptions): ShardsOptions {
  const { count, total, indices } = optionsOf("shards", options ?? null, SHARDS) as ShardsOptions;
  checkInteger("shards", "count", count, 1);
  checkInteger("shards", "total", total, 0);
  if (indices === undefined) return { count, total };
  if (!Array.isArray(indices)) throw wrongType("shards", "indices as an array", indices);
  const own = Array.from(indices as readonly unknown[], (index) => {
    checkInteger("shards", "each index", index, 0);
    if (index >= count) throw wrongValue("shards", `indices below ${count}`, index);
    return index;
  });
  return { count, total, indices: own };
}
