import { describe, expect, test } from "vitest";
import { cpu, functional as F, full, memory, ones, optim, type Tensor, tensor, tidy, zeros } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectRefusal, expectRejection } from "../testing/refusal";

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("data and dataSync", () => {
  test("are copies, of the dtype's array, in row-major order of the logical shape", async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    for (const values of [await x.data(), x.dataSync()]) {
      expect(values).toEqual(new Float32Array([1, 2, 3, 4]));
      values.fill(0);
    }
    expect([...x.transpose(0, 1).dataSync()]).toEqual([1, 3, 2, 4]);
    expect([...(await x.slice(1, 1).data())]).toEqual([2, 4]);
    expect(tensor(new Float64Array(1)).dataSync()).toBeInstanceOf(Float64Array);
    expect(tensor(new Int32Array(1)).dataSync()).toBeInstanceOf(Int32Array);
    expect(tensor([true]).dataSync()).toEqual(new Uint8Array([1]));
    expect(zeros([0, 2]).dataSync()).toEqual(new Float32Array(0));
  });

  test("have exactly the tensor's length, whatever the pool gave", () => {
    ones([1000]).dispose();
    expect(ones([990]).dataSync().length).toBe(990);
  });

  test("keep no memory", async () => {
    const x = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    ).transpose(0, 1);
    const before = memory();
    x.dataSync();
    await x.data();
    expect(memory().tensors).toBe(before.tensors);
    expect(memory().bytes).toBe(before.bytes);
  });

  test("tell what a recorded view shows after an edit in place, strided or not: reading needs no gradient", async () => {
    const x = tensor([1, 2, 3, 4], { shape: [2, 2], requiresGrad: true });
    const views = [x.transpose(0, 1), x.reshape([4])] as const;
    x.grad = ones([2, 2]);
    new optim.SGD([x], { lr: 1 }).step();
    expect(views.map((view) => [...view.dataSync()])).toEqual([
      [0, 2, 1, 3],
      [0, 1, 2, 3],
    ]);
    expect([...(await views[0].data())]).toEqual([0, 2, 1, 3]);
    expect(String(views[0])).toContain("[0, 2]");
  });

  test("in flight hold the storage, so that neither dispose nor new tensors disturb them", async () => {
    const backend = blindBackend();
    const x = full([64], 3, { backend });
    const pending = x.data();
    x.dispose();
    const others = Array.from({ length: 5 }, () => full([64], 9, { backend }));
    expect(memory(backend).tensors).toBe(5);
    expect([...(await pending)]).toEqual(Array(64).fill(3));
    await tick();
    expect(memory(backend).bytes).toBe(5 * 256);
    for (const other of others) other.dispose();
  });

  test("in flight of a strided tensor survive the end of its tidy", async () => {
    const backend = blindBackend();
    const pending = tidy(() => ({
      values: tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { backend },
      )
        .transpose(0, 1)
        .data(),
    })).values;
    expect([...(await pending)]).toEqual([1, 3, 2, 4]);
    expect(memory(backend)).toMatchObject({ tensors: 0, bytes: 0 });
  });

  test("refuse a disposed tensor", async () => {
    const x = ones([2]);
    x.dispose();
    expectRefusal(() => x.dataSync(), "DisposedError", "dataSync: expected a live tensor, got a disposed one");
    await expectRejection(x.data(), "DisposedError", "data: expected a live tensor");
    await expectRejection(x.to(hostBackend()), "DisposedError", "expected a live tensor");
  });

  test("at once are refused where data is elsewhere, with the fix", () => {
    const x = ones([2], { backend: blindBackend() });
    expectRefusal(
      () => x.dataSync(),
      "UnsupportedOpError",
      "dataSync: expected a host-visible backend, got blind - await data() or item()",
    );
    expectRefusal(() => x.sum().itemSync(), "UnsupportedOpError", "expected a host-visible backend, got blind");
  });
});

describe("item", () => {
  test("is the value of one element, of any rank", async () => {
    expect(tensor(2.5).itemSync()).toBe(2.5);
    expect(await tensor([[7]]).item()).toBe(7);
    expect(tensor([1, 2, 3]).slice(0, 1, 2).itemSync()).toBe(2);
    expect(tensor(true).itemSync()).toBe(1);
    expect(await ones([1], { backend: blindBackend() }).item()).toBe(1);
  });

  test("refuses more and fewer", async () => {
    expectRefusal(() => ones([2]).itemSync(), "ShapeError", "itemSync: expected one element, got shape [2] - use data()");
    expectRefusal(() => zeros([0]).itemSync(), "ShapeError", "itemSync: expected one element, got shape [0]");
    await expectRejection(ones([1, 2]).item(), "ShapeError", "item: expected one element, got shape [1, 2]");
  });
});

describe("to", () => {
  test("copies to another backend and back, dtype and all", async () => {
    for (const x of [tensor([[1.5, -2]]), tensor(new Int32Array([3])), tensor([true, false])]) {
      for (const backend of [hostBackend(), blindBackend()]) {
        const there = await x.to(backend);
        expect([there.backend, there.shape, there.dtype]).toEqual([backend, x.shape, x.dtype]);
        const back = await there.to(cpu);
        expect(back.dataSync()).toEqual(x.dataSync());
        expect(back.storage).not.toBe(x.storage);
      }
    }
  });

  test("gives the tensor itself where it is there already", async () => {
    const x = ones([2]);
    expect(await x.to(cpu)).toBe(x);
  });

  test("keeps requiresGrad and leaves the graph behind", async () => {
    const x = ones([2], { requiresGrad: true });
    const moved = await x.to(hostBackend());
    expect(moved).toMatchObject({ requiresGrad: true, isLeaf: true });
    moved.mul(2).sum().backward();
    expect(moved.grad?.backend).toBe(moved.backend);
    expect(x.grad).toBeNull();
    expect(await x.mul(2).to(hostBackend())).toMatchObject({ requiresGrad: false, isLeaf: true });
  });

  test("refuses a dtype the backend does not have, and what is no backend", async () => {
    const wide = ones([2], { dtype: "float64" });
    await expectRejection(
      wide.to(blindBackend()),
      "UnsupportedOpError",
      "allocate: expected one of float32, int32, bool on the blind backend, got float64",
    );
    await expectRejection(wide.to("wasm" as never), "TypeError", 'to: expected a backend such as cpu, got "wasm"');
  });
});

describe("toString", () => {
  test.each<[string, () => Tensor, string]>([
    ["a scalar", () => tensor(1.5), "Tensor(1.5, [], float32, cpu)"],
    ["a vector", () => tensor([1, 2.25, -3]), "Tensor([1, 2.25, -3], [3], float32, cpu)"],
    [
      "a matrix",
      () =>
        tensor([
          [1, 2],
          [3, 4],
        ]),
      "Tensor([[1, 2],\n        [3, 4]], [2, 2], float32, cpu)",
    ],
    ["booleans", () => tensor([true, false]), "Tensor([true, false], [2], bool, cpu)"],
    ["many digits", () => tensor([1 / 3, 1e-7, 1e9, 1234567.5]), "Tensor([0.3333, 1.0000e-7, 1000000000, 1.2346e+6], [4], float32, cpu)"],
    ["special values", () => tensor([Number.NaN, -Number.POSITIVE_INFINITY]), "Tensor([NaN, -Infinity], [2], float32, cpu)"],
    ["nothing", () => zeros([0]), "Tensor([], [0], float32, cpu)"],
    ["a leaf that requires a gradient", () => tensor([1], { requiresGrad: true }), "Tensor([1], [1], float32, cpu, requiresGrad)"],
    ["a computed tensor", () => F.relu(tensor([1], { requiresGrad: true })), "Tensor([1], [1], float32, cpu, from relu)"],
    ["no elements in many rows", () => zeros([2 ** 32, 0]), "Tensor([], [4294967296, 0], float32, cpu)"],
    [
      "a large tensor",
      () => tensor(Float32Array.from({ length: 1600 }, (_, i) => i)).reshape([40, 40]),
      [
        "Tensor([[0, 1, 2, ..., 37, 38, 39],",
        "        [40, 41, 42, ..., 77, 78, 79],",
        "        [80, 81, 82, ..., 117, 118, 119],",
        "        ...,",
        "        [1480, 1481, 1482, ..., 1517, 1518, 1519],",
        "        [1520, 1521, 1522, ..., 1557, 1558, 1559],",
        "        [1560, 1561, 1562, ..., 1597, 1598, 1599]], [40, 40], float32, cpu)",
      ].join("\n"),
    ],
    ["a long view", () => zeros([4000]).slice(0, 0, undefined, 2), "Tensor([0, 0, 0, ..., 0, 0, 0], [2000], float32, cpu)"],
    ["many short dimensions", () => zeros(new Array(20).fill(2)), `Tensor([${new Array(20).fill(2).join(", ")}], float32, cpu)`],
    ["a tensor on a device", () => ones([2], { backend: blindBackend() }), "Tensor([2], float32, blind)"],
  ])("of %s", (_, make, expected) => {
    expect(String(make())).toBe(expected);
  });

  test("of a disposed tensor does not throw", () => {
    const x = ones([2]);
    x.dispose();
    expect(String(x)).toBe("Tensor([2], float32, disposed)");
  });
});
