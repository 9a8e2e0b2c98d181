import { isTensor, type nn, shards as runShards, type Tensor, tidy } from "@dropwise/core";
import { optionsOf, ShapeError, wrongType, wrongValue } from "@dropwise/core/backend";
import { checkGroup, wholeNumber } from "../checks";
import { GroupError } from "../errors";
import type { Group } from "../group";
import type { MpiGroup } from "../mpi-group";
import { PartialSums } from "../shard-tree";
import { checkSettings, checkWeights, shareState } from "./agreement";
import { Buckets, gradientOf } from "./buckets";
import { type Plan, planOf, rowsOf } from "./plan";
import { added, copiesOf, dropped, type Seen, type ShardResult, takeGrads } from "./shard-result";

/** What is asked of an optimizer; all of core's have it. */
export interface OptimizerLike {
  /** Drops all gradients. */
  zeroGrad(): void;
  /** Makes one step. */
  step(): unknown;
}

/** Options of `dataParallel`. */
export interface DataParallelOptions {
  /** In how many parts each batch is cut, whatever the number of processes: it decides the bits of the result. Default: 8. */
  readonly shards?: number;
  /** After so many steps the weights of all processes are compared; 0 for never. Default: 100. */
  readonly checkEvery?: number;
  /** About how many bytes of gradients are sent at once. Default: 4 MiB. */
  readonly bucketBytes?: number;
}

/** Options of a step. */
export interface StepOptions {
  /** Rows of the whole batch, where this process was given its own rows alone (see `DistributedSampler`). Default: the batch that was given is the whole one. */
  readonly total?: number;
  /** Called once gradients are summed, and awaited before the optimizer's step: for `nn.clipGradNorm`, say. */
  readonly beforeStep?: () => void | PromiseLike<void>;
}

/** A model that several processes train together. */
export interface DataParallel {
  /** In how many parts each batch is cut. */
  readonly shards: number;
  /**
   * One step of training; all processes make it together.
   *
   * @param batch Tensors whose first dimension is the batch's rows.
   * @param lossOf The mean loss of a part of it, of one element; called for each shard of this process, which draws its part of the whole batch's masks.
   * @param options See `StepOptions`.
   * @returns The mean loss over the whole batch, the same number in all processes.
   */
  step<B extends readonly [Tensor, ...Tensor[]]>(batch: B, lossOf: (part: B) => Tensor, options?: StepOptions): Promise<number>;
}

/**
 * Trains a model on several processes with the same result, bit for bit, for any number of them: losses, weights, masks, running statistics. Mirrors
 * [torch.nn.parallel.DistributedDataParallel](https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html), which promises no such thing.
 *
 * A batch is cut into `shards` parts. Each process computes the loss and the gradients of its own ones, each part by itself and with that part of every dropout mask; gradients, weighted
 * by rows, are added up one fixed binary tree over the parts. So who computed what cannot be told from the sum. What is computed of a whole part, such as batch norm's mean, is
 * that of the part. Running statistics are the parts' mean, weighted by rows.
 *
 * At the beginning all processes get the first one's parameters, buffers and state of the default generator; give the same seeds to generators of layers. Models must be
 * built alike, and computed by one kind of backend: another may round otherwise. With more processes than shards, some have nothing to do.
 *
 * @param model What is trained, in training mode.
 * @param optimizer Over its parameters; the same everywhere.
 * @param group See `connect`.
 * @param options Default: 8 shards, weights compared every 100 steps, buckets of 4 MiB.
 * @throws GroupError for models and options that differ; TypeError and RangeError for options. `step` throws ShapeError for a batch whose rows do not agree, or a loss of several elements, GroupError for
 *   weights or batches' rows that differ and for a step that begins before the last has ended, and what `lossOf` throws: then end the process, for the others wait for it.
 * @example
 * ```ts
 * const group = await connect();
 * const model = new nn.Sequential(new nn.Linear(4, 16), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(16, 1));
 * const parallel = await dataParallel(model, new optim.Adam(model.parameters(), { lr: 0.01 }), group);
 * const x = rand([64, 4]);
 * const loss = await parallel.step([x, x.sum({ dim: 1, keepdim: true })], ([x, y]) => F.mseLoss(model.forward(x), y));
 * console.log(loss > 0); // true
 * ```
 */
export async function dataParallel(
  model: nn.Module,
  optimizer: OptimizerLike,
  group: Group,
  options?: DataParallelOptions,
): Promise<DataParallel> {
  const given = optionsOf<DataParallelOptions>(OP, options, { shards: "any", checkEvery: "any", bucketBytes: "any" });
  const { shards = 8, checkEvery = 100, bucketBytes = 2 ** 22 } = given;
  wholeNumber(OP, "shards", shards, 1, 2 ** 16);
  wholeNumber(OP, "checkEvery", checkEvery, 0, 2 ** 31);
  wholeNumber(OP, "bucketBytes", bucketBytes, 4, 2 ** 28);
  checkGroup(OP, group);
  if (!hasMethods(group, ["sumNodes"])) throw wrongType(OP, "a group", group, "await connect()");
  if (!hasMethods(model, ["parameters", "namedBuffers", "stateDict", "loadStateDict"]))
    throw wrongType(OP, "a model that is a Module", model, "extend nn.Module");
  if (!hasMethods(optimizer, ["zeroGrad", "step"])) throw wrongType(OP, "an optimizer", optimizer, "new optim.Adam(model.parameters())");
  const settings = { shards, checkEvery, bucketBytes };
  if (group.size > 1) {
    await checkSettings(settings, group);
    await shareState(model, group);
  }
  return new Parallel(model, optimizer, group, settings);
}

// --- internal helpers ---

const OP = "dataParallel";

/** The numbers of a shard before those of parameters: its loss, and the rows of the batch. */
const HEAD = 2;

/** By what they do: a model may be of another copy of core, and an optimizer of one's own. */
const hasMethods = (value: unknown, names: readonly string[]) =>
  typeof value === "object" && value !== null && names.every((name) => typeof (value as Record<string, unknown>)[name] === "function");

function checkFunction(value: unknown, expected: string, advice: string): void {
  if (typeof value !== "function") throw wrongType("step", expected, value, advice);
}

/** Of several processes; perhaps of another copy of this package. */
const isMany = (group: Group): group is MpiGroup => group.size > 1;

class Parallel implements DataParallel {
  readonly shards: number;
  /** Itself, also where it is called through a transparent proxy, which has no private fields. */
  private readonly self = this;
  readonly #settings: Required<DataParallelOptions>;
  #steps = 0;
  #buckets: Buckets | undefined;
  #isBusy = false;

  constructor(
    readonly model: nn.Module,
    readonly optimizer: OptimizerLike,
    readonly group: Group,
    settings: Required<DataParallelOptions>,
  ) {
    this.shards = settings.shards;
    this.#settings = settings;
  }

  async step<B extends readonly [Tensor, ...Tensor[]]>(batch: B, lossOf: (part: B) => Tensor, options?: StepOptions): Promise<number> {
    const { total, beforeStep } = optionsOf<StepOptions>("step", options, { total: "any", beforeStep: "any" });
    const self = this.self;
    const { plan, parts } = self.#shared(batch, total);
    checkFunction(lossOf, "a function that gives the loss of a part", "step([x, y], ([x, y]) => F.mseLoss(model.forward(x), y))");
    if (beforeStep !== undefined)
      checkFunction(beforeStep, "beforeStep to be a function", "step(batch, lossOf, { beforeStep: () => { ... } })");
    if (self.#isBusy) throw new GroupError("step", "expected the step before to have ended, got one that is under way - await each step");
    self.#isBusy = true;
    try {
      return await self.#stepped(plan, (shard) => lossOf(parts(shard) as unknown as B), beforeStep);
    } finally {
      self.#isBusy = false;
    }
  }

  async #stepped(plan: Plan, lossOf: (shard: number) => Tensor, beforeStep: StepOptions["beforeStep"]): Promise<number> {
    const parameters = [...this.model.parameters()].filter(({ requiresGrad }) => requiresGrad);
    this.optimizer.zeroGrad();
    const sums = this.#computed(plan, parameters, lossOf);
    const loss = await this.#finished(plan, parameters, sums);
    try {
      await beforeStep?.();
      this.optimizer.step();
    } catch (error) {
      for (const grad of takeGrads(parameters)) grad?.dispose();
      throw error;
    }
    const { checkEvery } = this.#settings;
    this.#steps++;
    if (this.group.size > 1 && checkEvery > 0 && this.#steps % checkEvery === 0) await checkWeights(this.model, this.group, this.#steps);
    return loss;
  }

  /** How the batch is shared out, and the part of it for a shard. */
  #shared(batch: readonly Tensor[], total: unknown): { plan: Plan; parts: (shard: number) => Tensor[] } {
    if (!Array.isArray(batch) || batch.length === 0) throw wrongType("step", "a batch as an array of tensors", batch, "step([x, y], ...)");
    for (let i = 0; i < batch.length; i++)
      if (!isTensor(batch[i])) throw wrongType("step", "tensors in the batch", batch[i], "step([x, y], ...)");
    const rows = (batch[0] as Tensor).shape[0] ?? 0;
    if (batch.some(({ shape }) => shape[0] !== rows)) {
      const shapes = batch.map(({ shape }) => shape);
      throw new ShapeError(
        "step",
        shapes,
        `expected tensors of one number of rows, got ${shapes.map((shape) => shape[0] ?? "none").join(", ")}`,
      );
    }
    if (total !== undefined) wholeNumber("step", "total", total, 1, 2 ** 40);
    if (rows === 0) throw wrongValue("step", "a batch with rows", rows);
    const plan = planOf(total ?? rows, this.shards, this.group);
    const wanted = plan.rows.end - plan.rows.start;
    if (total !== undefined && rows !== wanted)
      throw wrongValue("step", `${wanted} rows of a batch of ${total} for rank ${this.group.rank}`, rows);
    const first = total === undefined ? 0 : plan.rows.start;
    const parts = (shard: number) => {
      const { start, end } = rowsOf(shard, plan.count, plan.total);
      return batch.map((x) => x.slice(0, start - first, end - first));
    };
    return { plan, parts };
  }

  /** Runs this rank's shards; their results, added up as far as the tree goes. */
  #computed(plan: Plan, parameters: readonly nn.Parameter[], lossOf: (shard: number) => Tensor): PartialSums<ShardResult> {
    const { count, total, own, runs } = plan;
    const sums = new PartialSums<ShardResult>(added);
    const before = copiesOf(this.model);
    const hasBuffers = Object.keys(before).length > 0;
    const indices = Array.from({ length: runs.end - runs.start }, (_, i) => runs.start + i);
    try {
      runShards({ count, total, indices }, ({ index, rows }) => {
        if (hasBuffers) this.model.loadStateDict(before, { strict: false });
        const share = rows / total;
        const loss = tidy(() => {
          const loss = lossOf(index);
          if (!isTensor(loss))
            throw wrongType("step", "a loss that is a tensor", loss, "return F.mseLoss(model.forward(x), y), without await");
          if (loss.shape.some((size) => size !== 1))
            throw new ShapeError("step", [loss.shape], `expected a loss of one element, got shape [${loss.shape.join(", ")}] - reduce it`);
          if (!loss.requiresGrad)
            throw wrongValue(
              "step",
              "a loss that requires a gradient",
              loss,
              "compute it from parameters that require one, outside noGrad",
            );
          loss.mul(share).backward();
          return loss.detach();
        });
        const result = { grads: takeGrads(parameters), seen: [{ share, loss, buffers: copiesOf(this.model) }] };
        if (index >= own.start && index < own.end) sums.push(index, result);
        else dropped(result);
      });
    } catch (error) {
      for (const { value } of sums.nodes) dropped(value);
      for (const grad of takeGrads(parameters)) grad?.dispose();
      throw error;
    } finally {
      if (hasBuffers) this.model.loadStateDict(before, { strict: false });
      for (const copy of Object.values(before)) copy.dispose();
    }
    return sums;
  }

  /** Adds up what all ranks have: gives parameters their gradients and buffers their values, and returns the loss. */
  async #finished(plan: Plan, parameters: readonly nn.Parameter[], sums: PartialSums<ShardResult>): Promise<number> {
    const { group } = this;
    const held = sums.nodes.map(({ value }) => value);
    try {
      const seen = await this.#means(plan, parameters, held);
      if (isMany(group)) {
        const slots = parameters.map(({ shape, size, dtype }) => ({ shape, size, dtype }));
        if (!this.#buckets?.fits(slots)) this.#buckets = new Buckets(group, slots, this.#settings.bucketBytes);
        const nodes = held.map(({ grads }) => grads);
        const grads = await this.#buckets.summed(nodes, plan.count);
        parameters.forEach((parameter, i) => {
          if (seen.isUsed(i)) parameter.grad = gradientOf(parameter, grads[i] as Float32Array);
        });
      } else {
        const grads = sums.total()?.grads ?? [];
        parameters.forEach((parameter, i) => {
          parameter.grad = grads[i] ?? null;
        });
      }
      this.model.loadStateDict(seen.buffers, { strict: false });
      return seen.loss;
    } finally {
      for (const result of held) {
        if (isMany(group)) dropped(result);
        else dropped({ grads: [], seen: result.seen });
      }
    }
  }

  /** Means over the rows of the batch, in double precision: the loss, and what is in buffers; and which parameters had a gradient anywhere. */
  async #means(plan: Plan, parameters: readonly nn.Parameter[], held: readonly ShardResult[]) {
    const buffers = [...this.model.namedBuffers()];
    const length = HEAD + parameters.length + buffers.reduce((sum, [, { size }]) => sum + size, 0);
    const leaves = await Promise.all(
      held.flatMap(({ seen, grads }) =>
        seen.map((one, i) =>
          this.#numbers(
            one,
            plan.total,
            i === 0 ? grads : [],
            parameters.length,
            buffers.map(([name]) => name),
          ),
        ),
      ),
    );
    const all = await this.group.orderedSum(leaves, { count: plan.count, length, dtype: "float64" });
    const rows = (all[1] as number) / plan.count;
    if (rows !== plan.total)
      throw new GroupError(
        "step",
        `expected batches of as many rows on all ranks, got ${plan.total} on rank ${this.group.rank}, and ${rows} in the mean over shards - give each the same whole batch, or its own rows and their total`,
      );
    let at = HEAD + parameters.length;
    const values: Record<string, { shape: number[]; dtype: string; data: Float64Array | Float32Array | Int32Array | Uint8Array }> = {};
    for (const [name, { shape, size, dtype }] of buffers) {
      const mean = all.subarray(at, at + size);
      at += size;
      const data =
        dtype === "float32"
          ? Float32Array.from(mean)
          : dtype === "float64"
            ? mean
            : dtype === "int32"
              ? Int32Array.from(mean, Math.round)
              : Uint8Array.from(mean, Math.round);
      values[name] = { shape: [...shape], dtype, data };
    }
    return { loss: all[0] as number, isUsed: (i: number) => (all[HEAD + i] as number) > 0, buffers: values };
  }

  /** One shard's numbers: the loss, the rows of the whole batch as this rank has them, whether parameters have gradients, the buffers' elements. */
  async #numbers(
    { share, loss, buffers }: Seen,
    total: number,
    grads: readonly (Tensor | null)[],
    parameters: number,
    names: readonly string[],
  ): Promise<Float64Array> {
    const values = await Promise.all(names.map((name) => (buffers[name] as Tensor).data()));
    return Float64Array.from([
      (await loss.item()) * share,
      total,
      ...Array.from({ length: parameters }, (_, i) => Number((grads[i] ?? null) !== null)),
      ...values.flatMap((data) => Array.from(data as Float32Array, (value) => value * share)),
    ]);
  }
}
