/** What is made is freed: no growth over many steps, no handle released twice, scopes that clean up. */
import { type Backend, functional as F, keep, memory, nn, ones, optim, type Tensor, tensor, tidy, zeros } from "@dropwise/core";
import { assert, assertClose, assertSame } from "../assert";
import type { Context, Family } from "../case";
import { generatorAt, uniform } from "../inputs";
import { BITS } from "../tolerance";
import { wrap } from "../wrap";

const STEPS = 1000;

/** A backend that counts its handles, and notices one that is given back twice or was never given out. */
function counted(backend: Backend): { backend: Backend; live: Set<unknown>; faults: string[] } {
  const live = new Set<unknown>();
  const faults: string[] = [];
  return {
    live,
    faults,
    backend: wrap(backend, {
      allocate(dtype, length) {
        const handle = backend.allocate(dtype, length);
        // Plain numbers may be handles, too; one that is live already must not be given out again.
        if (live.has(handle)) faults.push(`handle ${String(handle)} given out twice`);
        live.add(handle);
        return handle;
      },
      release(handle) {
        if (!live.delete(handle)) faults.push(`handle ${String(handle)} released without being live`);
        backend.release(handle);
      },
    }),
  };
}

/**
 * The backend with counters of its own: on the shared one, the garbage collector may at any time free what earlier checks left, and so move the
 * numbers.
 */
const apart = ({ backend }: Context): Backend => wrap(backend, {});

/** Memory. */
export const memoryFamily: Family = {
  [`does not grow over ${STEPS} training steps`]: async ({ backend }) => {
    const counter = counted(backend);
    const on = counter.backend;
    const generator = generatorAt(3);
    const model = new nn.Sequential(
      new nn.Linear(5, 7, { backend: on, generator }),
      new nn.Dropout({ p: 0.5, generator }),
      new nn.Linear(7, 2, { backend: on, generator }),
    );
    const optimizer = new optim.Adam(model.parameters());
    const x = tensor(uniform([4, 5]).data, { shape: [4, 5], backend: on });
    const seen: { tensors: number; bytes: number; pooledBytes: number; handles: number }[] = [];
    for (let step = 1; step <= STEPS; step++) {
      const loss = tidy(() => {
        optimizer.zeroGrad();
        const value = F.softmax(model.forward(x), { dim: 1 }).mul(0.5).sum();
        value.backward();
        optimizer.step();
        return value.detach();
      });
      // Now and then, as a program would; a device that is never waited for may not free what it still uses.
      if (step % 100 === 0) await loss.data();
      loss.dispose();
      if (step % 500 === 0) seen.push({ ...memory(on), handles: counter.live.size });
    }
    const [middle, end] = seen as [(typeof seen)[0], (typeof seen)[0]];
    for (const key of ["tensors", "bytes", "pooledBytes", "handles"] as const) {
      assertSame(end[key], middle[key], `${backend.name}, ${key} after ${STEPS} steps and after half of them`);
    }
    assertSame(counter.faults.join("; "), "", `${backend.name}, handles`);
  },

  "gives each handle back once, and does not hoard": async ({ backend }) => {
    const counter = counted(backend);
    const on = counter.backend;
    let peak = 0;
    for (let round = 0; round < 300; round++) {
      // Sizes that never come again: a pool that only grows would keep them all.
      const x = zeros([10_000 + 1_700 * round], { backend: on });
      const y = x.add(1);
      peak = Math.max(peak, memory(on).bytes);
      x.dispose();
      y.dispose();
    }
    const { bytes, pooledBytes, tensors } = memory(on);
    assertSame([bytes, tensors], [0, 0], `${backend.name}, bytes and tensors when all is disposed`);
    assert(
      pooledBytes <= Math.max(2 ** 20, 1.2 * peak),
      `${backend.name}, pool: expected at most the peak of ${peak} bytes, got ${pooledBytes}`,
    );
    assertSame(counter.faults.join("; "), "", `${backend.name}, handles`);
  },

  "frees what a tidy made, but for what it returns and keeps": async (context) => {
    const backend = apart(context);
    const before = memory(backend);
    let kept: Tensor | undefined;
    const returned = tidy(() => {
      const x = ones([100], { backend, requiresGrad: true });
      kept = keep(x.mul(2).detach());
      F.dropout(x.exp(), { p: 0.5, generator: generatorAt(1) })
        .sum()
        .backward();
      return x.add(1).detach();
    });
    assertSame(memory(backend).tensors - before.tensors, 2, `${backend.name}, tensors that survive`);
    assertClose(await (kept as Tensor).data(), new Float32Array(100).fill(2), BITS, `${backend.name}, kept`);
    assertClose(await returned.data(), new Float32Array(100).fill(2), BITS, `${backend.name}, returned`);
    kept?.dispose();
    returned.dispose();
    assertSame(memory(backend).bytes, before.bytes, `${backend.name}, bytes when both are disposed`);
  },

  "frees what a tidy made when it throws": (context) => {
    const backend = apart(context);
    const before = memory(backend);
    try {
      tidy(() => {
        ones([100], { backend }).mul(2);
        throw new Error("on purpose");
      });
    } catch {}
    assertSame(memory(backend).bytes, before.bytes, `${backend.name}, bytes after an error`);
  },

  "takes a second dispose for nothing": async (context) => {
    const backend = apart(context);
    const before = memory(backend);
    const x = ones([10], { backend });
    const y = ones([10], { backend });
    x.dispose();
    x.dispose();
    x.dispose();
    assertSame(memory(backend).tensors - before.tensors, 1, `${backend.name}, tensors`);
    // Were the memory given back twice, two new tensors would share it.
    const [a, b] = [zeros([10], { backend }), y.add(4)];
    assertClose(await y.data(), new Float32Array(10).fill(1), BITS, `${backend.name}, the other tensor`);
    assertClose(await a.data(), new Float32Array(10), BITS, `${backend.name}, first new tensor`);
    assertClose(await b.data(), new Float32Array(10).fill(5), BITS, `${backend.name}, second new tensor`);
    for (const tensor of [y, a, b]) tensor.dispose();
  },

  "keeps memory while a view of it, or a graph, needs it": async (context) => {
    const backend = apart(context);
    const x = tensor([1, 2, 3, 4], { backend, requiresGrad: true });
    const middle = x.mul(3);
    const view = middle.slice(0, 1, 3);
    const y = middle.mul(middle).sum();
    middle.dispose();
    const others = Array.from({ length: 5 }, () => zeros([4], { backend }));
    assertClose(await view.data(), [6, 9], BITS, `${backend.name}, view`);
    y.backward();
    assertClose((await x.grad?.data()) ?? [], [18, 36, 54, 72], BITS, `${backend.name}, gradient`);
    for (const tensor of [x, view, y, ...others]) tensor.dispose();
  },

  "frees a graph after its backward": (context) => {
    const backend = apart(context);
    const before = memory(backend);
    const x = ones([1000], { backend, requiresGrad: true });
    const y = x.mul(2);
    const z = y.exp();
    const loss = z.sum();
    for (const step of [y, z]) step.dispose();
    loss.backward();
    loss.dispose();
    // The tensor and its gradient.
    assertSame(memory(backend).bytes - before.bytes, 8000, `${backend.name}, bytes after the backward`);
    x.dispose();
    assertSame(memory(backend).bytes, before.bytes, `${backend.name}, bytes when all is disposed`);
  },
};
