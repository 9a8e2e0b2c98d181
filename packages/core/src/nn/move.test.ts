import { describe, expect, test } from "vitest";
import { cpu, functional as F, Generator, grad, memory, nn, ones, optim, type Tensor, tensor, tidy, zeros } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectClose } from "../testing/close";
import { expectRefusal, expectRejection } from "../testing/refusal";

const net = () =>
  new nn.Sequential(
    new nn.Linear(3, 4, { generator: new Generator(1) }),
    new nn.Tanh(),
    new nn.Linear(4, 1, { generator: new Generator(2) }),
  );

/** One training step on the model's backend. */
function step(model: nn.Module, optimizer: optim.Adam): void {
  const { backend } = [...model.parameters()][0] as Tensor;
  tidy(() => {
    optimizer.zeroGrad();
    F.mseLoss(model.forward(ones([2, 3], { backend })) as Tensor, zeros([2, 1], { backend })).backward();
    optimizer.step();
  });
}

const weightsOf = async (model: nn.Module) => Promise.all([...model.parameters()].map(async (p) => [...(await p.data())]));

describe("Module.to", () => {
  test("moves parameters and buffers inside the same objects, and returns the module", async () => {
    class Model extends nn.Module {
      net = net();
      mean = new nn.Buffer(tensor([1, 2]));
      forward(x: Tensor): Tensor {
        return this.net.forward(x);
      }
    }
    const model = new Model();
    const [parameters, before] = [[...model.parameters()], await weightsOf(model)];
    const backend = hostBackend();
    expect(await model.to(backend)).toBe(model);
    expect([...model.parameters()]).toEqual(parameters);
    expect(parameters.every((p) => p.backend === backend && p.isLeaf && p.requiresGrad)).toBe(true);
    expect(model.mean.backend).toBe(backend);
    expect(await weightsOf(model)).toEqual(before);
    await model.to(backend); // again is nothing
    await model.to(cpu);
    expect(await weightsOf(model)).toEqual(before);
    expect(memory(backend)).toMatchObject({ tensors: 0, bytes: 0 });
  });

  test.each([
    ["a host-visible backend", () => hostBackend()],
    ["a backend without views", () => blindBackend()],
  ])("lets training go on identically on %s: gradients and optimizer state follow", async (_, make) => {
    const [stayed, moved] = [net(), net()];
    const optimizers = [stayed, moved].map((model) => new optim.Adam(model.parameters(), { lr: 0.05 })) as [optim.Adam, optim.Adam];
    for (let i = 0; i < 3; i++) {
      step(stayed, optimizers[0]);
      step(moved, optimizers[1]);
    }
    const backend = make();
    await moved.to(backend);
    expect([...moved.parameters()].every((p) => p.grad?.backend === backend)).toBe(true);
    for (let i = 0; i < 3; i++) {
      step(stayed, optimizers[0]);
      step(moved, optimizers[1]);
    }
    const [expected, actual] = [await weightsOf(stayed), await weightsOf(moved)];
    expected.forEach((values, i) => {
      expectClose(actual[i] as number[], values, { rtol: 1e-5, atol: 1e-6 });
    });
    const state = optimizers[1].stateDict().state["0"] as optim.SavedState;
    expect(state.tensors.every((x) => (x as Tensor).backend === backend)).toBe(true);
  });

  test("moves all or nothing, and keeps no memory of what it gave up", async () => {
    class Model extends nn.Module {
      net = net();
      wide = new nn.Buffer(zeros([2], { dtype: "float64" }));
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const model = new Model();
    const before = await weightsOf(model);
    const backend = blindBackend();
    await expectRejection(model.to(backend), "UnsupportedOpError", "got float64");
    expect([...model.parameters(), model.wide].every((x) => x.backend === cpu)).toBe(true);
    expect(await weightsOf(model)).toEqual(before);
    expect(memory(backend)).toMatchObject({ tensors: 0, bytes: 0 });
    await expectRejection(model.to("webgpu" as never), "TypeError", 'to: expected a backend such as cpu, got "webgpu"');
  });

  test("refuses what is no backend, also for a module without parameters", async () => {
    await expectRejection(new nn.ReLU().to(null as never), "TypeError", "to: expected a backend such as cpu, got null");
  });

  test("between forward and backward makes the backward an error; no gradient is written, and a new forward is fine", async () => {
    const backend = hostBackend();
    const layer = new nn.Linear(2, 2, { generator: new Generator(1) });
    const input = ones([1, 2], { requiresGrad: true });
    const losses = [layer.forward(input).sum(), layer.forward(ones([1, 2])).sum(), (layer.bias as Tensor).sum()];
    await layer.to(backend);
    for (const loss of losses) expectRefusal(() => loss.backward(), "BackendMismatchError", "expected tensors of one backend");
    expect([input.grad, layer.weight.grad, layer.bias?.grad]).toEqual([null, null, null]);
    layer
      .forward(ones([1, 2], { backend }))
      .sum()
      .backward();
    expect(layer.weight.grad?.backend).toBe(backend);
  });

  test("there and back leaves a graph from before with the values it was made of, also when a step comes in between", async () => {
    const home = hostBackend("home");
    const rows = tensor([1, 2, 3, 4, 5, 6], { shape: [3, 2], backend: home });
    for (const reads of [(x: Tensor) => x, (x: Tensor) => x.transpose(0, 1)]) {
      const parameter = new nn.Parameter(rows.slice(0, 1)); // its elements do not start where its memory does
      const model = new (class extends nn.Module {
        readonly parameter = parameter;
        forward(): Tensor {
          const x = reads(this.parameter);
          return x.mul(x).sum();
        }
      })();
      const loss = model.forward();
      await model.to(hostBackend("abroad"));
      await model.to(home);
      const [first] = grad(loss, parameter, { createGraph: true }) as [Tensor];
      const [second] = grad(first.sum(), parameter, { retainGraph: true }) as [Tensor];
      expect([...first.dataSync(), ...second.dataSync()]).toEqual([6, 8, 10, 12, 2, 2, 2, 2]);
      parameter.grad = ones([2, 2], { backend: home });
      new optim.SGD([parameter], { lr: 1 }).step();
      model.zeroGrad();
      loss.backward();
      expect([...((parameter.grad as Tensor | null)?.dataSync() ?? [])]).toEqual([6, 8, 10, 12]);
      expect([...parameter.dataSync()]).toEqual([2, 3, 4, 5]);
    }
  });

  test("frees once what is disposed while it moves: parameters, gradients and optimizer state", async () => {
    const [from, to] = [hostBackend("from"), blindBackend("to")];
    const layer = new nn.Linear(2, 2, { backend: from });
    const optimizer = new optim.SGD(layer.parameters(), { momentum: 0.9 });
    tidy(() =>
      layer
        .forward(ones([1, 2], { backend: from }))
        .sum()
        .backward(),
    );
    optimizer.step();
    const moving = layer.to(to);
    layer.zeroGrad();
    optimizer.dispose();
    layer.bias?.dispose();
    await moving;
    expect(memory(from)).toMatchObject({ tensors: 0, bytes: 0 });
    expect(memory(to)).toMatchObject({ tensors: 1, bytes: 16 });
  });
});
