import { describe, expect, test } from "vitest";
import { deviceOf } from "../cpu/device-of";
import { functional as F, memory, ones, type Tensor, tensor } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";
import { OutOfMemoryError } from "./index";

/** A backend with room for `limit` bytes, live and pooled together. */
function smallBackend(limit: number) {
  const plain = hostBackend("small");
  let used = 0;
  const refused: number[] = [];
  const backend = hostBackend("small", {
    allocate(dtype, length) {
      const handle = plain.allocate(dtype, length);
      if (used + handle.byteLength > limit) {
        refused.push(handle.byteLength);
        throw new OutOfMemoryError("small", handle.byteLength);
      }
      used += handle.byteLength;
      return handle;
    },
    release: (handle) => {
      used -= handle.byteLength;
    },
  });
  return { backend, refused, used: () => used };
}

describe("memory that runs short", () => {
  test("is found in the pool: it is emptied and the allocation tried again", () => {
    const { backend, refused, used } = smallBackend(10_000);
    ones([1000], { backend }).dispose();
    ones([1200], { backend }).dispose();
    const large = ones([2000], { backend });
    expect(large.dataSync().every((x) => x === 1)).toBe(true);
    expect(refused.length).toBe(1);
    expect(memory(backend).pooledBytes).toBe(0);
    expect(used()).toBeLessThanOrEqual(10_000);
  });

  test("is an OutOfMemoryError with the fix when the pool is no help, and what was there stays valid", () => {
    const { backend } = smallBackend(10_000);
    const x = ones([1500], { backend, requiresGrad: true });
    const before = memory(backend);
    const error = expectRefusal(
      () => ones([1500], { backend }),
      "OutOfMemoryError",
      "small: expected",
      "free bytes, got none - release tensors with dispose() or tidy()",
    );
    expect(error).toMatchObject({ backend: "small" });
    expectRefusal(() => x.exp(), "OutOfMemoryError");
    expectRefusal(() => F.dropout(x), "OutOfMemoryError");
    expect(memory(backend)).toEqual(before);
    expect(x.dataSync().every((v) => v === 1)).toBe(true);
    x.dispose();
    expect(ones([1500], { backend }).size).toBe(1500);
  });

  test("leaves the gradients as they were when it ends a backward pass", () => {
    const { backend } = smallBackend(9_000);
    const x = ones([700], { backend, requiresGrad: true });
    const y = x.exp();
    const gradient: Tensor = ones([700], { backend });
    expectRefusal(() => y.backward(gradient), "OutOfMemoryError");
    expect(x.grad).toBeNull();
  });

  test("other errors of a backend pass through as they are", () => {
    const backend = hostBackend("odd", {
      allocate: () => {
        throw new TypeError("no device");
      },
    });
    expectRefusal(() => ones([2], { backend }), "TypeError", "no device");
    expect(memory(backend)).toEqual({ tensors: 0, bytes: 0, pooledBytes: 0 });
  });

  test("of a write that fails is given back", () => {
    const backend = hostBackend("odd", {
      write: () => {
        throw new Error("lost");
      },
    });
    expect(() => tensor([1, 2], { backend })).toThrow("lost");
    expect(memory(backend)).toMatchObject({ tensors: 0, bytes: 0 });
  });
});

describe("the largest tensor", () => {
  const limited = (maxBufferBytes: number) => blindBackend("limited", { info: { ...blindBackend().info, maxBufferBytes } });

  test("is what info.maxBufferBytes says, to the byte", () => {
    const backend = limited(4000);
    expect(ones([1000], { backend }).size).toBe(1000);
    expectRefusal(
      () => ones([1001], { backend }),
      "OutOfMemoryError",
      "limited: expected 4004 free bytes, got none - a tensor has at most 4000 bytes; split it",
    );
  });

  test("is bounded by the size asked for, not by the pool's rounding", () => {
    for (const count of [250, 257, 300, 999]) {
      const backend = limited(4 * count);
      expect(ones([count], { backend }).size).toBe(count);
      ones([count], { backend }).dispose();
      expect(ones([count - 1], { backend }).size).toBe(count - 1);
    }
  });
});

describe("a storage", () => {
  test("is released to the backend once, after its last holder", () => {
    const backend = blindBackend(); // throws on a second release
    const device = deviceOf(backend);
    const x = ones([10], { backend, requiresGrad: true });
    const views = [x.reshape([5, 2]), x.detach(), x.slice(0, 1)];
    const y = x.mul(x);
    for (const t of [x, ...views, y, ...views]) t.dispose();
    device.emptyPool();
    device.emptyPool();
    expect(device.pooledBytes).toBe(0);
  });
});
