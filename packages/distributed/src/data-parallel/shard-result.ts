import { functional as F, type nn, type Tensor, tidy } from "@dropwise/core";

/** What a shard, or the sum of some, came to. Belongs to whoever holds it. */
export interface ShardResult {
  /** For each parameter; null where it had none. */
  readonly grads: readonly (Tensor | null)[];
  /** The loss, and the buffers as the shard left them. */
  readonly seen: readonly Seen[];
}

/** What is to be read of one shard, and the share of the batch's rows that it speaks for. */
export interface Seen {
  readonly share: number;
  readonly loss: Tensor;
  readonly buffers: Readonly<Record<string, Tensor>>;
}

/** The sum of two; they are gone afterwards. */
export function added(left: ShardResult, right: ShardResult): ShardResult {
  const grads = left.grads.map((a, i) => {
    const b = right.grads[i] ?? null;
    if (a === null || b === null) return a ?? b;
    const sum = a.add(b);
    a.dispose();
    b.dispose();
    return sum;
  });
  return { grads, seen: [...left.seen, ...right.seen] };
}

/** Frees what it holds. */
export function dropped({ grads, seen }: ShardResult): void {
  for (const grad of grads) grad?.dispose();
  for (const { loss, buffers } of seen) for (const x of [loss, ...Object.values(buffers)]) x.dispose();
}

/** Takes the gradients off the parameters. */
export function takeGrads(parameters: readonly nn.Parameter[]): (Tensor | null)[] {
  return parameters.map((parameter) => {
    const { grad } = parameter;
    parameter.grad = null;
    return grad;
  });
}

/** A copy of each buffer of a model, by name. */
export function copiesOf(model: nn.Module): Record<string, Tensor> {
  return tidy(() => Object.fromEntries([...model.namedBuffers()].map(([name, buffer]) => [name, F.clone(buffer)])));
}
