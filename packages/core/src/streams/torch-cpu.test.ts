import { afterEach, describe, expect, test } from "vitest";
import {
  type Backend,
  cat,
  checkpoint,
  DataLoader,
  defaultGenerator,
  functional as F,
  Generator,
  grad,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  rand,
  randn,
  shard,
  shards,
  type Tensor,
} from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { failEverywhere, SETTINGS } from "../testing/faults";
import { expectRefusal } from "../testing/refusal";
import { torchCpu } from "./torch-cpu";

const at = (seed = 3) => new Generator(seed, { stream: torchCpu });
const KINDS = [
  ["dropout", [13, 5]],
  ["dropout1d", [13, 3, 4]],
  ["dropout2d", [13, 3, 2, 2]],
  ["dropout3d", [13, 3, 2, 1, 2]],
  ["alphaDropout", [13, 5]],
  ["featureAlphaDropout", [13, 3, 2]],
] as const;

afterEach(() => void manualSeed(0));

describe.each(KINDS)("%s under torchCpu", (op, shape) => {
  const run = (x: Tensor, inplace = false) => F[op](x, { p: 0.4, training: true, inplace, generator: at() });
  const x = () => randn([...shape], { generator: new Generator(1) });

  test("gives the same in place, on backends without a view, and in float64 but for its roundings", async () => {
    const expected = run(x()).dataSync();
    const own = x();
    noGrad(() => run(own, true));
    expect(own.dataSync()).toEqual(expected);
    for (const backend of [blindBackend(), hostBackend()] as Backend[]) {
      const there = await x().to(backend);
      expect(await run(there).data()).toEqual(expected);
      const edited = await x().to(backend);
      run(edited, true);
      expect(await edited.data()).toEqual(expected);
    }
    const wide = run(x().type("float64")).dataSync();
    wide.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 5);
    });
  });

  test("has the mask again for its gradient, and for the gradient of that", () => {
    const input = x();
    input.requiresGrad = true;
    const y = run(input);
    const [dx] = grad(y.mul(y).sum(), input, { createGraph: true });
    const [ddx] = grad((dx as Tensor).sum(), input);
    const slope = F[op](input.detach(), { p: 0.4, training: true, generator: at() }).sub(
      F[op](input.detach().mul(0), { p: 0.4, training: true, generator: at() }),
    );
    const scale = slope.div(input.detach()).dataSync();
    const expected = y
      .detach()
      .mul(2)
      .dataSync()
      .map((value, i) => value * (scale[i] as number));
    (dx as Tensor).dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 4);
    });
    (ddx as Tensor).dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(2 * (scale[i] as number) ** 2, 3);
    });
  });

  test.each([2, 8, 13])("draws that part of the whole mask in a shard, 13 rows in %i parts, and ends where the whole does", (count) => {
    const generator = at();
    const whole = F[op](x(), { p: 0.4, training: true, generator });
    const own = at();
    const parts = shards({ count, total: 13 }, ({ start, rows }) =>
      F[op](x().slice(0, start, start + rows), { p: 0.4, training: true, generator: own }),
    );
    expect(cat(parts).dataSync()).toEqual(whole.dataSync());
    expect(own.getState()).toEqual(generator.getState());
  });
});

describe("torchCpu", () => {
  test("cuts the batch of a transposed input out of the whole one's memory order", () => {
    const whole = F.dropout(ones([5, 12]).transpose(0, 1), { generator: at() });
    const parts = shards({ count: 3, total: 12 }, ({ rows }) => F.dropout(ones([5, rows]).transpose(0, 1), { generator: at() }));
    expect(cat(parts).dataSync()).toEqual(whole.dataSync());
  });

  test("cuts batches in the second dimension, in recurrent layers", () => {
    const make = () => new nn.LSTM(3, 4, { numLayers: 2, dropout: 0.5, generator: at(5) });
    const x = randn([6, 7, 3], { generator: new Generator(1) });
    const [whole] = make().forward(x);
    const parts = [0, 3].map((start) => {
      const rows = start === 0 ? 3 : 4;
      return shard({ index: start / 3, count: 2, start, total: 7, rows }, () => make().forward(x.slice(1, start, start + rows))[0]);
    });
    const got = cat(parts, { dim: 1 }).dataSync();
    whole.dataSync().forEach((value, i) => {
      expect(got[i]).toBeCloseTo(value, 5);
    });
  });

  test("tells its last mask, as often as it is asked", () => {
    const drop = new nn.Dropout2d({ p: 0.5, generator: at() });
    const y = drop.forward(ones([4, 6, 2, 2]));
    const kept = y
      .amax({ dim: [2, 3] })
      .gt(0)
      .dataSync();
    for (let i = 0; i < 2; i++) {
      const mask = drop.lastMask() as Tensor;
      expect(mask.dtype).toBe("bool");
      expect(mask.reshape([-1]).dataSync()).toEqual(kept);
    }
  });

  test("draws the same again in a checkpoint, and then goes on", () => {
    const [one, other] = [at(), at()];
    const x = ones([20], { requiresGrad: true });
    const f = (generator: Generator) => (input: Tensor) => F.dropout(F.dropout(input, { generator }).mul(input), { p: 0.2, generator });
    const [plain] = grad(f(one)(x).sum(), x);
    const y = checkpoint(f(other), x);
    const between = F.dropout(ones([5]), { generator: other }).dataSync();
    const [again] = grad(y.sum(), x);
    expect((again as Tensor).dataSync()).toEqual((plain as Tensor).dataSync());
    expect(between).toEqual(F.dropout(ones([5]), { generator: one }).dataSync());
    expect(other.getState()).toEqual(one.getState());
  });

  test("masks of attention and of a noise of another shape take two words an element", () => {
    const [one, other] = [at(), at()];
    F.dropout(ones([4, 5, 3]), { noiseShape: [4, 1, 3], generator: one });
    rand([24], { generator: other });
    expect(one.getState()).toEqual(other.getState());
    const q = ones([1, 2, 3, 4]);
    F.scaledDotProductAttention(q, q, q, { dropoutP: 0.5, generator: one });
    rand([36], { generator: other });
    expect(one.getState()).toEqual(other.getState());
  });

  test.each([0, 1])("takes nothing for p = %i, in evaluation, and for no elements", (p) => {
    const generator = at();
    F.dropout(ones([4]), { p, generator });
    F.dropout(ones([4]), { training: false, generator });
    F.dropout(ones([0]), { generator });
    expect(generator.getState()).toEqual(at().getState());
  });

  test("takes nothing where a mask is refused, or memory fails", async () => {
    for (const setting of SETTINGS) {
      await failEverywhere(setting, (backend) => {
        const generator = at();
        const x = ones([7], { backend });
        return {
          act: () => F.dropout(x, { generator }).dispose(),
          watched: () => [x],
          reset: () => expect(generator.getState().length).toBe(5056),
        };
      });
    }
    const generator = at();
    const broken = blindBackend("broken", {
      where: () => {
        throw new Error("no");
      },
    }) as Backend;
    const x = ones([7], { backend: broken });
    const before = memory(broken).bytes;
    expect(() => F.dropout(x, { generator })).toThrow("no");
    expect(generator.getState()).toEqual(at().getState());
    expect(memory(broken).bytes).toBe(before);
  });

  test("frees what a mask takes on a device", () => {
    const backend = blindBackend() as Backend;
    const x = ones([100], { backend });
    const before = memory(backend).bytes;
    F.dropout(x, { generator: at() }).dispose();
    expect(memory(backend).bytes).toBe(before);
  });

  test("refuses to be addressed, and says what to do", () => {
    const generator = at();
    expectRefusal(() => generator.offset, "UnsupportedOpError", "offset: expected a stream that can be addressed, got torchCpu");
    expectRefusal(() => generator.call, "UnsupportedOpError", "torchCpu");
    expectRefusal(
      () => F.dropout(ones([4]), { generator, elementOffset: 4 }),
      "RangeError",
      "dropout: expected an elementOffset of 0 under torchCpu, which cannot be addressed, got 4 - cut the batch with shard()",
    );
    expectRefusal(
      () => shard({ index: 0, count: 2, start: 0, total: 4, rows: 2 }, () => F.dropout(ones([2]), { generator, elementOffset: 3 })),
      "RangeError",
      "elementOffset",
    );
    expect(generator.getState()).toEqual(at().getState());
  });

  test("stays with a generator that is seeded anew, cloned or restored", () => {
    const generator = at(8);
    rand([3], { generator });
    const copy = generator.clone();
    expect(rand([3], { generator: copy }).dataSync()).toEqual(rand([3], { generator }).dataSync());
    expect(generator.manualSeed(3).getState()).toEqual(at().getState());
    expectRefusal(() => generator.setState(new Uint8Array(16)), "RangeError", "5056");
    expect(generator.getState()).toEqual(at().getState());
  });
});

describe("a loader under torchCpu", () => {
  const data = [0, 1, 2, 3, 4, 5, 6];
  const places = (loader: Iterable<unknown>) => Array.from(loader, (batch) => [...(batch as Tensor).dataSync()]).flat();

  test("goes on in another process where it was left, with the order and the numbers that came next", () => {
    for (const shuffle of [true, false]) {
      const make = () => new DataLoader(data, { batchSize: 2, shuffle });
      manualSeed(5, { stream: torchCpu });
      const whole = make();
      const [first, second] = [places(whole), places(whole)];
      const then = rand([2]).dataSync();
      manualSeed(5, { stream: torchCpu });
      const cut = make();
      const begun: number[] = [];
      for (const batch of cut) {
        begun.push(...(batch as unknown as Tensor).dataSync());
        if (begun.length === 4) break;
      }
      const [state, generator] = [cut.stateDict(), defaultGenerator().getState()];
      manualSeed(99, { stream: torchCpu }).setState(generator);
      const other = make();
      other.loadStateDict(state);
      expect([...begun, ...places(other)]).toEqual(first);
      expect(places(other)).toEqual(second);
      expect(rand([2]).dataSync()).toEqual(then);
    }
  });

  test("gives its draws back where a pass fails before its first batch", () => {
    const generator = manualSeed(5, { stream: torchCpu });
    const before = generator.getState();
    const failing = {
      length: 3,
      at: (): number => {
        throw new Error("no");
      },
    };
    for (const shuffle of [true, false]) {
      expect(() => places(new DataLoader(failing, { shuffle }))).toThrow("no");
      expect(generator.getState()).toEqual(before);
    }
  });

  test("draws nothing from a default stream that it does not shuffle", () => {
    const generator = manualSeed(5);
    const before = generator.getState();
    places(new DataLoader(data));
    expect(generator.getState()).toEqual(before);
    places(new DataLoader(data, { generator: at() }));
    expect(generator.getState()).toEqual(before);
  });
});
