import { expect, test } from "vitest";
import { functional as F, nn, type Tensor, tensor } from "../index";

const x = tensor([[-4, -1, 0.5, 8]]);
const CASES: [nn.Module, Tensor, string][] = [
  [new nn.GELU({ approximate: "tanh" }), F.gelu(x, { approximate: "tanh" }), "GELU(approximate=tanh)"],
  [new nn.ReLU6(), F.relu6(x), "ReLU6()"],
  [new nn.Hardtanh({ maxVal: 2 }), F.hardtanh(x, { maxVal: 2 }), "Hardtanh(minVal=-1, maxVal=2)"],
  [new nn.Hardsigmoid(), F.hardsigmoid(x), "Hardsigmoid()"],
  [new nn.Hardswish(), F.hardswish(x), "Hardswish()"],
  [new nn.Mish(), F.mish(x), "Mish()"],
  [new nn.CELU({ alpha: 2 }), F.celu(x, { alpha: 2 }), "CELU(alpha=2)"],
  [new nn.Softsign(), F.softsign(x), "Softsign()"],
  [new nn.LogSigmoid(), F.logSigmoid(x), "LogSigmoid()"],
  [new nn.GLU(), F.glu(x), "GLU(dim=-1)"],
  [new nn.PReLU({ numParameters: 4, init: 0.5 }), F.prelu(x, tensor([0.5])), "PReLU(numParameters=4)"],
];

test.each(CASES)("%s computes what its function does", (layer, expected, text) => {
  const output = (layer as nn.ReLU6).forward(x);
  expect([...output.dataSync()]).toEqual([...expected.dataSync()]);
  expect(String(layer)).toBe(text);
});

test("PReLU learns a weight of PyTorch's name and first value", () => {
  const layer = new nn.PReLU();
  expect(Object.keys(layer.stateDict())).toEqual(["weight"]);
  expect([...layer.weight.dataSync()]).toEqual([0.25]);
  layer.forward(x).sum().backward();
  expect([...(layer.weight.grad as Tensor).dataSync()]).toEqual([-5]);
});
