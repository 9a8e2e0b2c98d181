import { type Backend, full } from "@dropwise/core";

/** Waits until a backend has done all that it was given. */
export interface Waiter {
  /** Nothing to wait for on a backend that works at once. */
  done(): Promise<void> | undefined;
  dispose(): void;
}

/** Reading one element waits for everything queued before it. */
export function waiter(backend: Backend): Waiter {
  if (backend.info.hostVisible) return { done: () => undefined, dispose() {} };
  const probe = full([1], 0, { backend });
  return {
    async done() {
      await probe.data();
    },
    dispose: () => probe.dispose(),
  };
}
