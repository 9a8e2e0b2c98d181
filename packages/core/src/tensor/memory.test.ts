import { describe, expect, test } from "vitest";
import { deviceOf } from "../cpu/device-of";
import { cpu, functional as F, grad, keep, memory, nn, ones, randn, setDefaultBackend, type Tensor, tensor, tidy } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { collectGarbage, eventually } from "../testing/garbage";

describe("memory()", () => {
  test("counts live tensors and the bytes of their storages, by backend", () => {
    const backend = hostBackend();
    expect(memory(backend)).toEqual({ tensors: 0, bytes: 0, pooledBytes: 0 });
    const x = ones([100], { backend });
    const y = tensor([true, false], { backend });
    expect(memory(backend)).toEqual({ tensors: 2, bytes: 402, pooledBytes: 0 });
    const view = x.reshape([10, 10]);
    expect(memory(backend)).toMatchObject({ tensors: 3, bytes: 402 });
    x.dispose();
    expect(memory(backend)).toMatchObject({ tensors: 2, bytes: 402 });
    view.dispose();
    y.dispose();
    expect(memory(backend)).toMatchObject({ tensors: 0, bytes: 0 });
    expect(memory(backend).pooledBytes).toBeGreaterThanOrEqual(402);
  });

  test("speaks of the default backend when none is named", () => {
    const backend = hostBackend();
    setDefaultBackend(backend);
    try {
      ones([4]);
      expect(memory()).toEqual(memory(backend));
      expect(memory().tensors).toBe(1);
    } finally {
      setDefaultBackend(cpu);
    }
  });

  test("counts what a graph holds until its backward", () => {
    const backend = hostBackend();
    const x = ones([100], { backend, requiresGrad: true });
    const hidden = x.exp();
    const loss = hidden.sum();
    hidden.dispose();
    expect(memory(backend).bytes).toBe(400 + 400 + 4); // the graph holds exp's output
    loss.backward();
    expect(memory(backend).bytes).toBe(400 + 400 + 4); // now the gradient instead
    expect(memory(backend).tensors).toBe(3);
  });
});

describe("dispose", () => {
  test("may be called twice, and takes the gradient along", () => {
    const backend = hostBackend();
    const x = ones([4], { backend, requiresGrad: true });
    x.sum().backward();
    const gradient = x.grad;
    x.dispose();
    x.dispose();
    expect([x.isDisposed, gradient?.isDisposed, x.grad]).toEqual([true, true, null]);
  });

  test("is what `using` calls", () => {
    const { dispose } = Symbol as unknown as { dispose: symbol };
    const x = ones([2]);
    (x as unknown as Record<symbol, () => void>)[dispose]?.();
    expect(x.isDisposed).toBe(true);
  });
});

describe("the pool", () => {
  test("gives memory out again under a new storage, with nothing left of the old one's version", () => {
    const backend = hostBackend();
    const first = ones([50], { backend });
    const { storage } = first;
    storage.version = 7;
    first.dispose();
    const second = ones([50], { backend });
    expect(second.storage).not.toBe(storage);
    expect(second.storage.handle).toBe(storage.handle);
    expect(second.storage.version).toBe(0);
    expect(memory(backend).pooledBytes).toBe(0);
  });

  test("never gives out memory that somebody holds", () => {
    const backend = blindBackend();
    const x = ones([50], { backend, requiresGrad: true });
    const y = x.mul(3).exp();
    const view = y.reshape([5, 10]);
    const handles = new Set([x, y].map((t) => t.storage.handle));
    y.dispose();
    const fresh = Array.from({ length: 10 }, () => ones([50], { backend }));
    for (const t of fresh) expect(handles.has(t.storage.handle)).toBe(false);
    expect(view.storage.handle).toBe([...handles][1]);
  });

  test("keeps one size of an eighth apart for another", () => {
    const backend = hostBackend();
    const x = ones([1000], { backend });
    const { handle } = x.storage;
    x.dispose();
    expect(ones([1001], { backend }).storage.handle).toBe(handle);
    expect(ones([1200], { backend }).storage.handle).not.toBe(handle);
  });

  test("keeps dtypes apart", () => {
    const backend = hostBackend();
    const x = ones([64], { backend });
    x.dispose();
    expect(ones([64], { backend, dtype: "int32" }).dataSync()).toBeInstanceOf(Int32Array);
  });

  test("holds no more than was live at the peak, and a small amount", () => {
    const released: unknown[] = [];
    const backend = hostBackend("peak", { release: (handle) => void released.push(handle) });
    for (let i = 0; i < 40; i++) ones([100_000 + i * 20_000], { backend }).dispose();
    expect(memory(backend).pooledBytes).toBeLessThanOrEqual(2 ** 20 + 4 * 900_000 * 1.125);
    expect(released.length).toBeGreaterThan(0);
    const kept = memory(backend).pooledBytes;
    deviceOf(backend).emptyPool();
    expect(memory(backend).pooledBytes).toBe(0);
    expect(kept).toBeGreaterThan(0);
  });
});

describe("a full pool", () => {
  test("gives up other sizes for what was released last", () => {
    const released: unknown[] = [];
    const backend = hostBackend("full", { release: (handle) => void released.push(handle) });
    const small = Array.from({ length: 8 }, () => ones([500_000], { backend }));
    for (const x of small) x.dispose(); // as many bytes as were ever live
    ones([2_000_000], { backend }).dispose();
    expect(released.length).toBeGreaterThanOrEqual(3);
    const before = memory(backend).pooledBytes;
    const again = ones([2_000_000], { backend });
    expect(memory(backend).pooledBytes).toBeLessThanOrEqual(before - 8_000_000);
    again.dispose();
  });
});

describe("the garbage collector", () => {
  test("frees tensors that nobody can reach any more", async () => {
    const backend = hostBackend();
    (() => {
      for (let i = 0; i < 20; i++) ones([100], { backend }).mul(2).reshape([10, 10]);
    })();
    expect(await eventually(() => memory(backend).bytes === 0)).toBe(true);
    expect(memory(backend).tensors).toBe(0);
  });

  test("frees graphs that nobody can reach, and what they held", async () => {
    const backend = hostBackend();
    const x = ones([100], { backend, requiresGrad: true });
    (() => {
      for (let i = 0; i < 10; i++) x.exp().mul(x).log().sum();
    })();
    expect(await eventually(() => memory(backend).bytes === 400)).toBe(true);
    expect(memory(backend).tensors).toBe(1);
    x.sum().backward();
    expect(x.grad?.dataSync().every((g) => g === 1)).toBe(true);
  });

  test("frees what escapes a tidy, once it is given up", async () => {
    const backend = hostBackend();
    let escaped: Tensor | null = tidy(() => ones([100], { backend }).mul(2));
    expect(memory(backend).tensors).toBe(1);
    expect(escaped.itemSync).toBeTypeOf("function");
    escaped = null;
    expect(await eventually(() => memory(backend).bytes === 0)).toBe(true);
  });

  test("does not free what a graph still needs, nor anything twice", async () => {
    const backend = blindBackend();
    const x = randn([20], { backend, requiresGrad: true });
    const loss = (() => F.softmax(x.mul(2).exp(), { dim: 0 }).mul(x).sum())();
    for (let i = 0; i < 5; i++) await collectGarbage();
    ones([20], { backend }); // would overwrite memory that was freed too early
    const [dx] = grad(loss, x) as [Tensor];
    expect([...(await dx.data())].every(Number.isFinite)).toBe(true);
    dx.dispose();
    loss.dispose();
    expect(await eventually(() => memory(backend).tensors === 1)).toBe(true);
    expect(memory(backend).bytes).toBe(80);
  });

  test("frees nothing again that was disposed inside its tidy, kept or returned as it may be", async () => {
    const backend = hostBackend();
    const view = tidy(() => {
      const base = keep(ones([100], { backend }));
      const view = base.reshape([10, 10]);
      const returned = ones([100], { backend });
      for (const x of [base, returned]) x.dispose();
      return [view, returned] as const;
    })[0];
    tidy(() => {
      const layer = new nn.Linear(4, 2, { backend });
      layer
        .forward(ones([1, 4], { backend }))
        .sum()
        .backward();
      layer.zeroGrad();
      for (const parameter of layer.parameters()) parameter.dispose();
    });
    const alive = { tensors: 1, bytes: 400 };
    expect(memory(backend)).toMatchObject(alive);
    for (let i = 0; i < 5; i++) {
      await collectGarbage();
      expect(memory(backend)).toMatchObject(alive);
    }
    ones([100], { backend }).mul(7); // would overwrite memory that was freed too early
    expect(new Set(view.dataSync())).toEqual(new Set([1]));
  });
});
