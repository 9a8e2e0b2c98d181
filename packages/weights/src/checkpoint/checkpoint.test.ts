import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultGenerator, nn, ones } from "@dropwise/core";
import { DropoutSchedule, EarlyStopping, earlyDropout } from "@dropwise/core/train";
import { afterAll, describe, expect, test } from "vitest";
import { start, train, weights } from "../../test/run";
import { asDownload, inIndexedDB, inMemory, loadCheckpoint, readSafetensors, saveCheckpoint, writeSafetensors } from "../index";

const folder = mkdtempSync(join(tmpdir(), "dropwise-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a checkpoint", () => {
  test.each([false, true])("goes on exactly: 100 steps are 37 and 63, with prefetch %s", async (isAsync) => {
    // 37 is in the middle of a pass of 6 batches.
    const whole = start();
    const path = join(folder, `run-${isAsync}.safetensors`);
    await train(whole, 0, 100, isAsync, async (step) => {
      if (step === 37) await saveCheckpoint(path, { ...whole, step });
    });
    const expected = [await weights(whole), [...defaultGenerator().getState()]];

    const other = start(2);
    const { step: saved, ...rest } = await loadCheckpoint(path, other);
    expect([saved, rest]).toEqual([37, {}]);
    await train(other, saved as number, 100, isAsync);
    expect([await weights(other), [...defaultGenerator().getState()]]).toEqual(expected);
  });

  test("gives back plain values as they were, and states of parts that were not asked for", async () => {
    const kept = inMemory();
    const stopping = new EarlyStopping();
    stopping.step(0.5);
    const values = {
      ...{ list: [1, -0, Number.NaN, Number.NEGATIVE_INFINITY], big: 2n ** 70n, text: "dropout", nothing: null, isTrue: true },
      bytes: new Uint8Array([1, 2]),
      ids: new BigInt64Array([-1n]),
      object: { $: "tensor", deep: { a: [] } },
    };
    await saveCheckpoint(kept, { ...values, x: ones([2]), stopping });
    const { x, stopping: saved, ...rest } = await loadCheckpoint(kept);
    expect(rest).toEqual(values);
    expect(x).toEqual({ shape: [2], dtype: "float32", data: new Float32Array([1, 1]) });
    const other = new EarlyStopping();
    other.loadStateDict(saved as never);
    expect(other.best).toBe(0.5);
  });

  test("takes a schedule of dropout like one of learning rates: the layers have the rates of that step again", async () => {
    const make = () => {
      const model = new nn.Sequential(new nn.Dropout(0.2), new nn.Linear(2, 2), new nn.Dropout(0.4));
      return { model, schedule: new DropoutSchedule(model, earlyDropout({ p: 1, steps: 4 }), { relative: true }) };
    };
    const kept = inMemory();
    const run = make();
    run.schedule.step();
    run.schedule.step();
    await saveCheckpoint(kept, run);
    const other = make();
    await loadCheckpoint(kept, other);
    expect(other.schedule.getLastRates()).toEqual([0.1, 0.2]);
    for (const { schedule } of [run, other]) schedule.step();
    expect(other.schedule.getLastRates()).toEqual(run.schedule.getLastRates());

    // Where a later part is refused, the schedule is as it was.
    const third = make();
    await expect(loadCheckpoint(kept, { schedule: third.schedule, model: new nn.Linear(3, 3) })).rejects.toThrow(/expected/);
    expect(third.schedule.getLastRates()).toEqual([0.2, 0.4]);
  });

  test("is a safetensors file that names its tensors by path", async () => {
    const path = join(folder, "named.safetensors");
    const model = new nn.Linear(2, 1);
    await saveCheckpoint(path, { model });
    expect(Object.keys(await readSafetensors(path)).sort()).toEqual(["default generator", "model/bias", "model/weight"]);
  });

  test("that is torn at any byte, of the future or none of ours is refused, and nothing changes", async () => {
    const kept = inMemory();
    const run = start();
    await saveCheckpoint(kept, { model: run.model, step: 3 });
    const bytes = (await kept.read()) as Uint8Array;
    const other = start(2);
    const before = [await weights(other), [...defaultGenerator().getState()]];
    const refused = async (file: Uint8Array, says: RegExp, parts: object = { model: other.model }) => {
      await expect(loadCheckpoint(file, parts as never)).rejects.toThrow(says);
      expect([await weights(other), [...defaultGenerator().getState()]]).toEqual(before);
    };
    for (const at of [bytes.length - 1, bytes.length - 400, 200]) {
      const torn = bytes.slice();
      torn[at] = (torn[at] as number) ^ 1;
      await refused(torn, /expected .+, got /);
    }
    await refused(bytes.slice(0, -1), /expected .+, got /);
    const later = new TextDecoder("latin1").decode(bytes).replace('"version":"1"', '"version":"2"');
    await refused(
      Uint8Array.from(later, (c) => c.charCodeAt(0)),
      /expected a checkpoint of version 1 at most, got 2/,
    );
    await refused(
      { read: () => bytes.buffer } as never,
      /expected a source whose read\(\) gives a Uint8Array, got a value of type ArrayBuffer/,
    );
    await refused(await writeSafetensors({}), /expected a file of saveCheckpoint, got another one/);
    await refused(bytes, /expected a checkpoint with optimizer, got one with model, step, default generator/, {
      optimizer: other.optimizer,
    });
  });

  test("of another model is refused, and all parts before it are as they were", async () => {
    const kept = inMemory();
    const run = start();
    await train(run, 0, 3, false);
    const another = new nn.Linear(3, 1);
    await saveCheckpoint(kept, { ...run, another });
    const other = start(2);
    await train(other, 0, 2, false);
    const third = new nn.Linear(2, 1);
    const state = async () => [
      await weights(other),
      other.scheduler.stateDict(),
      other.loader.stateDict(),
      [...other.generators.order.getState()],
    ];
    const before = [...(await state()), [...defaultGenerator().getState()]];
    await expect(loadCheckpoint(kept, { ...other, another: third })).rejects.toThrow(/expected shape \[1, 2\] for "weight", got \[1, 3\]/);
    expect([...(await state()), [...defaultGenerator().getState()]]).toEqual(before);
    const withoutOwn: nn.Module = new nn.Sequential(new nn.Linear(6, 16), new nn.Dropout(0.2));
    await expect(loadCheckpoint(kept, { model: withoutOwn })).rejects.toThrow(
      /expected model with the generators of none of its layers, got 5.generator/,
    );
  });

  test("refuses what it cannot save before it writes", async () => {
    const path = join(folder, "never.safetensors");
    const circle: { own?: object } = {};
    circle.own = circle;
    await expect(saveCheckpoint(path, { fn: () => {} })).rejects.toThrow(
      'saveCheckpoint: expected a value that can be saved at "fn", got a function',
    );
    await expect(saveCheckpoint(path, { circle })).rejects.toThrow("saveCheckpoint: expected values without circles");
    await expect(saveCheckpoint(path, { date: new Date() })).rejects.toThrow("got a value of type Date");
    await expect(saveCheckpoint(path, {}, { keep: 0 })).rejects.toThrow("expected keep to be a positive integer, got 0");
    await expect(saveCheckpoint(inMemory(), {}, { keep: 2 })).rejects.toThrow("expected keep to be 1 where the target is no path, got 2");
    await expect(saveCheckpoint(inIndexedDB("run"), {})).rejects.toThrow("inIndexedDB: expected a browser, got undefined");
    await expect(saveCheckpoint(asDownload("run"), {})).rejects.toThrow("asDownload: expected a page, got undefined");
    await expect(saveCheckpoint({} as never, {})).rejects.toThrow("expected a path");
    expect(existsSync(path)).toBe(false);
  });
});

describe("a file on disk", () => {
  test("keeps as many before it as are wanted, and removes what killed processes left", async () => {
    const path = join(folder, "kept.safetensors");
    writeFileSync(`${path}.4194999-abc.tmp`, "left behind");
    for (let step = 1; step <= 5; step++) await saveCheckpoint(path, { step }, { keep: 3 });
    const names = readdirSync(folder)
      .filter((name) => name.startsWith("kept"))
      .sort();
    expect(names).toEqual(["kept.safetensors", "kept.safetensors.1", "kept.safetensors.2"]);
    for (const [i, name] of names.entries()) expect(await loadCheckpoint(join(folder, name))).toEqual({ step: 5 - i });
  });
});
