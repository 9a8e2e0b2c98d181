import { describe, expect, test } from "vitest";
import { functional as F, keep, memory, nn, ones, optim, type Tensor, tensor, tidy, zeros } from "../index";
import { expectRefusal } from "../testing/refusal";

/** Runs `fn` and returns how many tensors and bytes it left behind. */
function left(fn: () => void): { tensors: number; bytes: number } {
  const before = memory();
  fn();
  const after = memory();
  return { tensors: after.tensors - before.tensors, bytes: after.bytes - before.bytes };
}
const NOTHING = { tensors: 0, bytes: 0 };

describe("tidy", () => {
  test("frees what was made inside, and returns what the function returns", () => {
    let inner: Tensor | undefined;
    expect(
      left(() => {
        const result = tidy(() => {
          inner = ones([10])
            .mul(2)
            .add(ones([10]));
          return 42;
        });
        expect(result).toBe(42);
      }),
    ).toEqual(NOTHING);
    expect(inner?.isDisposed).toBe(true);
    expectRefusal(
      () => inner?.add(1),
      "DisposedError",
      "add: expected a live tensor, got a disposed one",
      "return it from tidy, or keep() it",
    );
  });

  test("leaves what was made outside, also when it is returned", () => {
    const x = ones([3]);
    expect(tidy(() => x)).toBe(x);
    tidy(() => x.add(1));
    expect(x.isDisposed).toBe(false);
  });

  test("lets survive the tensors in what is returned: itself, in arrays, in plain objects, at any depth", () => {
    const survivors: Tensor[] = [];
    const delta = left(() => {
      survivors.push(tidy(() => ones([4]).mul(2)));
      survivors.push(...tidy(() => [ones([4]), ones([4])]));
      const { a, b } = tidy(() => ({ a: ones([4]), b: { c: [ones([4]), "text", null, 5] as const } }));
      survivors.push(a, b.c[0]);
    });
    expect(delta).toEqual({ tensors: 5, bytes: 5 * 16 });
    for (const x of survivors) {
      expect(x.isDisposed).toBe(false);
      x.dispose();
    }
  });

  test("does not look into Maps, class instances or closures", () => {
    class Box {
      constructor(readonly x: Tensor) {}
    }
    expect(tidy(() => new Map([["x", ones([1])]])).get("x")?.isDisposed).toBe(true);
    expect(tidy(() => new Box(ones([1]))).x.isDisposed).toBe(true);
  });

  test("frees everything when the function throws, and passes the error on", () => {
    const delta = left(() => {
      expect(() =>
        tidy(() => {
          ones([5]).exp();
          throw new Error("inside");
        }),
      ).toThrow("inside");
    });
    expect(delta).toEqual(NOTHING);
  });

  test("refuses async functions and what is none, and frees what they made", () => {
    const delta = left(() => {
      expectRefusal(
        () =>
          tidy(async () => {
            ones([5]);
          }),
        "TypeError",
        "tidy: expected a function that returns at once, got an async one",
      );
      expectRefusal(() => tidy(5 as never), "TypeError", "tidy: expected a function, got 5");
    });
    expect(delta).toEqual(NOTHING);
  });

  test("may be nested: what an inner one returns belongs to the outer one", () => {
    const delta = left(() => {
      tidy(() => {
        const x = tidy(() => ones([2]).mul(3));
        expect(x.isDisposed).toBe(false);
        const deep = tidy(() => tidy(() => tidy(() => x.add(1))));
        expect([...deep.dataSync()]).toEqual([4, 4]);
      });
    });
    expect(delta).toEqual(NOTHING);
  });

  test("keeps nothing that was disposed inside, and survives double disposal", () => {
    const delta = left(() => {
      const gone = tidy(() => {
        const x = ones([2]);
        x.dispose();
        x.dispose();
        return x;
      });
      expect(gone.isDisposed).toBe(true);
    });
    expect(delta).toEqual(NOTHING);
  });

  test("frees a view's storage only with its last holder", () => {
    const base = ones([8]);
    const before = memory().bytes;
    const view = tidy(() => base.slice(0, 2, 4));
    base.dispose();
    expect(memory().bytes).toBe(before);
    expect([...view.dataSync()]).toEqual([1, 1]);
    view.dispose();
    expect(memory().bytes).toBe(before - 32);
  });

  test("ends the graph made inside: a later backward through it throws", () => {
    const x = ones([2], { requiresGrad: true });
    const loss = tidy(() => x.mul(x).sum());
    expect(loss.itemSync()).toBe(2);
    expectRefusal(
      () => loss.backward(),
      "DisposedError",
      "backward: expected the graph of sum, got a released one - pass { retainGraph: true } before, or stay in its tidy",
    );
    expect(x.grad).toBeNull();
  });

  test("leaves nothing of a forward pass without a backward one", () => {
    const model = new nn.Sequential(new nn.Linear(3, 8), new nn.GELU(), new nn.Dropout(0.5), new nn.Linear(8, 2));
    const input = ones([4, 3]);
    const delta = left(() => tidy(() => void F.crossEntropy(model.forward(input), tensor(new Int32Array(4)), { labelSmoothing: 0.1 })));
    expect(delta).toEqual(NOTHING);
  });

  test("keeps parameters, buffers, gradients and optimizer state made inside", () => {
    const { model, optimizer, buffer } = tidy(() => {
      const model = new nn.Linear(2, 1);
      const optimizer = new optim.Adam(model.parameters());
      const buffer = new nn.Buffer(zeros([1]));
      model
        .forward(ones([1, 2]))
        .sum()
        .backward();
      optimizer.step();
      return { model, optimizer, buffer };
    });
    expect([model.weight, model.bias, model.weight.grad, buffer].map((x) => x?.isDisposed)).toEqual([false, false, false, false]);
    tidy(() => {
      model
        .forward(ones([1, 2]))
        .sum()
        .backward();
      optimizer.step();
    });
    expect([...(model.bias?.grad?.dataSync() ?? [])]).toEqual([2]);
  });
});

describe("keep", () => {
  test("lets a tensor survive every tidy around it until it is disposed", () => {
    const kept: Tensor[] = [];
    tidy(() => {
      tidy(() => {
        kept.push(keep(ones([3]).mul(2)));
      });
    });
    const [x] = kept as [Tensor];
    expect([...x.dataSync()]).toEqual([2, 2, 2]);
    x.dispose();
    expect(x.isDisposed).toBe(true);
  });

  test("refuses what is no tensor", () => {
    expectRefusal(() => keep(3 as never), "TypeError", "keep: expected a Tensor, got 3");
  });

  test("refuses what is gone already", () => {
    const x = ones([1]);
    x.dispose();
    expectRefusal(() => keep(x), "DisposedError", "keep: expected a live tensor");
  });
});
