import { describe, expect, test } from "vitest";
import { functional as F, memory, noGrad, ones, type Tensor, tensor, tidy } from "../index";
import { hostBackend } from "../testing/backends";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });
const gradOf = (x: Tensor) => [...(x.grad as Tensor).dataSync()];

describe("backward", () => {
  test("leaves the gradient at every leaf and nowhere else", () => {
    const [x, y, constant] = [leaf(1, 2), leaf(3, 4), tensor([5, 6])];
    const product = x.mul(y);
    product.mul(constant).sum().backward();
    expect(gradOf(x)).toEqual([15, 24]);
    expect(gradOf(y)).toEqual([5, 12]);
    expect([product.grad, constant.grad]).toEqual([null, null]);
    expect([x.isLeaf, product.isLeaf, product.requiresGrad, constant.requiresGrad]).toEqual([true, false, true, false]);
  });

  test("adds to what is there, over several passes and several uses", () => {
    const x = leaf(2);
    x.mul(3).sum().backward();
    x.mul(x).sum().backward();
    expect(gradOf(x)).toEqual([7]);
    x.add(x).add(x).sum().backward();
    expect(gradOf(x)).toEqual([10]);
  });

  test("takes the gradient of the output, of its shape", () => {
    const x = leaf(1, 2, 3);
    x.mul(2).backward(tensor([1, 10, 100]));
    expect(gradOf(x)).toEqual([2, 20, 200]);
  });

  test("of a leaf itself gives the gradient it is given, in memory of its own", () => {
    const x = leaf(1, 2);
    const gradient = tensor([3, 4]);
    x.backward(gradient);
    x.backward(gradient);
    expect(gradOf(x)).toEqual([6, 8]);
    expect([...gradient.dataSync()]).toEqual([3, 4]);
    const scalar = tensor(5, { requiresGrad: true });
    scalar.backward();
    expect(gradOf(scalar)).toEqual([1]);
  });

  test("starts anew where the gradient was disposed, and refuses one put there from another backend", () => {
    const x = leaf(1, 2);
    x.sum().backward();
    x.grad?.dispose();
    x.mul(3).sum().backward();
    expect(gradOf(x)).toEqual([3, 3]);
    const set = () => {
      x.grad = ones([2], { backend: hostBackend() });
    };
    expectRefusal(set, "BackendMismatchError", "grad: expected tensors of one backend, got cpu and second");
  });

  test("writes no gradient where one of the sums is refused", () => {
    const [x, y] = [leaf(1, 2), leaf(3, 4)];
    y.backward(y, { createGraph: true }); // a gradient that is a view of y
    noGrad(() => F.dropout(y, { p: 1, inplace: true }));
    expectRefusal(() => x.add(y).backward(ones([2])), "InPlaceError", "add: expected a current view, got one edited in place since");
    expect(x.grad).toBeNull();
    expect(gradOf(y)).toEqual([0, 0]);
  });

  test("never lets two gradients share memory", () => {
    const [x, y] = [leaf(1, 2), leaf(3, 4)];
    x.add(y).sum().backward();
    expect(x.grad?.storage).not.toBe(y.grad?.storage);
    x.sum().backward();
    expect([gradOf(x), gradOf(y)]).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  test("adds to the tensor that the caller gave as a gradient, once for each leaf that has it, and keeps it", () => {
    const [x, y] = [leaf(1, 2), leaf(3, 4)];
    const given: Tensor[] = [];
    tidy(() => {
      given.push(tensor([10, 20]));
      x.grad = y.grad = given[0] as Tensor;
      x.mul(y).sum().backward();
    });
    expect([x.grad, y.grad]).toEqual([given[0], given[0]]);
    expect(gradOf(x)).toEqual([14, 26]);
  });

  test("leaves views of a gradient as they were when it adds to it", () => {
    const x = leaf(1, 2);
    x.mul(3).sum().backward();
    const [gradient, view] = [x.grad, x.grad?.detach() as Tensor];
    x.sum().backward();
    expect([x.grad, gradOf(x), [...view.dataSync()]]).toEqual([gradient, [4, 4], [3, 3]]);
  });

  test("runs through a graph in which one value reaches the end by paths of different length", () => {
    const x = leaf(3);
    const a = x.mul(2);
    const b = a.mul(a);
    const c = b.add(a).mul(b); // (4x^2 + 2x) 4x^2 = 16 x^4 + 8 x^3
    c.sum().backward();
    expect(gradOf(x)).toEqual([64 * 27 + 24 * 9]);
  });

  test("runs a chain of 20,000 operations", () => {
    const x = leaf(1);
    let y: Tensor = x;
    for (let i = 0; i < 20_000; i++) y = y.add(0);
    y.sum().backward();
    expect(gradOf(x)).toEqual([1]);
  });

  test("throws on the second pass, unless the graph was retained", () => {
    const x = leaf(2);
    const y = x.mul(x).sum();
    y.backward(undefined, { retainGraph: true });
    y.backward();
    expect(gradOf(x)).toEqual([8]);
    expectRefusal(() => y.backward(), "DisposedError", "backward: expected the graph of sum, got a released one", "retainGraph: true");
    expectRefusal(() => y.mul(2).backward(), "DisposedError", "released");
    expect(gradOf(x)).toEqual([8]);
  });

  test("works on what was saved even when every handle was disposed", () => {
    const [x, w] = [leaf(0.2, 0.3), leaf(0.5, 0.7)];
    const hidden = x.mul(w);
    const output = hidden.mul(hidden).exp().log();
    const loss = output.sum();
    for (const t of [hidden, output]) t.dispose();
    loss.backward();
    expectClose(gradOf(x), [0.1, 0.294]);
  });

  test("leaves out a leaf that was disposed, and reaches the others", () => {
    const [x, y] = [leaf(2), leaf(3)];
    const loss = x.mul(y).sum();
    x.dispose();
    loss.backward();
    expect(x.grad).toBeNull();
    expect(gradOf(y)).toEqual([2]);
  });

  test("works inside noGrad on a graph recorded outside", () => {
    const x = leaf(3);
    const y = x.mul(x).sum();
    noGrad(() => y.backward());
    expect(gradOf(x)).toEqual([6]);
    expect(x.grad?.requiresGrad).toBe(false);
  });

  test("frees all it made but the gradients", () => {
    const x = leaf(1, 2, 3);
    const before = memory();
    const steps = [x.mul(2)];
    steps.push(steps[0]!.exp(), F.softmax(steps[0]!, { dim: 0 }));
    const loss = steps[1]!.mul(steps[2]!).sum();
    loss.backward();
    for (const t of [...steps, loss]) t.dispose();
    const after = memory();
    expect(after.bytes - before.bytes).toBeLessThanOrEqual(12 + 12); // the gradient, and the product that nobody disposed
    expect(after.tensors - before.tensors).toBeLessThanOrEqual(2);
  });
});

describe("backward refuses", () => {
  test("tensors that require no gradient", () => {
    expectRefusal(
      () => ones([]).backward(),
      "TypeError",
      "backward: expected a float tensor that requires a gradient, got float32 that does not",
      "noGrad",
    );
    expectRefusal(() => leaf(1).detach().backward(), "TypeError", "backward");
    expectRefusal(() => noGrad(() => leaf(1).sum()).backward(), "TypeError", "backward");
  });

  test("more than one element without a gradient, and a gradient of another shape", () => {
    expectRefusal(
      () => leaf(1, 2).mul(2).backward(),
      "ShapeError",
      "backward: expected one element, got shape [2] - reduce it, or pass its gradient",
    );
    expectRefusal(
      () =>
        leaf(1, 2)
          .mul(2)
          .backward(ones([3])),
      "ShapeError",
      "backward: expected a gradient of shape [2], got [3]",
    );
    expectRefusal(
      () =>
        leaf(1)
          .sum()
          .backward(ones([1])),
      "ShapeError",
      "backward: expected a gradient of shape [], got [1]",
    );
  });

  test("gradients that are no tensors, disposed, of another dtype or on another backend, and writes nothing", () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    const gone = ones([2]);
    gone.dispose();
    for (const target of [x, y]) {
      expectRefusal(
        () => target.backward([1, 1] as never),
        "TypeError",
        "backward: expected the gradient to be a Tensor, got an array of 2",
      );
      expectRefusal(() => target.backward(gone), "DisposedError", "backward: expected a live tensor");
      expectRefusal(
        () => target.backward(ones([2], { dtype: "float64" })),
        "TypeError",
        "backward: expected a gradient of dtype float32, got float64",
      );
      expectRefusal(
        () => target.backward(ones([2], { backend: hostBackend() })),
        "BackendMismatchError",
        "backward: expected tensors of one backend, got cpu and second",
      );
    }
    expect(x.grad).toBeNull();
    y.backward(ones([2])); // the graph is still whole
    expect(gradOf(x)).toEqual([2, 2]);
  });

  test("disposed tensors", () => {
    const y = leaf(1).sum();
    y.dispose();
    expectRefusal(() => y.backward(), "DisposedError", "backward: expected a live tensor, got a disposed one");
  });
});

describe("detach and requiresGrad", () => {
  test("cut the graph and share the data", () => {
    const x = leaf(2);
    const y = x.mul(3);
    y.detach().mul(x).sum().backward();
    expect(gradOf(x)).toEqual([6]);
    expect(y.detach()).toMatchObject({ requiresGrad: false, isLeaf: true });
    expect(y.detach().storage).toBe(y.storage);
  });

  test("may be set on a float leaf, before it is used, and not taken from a computed tensor", () => {
    const x = ones([1]);
    x.requiresGrad = true;
    const y = x.mul(2);
    expectRefusal(
      () => {
        y.requiresGrad = false;
      },
      "TypeError",
      "requiresGrad: expected a leaf, got a computed tensor - use detach()",
    );
    y.sum().backward();
    expect(gradOf(x)).toEqual([2]);
    x.requiresGrad = false;
    expect(x.mul(2).requiresGrad).toBe(false);
    expectRefusal(
      () => {
        ones([1], { dtype: "bool" }).requiresGrad = true;
      },
      "TypeError",
      "requiresGrad: expected a float tensor, got bool",
    );
  });

  test("of a tensor made in tidy and kept by nothing frees its gradient with it", () => {
    const before = memory();
    tidy(() => {
      const x = leaf(1, 2);
      x.mul(x).sum().backward();
      expect(gradOf(x)).toEqual([2, 4]);
    });
    expect(memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
  });
});
