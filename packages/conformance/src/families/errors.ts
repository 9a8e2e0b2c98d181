/** What must be refused, by which named error, with nothing written and no call number taken. */
import {
  type Backend,
  functional as F,
  full,
  getDefaultBackend,
  memory,
  ones,
  setDefaultBackend,
  type Tensor,
  tensor,
  zeros,
} from "@dropwise/core";
import { referenceKernels } from "@dropwise/core/backend";
import { assert, assertClose, assertSame, assertThrows } from "../assert";
import { type Context, each, type Family } from "../case";
import { generatorAt } from "../inputs";
import { BITS } from "../tolerance";
import { wrap } from "../wrap";

interface Refusal {
  readonly name: string;
  readonly error: string;
  /** `x` is [2, 3] and requires a gradient, `y` is [2, 3] and does not. */
  readonly call: (x: Tensor, y: Tensor, generator: ReturnType<typeof generatorAt>) => unknown;
}

const wrong = (value: unknown): never => value as never;

const REFUSALS: readonly Refusal[] = [
  { name: "shapes that do not broadcast", error: "ShapeError", call: (x) => x.add(ones([2], { backend: x.backend })) },
  { name: "inner sizes that differ", error: "ShapeError", call: (x, y) => x.matmul(y) },
  { name: "a reshape to another size", error: "ShapeError", call: (x) => x.reshape([4, 2]) },
  { name: "functions of integers that need floats", error: "TypeError", call: (x) => x.type("int32").exp() },
  { name: "a number beyond int32 in integer arithmetic", error: "RangeError", call: (x) => x.type("int32").add(2 ** 31) },
  { name: "a bound beyond int32 for integers", error: "RangeError", call: (x) => x.type("int32").clamp({ max: 2 ** 31 }) },
  { name: "int32 filled with NaN", error: "RangeError", call: ({ backend }) => full([1], Number.NaN, { dtype: "int32", backend }) },
  { name: "int32 of larger numbers", error: "RangeError", call: ({ backend }) => tensor([3e9], { dtype: "int32", backend }) },
  { name: "the gradient of integers", error: "TypeError", call: (x) => x.type("int32").sum().backward() },
  { name: "a condition that is not bool", error: "TypeError", call: (x, y) => F.where(x, y, 0) },
  { name: "the largest of nothing", error: "RangeError", call: (x) => zeros([0], { backend: x.backend }).amax() },
  { name: "a float index", error: "TypeError", call: (x, y) => F.gather(x, 0, y) },
  { name: "p below 0", error: "RangeError", call: (x, _, generator) => F.dropout(x, { p: -0.1, generator }) },
  { name: "p above 1", error: "RangeError", call: (_, y, generator) => F.dropout(y, { p: 1.5, inplace: true, generator }) },
  {
    name: "p that is NaN",
    error: "RangeError",
    call: (x, _, generator) => F.alphaDropout(x, { p: Number.NaN, training: true, generator }),
  },
  { name: "p that is text", error: "TypeError", call: (x, _, generator) => F.dropout(x, { p: wrong("0.5"), generator }) },
  { name: "dropout of integers", error: "TypeError", call: (x, _, generator) => F.dropout(x.type("int32"), { p: 0.5, generator }) },
  { name: "dropout in place of a leaf", error: "InPlaceError", call: (x, _, generator) => F.dropout(x, { inplace: true, generator }) },
  {
    name: "dropout in place of an expanded tensor",
    error: "InPlaceError",
    call: (_, y, generator) => F.dropout(y.unsqueeze(0).expand([4, 2, 3]), { inplace: true, generator }),
  },
  {
    name: "a mask shape that does not broadcast",
    error: "ShapeError",
    call: (x, _, generator) => F.dropout(x, { noiseShape: [3, 1], generator }),
  },
  { name: "an element offset below 0", error: "RangeError", call: (x, _, generator) => F.dropout(x, { elementOffset: -1, generator }) },
  {
    name: "an element offset with a fraction",
    error: "RangeError",
    call: (x, _, generator) => F.dropout(x, { elementOffset: 0.5, generator }),
  },
  {
    name: "an element offset past 2^53",
    error: "RangeError",
    call: (x, _, generator) => F.dropout(x, { elementOffset: 2 ** 53 - 5, generator }),
  },
  { name: "channels of a vector", error: "ShapeError", call: (x, _, generator) => F.dropout1d(x.reshape([6]), { generator }) },
  {
    name: "dropout of a disposed tensor",
    error: "DisposedError",
    call: (x, y, generator) => {
      const z = x.add(y);
      z.dispose();
      return F.dropout(z, { generator });
    },
  },
  {
    name: "a tensor larger than the largest there is",
    error: "OutOfMemoryError",
    call: ({ backend }) => zeros([Math.floor(backend.info.maxBufferBytes / 4) + 1], { backend }),
  },
];

const STORAGE_MEMBERS = ["allocate", "write", "read", "release", "dispose"] as const;

/** What needs each family, on a backend that has no view. */
const FAMILIES: Readonly<Record<string, (backend: Backend) => unknown>> = {
  unary: (backend) => tensor([1], { backend }).exp(),
  binary: (backend) => tensor([1], { backend }).add(1),
  reduce: (backend) => tensor([1], { backend }).sum(),
  where: (backend) => F.where(tensor([true], { backend }), tensor([1], { backend }), 0),
  matmul: (backend) => tensor([[1]], { backend }).matmul(tensor([[1]], { backend })),
  copy: (backend) => tensor([1.5], { backend }).type("int32"),
  fill: (backend) => ones([3], { backend }),
  gather: (backend) => F.gather(tensor([1, 2], { backend }), 0, tensor(new Int32Array([1]), { backend })),
  scatterAdd: (backend) => {
    const x = tensor([1, 2], { backend, requiresGrad: true });
    F.gather(x, 0, tensor(new Int32Array([1]), { backend })).backward(tensor([1], { backend }));
  },
  dropout: (backend) => F.dropout(tensor([1, 2], { backend }), { p: 0.5, generator: generatorAt(1) }),
};

/** Errors. */
export const errors: Family = {
  ...each(
    REFUSALS,
    ({ name, error }) => `refuses ${name} with ${error}, writes nothing and takes no call`,
    async ({ name, error, call }, { backend }) => {
      const x = tensor(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        { backend, requiresGrad: true },
      );
      const y = tensor(
        [
          [-1, -2, -3],
          [-4, -5, -6],
        ],
        { backend },
      );
      const generator = generatorAt(9, 5);
      const what = `${backend.name}, ${name}`;
      const { message } = await assertThrows(error, () => call(x, y, generator), what);
      assert(/expected .+ got /.test(message), `${what}: expected a message that says what was expected and what it got, got "${message}"`);
      assertSame(generator.call, 5n, `${what}, next call`);
      assertClose(await x.data(), [1, 2, 3, 4, 5, 6], BITS, `${what}, first operand`);
      assertClose(await y.data(), [-1, -2, -3, -4, -5, -6], BITS, `${what}, second operand`);
      assertClose(await F.dropout(y, { p: 0 }).mul(2).data(), [-2, -4, -6, -8, -10, -12], BITS, `${what}, the next call`);
      x.dispose();
      y.dispose();
    },
  ),

  "leaves no memory behind when it refuses": (context) => {
    // With counters of its own, which what earlier checks left does not move.
    const backend = wrap(context.backend, {});
    const x = ones([4], { backend });
    const before = memory(backend);
    for (const call of [() => F.dropout(x, { p: 2 }), () => x.add(wrong("1")), () => x.reshape([3]), () => x.slice(5, 0)]) {
      try {
        call();
      } catch {}
    }
    assertSame(memory(backend).bytes, before.bytes, `${backend.name}, bytes after refused calls`);
    x.dispose();
  },

  ...each(
    STORAGE_MEMBERS,
    (member) => `is refused with TypeError without "${member}", and with something else in its place`,
    async (member, { backend }) => {
      const before = getDefaultBackend();
      for (const value of [undefined, wrong("no function")]) {
        const broken = wrap(backend, { [member]: value });
        const what = `${backend.name} without ${member}`;
        const { message } = await assertThrows("TypeError", () => setDefaultBackend(broken), what);
        assert(message.includes(`"${member}"`), `${what}: expected a message that names it, got "${message}"`);
        await assertThrows("TypeError", () => ones([1], { backend: broken }), what);
      }
      assert(getDefaultBackend() === before, `${backend.name} without ${member}: expected the default backend to stay`);
    },
  ),

  "is refused with TypeError without a name, info, or functions": async ({ backend }) => {
    const { info } = backend;
    for (const changes of [
      { name: undefined },
      { info: undefined },
      { unary: wrong(3) },
      { info: wrong({ ...info, dtypes: "float32" }) },
    ]) {
      await assertThrows(
        "TypeError",
        () => ones([1], { backend: wrap(backend, changes) }),
        `${backend.name} with ${JSON.stringify(changes)}`,
      );
    }
  },

  ...each(
    Object.keys(FAMILIES),
    (family) => `is asked for "${family}" with UnsupportedOpError when it has neither that nor a view, and goes on`,
    async (family, context) => {
      const { backend } = context;
      const need = FAMILIES[family] as (typeof FAMILIES)[string];
      const { message } = await assertThrows(
        "UnsupportedOpError",
        () => need(without(context, family)),
        `${backend.name} without ${family}`,
      );
      assert(message.includes(`"${family}"`), `${backend.name} without ${family}: expected a message that names it, got "${message}"`);
      need(backend);
    },
  ),

  "is ended by dispose, twice if need be, and leaves its siblings alone": async ({ backend: { name }, fresh }) => {
    const [first, second] = [await fresh(), await fresh()];
    const x = tensor([1, 2, 3], { backend: second });
    const y = tensor([1, 2, 3], { backend: first });
    first.dispose();
    first.dispose();
    assertClose(await x.mul(2).data(), [2, 4, 6], BITS, `${name}, another instance`);
    if (first !== second) second.dispose();
    // A backend that holds nothing of its own may go on; one that has ended says so.
    for (const use of [() => y.mul(2).data(), () => tensor([2, 4, 6], { backend: first }).data()]) {
      try {
        assertClose(await use(), [2, 4, 6], BITS, `${name}, after dispose`);
      } catch (error) {
        await assertThrows("DisposedError", () => Promise.reject(error), `${name}, after dispose`);
      }
    }
  },
};

// --- internal helpers ---

/** The backend without a view and without one family, but with all others. */
function without({ backend }: Context, family: string): Backend {
  const { view, info } = backend;
  const all = view === undefined ? {} : referenceKernels(view.bind(backend));
  const own = Object.fromEntries(
    Object.keys(FAMILIES).flatMap((name) => {
      const member = backend[name as "unary"];
      return member === undefined ? [] : [[name, member.bind(backend)]];
    }),
  );
  return wrap(backend, { ...all, ...own, view: undefined, info: { ...info, hostVisible: false }, [family]: undefined });
}
