import { OutOfMemoryError } from "@dropwise/core/backend";
import { expect, test } from "vitest";
import { Arena, PAGE } from "./tensor-arena";

const create = (maximum: number) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum });
  let growths = 0;
  return { memory, arena: new Arena(memory, 1000, () => growths++), growths: () => growths };
};

test("pieces are aligned, lie above the start, and never overlap", () => {
  const { arena } = create(100);
  const pieces: { address: number; bytes: number }[] = [];
  for (let bytes = 0; bytes < 300; bytes += 7) pieces.push({ address: arena.allocate(bytes), bytes });
  pieces.sort((a, b) => a.address - b.address);
  let end = 1000;
  for (const { address, bytes } of pieces) {
    expect(address % 64).toBe(0);
    expect(address).toBeGreaterThanOrEqual(end);
    end = address + Math.max(1, bytes);
  }
});

test("released memory is found again, also when neighbours are joined", () => {
  const { arena } = create(100);
  const [a, b, c] = [arena.allocate(640), arena.allocate(640), arena.allocate(640)];
  arena.allocate(64); // keeps the top away
  for (const piece of [a, c, b]) arena.release(piece, 640);
  expect(arena.allocate(3 * 640)).toBe(a);
});

test("a release at the top makes room that growth takes into account", () => {
  const { arena, memory } = create(40);
  const all = 39 * PAGE;
  const address = arena.allocate(all);
  arena.release(address, all);
  expect(arena.allocate(all + 512)).toBe(address);
  expect(memory.buffer.byteLength).toBeLessThanOrEqual(40 * PAGE);
});

test("refused growth throws OutOfMemoryError, changes nothing, and what is there can still be used", () => {
  const { arena, memory } = create(4);
  const piece = arena.allocate(PAGE);
  const before = { used: arena.usedBytes, length: memory.buffer.byteLength };
  expect(() => arena.allocate(4 * PAGE)).toThrow(OutOfMemoryError);
  expect({ used: arena.usedBytes, length: memory.buffer.byteLength }).toEqual(before);
  arena.release(piece, PAGE);
  expect(arena.allocate(3 * PAGE)).toBe(piece);
});

test("a thousand allocations and releases in any order leak nothing", () => {
  const { arena, memory, growths } = create(200);
  const held: { address: number; bytes: number }[] = [];
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 48271) >>> 0) % 2147483647;
    return state % below;
  };
  for (let round = 0; round < 1000; round++) {
    if (held.length > 20 || (held.length > 0 && random(3) === 0)) {
      const [piece] = held.splice(random(held.length), 1) as [{ address: number; bytes: number }];
      arena.release(piece.address, piece.bytes);
    } else {
      const bytes = random(100_000);
      held.push({ address: arena.allocate(bytes), bytes });
    }
  }
  for (const { address, bytes } of held) arena.release(address, bytes);
  expect(arena.usedBytes).toBe(0);
  // One free range again: as much as the memory has fits in without growing.
  const before = growths();
  arena.allocate(memory.buffer.byteLength - 2048);
  expect(growths()).toBe(before);
});
