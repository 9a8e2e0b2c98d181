import { afterEach, describe, expect, test } from "vitest";
import { cpu, DataLoader, Generator, memory, ones, type Tensor, TensorDataset, tensor } from "../index";
import { expectRefusal, expectRejection } from "../testing/refusal";

const rejections: unknown[] = [];
const note = (reason: unknown) => rejections.push(reason);
process.on("unhandledRejection", note);
/** Lets everything happen that only waits for its turn. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

const live = memory(cpu).tensors;
afterEach(async () => {
  await settle();
  expect(memory(cpu).tensors).toBe(live);
  expect(rejections).toEqual([]);
});

/** Batches that come when they are let, in any order. */
function slow(length: number) {
  const waiting = new Map<number, () => void>();
  return {
    length,
    asked: [] as number[],
    batch(places: Int32Array): Promise<Tensor> {
      const place = places[0] as number;
      this.asked.push(place);
      return new Promise((resolve) => waiting.set(place, () => resolve(tensor(Float32Array.from(places)))));
    },
    async give(place: number) {
      waiting.get(place)?.();
      await settle();
    },
  };
}

const collect = async <B, T>(loader: AsyncIterable<B>, look: (batch: B) => T): Promise<T[]> => {
  const seen: T[] = [];
  for await (const batch of loader) seen.push(look(batch));
  return seen;
};
const numbers = (x: Tensor) => [...x.dataSync()];

describe("for await", () => {
  test("gives what for gives, for any dataset and any prefetch, and draws the same", async () => {
    for (const prefetch of [0, 1, 2, 5, 100]) {
      const make = () => {
        const generator = new Generator(3);
        return { generator, options: { batchSize: 3, shuffle: true, generator, prefetch } };
      };
      const [a, b] = [make(), make()];
      const x = tensor(Float32Array.from({ length: 10 }, (_, i) => i));
      const dataset = new TensorDataset(x);
      const plain = new DataLoader(dataset, a.options);
      const later = new DataLoader({ length: 10, at: async (i: number) => i }, b.options);
      for (let pass = 0; pass < 2; pass++) {
        const expected: number[][] = [];
        for (const [batch] of plain) expected.push(numbers(batch));
        expect(await collect(later, numbers)).toEqual(expected);
      }
      // A pass that is left early has taken its one call, as it would in a plain loop.
      for (const [batch] of plain) if (batch.isDisposed === false) break;
      for await (const batch of later) if (batch.isDisposed === false) break;
      expect(b.generator.getState()).toEqual(a.generator.getState());
      expect(await collect(plain, ([batch]) => numbers(batch))).toEqual(await collect(later, numbers));
      x.dispose();
    }
  });

  test("asks for as many batches ahead as prefetch says, and gives them in order, however they come", async () => {
    const dataset = slow(5);
    const pass = new DataLoader(dataset, { prefetch: 2 })[Symbol.asyncIterator]();
    const first = pass.next();
    await settle();
    expect(dataset.asked).toEqual([0, 1, 2]);
    await dataset.give(2);
    await dataset.give(1);
    await dataset.give(0);
    expect(numbers((await first).value as Tensor)).toEqual([0]);
    expect(dataset.asked).toEqual([0, 1, 2]);
    expect(numbers((await pass.next()).value as Tensor)).toEqual([1]);
    expect(dataset.asked).toEqual([0, 1, 2, 3]);
    await pass.return();
    await dataset.give(3);
  });

  test("frees a batch when the next is asked for, and those made ahead when the loop is left or throws", async () => {
    const loader = new DataLoader({ length: 6, at: async (i: number) => Float32Array.of(i) }, { prefetch: 3 });
    let last: Tensor | undefined;
    for await (const x of loader) {
      expect(last?.isDisposed ?? true).toBe(true);
      last = x;
      if (x.itemSync() === 1) break;
    }
    expect(last?.isDisposed).toBe(true);
    await expectRejection(
      collect(loader, () => {
        throw new Error("inside");
      }),
      "Error",
      "inside",
    );
  });

  test("does not free what a batch makes before it waits", async () => {
    const dataset = {
      length: 2,
      async batch() {
        const x = ones([1]);
        await settle();
        return [x, x.mul(3)] as [Tensor, Tensor];
      },
    };
    expect(await collect(new DataLoader(dataset), ([x, y]) => x.itemSync() + y.itemSync())).toEqual([4, 4]);
  });

  test("collates and transforms what was waited for", async () => {
    const dataset = { length: 3, at: async (i: number): Promise<[number, number]> => [i, -i] };
    const options = { batchSize: 3, transform: ([x, y]: [Tensor, Tensor]) => x.mul(2).add(y) };
    expect(await collect(new DataLoader(dataset, options), numbers)).toEqual([[0, 1, 2]]);
    const collate = (samples: [number, number][]) => tensor(samples.map(([x]) => x + 1));
    expect(await collect(new DataLoader(dataset, { batchSize: 2, collate }), numbers)).toEqual([[1, 2], [3]]);
  });

  test("rejects where the dataset throws or rejects, when that batch's turn comes, and can be looped over again", async () => {
    let broken = true;
    for (const at of [
      (i: number) => (broken && i === 2 ? Promise.reject(new Error("no sample 2")) : Promise.resolve(i)),
      (i: number) => {
        if (broken && i === 2) throw new Error("no sample 2");
        return Promise.resolve(i);
      },
    ]) {
      broken = true;
      const loader = new DataLoader({ length: 4, at }, { prefetch: 2 });
      const seen: number[] = [];
      const pass = (async () => {
        for await (const x of loader) seen.push(x.itemSync());
      })();
      await expectRejection(pass, "Error", "no sample 2");
      expect(seen).toEqual([0, 1]);
      broken = false;
      expect((await collect(loader, numbers)).flat()).toEqual([0, 1, 2, 3]);
    }
  });

  test("refuses a batch of another length by name", async () => {
    const loader = new DataLoader({ length: 2, batch: async () => [ones([3])] });
    await expectRejection(
      collect(loader, String),
      "ShapeError",
      "DataLoader: expected a batch of 1 samples from the dataset, got a Tensor [3]",
    );
  });

  test("a plain loop over promises says what to write, and frees what comes", async () => {
    const loader = new DataLoader({ length: 2, batch: async ({ length }: Int32Array) => ones([length]) });
    expectRefusal(() => [...loader], "TypeError", "one that gives promises - write for await (const batch of loader)");
    const generator = new Generator(1);
    const before = generator.getState();
    expectRefusal(() => [...new DataLoader({ length: 2, at: async () => 1 }, { shuffle: true, generator })], "TypeError", "for await");
    expect(generator.getState()).toEqual(before);
    const failing = new DataLoader({ length: 2, at: async () => Promise.reject(new Error("later")) });
    expectRefusal(() => [...failing], "TypeError", "for await");
  });
});

describe("a signal", () => {
  test("that was given before refuses every pass with its reason, and draws nothing", async () => {
    const reason = new Error("changed my mind");
    const generator = new Generator(1);
    const before = generator.getState();
    const loader = new DataLoader([1, 2], { signal: AbortSignal.abort(reason), shuffle: true, generator });
    expect(() => [...loader]).toThrow(reason);
    await expectRejection(collect(loader, numbers), "Error", "changed my mind");
    expect(generator.getState()).toEqual(before);
  });

  test("ends a plain loop before the next batch", () => {
    const controller = new AbortController();
    const seen: number[] = [];
    expect(() => {
      for (const x of new DataLoader([1, 2, 3], { signal: controller.signal })) {
        seen.push(x.itemSync());
        if (seen.length === 2) controller.abort(new Error("enough"));
      }
    }).toThrow("enough");
    expect(seen).toEqual([1, 2]);
  });

  test("ends a wait at once, and what comes later is freed", async () => {
    const dataset = slow(3);
    const controller = new AbortController();
    const pass = collect(new DataLoader(dataset, { signal: controller.signal, prefetch: 1 }), numbers);
    await dataset.give(1);
    controller.abort(new Error("stop"));
    await expectRejection(pass, "Error", "stop");
    expect(dataset.asked).toEqual([0, 1]);
    await dataset.give(0);
  });

  test("leaves no listener behind", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const counted = {
      aborted: false,
      reason: undefined,
      addEventListener: (type: "abort", listener: () => void) => {
        listeners++;
        signal.addEventListener(type, listener);
      },
      removeEventListener: (type: "abort", listener: () => void) => {
        listeners--;
        signal.removeEventListener(type, listener);
      },
    };
    expect((await collect(new DataLoader([1, 2, 3], { signal: counted }), numbers)).flat()).toEqual([1, 2, 3]);
    expect(listeners).toBe(0);
  });
});
