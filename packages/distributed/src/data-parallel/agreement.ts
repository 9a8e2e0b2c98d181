/** Equal weights: given to all when a run begins, and looked at again on its way. */
import { createHash } from "node:crypto";
import { defaultGenerator, type nn } from "@dropwise/core";
import { GroupError } from "../errors";
import type { Group, GroupArray } from "../group";

/** Gives all ranks the first one's parameters, buffers, and the state of its default generator. */
export async function shareState(model: nn.Module, group: Group): Promise<void> {
  const state = model.stateDict();
  const op = "dataParallel";
  const names = Object.entries(state).map(([name, { shape, dtype }]) => `${name} ${dtype} ${shape.join("x")}`);
  const own = createHash("sha256").update(names.join("\n")).digest();
  const different = await unlike(group, own);
  if (different.length > 0)
    throw new GroupError(
      op,
      `expected the same model in all processes, got another on rank ${different.join(", ")} - build it alike everywhere; values need not agree`,
    );
  const saved: Record<string, { shape: readonly number[]; dtype: string; data: GroupArray }> = {};
  for (const [name, value] of Object.entries(state)) {
    const { shape, dtype } = value;
    saved[name] = { shape: [...shape], dtype, data: await group.broadcast((await value.data()) as GroupArray) };
  }
  model.loadStateDict(saved);
  const generator = defaultGenerator();
  const bytes = generator.getState();
  const lengths = await group.allGather(Int32Array.of(bytes.length));
  if (lengths.some(([length]) => length !== bytes.length))
    throw new GroupError(op, "expected default generators of one stream in all processes, got several - call manualSeed alike everywhere");
  generator.setState(await group.broadcast(bytes));
}

/** Refuses options that are not those of the first rank. */
export async function checkSettings(settings: Readonly<Record<string, number>>, group: Group): Promise<void> {
  const own = JSON.stringify(settings);
  const different = await unlike(group, createHash("sha256").update(own).digest());
  if (different.length > 0)
    throw new GroupError(
      "dataParallel",
      `expected the same options in all processes, got others than the first one's on rank ${different.join(", ")}; here they are ${own} - give the same everywhere`,
    );
}

/** Refuses weights that are not those of the first rank. */
export async function checkWeights(model: nn.Module, group: Group, step: number): Promise<void> {
  const different = await unlike(group, await digestOf(model));
  if (different.length > 0) {
    throw new GroupError(
      "dataParallel",
      `expected equal weights on all ranks after step ${step}, got others on rank ${different.join(", ")} - change weights alike everywhere, or in step() alone`,
    );
  }
}

// --- internal helpers ---

async function digestOf(model: nn.Module): Promise<Uint8Array> {
  const hash = createHash("sha256");
  for (const value of Object.values(model.stateDict())) {
    const data = await value.data();
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest();
}

/** The ranks whose bytes are not those of the first. */
async function unlike(group: Group, bytes: Uint8Array): Promise<number[]> {
  const [first, ...others] = await group.allGather(new Uint8Array(bytes));
  return others.flatMap((other, i) => (other.every((byte, k) => byte === first?.[k]) ? [] : [i + 1]));
}
