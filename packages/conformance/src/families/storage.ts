/** Memory: what is written comes back, in every dtype and length, whatever happens in between. */
import { type Backend, cpu, functional as F, type Tensor, tensor, zeros } from "@dropwise/core";
import type { DType } from "@dropwise/core/backend";
import { assert, assertClose, assertSame, assertThrows } from "../assert";
import { type Context, each, type Family } from "../case";
import { bools, generatorAt, type Input, input, integers, uniform } from "../inputs";
import { BITS } from "../tolerance";

const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 255, 257, 1000, 1023, 1025, 4099];

/** Values of a dtype that a wrong conversion would change. */
function sample(dtype: DType, length: number): Input {
  if (dtype === "bool") return bools([length], length);
  if (dtype === "int32") return integers([length], { seed: length, low: -(2 ** 31), high: 2 ** 31 });
  return uniform([length], { seed: length, dtype, low: -1e9, high: 1e9 });
}

const on = ({ backend }: Context, { data, shape }: Input): Tensor => tensor(data, { shape, backend });

/** Storage and transfers. */
export const storage: Family = {
  ...each(
    DTYPES,
    (dtype) => `gives back what was written as ${dtype}, of any length, or refuses the dtype`,
    async (dtype, context) => {
      const { backend } = context;
      if (!backend.info.dtypes.includes(dtype)) {
        await assertThrows("UnsupportedOpError", () => on(context, sample(dtype, 3)), `${backend.name}, ${dtype}`);
        return;
      }
      const inputs = LENGTHS.map((length) => sample(dtype, length));
      const read = await Promise.all(inputs.map((value) => on(context, value).data()));
      read.forEach((data, i) => {
        const { data: expected } = inputs[i] as Input;
        assertSame(data.constructor.name, expected.constructor.name, `${backend.name}, type of the data`);
        assertClose(data, expected, BITS, `${backend.name}, ${dtype}`);
      });
    },
  ),

  "has float32, int32 and bool": ({ backend }) => {
    for (const dtype of ["float32", "int32", "bool"] as const) {
      assert(backend.info.dtypes.includes(dtype), `${backend.name}, info.dtypes: expected ${dtype}, got ${backend.info.dtypes.join(", ")}`);
    }
  },

  "describes itself": ({ backend: { name, info } }) => {
    assert(name !== "" && name === name.toLowerCase(), `name: expected a short lower-case name, got "${name}"`);
    assert(Number.isInteger(info.threads) && info.threads >= 1, `${name}, info.threads: expected 1 or more, got ${info.threads}`);
    assert(typeof info.device === "string" && info.device !== "", `${name}, info.device: expected a name, got "${info.device}"`);
    assert(info.maxBufferBytes >= 2 ** 24, `${name}, info.maxBufferBytes: expected at least 16 MB, got ${info.maxBufferBytes}`);
  },

  "moves every bit of a float32: NaN, infinities, -0 and subnormals": async (context) => {
    const value = input([9], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 2 ** -149, -1e-40, 3.4e38, 1e-38]);
    assertClose(await on(context, value).data(), value.data, BITS, context.backend.name);
  },

  "gives back 2^20 + 1 elements": async (context) => {
    const value = sample("float32", 2 ** 20 + 1);
    assertClose(await on(context, value).data(), value.data, BITS, context.backend.name);
  },

  "keeps shapes without elements, and scalars": async ({ compare }) => {
    await compare((x) => [x, x.add(1), x.sum({ dim: 0 }), x.sum(), x.transpose(0, 2).contiguous(), F.dropout(x)], uniform([3, 0, 2]));
    await compare((x) => [x, x.mul(2), x.sum()], uniform([]));
  },

  "copies what is written: the host may change its array right after": async ({ backend }) => {
    const data = new Float32Array(1000).fill(1);
    const x = tensor(data, { backend });
    data.fill(2);
    assertClose(await x.data(), new Float32Array(1000).fill(1), BITS, backend.name);
  },

  "gives the same answer when it is read twice, in arrays of their own": async (context) => {
    const value = sample("float32", 99);
    const x = on(context, value);
    const [first, second] = await Promise.all([x.data(), x.data()]);
    first.fill(0);
    assertClose(second, value.data, BITS, `${context.backend.name}, second read`);
    assertClose(await x.data(), value.data, BITS, `${context.backend.name}, third read`);
  },

  "reads parts of a storage": async ({ compare }) => {
    await compare((x) => [1, 2, 3, 5, 8].map((start) => x.slice(0, start, start + 7)), uniform([20]));
    await compare((x) => [1, 2, 3, 5, 8].map((start) => x.slice(0, start, start + 7)), bools([20]));
    await compare((x) => [1, 2, 3, 5, 8].map((start) => x.slice(0, start, start + 7)), integers([20]));
  },

  "reads what was there when it was asked, whatever is written later": async (context) => {
    const value = sample("float32", 1000);
    const x = on(context, value);
    const pending = x.data();
    F.dropout(x, { p: 1, inplace: true });
    const later = x.data();
    assertClose(await pending, value.data, BITS, `${context.backend.name}, before the edit`);
    assertClose(await later, new Float32Array(1000), BITS, `${context.backend.name}, after it`);
  },

  "holds the memory of a read until it is answered": async (context) => {
    const value = sample("float32", 1000);
    const x = on(context, value);
    const pending = x.data();
    x.dispose();
    const others = Array.from({ length: 8 }, () => zeros([1000], { backend: context.backend }));
    assertClose(await pending, value.data, BITS, context.backend.name);
    for (const other of others) other.dispose();
  },

  "gives new memory to what comes after a dispose, and leaves the rest alone": async (context) => {
    const value = sample("float32", 640);
    const kept = on(context, value);
    for (let i = 0; i < 20; i++) {
      const x = on(context, sample("float32", 640 - i));
      const y = x.add(1);
      x.dispose();
      y.dispose();
    }
    assertClose(await kept.data(), value.data, BITS, context.backend.name);
  },

  "refuses a disposed tensor with DisposedError": async (context) => {
    const x = on(context, sample("float32", 5));
    x.dispose();
    for (const use of [() => x.data(), () => x.add(1), () => F.dropout(x), () => x.to(context.backend).then((y) => y.data())]) {
      await assertThrows("DisposedError", use, `${context.backend.name}, disposed tensor`);
    }
  },

  "reads at once where memory is host-visible, and refuses to elsewhere": async (context) => {
    const value = sample("float32", 33);
    const x = on(context, value);
    const { backend } = context;
    assertSame(backend.view !== undefined, backend.info.hostVisible, `${backend.name}, a view`);
    if (backend.info.hostVisible) assertClose(x.dataSync(), value.data, BITS, backend.name);
    else await assertThrows("UnsupportedOpError", () => x.dataSync(), `${backend.name}, dataSync`);
  },

  "keeps its values, and goes on, while memory grows": async ({ backend: { name }, fresh }) => {
    const backend = await fresh();
    try {
      const value = sample("float32", 1000);
      const small = tensor(value.data, { backend });
      const doubled = value.data.map((x: number) => 2 * x);
      // Through every size up to 32 MB, so that a memory that grows does, and its buffer is another one.
      for (let power = 14; power <= 23; power++) {
        const large = zeros([2 ** power], { backend });
        // Other values in each round, in memory of the round before.
        const next = sample("float32", 1000 + power).data;
        const written = tensor(next, { backend });
        const what = `${name}, after ${2 ** power} more elements`;
        assertClose(await written.data(), next, BITS, `${what}: written now`);
        assertClose(
          await written.mul(2).data(),
          Array.from(next, (x: number) => 2 * x),
          BITS,
          `${what}: computed from that`,
        );
        assertClose(await small.data(), value.data, BITS, `${what}: written before`);
        assertClose(await small.mul(2).data(), doubled, BITS, `${what}: computed from that`);
        const dropped = await F.dropout(small, { p: 0.5, generator: generatorAt(power) }).data();
        const expected = await F.dropout(tensor(value.data, { backend: cpu as Backend }), { p: 0.5, generator: generatorAt(power) }).data();
        assertClose(dropped, expected, BITS, `${what}: dropout`);
        assertSame((await large.slice(0, 2 ** power - 3).data()).join(), "0,0,0", `${what}: the last of them`);
        written.dispose();
      }
    } finally {
      backend.dispose();
    }
  },
};
