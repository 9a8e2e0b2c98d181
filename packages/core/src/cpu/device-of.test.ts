import { describe, expect, test } from "vitest";
import { type Backend, functional as F, memory, ones, type Tensor, tensor } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";
import { deviceOf } from "./device-of";

const broken = (change: Record<string, unknown>): Backend => ({ ...hostBackend("broken"), ...change }) as unknown as Backend;

describe("a backend is refused", () => {
  test.each([[null], [undefined], ["cpu"], [3], [Promise.resolve(hostBackend())]])("that is %o", (backend) => {
    expectRefusal(() => deviceOf(backend as never), "TypeError", "backend: expected");
  });

  test.each([
    ["name", undefined, 'backend: expected "name" to be a string, got undefined'],
    ["info", undefined, 'backend broken: expected "info" with dtypes and maxBufferBytes, got undefined'],
    ["info", {}, 'backend broken: expected "info" with dtypes and maxBufferBytes'],
    ["info", { dtypes: ["float32"] }, 'backend broken: expected "info"'],
    ["view", 5, 'backend broken: expected "view" to be a function or absent, got 5'],
    ...["allocate", "write", "read", "release", "dispose"].flatMap((member) => [
      [member, undefined, `backend broken: expected "${member}" to be a function, got undefined`],
      [member, true, `backend broken: expected "${member}" to be a function, got true`],
    ]),
    ...[
      "unary",
      "binary",
      "reduce",
      "where",
      "matmul",
      "copy",
      "fill",
      "gather",
      "scatterAdd",
      "dropout",
      "linear",
      "softmax",
      "softmaxGrad",
      "optimizerStep",
    ].map((member) => [member, "fast", `backend broken: expected "${member}" to be a function or absent, got "fast"`]),
  ] as [string, unknown, string][])("whose %s is %o", (member, value, message) => {
    expectRefusal(() => ones([2], { backend: broken({ [member]: value }) }), "TypeError", message);
  });
});

describe("a backend", () => {
  test("is one device, however often it is asked for", () => {
    const backend = hostBackend();
    expect(deviceOf(backend)).toBe(deviceOf(backend));
    expect(deviceOf(hostBackend())).not.toBe(deviceOf(backend));
  });

  test("with a view needs none of the families: the reference kernels run on it", () => {
    const {
      unary,
      binary,
      reduce,
      where,
      matmul,
      copy,
      fill,
      gather,
      scatterAdd,
      dropout,
      linear,
      softmax,
      softmaxGrad,
      optimizerStep,
      ...bare
    } = hostBackend("bare");
    expect(bare).not.toHaveProperty("matmul");
    const x = tensor(
      [
        [1, -2],
        [3, 4],
      ],
      { backend: bare, requiresGrad: true },
    );
    const y = F.softmax(F.relu(x).matmul(x.transpose(0, 1)), { dim: 1 }).sum();
    y.backward();
    expect(y.itemSync()).toBeCloseTo(2);
    expect(x.grad?.backend).toBe(bare);
  });

  test("uses its own member where it has one, as a method of the backend", () => {
    const calls: string[] = [];
    const plain = hostBackend("own");
    const backend: Backend = {
      ...(plain as Backend),
      unary(op, x, out) {
        calls.push(`${this.name} ${op}`);
        plain.unary?.(op, x as never, out as never);
      },
    };
    ones([3], { backend }).exp();
    expect(calls).toEqual(["own exp"]);
  });

  const families: [string, (x: Tensor) => unknown][] = [
    ["unary", (x) => x.exp()],
    ["binary", (x) => x.add(1)],
    ["reduce", (x) => x.sum()],
    ["where", (x) => x.where(x.gt(0), 0)],
    ["matmul", (x) => x.matmul(x)],
    ["copy", (x) => x.transpose(0, 1).contiguous()],
    ["fill", (x) => ones([2], { backend: x.backend })],
    ["gather", (x) => F.gather(x, 0, tensor(new Int32Array(2), { shape: [1, 2], backend: x.backend }))],
    ["dropout", (x) => F.dropout(x)],
  ];
  test.each(families)("without a view and without %s says so when that is called, and goes on", async (member, use) => {
    const backend = blindBackend("partial", { [member]: undefined });
    const x = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { backend },
    );
    const error = expectRefusal(
      () => use(x),
      "UnsupportedOpError",
      `${member}: expected the partial backend to have "${member}", got none - write it`,
    );
    expect(error).toMatchObject({ op: member, backend: "partial" });
    expect([...(await x.data())]).toEqual([1, 2, 3, 4]);
  });

  test("without float64 refuses it with the fix, never casting silently", () => {
    const backend = blindBackend();
    expectRefusal(
      () => ones([1], { backend, dtype: "float64" }),
      "UnsupportedOpError",
      "allocate: expected one of float32, int32, bool on the blind backend, got float64 - convert it first",
    );
    expectRefusal(() => ones([1], { backend }).type("float64"), "UnsupportedOpError", "got float64");
    expect(memory(backend).bytes).toBeLessThanOrEqual(4);
  });
});
