import { afterEach, describe, expect, test, vi } from "vitest";
import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { cpu, functional as F, memory, nn, ones, optim, randn, tensor, tidy } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { collectGarbage } from "../testing/garbage";

afterEach(() => vi.restoreAllMocks());

const MIB = 2 ** 20;

/** Memory behind handles that say nothing about it, as a GPU's or WebAssembly's do. */
const heavyBackend = (name: string): Backend => {
  const { isCollected: _, ...info } = cpu.info;
  return hostBackend(name, { info }) as Backend;
};

describe("a read", () => {
  /** Reads until a timer's callback has run, at most `most` times; how many reads it took. */
  async function readsUntilTimer(read: () => Promise<unknown>, most: number): Promise<number> {
    let ran = false;
    setTimeout(() => {
      ran = true;
    }, 0);
    for (let i = 1; i <= most; i++) {
      await read();
      if (ran) return i;
    }
    return Number.POSITIVE_INFINITY;
  }

  test("gives the event loop a turn when the last was 8 ms ago", async () => {
    const x = tensor(1);
    let now = performance.now() + 100;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    await x.item(); // a turn; the clock stands still from here on
    expect(await readsUntilTimer(() => x.item(), 100)).toBe(Number.POSITIVE_INFINITY);
    const reads = await readsUntilTimer(() => {
      now += 2;
      return x.data();
    }, 100);
    expect(reads).toBeGreaterThan(1);
    expect(reads).toBeLessThan(20);
  });

  test("gives it one when 16 MiB were asked for since", async () => {
    const now = performance.now() + 100;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const x = tensor(1);
    await x.item();
    const read = () => {
      ones([MIB / 4]).dispose();
      return x.item();
    };
    const reads = await readsUntilTimer(read, 1000);
    expect(reads).toBeGreaterThanOrEqual(16);
    expect(reads).toBeLessThan(60);
  });
});

describe("a loop that forgets tidy", () => {
  test.each([
    ["cpu", cpu],
    ["a backend with memory of its own", heavyBackend("heavy")],
  ])("holds little on %s, though every step leaves 24 MiB behind", async (_, backend) => {
    const before = memory(backend).bytes;
    const x = ones([(6 * MIB) / 4], { backend });
    let most = 0;
    for (let step = 0; step < 150; step++) {
      await F.dropout(x, 0.5).mul(2).add(1).slice(0, 0, 1).item();
      most = Math.max(most, memory(backend).bytes - before);
    }
    expect(most).toBeLessThan(512 * MIB);
  });

  test("and never waits leaves the memory of cpu tensors to the garbage collector all the same", () => {
    const x = ones([(6 * MIB) / 4]);
    let most = 0;
    for (let step = 0; step < 150; step++) {
      x.mul(2).add(1);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    expect(most).toBeLessThan(512 * MIB);
  });

  test("trains as one with tidy does", async () => {
    const train = async (wrap: <T>(step: () => T) => T) => {
      const data = randn([8, 4]);
      const model = new nn.Sequential(new nn.Linear(4, 4), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(4, 1));
      const optimizer = new optim.Adam(model.parameters());
      const losses: number[] = [];
      for (let i = 0; i < 30; i++) {
        const loss = wrap(() => {
          optimizer.zeroGrad();
          const value = model.forward(data).pow(2).mean();
          value.backward();
          optimizer.step();
          return value.detach();
        });
        losses.push(await loss.item());
        if (i % 10 === 0) await collectGarbage();
      }
      return losses;
    };
    const { manualSeed } = await import("../index");
    manualSeed(3);
    const plain = await train((step) => step());
    manualSeed(3);
    expect(await train(tidy)).toEqual(plain);
  });

  test("can read what it holds, after a backward pass without retainGraph", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const hidden = x.exp();
    const loss = hidden.mul(hidden).sum();
    loss.backward();
    expect(hidden.dataSync()[0]).toBeCloseTo(Math.E);
    expect(loss.itemSync()).toBeCloseTo(Math.exp(2) + Math.exp(4), 3);
  });
});

describe("what the garbage collector sees", () => {
  const storageOf = (backend: Backend, bytes: number) => deviceOf(backend).allocate("float32", bytes / 4);

  test("is a buffer as large as the memory behind a handle, which goes with it to the pool and back", () => {
    const backend = heavyBackend("weighed");
    const storage = storageOf(backend, MIB);
    const { handle, weight } = storage;
    expect((weight as ArrayBuffer).byteLength).toBe(MIB);
    storage.release();
    const again = storageOf(backend, MIB);
    expect(again.handle).toBe(handle);
    expect(again.weight).toBe(weight);
  });

  test("is nothing beside a small handle, one of a GPU's included, and beside memory that is its own", () => {
    expect(storageOf(heavyBackend("light"), 1024).weight).toBeUndefined();
    expect(storageOf(blindBackend("gpu") as Backend, MIB / 4).weight).toBeInstanceOf(ArrayBuffer);
    expect(storageOf(hostBackend("its own") as Backend, MIB).weight).toBeUndefined();
  });

  test("is left out where the engine has no room for it: the tensor is made all the same, and nothing is lost", () => {
    const backend = heavyBackend("crowded");
    storageOf(backend, MIB).release();
    const Whole = globalThis.ArrayBuffer;
    vi.stubGlobal("ArrayBuffer", function refusing() {
      throw new RangeError("Array buffer allocation failed");
    });
    try {
      const kept = [storageOf(backend, MIB), storageOf(backend, 2 * MIB)];
      expect(kept[1]?.weight).toBeUndefined();
      for (const storage of kept) storage.release();
    } finally {
      vi.stubGlobal("ArrayBuffer", Whole);
      vi.unstubAllGlobals();
    }
    expect(memory(backend)).toEqual({ tensors: 0, bytes: 0, pooledBytes: 3 * MIB });
  });

  test("leads from what it remembers of a tensor to no memory of its own", () => {
    expect(storageOf(hostBackend("apart") as Backend, MIB).claim.handle).toBeUndefined();
    expect(storageOf(heavyBackend("held"), MIB).claim.handle).toBeDefined();
  });
});
