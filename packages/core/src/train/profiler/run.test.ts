import { afterEach, describe, expect, test } from "vitest";
import { GradNode } from "../../autograd/node";
import type { Backend } from "../../backend/backend";
import { shared } from "../../backend/shared";
import { deviceOf } from "../../cpu/device-of";
import { cpu, DataLoader, functional as F, memory, nn, ones, optim, setDefaultBackend, TensorDataset, tidy, zeros } from "../../index";
import { TensorHandle } from "../../tensor/handle";
import { Tensor } from "../../tensor/tensor";
import { blindBackend, hostBackend } from "../../testing/backends";
import { expectRejection } from "../../testing/refusal";
import { type Profile, profile, recordFunction } from "../index";

afterEach(() => setDefaultBackend(cpu));

/** Calls and bytes by name, in the order of names. */
function counts(run: Profile<unknown>): Record<string, [calls: number, bytes: number]> {
  const rows = run.keyAverages().map(({ name, calls, bytes }): [string, [number, number]] => [name, [calls, bytes]]);
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const names = (run: Profile<unknown>): string[] => Object.keys(counts(run));

/** All that a profile replaces, as it is now: each key, with its value and flags. */
function replaceable(...backends: Backend[]): unknown[] {
  const holders = [
    shared("devices", () => new WeakMap()),
    ...[GradNode, TensorHandle, Tensor, optim.Optimizer, DataLoader].map((c) => c.prototype),
  ];
  return [...holders, ...backends.map((backend) => deviceOf(backend).kernels)].flatMap((holder) =>
    Reflect.ownKeys(holder).flatMap((key) => [key, ...Object.values(Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor)]),
  );
}

/** A linear layer of 4 inputs and 2 outputs, a batch of 3 rows, and the step that trains it. */
function training(): () => void {
  const model = new nn.Linear(4, 2);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const x = ones([3, 4]);
  return () =>
    tidy(() => {
      optimizer.zeroGrad();
      F.relu(model.forward(x)).sum().backward();
      optimizer.step();
    });
}

/** As a promise that takes a while. */
const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 1));

describe("what is counted", () => {
  test("forward, backward and step of a small model, exactly", async () => {
    const step = training();
    step();
    const run = await profile(step);
    expect(counts(run)).toEqual({
      "SGD.step": [1, 0],
      fill: [1, 4],
      linear: [1, 4 * (12 + 8 + 2 + 6)],
      linearBackward: [1, 0],
      matmul: [1, 4 * (6 + 12 + 8)],
      relu: [1, 4 * (6 + 6)],
      reluBackward: [1, 0],
      reluGrad: [1, 4 * (1 + 6 + 6)],
      sgd: [1, 4 * 3 * (8 + 2)],
      sum: [2, 4 * (6 + 1 + 6 + 2)],
      sumBackward: [1, 0],
    });
  });

  test("the same on a backend with memory of its own and one that has nothing but the families", async () => {
    for (const backend of [hostBackend("own"), blindBackend("far")]) {
      setDefaultBackend(backend);
      const step = training();
      step();
      const run = await profile(step);
      const ops = run.keyAverages().filter(({ kind }) => kind === "op");
      expect(ops.map((row) => row.backend)).toEqual(ops.map(() => deviceOf(backend).label));
      expect(counts(run)).toMatchObject({
        "SGD.step": [1, 0],
        matmul: [backend.view === undefined ? 2 : 1, expect.any(Number)],
        relu: [1, 48],
      });
    }
  });

  test("a kernel of the backend's own, with this and all arguments", async () => {
    class Mine {
      readonly name = "mine";
      readonly info = cpu.info;
      readonly #calls: string[] = [];
      allocate = cpu.allocate;
      write = cpu.write;
      read = cpu.read;
      view = cpu.view as NonNullable<typeof cpu.view>;
      release = cpu.release;
      dispose = cpu.dispose;
      fill(out: { storage: { handle: unknown } }, value: number): void {
        this.#calls.push("fill");
        (out.storage.handle as Float32Array).fill(value);
      }
      get calls(): number {
        return this.#calls.length;
      }
    }
    const backend = new Mine();
    const run = await profile(() => ones([2], { backend: backend as unknown as Backend }));
    expect(backend.calls).toBe(1);
    expect(counts(run)).toEqual({ fill: [1, 8] });
  });

  test("tensors that were there before, on a backend that is not the default one", async () => {
    const backend = hostBackend("beside");
    const x = ones([8], { backend });
    const w = new nn.Parameter(ones([8], { backend }));
    w.mul(w).sum().backward();
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    expect(names(await profile(() => F.dropout(x, { p: 0.5, inplace: true })))).toEqual(["dropout"]);
    expect(names(await profile(() => optimizer.step()))).toEqual(["SGD.step", "sgd"]);
  });

  test("gradients of a graph that was recorded before", async () => {
    const w = new nn.Parameter(ones([8]));
    const loss = w.exp().sum();
    expect(names(await profile(() => loss.backward()))).toEqual(["expBackward", "fill", "mul", "sumBackward"]);
  });

  test("ops by the operation where one kernel does many, with shapes", async () => {
    const x = ones([2, 3]);
    const run = await profile(() => {
      x.add(1).gt(0);
      x.amax();
      F.softmax(x, { dim: 1 });
      F.logSoftmax(x, { dim: 1 });
      x.sum({ dim: 0 });
      x.sum({ dim: 1 });
      x.sum({ dim: 1 });
    });
    expect(names(run)).toEqual(["add", "amax", "gt", "logSoftmax", "softmax", "sum"]);
    const shapes = [
      [[2, 3], [3]],
      [[2, 3], [2]],
    ];
    expect(run.keyAverages().find(({ name }) => name === "sum")?.shapes).toEqual(shapes);
    const apart = run.keyAverages({ groupByInputShape: true }).filter(({ name }) => name === "sum");
    expect(apart.map(({ calls, shapes: [list] }) => [calls, list]).sort()).toEqual([
      [1, shapes[0]],
      [2, shapes[1]],
    ]);
    expect(run.table({ groupByInputShape: true })).toContain("[2, 3] [2]");
  });

  test("batches of a loader, also of a loop that goes on after the profile", async () => {
    const loader = new DataLoader(new TensorDataset(ones([4, 2])), { batchSize: 2 });
    const batches = loader[Symbol.iterator]();
    const run = await profile(() => [...loader].length);
    expect(run.result).toBe(2);
    expect(counts(run)["DataLoader.next"]).toEqual([3, 0]);
    const other = await profile(() => {
      const half = loader[Symbol.iterator]();
      half.next();
      return half;
    });
    expect(other.result.next().done).toBe(false);
    expect(batches.next().done).toBe(false);
  });
});

describe("reads", () => {
  test("have the time until the elements were there, and give what they give", async () => {
    const x = ones([1], { backend: blindBackend("slow") });
    const run = await profile(async () => [await x.item(), ...(await x.data())]);
    expect(run.result).toEqual([1, 1]);
    const rows = run.keyAverages();
    expect(rows.map(({ kind, name, calls, backend }) => [kind, name, calls, backend]).sort()).toEqual([
      ["read", "data", 1, "slow"],
      ["read", "item", 1, "slow"],
    ]);
  });

  test("still say await where their promise is taken for its value, and reject as they do", async () => {
    const x = ones([2]);
    await profile(async () => {
      expect(() => Number(x.data())).toThrow("data: expected its value, got the promise of it - write await x.data()");
      await expectRejection(x.item(), "ShapeError", "item: expected one element");
      x.dispose();
      await expectRejection(x.data(), "DisposedError", "data: ");
    });
  });
});

describe("recordFunction", () => {
  test("gives a part a row, with what ran inside in its time and not in its own", async () => {
    const run = await profile(() => recordFunction("outer", () => recordFunction("inner", () => ones([64, 64]).matmul(ones([64, 64])))));
    expect(run.result.shape).toEqual([64, 64]);
    const rows = Object.fromEntries(run.keyAverages().map((row) => [row.name, row]));
    const time = (name: string) => rows[name]?.time ?? Number.NaN;
    expect(rows.outer).toMatchObject({ kind: "function", calls: 1, bytes: 0, backend: null, shapes: [] });
    expect(time("outer") - (rows.outer?.selfTime as number)).toBeCloseTo(time("inner"), 6);
    expect(time("inner") - (rows.inner?.selfTime as number)).toBeCloseTo(time("matmul") + time("fill"), 6);
    expect(run.time).toBeGreaterThanOrEqual(time("outer"));
  });

  test("takes asynchronous parts that overlap", async () => {
    const part = (name: string) => recordFunction(name, async () => (await later(ones([2]))).add(1));
    const run = await profile(async () => Promise.all([part("a"), part("b"), part("a")]));
    expect(run.result).toHaveLength(3);
    expect(counts(run)).toEqual({ a: [2, 0], add: [3, 48], b: [1, 0], fill: [3, 24] });
    const [row] = run.keyAverages().filter(({ name }) => name === "b");
    expect(row?.selfTime).toBeLessThan(row?.time as number);
  });

  test("is nothing but a call outside a profile", () => {
    const promise = Promise.resolve();
    expect(recordFunction("x", () => promise)).toBe(promise);
    expect(() => recordFunction("x", () => expect.fail("thrown"))).toThrow("thrown");
  });

  test("passes errors on, also of promises, and takes the part down", async () => {
    const run = await profile(async () => {
      const messages: unknown[] = [];
      try {
        recordFunction("a", () => {
          throw new Error("at once");
        });
      } catch (error) {
        messages.push((error as Error).message);
      }
      await recordFunction("b", () => later(1).then(() => Promise.reject(new Error("later")))).catch((error: Error) =>
        messages.push(error.message),
      );
      return messages;
    });
    expect(run.result).toEqual(["at once", "later"]);
    expect(counts(run)).toEqual({ a: [1, 0], b: [1, 0] });
  });

  test("ends parts that nobody waited for with the profile", async () => {
    let release: (() => void) | undefined;
    const run = await profile(() => {
      recordFunction("open", () => new Promise<void>((resolve) => (release = resolve)));
    });
    expect(counts(run)).toEqual({ open: [1, 0] });
    const before = run.exportChromeTrace();
    release?.();
    await later(null);
    expect(run.exportChromeTrace()).toBe(before);
  });
});

describe("a profile", () => {
  test("gives what an asynchronous function gave, and counts to its end", async () => {
    const run = await profile(async () => {
      const x = await later(ones([2]));
      return x.mul(3).dataSync()[0];
    });
    expect(run.result).toBe(3);
    expect(counts(run)).toEqual({ fill: [1, 8], mul: [1, 16] });
  });

  test("puts everything back, also after an error, a promise that was rejected, and a kernel that throws", async () => {
    const failing = hostBackend("failing", {
      matmul: () => {
        throw new Error("no");
      },
    });
    const before = replaceable(cpu, failing);
    const x = ones([2, 2], { backend: failing });
    await profile(() => training()());
    await expect(profile(() => expect.fail("at once"))).rejects.toThrow("at once");
    await expect(profile(() => Promise.reject(new Error("later")))).rejects.toThrow("later");
    await expect(profile(() => x.matmul(x))).rejects.toThrow("no");
    const after = replaceable(cpu, failing);
    expect(after).toHaveLength(before.length);
    expect(after.filter((part, k) => !Object.is(part, before[k]))).toEqual([]);
    expect(names(await profile(() => ones([2])))).toEqual(["fill"]);
  });

  test("waits for a device that works by a queue, and says so", async () => {
    const reads: number[] = [];
    const far = blindBackend("queue");
    const backend = { ...far, read: (...args: Parameters<typeof far.read>) => far.read(...args).finally(() => reads.push(1)) };
    const x = ones([2], { backend });
    const before = memory(backend);
    const run = await profile(() => x.mul(2).dispose());
    expect(reads).toHaveLength(1);
    expect(memory(backend)).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
    expect(String(run).split("\n").at(-1)).toMatch(/^queue works by a queue/);
    expect(String(await profile(() => ones([2]).dispose()))).not.toMatch(/queue/);
  });

  test("leaves no memory behind", async () => {
    const step = training();
    step();
    const { tensors, bytes } = memory();
    const run = await profile(step);
    expect(memory()).toMatchObject({ tensors, bytes });
    expect(run.result).toBeUndefined();
  });

  test("refuses another one while it runs, and goes on", async () => {
    const run = await profile(async () => {
      const x = ones([2]);
      await expectRejection(
        profile(() => x),
        "TypeError",
        "profile: expected no other profile to run, got one that does",
      );
      return x.add(1);
    });
    expect(names(run)).toEqual(["add", "fill"]);
    const two = await Promise.allSettled([profile(() => later(1)), profile(() => later(2))]);
    expect(two.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });

  test("refuses what is no function, no option and no column", async () => {
    await expect(profile(training as never, { traces: true } as never)).rejects.toThrow(
      'profile: expected the options trace, got "traces" - did you mean trace?',
    );
    await expect(profile(3 as never)).rejects.toThrow("profile: expected a function, got 3");
    expect(() => recordFunction(3 as never, () => 1)).toThrow("recordFunction: expected a name as text, got 3");
    expect(() => recordFunction("x", 3 as never)).toThrow("recordFunction: expected a function, got 3");
    const run = await profile(() => zeros([2]), { trace: false });
    expect(() => run.table({ sortBy: "cpu" as never })).toThrow("table: expected sortBy to be one of selfTime, time, calls, bytes, got");
    expect(() => run.table({ rowLimit: 0 })).toThrow("table: expected rowLimit to be a positive integer, got 0");
    expect(() => run.exportChromeTrace()).toThrow("exportChromeTrace: expected a profile with its trace, got one without");
    expect(names(run)).toEqual(["fill"]);
  });
});

describe("a table", () => {
  test("has the rows in order, and says how many it left out", async () => {
    const run = await profile(() => {
      const x = ones([300]);
      for (let i = 0; i < 3; i++) x.add(1);
    });
    const lines = run.table({ sortBy: "calls", rowLimit: 1 }).split("\n");
    expect(lines[0]?.split(/ {2,}/)).toEqual(["name", "backend", "calls", "self %", "self", "total", "average", "bytes"]);
    expect(lines[2]).toMatch(/^add +cpu +3 .* 7\.0 kB$/);
    expect(lines.slice(3)).toEqual(["(1 more)", expect.stringMatching(/^total [\d.]+ (us|ms|s)$/)]);
    expect(run.table({ sortBy: "bytes" }).split("\n")[3]).toMatch(/^fill/);
    expect(String(run)).toBe(run.table());
  });
});

describe("a trace", () => {
  interface Event {
    readonly ph: string;
    readonly name: string;
    readonly cat: string;
    readonly ts: number;
    readonly dur: number;
    readonly id?: string;
    readonly pid: number;
    readonly tid: number;
    readonly args?: { readonly shapes?: unknown; readonly bytes?: number };
  }
  const eventsOf = (run: Profile<unknown>): Event[] => JSON.parse(run.exportChromeTrace()).traceEvents;

  test("has what the format asks of each event, and calls that nest", async () => {
    const step = training();
    const run = await profile(() => recordFunction('step "one"', step));
    const events = eventsOf(run).filter(({ ph }) => ph !== "M");
    expect(events).toHaveLength(run.keyAverages().reduce((sum, { calls }) => sum + calls, 0));
    const open: Event[] = [];
    const end = ({ ts, dur }: Event) => ts + dur;
    for (const event of events) {
      expect(event).toMatchObject({ ph: "X", name: expect.any(String), cat: expect.any(String), pid: 1, tid: 1 });
      expect(event.ts).toBeGreaterThanOrEqual(0);
      expect(event.dur).toBeGreaterThanOrEqual(0);
      while (open.length > 0 && end(open.at(-1) as Event) <= event.ts) open.pop();
      const outer = open.at(-1);
      if (outer !== undefined) expect(end(event)).toBeLessThanOrEqual(end(outer) + 1e-6);
      open.push(event);
    }
    expect(events[0]?.name).toBe('step "one"');
    expect(events.find(({ name }) => name === "linear")?.args).toMatchObject({ bytes: 112, shapes: [[3, 4], [2, 4], [2], [3, 2]] });
  });

  test("pairs begin and end of asynchronous parts", async () => {
    const run = await profile(() => Promise.all(["a", "b"].map((name) => recordFunction(name, () => later(1)))));
    const events = eventsOf(run).filter(({ ph }) => ph !== "M");
    const ids = [...new Set(events.map(({ id }) => id))];
    expect(ids).toHaveLength(2);
    for (const [begin, end, ...rest] of ids.map((id) => events.filter((event) => event.id === id))) {
      expect([begin?.ph, end?.ph, rest]).toEqual(["b", "e", []]);
      expect(end).toMatchObject({ name: begin?.name, cat: begin?.cat, id: begin?.id, pid: 1, tid: 1 });
      expect(end?.ts).toBeGreaterThanOrEqual(begin?.ts as number);
    }
  });
});
