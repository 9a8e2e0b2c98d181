import type { Backend, BackendStorage, DropoutSpec, DType, Operand } from "@dropwise/core/backend";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createNativeBackend } from "./index";
import type { NativeHandle } from "./memory";

type Op = Operand<NativeHandle>;

const backend = createNativeBackend({ threads: 1 }) as Required<Backend<NativeHandle>>;
afterAll(() => backend.dispose());

function storage(length: number, dtype: DType = "float32"): BackendStorage<NativeHandle> {
  const made = { handle: backend.allocate(dtype, length), dtype, length };
  backend.view(made).fill(3);
  return made;
}

const N = 64;
const spec: DropoutSpec = {
  ...{ seedLo: 1, seedHi: 2, callLo: 3, callHi: 4, elementOffset: 0, threshold: 2 ** 31, keepScale: 2, keepShift: 0, dropValue: 0 },
  ...{ shape: [N], maskStrides: [1] },
};

let x: Op;
let out: Op;
beforeEach(() => {
  x = { storage: storage(N), shape: [N], strides: [1], offset: 0 };
  out = { storage: storage(N), shape: [N], strides: [1], offset: 0 };
});

/** The call is refused, and neither of the storages has changed. */
function refuses(run: () => unknown, message: RegExp): void {
  expect(run).toThrow(message);
  for (const { storage } of [x, out]) expect(new Set(backend.view(storage))).toEqual(new Set([3]));
}

describe("a bad call throws and writes nothing:", () => {
  test.each([1, N, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("an operand at offset %s that leaves its storage", (offset) => {
    refuses(() => backend.dropout(spec, x, { ...out, offset }), /expected 64 elements from offset/);
    refuses(() => backend.unary("neg", { ...x, offset }, out), /expected 64 elements from offset/);
    refuses(() => backend.binary("add", { ...x, offset }, 1, out), /expected 64 elements from offset/);
  });

  test("an offset between elements", () => {
    const short = { shape: [N - 1], strides: [1] };
    refuses(() => backend.unary("neg", { ...x, ...short, offset: 0.25 }, { ...out, ...short }), /expected an offset on a whole element/);
  });

  test("strides that leave the storage, or point backwards", () => {
    refuses(() => backend.binary("add", { ...x, strides: [2] }, x, out), /expected 127 elements/);
    refuses(() => backend.binary("add", { ...x, strides: [-1] }, x, out), /expected/);
    refuses(
      () =>
        backend.matmul(
          { ...x, shape: [8, 8], strides: [9, 1] },
          { ...x, shape: [8, 8], strides: [8, 1] },
          { ...out, shape: [8, 8], strides: [8, 1] },
        ),
      /expected 71/,
    );
    refuses(() => backend.copy({ ...x, shape: [8, 8], strides: [1, 9] }, { ...out, shape: [8, 8], strides: [8, 1] }), /expected 71/);
  });

  test("shapes that are not sizes, or too large to count", () => {
    refuses(() => backend.dropout({ ...spec, shape: [2 ** 60] }, x, out), /expected/);
    refuses(() => backend.dropout({ ...spec, shape: [0.5] }, x, out), /expected a whole number/);
    refuses(() => backend.dropout({ ...spec, shape: [8, 8], maskStrides: [2 ** 52, 1] }, x, out), /expected fewer than 2\^53/);
    refuses(() => backend.reduce("sum", x, out, 2 ** 40, 2 ** 40, 1), /expected/);
    refuses(() => backend.reduce("amax", x, out, 1, 0, 1), /expected at least one element/);
  });

  test("random numbers that are no words, and a mask index beyond 2^53", () => {
    refuses(() => backend.dropout({ ...spec, threshold: 2 ** 32 }, x, out), /expected a 32-bit word/);
    refuses(() => backend.dropout({ ...spec, seedLo: -1 }, x, out), /expected a whole number/);
    refuses(() => backend.dropout({ ...spec, elementOffset: 2 ** 53 - 10 }, x, out), /expected fewer than 2\^53/);
  });

  test("windows that do not fit the images, or are beyond what is counted", () => {
    const image = { shape: [1, 1, 8, 8], strides: [64, 64, 8, 1] };
    const spec = { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: [1, 1], outSizes: [8, 8], groups: 1, padValue: 0 };
    const weight = { ...x, shape: [1, 1, 3, 3], strides: [9, 9, 3, 1] };
    const [from, to] = [
      { ...x, ...image },
      { ...out, ...image },
    ];
    const convolve = (changes: object, given = weight) => backend.convolution({ ...spec, ...changes }, from, given, null, to);
    refuses(() => convolve({ stride: [0, 1] }), /expected windows within 2\^31 places/);
    refuses(() => convolve({ dilation: [1, 2 ** 30] }), /expected windows within 2\^31 places/);
    refuses(() => convolve({ padding: [-1, 1] }), /expected a whole number/);
    refuses(() => convolve({ kernel: [1, 20_000] }), /expected/);
    refuses(() => convolve({ groups: 0 }), /expected/);
    refuses(() => convolve({}, { ...weight, offset: 60 }), /expected 9 elements from offset 60/);
    refuses(() => backend.convolutionGradInput(spec, { ...from, offset: 1 }, weight, null, to), /expected 64 elements from offset 1/);
    refuses(
      () => backend.convolutionGradWeight(spec, from, { ...to, offset: 1 }, { ...out, ...weight, storage: out.storage }),
      /expected 64 elements/,
    );
    refuses(() => backend.pool("max", spec, { ...from, shape: [1, 2, 8, 8] }, to), /expected 128 elements/);
    refuses(() => backend.pool("mean" as never, spec, from, to), /expected/);
    refuses(() => backend.poolGrad("max", spec, from, { ...from, offset: 3 }, to), /expected 64 elements from offset 3/);
  });

  test("storage of another dtype than it says", () => {
    const words = { ...x.storage, handle: storage(N, "int32").handle };
    refuses(() => backend.unary("neg", { ...x, storage: words }, out), /expected float32 storage, got int32/);
    refuses(() => backend.binary("lt", x, 1, out), /expected bool storage, got float32/);
  });

  test("a handle that is none", () => {
    const forged = { ...x.storage, handle: { byteOffset: 0, dtype: "float32", slab: { id: 0 } } as unknown as NativeHandle };
    refuses(() => backend.unary("neg", { ...x, storage: forged }, out), /expected storage of this native backend/);
    refuses(() => backend.unary("neg", { ...x, storage: { ...x.storage, handle: undefined as never } }, out), /expected storage of this/);
  });

  test("released storage", () => {
    const gone = { ...x, storage: storage(N) };
    backend.release(gone.storage.handle);
    backend.release(gone.storage.handle);
    refuses(() => backend.unary("neg", gone, out), /expected live storage, got one that was released/);
  });

  test("memory that was transferred away", () => {
    const large = storage(2 ** 17); // an ArrayBuffer of its own
    const operand = { storage: large, shape: [N], strides: [1], offset: 0 };
    const { buffer } = backend.view(large);
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    refuses(() => backend.unary("neg", operand, out), /an ArrayBuffer that was transferred away - never transfer what view\(\) gives/);
    backend.release(large.handle);
  });
});
