import { describe, expect, test } from "vitest";
import { optim, tensor } from "../index";
import { expectClose } from "../testing/close";
import { readGolden } from "../testing/goldens";

interface Spec {
  readonly scheduler: string;
  readonly options: Record<string, unknown>;
}

interface Run extends Spec {
  readonly lr: number;
  readonly lrs: readonly number[];
  readonly metrics?: readonly number[];
}

const { schedulers } = readGolden<{ schedulers: Run[] }>("optimizers");
const named = schedulers.map((run) => [run.scheduler, JSON.stringify(run.options), run] as const);

function makeOptimizer(lr: number): optim.SGD {
  return new optim.SGD([tensor([1], { requiresGrad: true })], { lr });
}

function make(optimizer: optim.SGD, { scheduler, options }: Spec): optim.LRScheduler {
  const Scheduler = optim[scheduler as "SequentialLR"];
  const { schedulers: inner } = options as { schedulers?: Spec[] };
  if (inner === undefined) return new Scheduler(optimizer, options as never);
  return new Scheduler(optimizer, {
    ...(options as unknown as optim.SequentialLROptions),
    schedulers: inner.map((each) => make(optimizer, each)),
  });
}

/** The learning rates of steps `from` to `to`. */
function lrsOf(optimizer: optim.SGD, scheduler: optim.LRScheduler, { metrics }: Run, from: number, to: number): number[] {
  const lrs: number[] = [];
  for (let i = from; i < to; i++) {
    lrs.push(optimizer.paramGroups[0]?.lr as number);
    optimizer.step();
    scheduler.step(metrics?.[i]);
  }
  return lrs;
}

describe("learning rates are PyTorch's", () => {
  test.each(named)("%s %s", (_, __, run) => {
    const optimizer = makeOptimizer(run.lr);
    const scheduler = make(optimizer, run);
    expectClose(lrsOf(optimizer, scheduler, run, 0, run.lrs.length), run.lrs, { rtol: 1e-9, atol: 1e-15 });
    expect(scheduler.getLastLr()).toEqual([optimizer.paramGroups[0]?.lr]);
  });
});

describe("a schedule goes on from its state, through JSON, to the last bit", () => {
  test.each(named)("%s %s", (_, __, run) => {
    const whole = makeOptimizer(run.lr);
    const expected = lrsOf(whole, make(whole, run), run, 0, run.lrs.length);
    for (const at of [0, 1, 7, 13, 21]) {
      const first = makeOptimizer(run.lr);
      const scheduler = make(first, run);
      lrsOf(first, scheduler, run, 0, at);
      const saved = JSON.parse(JSON.stringify(scheduler.stateDict()));
      // Another learning rate: all is in the state.
      const second = makeOptimizer(0.7);
      const other = make(second, run);
      other.loadStateDict(saved);
      expect(other.stateDict()).toEqual(scheduler.stateDict());
      expect(lrsOf(second, other, run, at, run.lrs.length)).toEqual(expected.slice(at));
    }
  });
});
