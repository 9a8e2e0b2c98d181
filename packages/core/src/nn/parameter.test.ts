import { describe, expect, test } from "vitest";
import { memory, nn, ones } from "../index";
import { hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

describe.each([nn.Parameter, nn.Buffer])("%o", (Kind) => {
  test("shares the memory of its value, and holds it after that was disposed", () => {
    const backend = hostBackend();
    const value = ones([4], { backend });
    const made = new Kind(value);
    expect(memory(backend)).toMatchObject({ tensors: 2, bytes: 16 });
    value.dispose();
    ones([4], { backend }).mul(7); // would overwrite memory that was freed
    expect([...made.dataSync()]).toEqual([1, 1, 1, 1]);
  });

  test("refuses a disposed tensor, whose memory may be another's by now", () => {
    const backend = hostBackend();
    const gone = ones([4], { backend });
    gone.dispose();
    expectRefusal(() => new Kind(gone), "DisposedError", `${Kind.name}: expected a live tensor, got a disposed one`);
    expect(memory(backend)).toMatchObject({ tensors: 0, bytes: 0 });
  });
});
