import { describe, expect, test } from "vitest";
import {
  checkpoint,
  functional as F,
  Generator,
  grad,
  keep,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  rand,
  randn,
  shard,
  type Tensor,
  tensor,
  tidy,
} from "../index";
import { expectRefusal } from "../testing/refusal";

const values = (x: Tensor | null | undefined) => [...((x as Tensor).dataSync() as Float32Array)];
const leaf = (shape: readonly number[], seed: number, dtype: "float32" | "float64" = "float32") =>
  randn(shape, { generator: new Generator(seed), requiresGrad: true, dtype });

/** A block with three draws, one of them on the host. */
function block() {
  const generator = new Generator(7);
  const model = new nn.Sequential(
    new nn.Linear(4, 6, { generator }),
    new nn.Dropout({ p: 0.5, generator }),
    new nn.ReLU(),
    new nn.Linear(6, 4, { generator }),
    new nn.AlphaDropout({ p: 0.3, generator }),
  );
  const forward = (x: Tensor) => model.forward(x).mul(rand([4], { generator }).add(0.5));
  return { generator, model, forward, grads: () => [...model.parameters()].map((p) => values(p.grad)) };
}

describe("checkpoint", () => {
  test("gives the values and gradients of a plain call, of inputs and of parameters around it, whatever is drawn in between", () => {
    const [plain, again] = [block(), block()];
    const [x, y] = [leaf([3, 4], 1), leaf([3, 4], 1)];
    const wanted = plain.forward(x);
    const got = checkpoint(again.forward, y);
    expect(values(got)).toEqual(values(wanted));
    expect(again.generator.getState()).toEqual(plain.generator.getState());
    F.dropout(ones([9]), { generator: again.generator });
    rand([3], { generator: again.generator });
    const state = again.generator.getState();
    wanted.pow(2).sum().backward();
    got.pow(2).sum().backward();
    expect(values(y.grad)).toEqual(values(x.grad));
    expect(again.grads()).toEqual(plain.grads());
    expect(again.generator.getState()).toEqual(state);
  });

  test("draws from the default generator again, too, also after it was seeded anew", () => {
    const run = (call: (fn: (x: Tensor) => Tensor, x: Tensor) => Tensor) => {
      manualSeed(3);
      const x = leaf([50], 1);
      const y = call((input) => F.dropout(input).mul(input), x);
      manualSeed(99);
      y.sum().backward();
      return values(x.grad);
    };
    expect(run(checkpoint)).toEqual(run((fn, x) => fn(x)));
  });

  test("lets the function make its own generators", () => {
    const run = (call: typeof checkpoint) => {
      const x = leaf([20], 1);
      call((input: Tensor) => F.dropout(F.dropout(input, { generator: new Generator(3) }), { generator: new Generator(4) }).mul(input), x)
        .sum()
        .backward();
      return values(x.grad);
    };
    expect(run(checkpoint)).toEqual(run((fn, ...inputs) => fn(...inputs)));
  });

  test("may be nested", () => {
    const run = (call: typeof checkpoint) => {
      const [inner, outer] = [block(), block()];
      const x = leaf([3, 4], 1);
      const y = call((input: Tensor) => outer.forward(call(inner.forward, input)).add(input), x);
      y.pow(2).sum().backward();
      return [values(y), values(x.grad), inner.grads(), outer.grads()];
    };
    expect(run(checkpoint)).toEqual(run((fn, ...inputs) => fn(...inputs)));
  });

  test("has gradients of gradients", () => {
    const run = (call: typeof checkpoint) => {
      const generator = new Generator(5);
      const [x, weight] = [leaf([3, 4], 1, "float64"), leaf([4, 4], 2, "float64")];
      const h = x.mul(weight.sum()); // an input that depends on what is used inside, too
      const y = call((input: Tensor) => F.dropout(F.tanh(input.matmul(weight)), { generator }).mul(h.detach().add(input)), h);
      const [dx, dw] = grad(y.pow(2).sum(), [x, weight], { createGraph: true });
      const penalty = (dx as Tensor)
        .pow(2)
        .sum()
        .add((dw as Tensor).pow(2).sum());
      return [dx, dw, ...grad(penalty, [x, weight])].map((g) => values(g));
    };
    const [wanted, got] = [run((fn, ...inputs) => fn(...inputs)), run(checkpoint)];
    wanted.forEach((list, i) => {
      for (const [k, value] of list.entries()) expect((got[i]?.[k] as number) / value).toBeCloseTo(1, 12);
    });
  });

  test("reaches tensors around it that were computed before, once", () => {
    const run = (call: typeof checkpoint) => {
      const weight = leaf([4], 1);
      const around = weight.mul(3);
      // `around` is an input and used from around, and the weight behind both, too.
      const y = call((input: Tensor) => input.mul(around).add(weight), around);
      y.sum().backward();
      return values(weight.grad);
    };
    expect(run(checkpoint)).toEqual(run((fn, ...inputs) => fn(...inputs)));
  });

  test("passes on what is no tensor, and gives arrays and objects of tensors back", () => {
    const x = leaf([2, 3], 1);
    const labels = tensor([1, 2], { dtype: "int32" });
    const result = checkpoint(
      (input: Tensor, factor: number, index: Tensor) => ({
        parts: [input.mul(factor), input.sum({ dim: 1 })] as const,
        index,
        note: "kept",
      }),
      x,
      2,
      labels,
    );
    expect(result.note).toBe("kept");
    expect([...result.index.dataSync()]).toEqual([1, 2]);
    expect(result.parts.map((part) => part.shape)).toEqual([[2, 3], [2]]);
    result.parts[0].sum().add(result.parts[1].mul(10).sum()).backward();
    expect(values(x.grad)).toEqual(Array(6).fill(12));
  });

  test("runs the function once more for all outputs together", () => {
    let calls = 0;
    const x = leaf([3], 1);
    const [a, b] = checkpoint((input: Tensor) => {
      calls++;
      return [input.mul(2), input.mul(3)] as const;
    }, x);
    a.add(b).sum().backward();
    expect(calls).toBe(2);
    expect(values(x.grad)).toEqual([5, 5, 5]);
  });

  test("gives the input itself a gradient where the function returns it", () => {
    const x = leaf([3], 1);
    checkpoint((input: Tensor) => input, x)
      .mul(2)
      .sum()
      .backward();
    expect(values(x.grad)).toEqual([2, 2, 2]);
  });

  test("works with modules in eval, which draw nothing", () => {
    const { model, generator } = block();
    model.eval();
    const x = leaf([3, 4], 1);
    const state = generator.getState();
    checkpoint((input: Tensor) => model.forward(input), x)
      .sum()
      .backward();
    expect(generator.getState()).toEqual(state);
    expect(x.grad).not.toBeNull();
  });

  test("counts a batch of a batch normalisation once", () => {
    const run = (call: typeof checkpoint) => {
      const norm = new nn.BatchNorm1d(3);
      call((input: Tensor) => norm.forward(input), leaf([8, 3], 1))
        .pow(3)
        .sum()
        .backward();
      return [norm.running_mean, norm.running_var, norm.num_batches_tracked, norm.weight?.grad].map((x) => values(x));
    };
    expect(run(checkpoint)).toEqual(run((fn, ...inputs) => fn(...inputs)));
  });

  test("under noGrad, or where nothing needs a gradient, is a plain call that keeps nothing", () => {
    let calls = 0;
    const fn = (input: Tensor) => {
      calls++;
      return input.mul(2);
    };
    const quiet = noGrad(() => checkpoint(fn, leaf([3], 1)));
    const plain = checkpoint(fn, ones([3]));
    expect([quiet.requiresGrad, plain.requiresGrad, calls]).toEqual([false, false, 2]);
  });

  test("may go backward twice with retainGraph, and is refused a second time without", () => {
    const x = leaf([3], 1);
    const loss = checkpoint((input: Tensor) => input.mul(input), x).sum();
    loss.backward(undefined, { retainGraph: true });
    loss.backward();
    expect(values(x.grad)).toEqual(values(x).map((value) => Math.fround(2 * value) * 2));
    expectRefusal(() => loss.backward(), "DisposedError", "retainGraph: true");
  });

  test("keeps its inputs alive, and frees all when the graph is gone", () => {
    const before = memory().tensors;
    tidy(() => {
      const x = keep(leaf([3], 1));
      const y = checkpoint((input: Tensor) => F.dropout(input.mul(2)).mul(3), x.mul(1)); // the input has no other owner
      y.sum().backward();
      expect(x.grad).not.toBeNull();
      x.dispose();
    });
    expect(memory().tensors).toBe(before);
  });

  test("keeps no values in between", () => {
    const x = leaf([1000], 1);
    const { bytes } = memory();
    const y = checkpoint((input: Tensor) => F.tanh(F.sigmoid(F.tanh(F.sigmoid(input)))), x);
    expect(memory().bytes - bytes).toBe(4000); // the result
    y.dispose();
  });

  test("draws the masks of the shard that it was called in, when that is over", () => {
    const run = (call: typeof checkpoint) => {
      const x = leaf([2, 3], 1);
      const generator = new Generator(5);
      const y = shard({ index: 1, count: 2, start: 2, total: 4 }, () =>
        call((input: Tensor) => F.dropout(input, { generator }).mul(input), x),
      );
      y.sum().backward();
      return values(x.grad);
    };
    expect(run(checkpoint)).toEqual(run((fn, ...inputs) => fn(...inputs)));
  });

  test("refuses a function that draws otherwise in the second call, names what differed, and leaves generators and gradients", () => {
    const generator = new Generator(5);
    let turn = 0;
    const ways: [(input: Tensor) => Tensor, string, string][] = [
      [(x) => (turn++ === 0 ? F.dropout(x, { generator }) : x.mul(1)), "expected 1 draws as in the first call", "got 0"],
      [(x) => (turn++ === 0 ? x.mul(1) : F.dropout(x, { generator })), "expected 0 draws", "got dropout of [4, 2]"],
      [
        (x) => F.dropout(x, { generator, noiseShape: turn++ === 0 ? [4, 1] : [1, 2] }),
        "expected dropout of [4, 1] as in the first call",
        "got dropout of [1, 2]",
      ],
      [
        (x) => F.dropout(x, { generator: turn++ === 0 ? generator : new Generator(1) }),
        "expected dropout of [4, 2]",
        "got the same from another generator",
      ],
      [(x) => x.mul(rand([turn++ === 0 ? 2 : 1], { generator })), "of [2] as in the first call", "of [1]"],
    ];
    for (const [fn, expected, got] of ways) {
      turn = 0;
      const x = leaf([4, 2], 1);
      const loss = checkpoint(fn, x).sum();
      const state = generator.getState();
      expectRefusal(() => loss.backward(), "RangeError", `checkpoint: ${expected.startsWith("of") ? "expected" : expected}`, expected, got);
      expect(generator.getState()).toEqual(state);
      expect(x.grad).toBeNull();
    }
  });

  test("refuses a function that gives something else in the second call", () => {
    let turn = 0;
    const shapes = checkpoint((input: Tensor) => (turn++ === 0 ? input.mul(2) : input.sum()), leaf([3], 1));
    expectRefusal(() => shapes.sum().backward(), "ShapeError", "checkpoint: expected [3] as in the first call, got []");
    turn = 0;
    const nothing = checkpoint((input: Tensor) => (turn++ === 0 ? input.mul(2) : null) as Tensor, leaf([3], 1));
    expectRefusal(() => nothing.sum().backward(), "ShapeError", "got nothing");
  });

  test("refuses what is no function, an async one, and a tensor that is gone", () => {
    const gone = leaf([3], 1);
    gone.dispose();
    expectRefusal(() => checkpoint(3 as never), "TypeError", "checkpoint: expected a function");
    expectRefusal(() => checkpoint(async () => 1), "TypeError", "checkpoint: expected a function that returns at once");
    expectRefusal(() => checkpoint((x: Tensor) => x, gone), "DisposedError", "checkpoint");
    const before = memory().tensors;
    expect(() =>
      checkpoint(
        (x: Tensor) => {
          x.mul(2);
          throw new Error("mine");
        },
        leaf([3], 1),
      ),
    ).toThrow("mine");
    expect(memory().tensors).toBe(before + 1);
  });
});
