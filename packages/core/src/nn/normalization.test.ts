import { describe, expect, test } from "vitest";
import { type Backend, functional as F, Generator, memory, nn, ones, randn, type Tensor, tensor, tidy, zeros } from "../index";
import { expectClose } from "../testing/close";
import { failEverywhere, SETTINGS } from "../testing/faults";
import { expectRefusal } from "../testing/refusal";

const names = (module: nn.Module) => Object.keys(module.stateDict());
const values = (x: Tensor | null) => [...(x as Tensor).dataSync()];
const batch = (shape: readonly number[], seed = 1) => randn(shape, { generator: new Generator(seed) });

describe("normalisation layers", () => {
  test("have PyTorch's names, values and absences", () => {
    const full = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
    expect(names(new nn.BatchNorm2d(3))).toEqual(full);
    expect(names(new nn.BatchNorm1d(3, { affine: false }))).toEqual(full.slice(2));
    expect(names(new nn.BatchNorm3d(3, { trackRunningStats: false }))).toEqual(full.slice(0, 2));
    expect(names(new nn.InstanceNorm2d(3))).toEqual([]);
    expect(names(new nn.InstanceNorm1d(3, { affine: true, trackRunningStats: true }))).toEqual(full);
    expect(names(new nn.LayerNorm(3))).toEqual(["weight", "bias"]);
    expect(names(new nn.LayerNorm(3, { bias: false }))).toEqual(["weight"]);
    expect(names(new nn.LayerNorm(3, { elementwiseAffine: false }))).toEqual([]);
    expect(names(new nn.RMSNorm([2, 3]))).toEqual(["weight"]);
    expect(names(new nn.GroupNorm(1, 3))).toEqual(["weight", "bias"]);
    expect(names(new nn.GroupNorm(1, 3, { affine: false }))).toEqual([]);
    const { weight, bias, running_mean, running_var, num_batches_tracked } = new nn.BatchNorm1d(2);
    expect([weight, bias, running_mean, running_var, num_batches_tracked].map(values)).toEqual([[1, 1], [0, 0], [0, 0], [1, 1], [0]]);
    expect([num_batches_tracked?.dtype, num_batches_tracked?.shape]).toEqual(["int32", []]);
    expect([...new nn.BatchNorm1d(2).parameters()].length).toBe(2);
  });

  test("compute what their functions do", () => {
    const x = batch([2, 4, 3]);
    const weight = tensor([1, 2, 3, 4]);
    const group = new nn.GroupNorm(2, 4, { eps: 0.1 });
    group.loadStateDict({ weight, bias: weight });
    expect(values(group.forward(x))).toEqual(values(F.groupNorm(x, { numGroups: 2, weight, bias: weight, eps: 0.1 })));
    const scale = tensor([1, 2, 3]);
    const layer = new nn.LayerNorm(3, { eps: 0.1 });
    layer.loadStateDict({ weight: scale, bias: scale });
    expect(values(layer.forward(x))).toEqual(values(F.layerNorm(x, { normalizedShape: [3], weight: scale, bias: scale, eps: 0.1 })));
    const rms = new nn.RMSNorm(3, { eps: 0.1 });
    rms.loadStateDict({ weight: scale });
    expect(values(rms.forward(x))).toEqual(values(F.rmsNorm(x, { normalizedShape: [3], weight: scale, eps: 0.1 })));
    const instance = new nn.InstanceNorm1d(4, { affine: true, eps: 0.1 });
    instance.loadStateDict({ weight, bias: weight });
    expect(values(instance.forward(x))).toEqual(values(F.instanceNorm(x, { weight, bias: weight, eps: 0.1 })));
  });

  test("say what they are", () => {
    expect(String(new nn.LayerNorm([2, 3]))).toBe("LayerNorm([2, 3], eps=0.00001, elementwiseAffine=true)");
    expect(String(new nn.RMSNorm(3))).toBe("RMSNorm([3], eps=null, elementwiseAffine=true)");
    expect(String(new nn.GroupNorm(2, 4))).toBe("GroupNorm(2, 4, eps=0.00001, affine=true)");
    expect(String(new nn.BatchNorm1d(4))).toBe("BatchNorm1d(4, eps=0.00001, momentum=0.1, affine=true, trackRunningStats=true)");
  });

  test("refuse what they cannot be made of, and properties that became nothing", () => {
    expectRefusal(() => new nn.BatchNorm2d(0), "RangeError", "BatchNorm2d: expected numFeatures");
    expectRefusal(() => new nn.BatchNorm2d(3, { momentum: 2 }), "RangeError", "BatchNorm2d: expected momentum");
    expectRefusal(() => new nn.BatchNorm2d(3, { track: true } as never), "TypeError", "BatchNorm2d: expected the options");
    expectRefusal(() => new nn.GroupNorm(2, 3), "RangeError", "GroupNorm: expected numChannels that 2 groups can share, got 3");
    expectRefusal(() => new nn.LayerNorm([]), "RangeError", "LayerNorm: expected a normalizedShape");
    expectRefusal(() => new nn.LayerNorm(3, { eps: -1 }), "RangeError", "LayerNorm: expected a finite eps");
    for (const [name, module] of Object.entries({
      LayerNorm: new nn.LayerNorm(3),
      RMSNorm: new nn.RMSNorm(3),
      BatchNorm1d: new nn.BatchNorm1d(3),
    })) {
      for (const bad of [undefined, Number.NaN]) {
        expectRefusal(() => Object.assign(module, { eps: bad }).forward(ones([2, 3])), "RangeError", `${name}: expected a finite eps`);
      }
    }
    const norm = Object.assign(new nn.BatchNorm1d(3), { momentum: undefined as never });
    expectRefusal(() => norm.forward(ones([2, 3])), "RangeError", "BatchNorm1d: expected momentum");
  });

  test.each(SETTINGS)(
    "are made whole or leave nothing behind, where any $fault may fail, on a backend with $kernels kernels",
    async (setting) => {
      const failures = await failEverywhere(setting, (backend) => ({
        act: () => Object.values(new nn.BatchNorm1d(3, { backend }).stateDict()),
      }));
      expect(failures).toBe(5);
    },
  );
});

describe("BatchNorm", () => {
  test("moves its statistics in training, and uses them in evaluation", () => {
    const norm = new nn.BatchNorm1d(1, { eps: 0 });
    norm.forward(tensor([[1], [3]]));
    expectClose(values(norm.running_mean), [0.2]);
    expectClose(values(norm.running_var), [1.1]); // 0.9 + 0.1 times the unbiased 2
    norm.eval();
    expectClose(values(norm.forward(tensor([[1.2]]))), [1 / Math.sqrt(1.1)]);
    expect(values(norm.num_batches_tracked)).toEqual([1]);
  });

  test("takes the mean of all batches for a momentum of null", () => {
    const norm = new nn.BatchNorm1d(1, { momentum: null });
    for (const [a, b] of [
      [0, 2],
      [4, 8],
      [5, 11],
    ])
      norm.forward(tensor([[a as number], [b as number]]));
    expectClose(values(norm.running_mean), [5]); // of 1, 6 and 8
    expectClose(values(norm.running_var), [28 / 3]); // of 2, 8 and 18
    expect(values(norm.num_batches_tracked)).toEqual([3]);
  });

  test("normalises by the batch in evaluation, too, where it keeps no statistics", () => {
    const norm = new nn.BatchNorm1d(1, { trackRunningStats: false, eps: 0 }).eval();
    expect(values(norm.forward(tensor([[1], [3]])))).toEqual([-1, 1]);
  });

  test("counts no batch that it refuses", () => {
    const norm = new nn.BatchNorm2d(2);
    const before = norm.toString();
    for (const [shape, part] of [
      [[1, 2, 1, 1], "more than one value"],
      [[2, 3, 2, 2], "weight of shape [3]"],
      [[2, 2, 2], "expected 4 dimensions, got [2, 2, 2]"],
    ] as const)
      expectRefusal(() => norm.forward(ones(shape)), "ShapeError", "BatchNorm2d", part);
    expect([values(norm.num_batches_tracked), values(norm.running_mean), norm.toString()]).toEqual([[0], [0, 0], before]);
  });

  test("takes the ranks of its name", () => {
    expect(new nn.BatchNorm1d(2).forward(batch([3, 2])).shape).toEqual([3, 2]);
    expect(new nn.BatchNorm1d(2).forward(batch([3, 2, 4])).shape).toEqual([3, 2, 4]);
    expect(new nn.BatchNorm3d(2).forward(batch([1, 2, 2, 1, 2])).shape).toEqual([1, 2, 2, 1, 2]);
    expect(new nn.BatchNorm2d(2).forward(zeros([0, 2, 3, 3])).shape).toEqual([0, 2, 3, 3]);
  });

  test("leaves nothing but its output behind", () => {
    const norm = new nn.BatchNorm1d(2, { momentum: null });
    const x = batch([3, 2]);
    const before = memory().tensors;
    const y = norm.forward(x);
    expect(memory().tensors - before).toBe(1);
    y.dispose();
    tidy(() => norm.forward(x).sum().backward());
    expect(norm.weight?.grad?.shape).toEqual([2]);
    expect(norm.running_mean?.isDisposed).toBe(false);
  });

  test.each(SETTINGS.filter(({ fault }) => fault === "allocation"))(
    "counts and moves all or nothing, where any allocation may fail, on a backend with $kernels kernels",
    async (setting) => {
      const failures = await failEverywhere(setting, (backend: Backend) => {
        const norm = new nn.BatchNorm1d(2, { momentum: null, backend });
        const x = randn([3, 2], { backend });
        return { act: () => norm.forward(x), watched: () => [x, ...Object.values(norm.stateDict())] };
      });
      expect(failures).toBeGreaterThan(10);
    },
  );
});

describe("InstanceNorm", () => {
  test("takes a sample without a batch", () => {
    const norm = new nn.InstanceNorm1d(2);
    const x = batch([2, 4]);
    const y = norm.forward(x);
    expect(y.shape).toEqual([2, 4]);
    expect(values(y)).toEqual(values(norm.forward(x.unsqueeze(0))));
    expectRefusal(() => norm.forward(ones([2, 2, 2, 2])), "ShapeError", "InstanceNorm1d: expected 2 or 3 dimensions", "[2, 2, 2, 2]");
  });

  test("uses its statistics in evaluation, and does not count batches, as in PyTorch", () => {
    const norm = new nn.InstanceNorm1d(1, { trackRunningStats: true, eps: 0, momentum: 0.5 });
    norm.forward(tensor([[[1, 3]]]));
    expect([values(norm.running_mean), values(norm.running_var), values(norm.num_batches_tracked)]).toEqual([[1], [1.5], [0]]);
    norm.eval();
    expectClose(values(norm.forward(tensor([[[2]]]))), [1 / Math.sqrt(1.5)]);
  });
});
