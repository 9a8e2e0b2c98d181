import { functional, optim, type Tensor, tensor } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import { bytesOfFile } from "../../test/torch-files";
import { optimizerFromTorch, optimizerToTorch, readTorch, type Weight, WeightFileError, writeTorch } from "../index";

/** A run of make-torch.py. */
interface Run {
  readonly name: keyof typeof optim & "Adam";
  readonly options: Readonly<Record<string, unknown>>;
  readonly params: readonly Weight[];
  readonly optimizer: {
    readonly state: ReadonlyMap<number, Record<string, Weight>>;
    readonly param_groups: readonly Record<string, unknown>[];
  };
  readonly after: readonly Weight[];
}

const runs = (await readTorch<never>(bytesOfFile("optimizers.pt"))) as readonly Run[];

const leaf = ({ shape, data }: Weight): Tensor => tensor(data as Float32Array, { shape: [...shape], requiresGrad: true } as never);

/** The optimizer of a run as it is after torch's five steps. */
function resumed({ name, params, optimizer: saved }: Run) {
  const leaves = params.map(leaf);
  const optimizer = new optim[name](leaves.map((param) => ({ params: [param] })));
  optimizer.loadStateDict(optimizerFromTorch(saved));
  return { leaves, optimizer };
}

function steps(optimizer: optim.Adam, leaves: readonly Tensor[], count: number): void {
  for (let i = 0; i < count; i++) {
    optimizer.zeroGrad();
    for (const param of leaves) functional.tanh(param).add(param.div(8)).sum().backward();
    optimizer.step();
  }
}

describe.each(runs.map((run) => [`${run.name} ${JSON.stringify(run.options)}`, run] as const))("%s", (_, run) => {
  it("goes on from torch's five steps as torch does", async () => {
    const { leaves, optimizer } = resumed(run);
    steps(optimizer, leaves, 5);
    for (const [i, param] of leaves.entries()) {
      const own = (await param.data()) as Float32Array;
      const torch = run.after[i]?.data as Float32Array;
      for (const [at, value] of torch.entries())
        expect(Math.abs((own[at] as number) - value)).toBeLessThan(2e-6 * Math.max(1, Math.abs(value)));
    }
  });

  it("is written as torch's own state dict, but for how torch runs", async () => {
    const { optimizer } = resumed(run);
    const written = (await readTorch<never>(await writeTorch(optimizerToTorch(optimizer.stateDict())))) as Run["optimizer"];
    expect(written.state).toEqual(run.optimizer.state);
    const options = run.optimizer.param_groups.map(({ foreach, fused, capturable, differentiable, decoupled_weight_decay, ...rest }) =>
      "amsgrad" in rest || decoupled_weight_decay === undefined ? rest : { ...rest, decoupled_weight_decay },
    );
    expect(written.param_groups).toEqual(options);
  });
});

describe("optimizerFromTorch", () => {
  const dict = () => ({ state: new Map(), param_groups: [{ lr: 0.1, params: [0] }] as Record<string, unknown>[] });

  it("takes numbers that torch keeps in tensors", () => {
    const lr: Weight = { shape: [], dtype: "float32", data: new Float32Array([0.5]) };
    expect(optimizerFromTorch({ ...dict(), param_groups: [{ lr, betas: [lr, 0.9], params: [] }] }).paramGroups).toEqual([
      { lr: 0.5, betas: [0.5, 0.9], params: [] },
    ]);
  });

  it("leaves out what schedulers keep, and lets other options be refused by the optimizer", () => {
    const [group] = optimizerFromTorch({ ...dict(), param_groups: [{ lr: 1, initial_lr: 2, trust_ratio: 3, params: [0] }] }).paramGroups;
    expect(group).toEqual({ lr: 1, trustRatio: 3, params: [0] });
    const optimizer = new optim.SGD([tensor([1], { requiresGrad: true })]);
    expect(() => optimizer.loadStateDict({ paramGroups: [group], state: {} } as never)).toThrow(/trustRatio/);
  });

  it("leaves out state from before the first step, as Adagrad of torch has it", () => {
    const none: Weight = { shape: [], dtype: "float32", data: new Float32Array([0]) };
    expect(optimizerFromTorch({ ...dict(), state: new Map([[0, { step: none, sum: none }]]) }).state).toEqual({});
  });

  it.each<[string, unknown, RegExp]>([
    ["what is no state dict", { weight: 1 }, /as optimizer\.state_dict\(\) gives it/],
    ["groups without parameters", { state: {}, param_groups: [{ lr: 1 }] }, /groups with params/],
    ["state of other optimizers", { ...dict(), state: { 0: { row_var: 1 } } }, /row_var.*no optimizer here keeps that/],
    ["state that is no tensor", { ...dict(), state: { 0: { exp_avg: 1 } } }, /a tensor of floats as exp_avg, got 1/],
    ["steps that are no integers", { ...dict(), state: { 0: { step: 1.5 } } }, /step of parameter 0 as an integer, got 1.5/],
  ])("refuses %s", (_, value, message) => {
    expect(() => optimizerFromTorch(value)).toThrow(message);
    expect(() => optimizerFromTorch(value)).not.toThrow(WeightFileError);
  });
});

describe("optimizerToTorch refuses", () => {
  it.each<[string, unknown, RegExp]>([
    ["what is no state dict", {}, /as optimizer\.stateDict\(\) gives it/],
    [
      "options of no optimizer of torch's",
      { paramGroups: [{ lr: 1, params: [0] }], state: {} },
      /options of an optimizer that PyTorch has/,
    ],
    [
      "too few tensors",
      { paramGroups: [{ rho: 1, params: [0] }], state: { 0: { step: 1, tensors: [] } } },
      /2 tensors of state for parameter 0/,
    ],
    [
      "tensors that are none",
      { paramGroups: [{ lrDecay: 1, params: [0] }], state: { 0: { step: 1, tensors: [1] } } },
      /tensors of state, got 1/,
    ],
  ])("%s", (_, value, message) => expect(() => optimizerToTorch(value as never)).toThrow(message));
});

it("takes the state of SGD without momentum, of which torch keeps none", () => {
  const optimizer = new optim.SGD([tensor([1], { requiresGrad: true })]);
  steps(optimizer as never, optimizer.paramGroups[0]?.params ?? [], 2);
  const { state } = optimizerToTorch(optimizer.stateDict());
  expect([...state]).toEqual([]);
});
