/** What becomes of batches when a pass is dropped before its end, without a word: one entry of the garbage collector for a pass, not one for each tensor. */
import { shared } from "../backend/shared";
import { type Claim, drop } from "../backend/storage";
import type { TensorHandle } from "../tensor/handle";

const dropped = /* @__PURE__ */ shared(
  "droppedPasses",
  () =>
    new FinalizationRegistry<readonly Claim[]>((claims) => {
      for (const claim of claims) {
        claim.device.liveTensors--;
        drop(claim);
      }
    }),
);

/** Frees the tensors that it watches, some time after nobody can reach it or any of them. Each of them reaches it. */
export class BatchWatcher {
  readonly #claims: Claim[] = [];

  constructor() {
    dropped.register(this, this.#claims);
  }

  /** Takes a tensor on its list. */
  register(tensor: TensorHandle): void {
    tensor.watcher = this;
    this.#claims.push(tensor.storage.claim);
  }

  /** Takes it off the list: it was disposed, or its storage is about to be replaced. */
  unregister(tensor: TensorHandle): void {
    this.#claims.splice(this.#claims.indexOf(tensor.storage.claim), 1);
  }
}
