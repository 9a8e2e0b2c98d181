/** Two backends in one program: moving between them, and never mixing them by accident. */
import {
  type Backend,
  cat,
  functional as F,
  getDefaultBackend,
  memory,
  nn,
  ones,
  optim,
  rand,
  randn,
  setDefaultBackend,
  type Tensor,
  tensor,
} from "@dropwise/core";
import { cpu } from "@dropwise/core/backend";
import { assert, assertClose, assertSame, assertThrows } from "../assert";
import { each, type Family } from "../case";
import { bools, generatorAt, type Input, integers, uniform } from "../inputs";
import { BITS, COMPOSED } from "../tolerance";
import { wrap } from "../wrap";

/** A second backend that is no other in disguise: the reference under another name. */
const other: Backend = wrap(cpu as Backend, { name: "other" });

const MIXED: Readonly<Record<string, (here: Tensor, there: Tensor) => unknown>> = {
  add: (here, there) => here.add(there),
  matmul: (here, there) => here.matmul(there),
  where: (here, there) => F.where(here.gt(0), here, there),
  linear: (here, there) => F.linear(here, there),
  cat: (here, there) => cat([here, there]),
  gather: (here, there) => F.gather(here, 0, there.type("int32")),
  mseLoss: (here, there) => F.mseLoss(here, there),
  backward: (here, there) => here.mul(2).backward(there.mul(1).detach()),
};

const sample: Readonly<Record<string, Input>> = {
  float32: uniform([5, 7]),
  int32: integers([5, 7]),
  bool: bools([5, 7]),
};

/** Several backends. */
export const crossBackend: Family = {
  ...each(
    Object.keys(sample),
    (dtype) => `moves ${dtype} there and back, strided or not`,
    async (dtype, { backend }) => {
      const { data, shape } = sample[dtype] as Input;
      const x = tensor(data, { shape, backend });
      for (const y of [x, x.transpose(0, 1), x.slice(1, 2, 5)]) {
        const there = await y.to(other);
        const back = await there.to(backend);
        assert(there.backend === other && back.backend === backend, `${backend.name}, to: expected tensors on the backends asked for`);
        assertSame([...back.shape], [...y.shape], `${backend.name}, shape`);
        assertSame(back.dtype, dtype, `${backend.name}, dtype`);
        const expected = await y.data();
        assertClose(await there.data(), expected, BITS, `${backend.name}, there`);
        assertClose(await back.data(), expected, BITS, `${backend.name}, and back`);
      }
    },
  ),

  "stays where it is when it is there already": async ({ backend }) => {
    const x = ones([3], { backend });
    assert((await x.to(backend)) === x, `${backend.name}, to: expected the tensor itself`);
  },

  ...each(
    Object.keys(MIXED),
    (op) => `refuses to mix backends in ${op}, either way round`,
    async (op, { backend }) => {
      const here = ones([3, 3], { backend, requiresGrad: true });
      const there = ones([3, 3], { backend: other, requiresGrad: true });
      const mix = MIXED[op] as (typeof MIXED)[string];
      for (const [a, b] of [
        [here, there],
        [there, here],
      ] as const) {
        const { message } = await assertThrows("BackendMismatchError", () => mix(a, b), `${backend.name}, ${op} of two backends`);
        assert(message.includes(backend.name) && message.includes("other"), `${backend.name}: expected both names in "${message}"`);
      }
      assert(here.grad === null && there.grad === null, `${backend.name}, ${op}: expected no gradients`);
      assertClose(await here.data(), new Float32Array(9).fill(1), BITS, `${backend.name}, ${op}`);
    },
  ),

  "counts two instances of one kind as two backends": async ({ backend, fresh }) => {
    const second = await fresh();
    if (second === backend) return; // there is only one, as of the reference
    await assertThrows(
      "BackendMismatchError",
      () => ones([3], { backend }).add(ones([3], { backend: second })),
      `${backend.name}, two instances`,
    );
    second.dispose();
  },

  "draws the same masks in turn with another backend from one generator": async ({ backend }) => {
    const generator = generatorAt(12);
    const alone = generatorAt(12);
    const mask = async (on: Backend, from: typeof generator) =>
      Array.from(await F.dropout(ones([99], { backend: on }), { p: 0.5, generator: from }).data());
    const mixed = [await mask(backend, generator), await mask(other, generator), await mask(backend, generator)];
    for (const got of mixed) assertSame(got, await mask(other, alone), `${backend.name}, masks in turn`);
  },

  "starts models and random tensors equal": async ({ backend }) => {
    const start = async (on: Backend) => {
      const generator = generatorAt(4);
      const layer = new nn.Linear(7, 5, { backend: on, generator });
      const tensors = [rand([33], { backend: on, generator }), randn([33], { backend: on, generator }), layer.weight, layer.bias as Tensor];
      return (await Promise.all(tensors.map((x) => x.data()))).flatMap((data) => Array.from(data));
    };
    assertSame(await start(backend), await start(other), `${backend.name}, initial values`);
  },

  "moves a model in the middle of its training, optimizer and all": async ({ backend }) => {
    const train = async (moves: readonly Backend[]) => {
      const generator = generatorAt(6);
      const model = new nn.Sequential(
        new nn.Linear(4, 9, { backend: other, generator }),
        new nn.Dropout({ p: 0.5, generator }),
        new nn.Linear(9, 1, { backend: other, generator }),
      );
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
      for (const on of moves) {
        await model.to(on);
        for (let step = 0; step < 3; step++) {
          optimizer.zeroGrad();
          const { data, shape } = uniform([8, 4], { seed: step });
          model
            .forward(tensor(data, { shape, backend: on }))
            .pow(2)
            .mean()
            .backward();
          optimizer.step();
        }
      }
      const values = await Promise.all([...model.parameters()].map((parameter) => parameter.data()));
      return values.flatMap((data) => Array.from(data));
    };
    const expected = await train([other, other, other]);
    assertClose(await train([other, backend, other]), expected, COMPOSED, `${backend.name}, moved there and back`);
    assertClose(await train([backend, other, backend]), expected, COMPOSED, `${backend.name}, moved back and there`);
  },

  "serves as the default backend": async ({ backend }) => {
    const before = getDefaultBackend();
    try {
      setDefaultBackend(backend);
      const x = ones([3]);
      assert(x.backend === backend && memory().tensors >= 1, `${backend.name}: expected new tensors on the default backend`);
      assertClose(await x.add(tensor([1, 2, 3])).data(), [2, 3, 4], BITS, backend.name);
    } finally {
      setDefaultBackend(before);
    }
  },
};
