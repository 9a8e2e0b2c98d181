import { describe, expect, test } from "vitest";
import { DataLoader, functional as F, Generator, grad, nn, ones, optim, type Tensor, TensorDataset, tidy, zeros } from "../index";

/** What Vue's `reactive` is, without its leave for objects that are marked: a new proxy around whatever is read. */
function reactive<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value, { get: (target, key, receiver) => reactive(Reflect.get(target, key, receiver)) }) as T;
}

class Model extends nn.Module {
  layers = [new nn.Linear(2, 3, { generator: new Generator(3) }), new nn.Linear(3, 1, { generator: new Generator(4) })];
  drop = new nn.Dropout({ p: 0.5, generator: new Generator(5) });
  forward(x: Tensor): Tensor {
    const [first, second] = this.layers as [nn.Linear, nn.Linear];
    return second.forward(this.drop.forward(F.relu(first.forward(x))));
  }
}

const train = (wrap: <T>(value: T) => T): number[] => {
  const state = wrap({ model: new Model(), input: ones([4, 2]), target: zeros([4, 1]) });
  const { optimizer } = wrap({ optimizer: new optim.Adam(state.model.parameters(), { lr: 0.1 }) });
  const { loader } = wrap({ loader: new DataLoader(new TensorDataset(state.input, state.target), { batchSize: 2 }) });
  const losses: number[] = [];
  for (const [x, y] of loader) {
    losses.push(
      tidy(() => {
        optimizer.zeroGrad();
        const loss = wrap(F.mseLoss(state.model.forward(wrap(x)), y));
        loss.backward();
        nn.clipGradNorm(state.model.parameters(), 1);
        optimizer.step();
        return loss.itemSync();
      }),
    );
  }
  const copy = new Model();
  copy.loadStateDict(wrap(state.model.stateDict()));
  optimizer.loadStateDict(optimizer.stateDict());
  return [...losses, ...[...copy.parameters()].flatMap((p) => [...p.dataSync()])];
};

describe("inside reactive state", () => {
  test("a model trains to the same bits as outside", () => {
    expect(train(reactive)).toEqual(train((value) => value));
  });

  test("tensors answer to all they are asked, and are disposed", () => {
    const { x } = reactive({ x: ones([2, 2], { requiresGrad: true }) });
    expect([x.shape, x.size, x.dtype, x.requiresGrad, x.isLeaf]).toEqual([[2, 2], 4, "float32", true, true]);
    expect(String(x)).toContain("Tensor([[1, 1]");
    expect(grad(x.mul(x).sum(), x)[0]?.dataSync()).toEqual(new Float32Array(4).fill(2));
    x.add(x).matmul(x.transpose(0, 1)).sum().backward();
    expect(x.grad?.shape).toEqual([2, 2]);
    x.grad = null;
    x.dispose();
    expect(x.isDisposed).toBe(true);
  });

  test("a module's parts are found once each, through its names, its modes and its text", () => {
    const { model } = reactive({ model: new Model() });
    expect(model.eval().drop.training).toBe(false);
    expect([...model.modules()]).toHaveLength(4);
    expect(Object.keys(model.stateDict())).toHaveLength(4);
    expect(String(model)).toContain("(drop): Dropout(p=0.5");
    model.train().forward(ones([1, 2]));
    expect(model.drop.lastMask()?.shape).toEqual([1, 3]);
  });

  test("a generator goes on where it is", () => {
    const generator = new Generator(7);
    const state = reactive({ generator });
    F.dropout(ones([4]), { generator: state.generator });
    expect([state.generator.seed, state.generator.call, generator.call]).toEqual([7n, 1n, 1n]);
    expect(state.generator.clone().getState()).toEqual(generator.getState());
  });
});
