import type { Backend } from "@dropwise/core";
import type { HostData } from "../competitor";

/** A copy within the memory of a backend that the host does not see: what any kernel that reads and writes as many elements costs at least. */
export function deviceCopy(backend: Backend, count: number, data: HostData): { run(calls: number): void; dispose(): void } {
  const layout = { shape: [count], strides: [1], offset: 0 };
  const operand = () => ({ storage: { handle: backend.allocate("float32", count), dtype: "float32" as const, length: count }, ...layout });
  const [from, to] = [operand(), operand()];
  backend.write(from.storage, data.values(count, 0));
  return {
    run(calls) {
      for (let i = 0; i < calls; i++) backend.copy?.(from, to);
    },
    dispose() {
      backend.release(from.storage.handle);
      backend.release(to.storage.handle);
    },
  };
}
