import { describe, expect, test } from "vitest";
import { functional as F, Generator, gradcheck, gradgradcheck, ones, randn, shard, shards, type Tensor, tensor, zeros } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const generator = new Generator(1);
const random = (...shape: number[]) => randn(shape, { generator });
const doubles = (...shape: number[]) => randn(shape, { dtype: "float64", requiresGrad: true, generator });
const attention = F.scaledDotProductAttention;
const list = (x: Tensor) => [...x.dataSync()];
const close = (a: Tensor, b: Tensor, rtol = 1e-5) => expectClose(list(a), list(b), { rtol, atol: 1e-6 });

describe("scaledDotProductAttention", () => {
  test("is dropout of the softmax, times the values, with one call of the generator over [batch, heads, queries, keys]", () => {
    const [q, k, v] = [random(2, 3, 4, 8), random(2, 3, 5, 8), random(2, 3, 5, 6)];
    const [a, b] = [new Generator(7), new Generator(7)];
    const weights = F.softmax(q.matmul(k.transpose(-2, -1)).mul(1 / Math.sqrt(8)), { dim: -1 });
    const expected = F.dropout(weights, { p: 0.4, generator: b }).matmul(v);
    close(attention(q, k, v, { dropoutP: 0.4, generator: a }), expected);
    expect(a.call).toBe(b.call);
    expect(a.call).toBe(1n);
  });

  test("draws for masked positions, too, so that a mask moves no other decision", () => {
    const [q, v] = [zeros([1, 1, 4, 2]), tensor([1, 1, 1, 1]).reshape([1, 1, 4, 1])];
    const seenBy = (options: object) => attention(q, q, v, { dropoutP: 0.5, generator: new Generator(3), ...options });
    const drawn = F.dropout(ones([1, 1, 4, 4]), { p: 0.5, generator: new Generator(3) });
    const causal = F.tril(drawn)
      .sum({ dim: -1 })
      .div(tensor([1, 2, 3, 4]));
    expect(list(seenBy({ isCausal: true }))).toEqual(list(causal));
  });

  test("drops nothing outside training, and for dropoutP 0 takes no call", () => {
    const x = random(1, 2, 3, 4);
    const g = new Generator(1);
    close(attention(x, x, x, { dropoutP: 0.9, training: false, generator: g }), attention(x, x, x));
    attention(x, x, x, { dropoutP: 0, generator: g });
    expect(g.call).toBe(0n);
  });

  test("gives zeros for a query that sees no key, and a gradient without NaN", () => {
    const [q, k, v] = [doubles(1, 2, 3), doubles(1, 4, 3), doubles(1, 4, 2)];
    const seen = tensor([false, false, false, false, true, false, true, true], { shape: [2, 4] });
    const added = zeros([2, 4], { dtype: "float64" }).where(seen, Number.NEGATIVE_INFINITY);
    for (const attnMask of [seen, added]) {
      const y = attention(q, k, v, { attnMask });
      expect(list(y).slice(0, 2)).toEqual([0, 0]);
      expect(list(y).slice(2)).not.toContain(0);
      for (const x of [q, k, v]) x.grad = null;
      y.sum().backward();
      for (const x of [q, k, v]) expect(list(x.grad as Tensor).some(Number.isNaN)).toBe(false);
      expect(list(q.grad as Tensor).slice(0, 3)).toEqual([0, 0, 0]);
    }
  });

  test("has causal queries see from the first key on, also beside more or fewer keys", () => {
    const v = (keys: number) => tensor(Array.from({ length: keys }, (_, i) => 2 ** i)).reshape([keys, 1]);
    const sums = (queries: number, keys: number) =>
      list(attention(zeros([queries, 1]), zeros([keys, 1]), v(keys), { isCausal: true })).map((mean, i) => mean * Math.min(i + 1, keys));
    expect(sums(2, 4)).toEqual([1, 3]);
    expect(sums(4, 2)).toEqual([1, 3, 3, 3]);
  });

  test("has the gradients of its definition, and theirs, with every kind of mask and dropout", () => {
    const [q, k, v, bias] = [doubles(1, 4, 2, 3), doubles(1, 2, 3, 3), doubles(1, 2, 3, 2), doubles(2, 3)];
    const seen = tensor([true, false, true, true, true, false], { shape: [2, 3] });
    for (const options of [{}, { isCausal: true }, { attnMask: seen }, { scale: 0.3, dropoutP: 0.5 }]) {
      const fn = (...[a, b, c]: Tensor[]) =>
        attention(a as Tensor, b as Tensor, c as Tensor, { enableGqa: true, generator: new Generator(5), ...options });
      expect(gradcheck(fn, [q, k, v])).toBe(true);
      expect(gradgradcheck(fn, [q, k, v])).toBe(true);
    }
    const masked = (...[a, m]: Tensor[]) => attention(a as Tensor, k, v, { attnMask: m, enableGqa: true });
    expect(gradcheck(masked, [q, bias])).toBe(true);
  });

  test("drops in shards of a batch what it drops in the whole", () => {
    const x = random(7, 2, 3, 4);
    const whole = attention(x, x, x, { dropoutP: 0.5, generator: new Generator(9) });
    const parts: Tensor[] = [];
    shards({ count: 3, total: 7 }, ({ start, rows }) => {
      const part = x.slice(0, start, start + rows);
      parts.push(attention(part, part, part, { dropoutP: 0.5, generator: new Generator(9) }));
    });
    expect(parts.flatMap(list)).toEqual(list(whole));
    const last = shard({ index: 1, count: 2, start: 4, total: 7 }, () => {
      const part = x.slice(0, 4, 7);
      return attention(part, part, part, { dropoutP: 0.5, generator: new Generator(9) });
    });
    expect(list(last)).toEqual(list(whole.slice(0, 4, 7)));
    const offset = attention(x.slice(0, 4, 7), x.slice(0, 4, 7), x.slice(0, 4, 7), {
      dropoutP: 0.5,
      generator: new Generator(9),
      elementOffset: 4 * 2 * 3 * 3,
    });
    expect(list(offset)).toEqual(list(whole.slice(0, 4, 7)));
  });

  test("takes leading dimensions that broadcast, single heads, no keys and no queries", () => {
    expect(attention(random(3, 1, 2, 4), random(5, 6, 4), random(1, 5, 6, 7)).shape).toEqual([3, 5, 2, 7]);
    expect(attention(random(2, 4), random(3, 4), random(3, 5)).shape).toEqual([2, 5]);
    expect(list(attention(random(2, 4), random(0, 4), random(0, 3)))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(attention(random(0, 4), random(3, 4), random(3, 5)).shape).toEqual([0, 5]);
  });

  test("refuses what does not fit before it draws", () => {
    const g = new Generator(1);
    const [q, k] = [random(2, 4, 3, 8), random(2, 2, 5, 8)];
    const refused = (name: string, message: string, options: object, [a, b, c]: Tensor[] = [q, q, q]) =>
      expectRefusal(
        () => attention(a as Tensor, b as Tensor, c as Tensor, { dropoutP: 0.5, generator: g, ...options }),
        name,
        `scaledDotProductAttention: ${message}`,
      );
    refused("ShapeError", "expected query [..., queries, E], key [..., keys, E] and value [..., keys, Ev], got", {}, [q, random(3, 7), q]);
    refused("ShapeError", "expected shapes that broadcast", {}, [q, k, k]);
    refused("ShapeError", "expected heads of the query to be a multiple", { enableGqa: true }, [random(2, 3, 3, 8), k, k]);
    refused("ShapeError", "expected shapes that broadcast, got [3, 4] and [2, 4, 3, 3]", { attnMask: ones([3, 4], { dtype: "bool" }) });
    refused("ShapeError", "expected attnMask to broadcast to [2, 4, 3, 3], got [2, 2, 4, 3, 3]", {
      attnMask: ones([2, 2, 4, 3, 3], { dtype: "bool" }),
    });
    refused("TypeError", "expected attnMask to be bool or float, got int32", { attnMask: ones([3, 3], { dtype: "int32" }) });
    refused("TypeError", "expected attnMask or isCausal, got both", { attnMask: ones([3, 3], { dtype: "bool" }), isCausal: true });
    refused("TypeError", "expected a key and a value of the query's dtype float32, got float64", {}, [q, q, q.type("float64")]);
    refused("TypeError", "expected a float tensor, got int32", {}, [ones([2, 2], { dtype: "int32" }), q, q]);
    refused("RangeError", "expected a drop probability p in [0, 1], got 1.5", { dropoutP: 1.5 });
    refused("RangeError", "expected scale to be a number, got NaN", { scale: Number.NaN });
    refused("TypeError", "expected the options", { dropout: 0.1 });
    expect(g.call).toBe(0n);
  });
});
