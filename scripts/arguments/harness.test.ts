/** The check of arguments can fail: made-up exports, each with one fault, and one without. */
import { spawnSync } from "node:child_process";
import { cpu, functional as F, type Generator, isTensor, nn, ones, rand, type Tensor } from "@dropwise/core";
import { describe, expect, test } from "vitest";
import { type Case, prepare } from "./case";
import { coverageOf } from "./coverage";
import { callablesOf } from "./exports";
import type { Place } from "./place";
import * as p from "./places";
import { sweep } from "./sweep";

const refuse = (op: string, got: unknown): never => {
  throw new TypeError(`${op}: expected a tensor, got ${typeof got} - make one`);
};

/** Refuses all that is no float tensor of `cpu`, and gives a view of the rest. */
function view(x: Tensor): Tensor {
  if (!isTensor(x) || x.isDisposed || x.backend !== cpu || !x.dtype.startsWith("float")) return refuse("view", x);
  return x.detach();
}

const tensor: Place = { ...p.operand(), accepts: isTensor };

/** The lines of a sweep through one function. */
async function linesOf(value: (...args: never[]) => unknown, given: Case, limit?: number): Promise<string> {
  const [callable] = callablesOf({ [value.name]: value });
  if (callable === undefined) throw new Error("it is no export");
  const { lines, calls } = await sweep(prepare(callable, given, {}), { backend: cpu, ...(limit === undefined ? {} : { limit }) });
  expect(calls).toBeGreaterThan(100);
  return lines.join("\n");
}

describe("a sweep", () => {
  test("finds nothing in a function that refuses what it must", async () => {
    expect(await linesOf(view, [tensor])).toBe("");
  });

  test("finds a raw error, the place and the kinds of values", async () => {
    function raw(x: Tensor) {
      return x.shape.length;
    }
    const lines = await linesOf(raw, [tensor]);
    expect(lines).toContain("raw: argument 1: throws a raw TypeError: Cannot read properties of undefined (reading 'shape') <- undefined");
    expect(lines).toMatch(/Cannot read properties of undefined \(reading 'length'\) <- true; false; 0/);
  });

  test("finds a value that is accepted", async () => {
    function accepting(x: unknown) {
      return x;
    }
    expect(await linesOf(accepting, [p.flag()])).toMatch(/accepting: argument 1: is accepted <- undefined; null; 0; 1/);
  });

  test("finds a right value that is refused, from another realm, too", async () => {
    function local(shape: readonly number[]) {
      return Object.getPrototypeOf(shape) === Array.prototype ? shape : refuse("local", shape);
    }
    expect(await linesOf(local, [{ ...p.shape(), accepts: () => true }])).toMatch(
      /local: argument 1: is refused: .* <- the right value from another realm/,
    );
  });

  test("finds what a refused call leaks", async () => {
    function leaky(x: Tensor) {
      ones([2]);
      return view(x);
    }
    const lines = await linesOf(leaky, { args: [tensor], says: ["view"] });
    expect(lines).toContain("leaky: argument 1: leaks 1 tensors and 8 bytes <- undefined; null");
    expect(lines).toContain("leaky: a right call: works, and leaves tensors that are not in its result");
  });

  test("finds a generator that a refused call moves, the given one and the default one", async () => {
    function drawing(x: Tensor, { generator }: { generator: Generator }) {
      const given = rand([1], { generator });
      const byDefault = F.dropout(given, 0.5);
      given.dispose();
      byDefault.dispose();
      return view(x);
    }
    const lines = await linesOf(drawing, {
      args: [tensor, { ...p.made((w) => ({ generator: w.generator })), accepts: () => true }],
      says: ["view", "rand"],
    });
    expect(lines).toMatch(/drawing: argument 1: changes the generator that it was given <- undefined; null/);
    expect(lines).toMatch(/drawing: argument 1: changes the default generator <- undefined; null/);
  });

  test("finds an input that a refused call has written to", async () => {
    function writing(x: Tensor, flag: boolean) {
      F.dropout(x, { p: 1, inplace: true });
      return typeof flag === "boolean" ? x : refuse("writing", flag);
    }
    expect(await linesOf(writing, { args: [tensor, p.flag()], says: ["dropout"] })).toMatch(
      /writing: argument 2: changes an input <- undefined; null/,
    );
  });

  test("sets properties of an object to whatever there is, and tells that from what a refused call changes", async () => {
    class Own extends nn.Module {
      forward(x: Tensor) {
        return view(x);
      }
    }
    class Switching extends nn.Module {
      forward(x: Tensor) {
        this.training = false;
        return view(x);
      }
    }
    const linesFor = async (Layer: typeof Own) => {
      const callable = callablesOf({ Layer }).find(({ id }) => id === "Layer#forward");
      const on = p.receiver((w) => w.module(new Layer()));
      const given = { on, args: [tensor], settings: { training: p.anything(true), note: p.anything() }, says: ["view"] };
      return (await sweep(prepare(callable as never, given, {}), { backend: cpu })).lines.join("\n");
    };
    expect(await linesFor(Own)).toBe("");
    expect(await linesFor(Switching)).toMatch(/^Layer#forward: argument 1: changes the mode of a module <- undefined; null/);
  });

  test("finds a grad mode that is left off", async () => {
    const mode = (globalThis as unknown as Record<symbol, { slots: Record<string, { enabled: boolean }> }>)[Symbol.for("@dropwise/core:1")]
      ?.slots.gradMode;
    if (mode === undefined) throw new Error("core keeps its grad mode elsewhere");
    function switching(x: Tensor) {
      mode!.enabled = false;
      return view(x);
    }
    try {
      expect(await linesOf(switching, { args: [tensor], says: ["view"] })).toContain("leaves recording off");
    } finally {
      mode.enabled = true;
    }
  });

  test("finds a message in another form, and one that names another call", async () => {
    function terse(x: Tensor) {
      if (!isTensor(x)) throw new TypeError("terse: not a tensor");
      return view(x);
    }
    const lines = await linesOf(terse, [tensor]);
    expect(lines).toContain("throws a raw TypeError: terse: not a tensor <- undefined");
    expect(lines).toMatch(/names another call: TypeError: view: expected a tensor, got object - make one <- .*a disposed tensor/);
  });

  test("finds an option whose name is not known and passed over, or refused without the nearest one", async () => {
    function lax({ dim = 0 }: { dim?: number } = {}) {
      return dim;
    }
    expect(await linesOf(lax, [p.options({ dim: p.anything() })])).toContain(
      "lax: argument 1 with an unknown option: is accepted <- dimm; zzzzzz",
    );
    function curt(options: { dim?: number }) {
      return Object.keys(options ?? {}).some((name) => name !== "dim") ? refuse("curt", options) : 0;
    }
    expect(await linesOf(curt, [{ ...p.options({ dim: p.anything() }), accepts: () => true }])).toMatch(
      /curt: argument 1 with an unknown option: does not say did you mean dim\?: .* <- dimm/,
    );
  });

  test("finds what reads on without end, and what takes long", async () => {
    function gathering(values: Iterable<unknown>) {
      return Symbol.iterator in Object(values) ? [...values].length : refuse("gathering", values);
    }
    expect(await linesOf(gathering, [{ ...p.list(p.anything()), accepts: () => true }])).toContain(
      "reads all of it before looking at what it is",
    );
    function slow(x: Tensor) {
      for (const end = performance.now() + 3; performance.now() < end; );
      return view(x);
    }
    expect(await linesOf(slow, { args: [tensor], says: ["view"] }, 1)).toContain(
      "slow: argument 1: takes more than 1 ms <- undefined; null",
    );
  });

  test("tries two wrong values at a time when it is asked to", async () => {
    function both(a: unknown, b: unknown) {
      return a === 1 || b === 1 ? 0 : (undefined as unknown as { x: { y: number } }).x.y;
    }
    const [callable] = callablesOf({ both });
    const prepared = prepare(callable as never, [p.anything(), p.anything()], {});
    expect((await sweep(prepared, { backend: cpu })).lines).toEqual([]);
    expect((await sweep(prepared, { backend: cpu, pairs: true })).lines.join()).toContain(
      "both: argument 1 and argument 2: throws a raw TypeError",
    );
  });
});

describe("the enumeration", () => {
  class Base {
    static make() {}
    inherited() {}
    get size() {
      return 1;
    }
    set size(_: number) {}
  }
  class Layer extends Base {
    forward() {}
  }

  test("finds functions, classes, methods above them, statics and setters", () => {
    const ids = callablesOf({ lonely() {}, Layer, table: {} }).map(({ id }) => id);
    expect(ids.sort()).toEqual(["Base#inherited", "Base#size", "Base#size=", "Base.make", "Layer", "Layer#forward", "lonely", "table"]);
  });

  test("names an export without a case, and a case whose export is gone", () => {
    const coverage = coverageOf(callablesOf({ lonely() {}, Layer }), {
      lonely: [],
      "gone: in one way": [],
      Layer: [],
      "Base.make": [],
      "Layer#forward": "a reason",
    });
    expect(coverage).toEqual({ missing: ["Base#inherited", "Base#size="], stale: ["gone"] });
  });

  test("sees the methods of every module", () => {
    const ids = callablesOf({ Dropout: nn.Dropout, ReLU: nn.ReLU }).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["Dropout#forward", "ReLU#forward", "Module#apply"]));
  });
});

describe("the watcher", () => {
  const run = (then: string) => {
    const program = `
      import { watchCalls } from ${JSON.stringify(new URL("./watch.mjs", import.meta.url).href)};
      const watch = watchCalls(500);
      watch.announce("a longer call than the next");
      watch.announce("last: argument 1");
      ${then}`;
    return spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8", timeout: 100_000 });
  };

  test("names the call in which a process ends", () => {
    expect(run("process.kill(process.pid, 'SIGKILL');").stderr).toBe("\narguments: the process ended in last: argument 1\n");
  });

  test("names the call in which a process hangs, and ends it", () => {
    const { stderr, signal } = run("for (;;);");
    expect(stderr).toContain("\narguments: hung in last: argument 1\n");
    expect(signal).toBe("SIGKILL");
  });

  test("is silent when all went well", () => {
    const { stderr, status } = run("watch.stop();");
    expect([stderr, status]).toEqual(["", 0]);
  });
});
