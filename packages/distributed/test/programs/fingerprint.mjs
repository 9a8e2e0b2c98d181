import { createHash } from "node:crypto";

/** A SHA-256 of all weights and buffers. @param {import("@dropwise/core").nn.Module} model */
export async function fingerprint(model) {
  const hash = createHash("sha256");
  for (const value of Object.values(model.stateDict())) {
    const values = await value.data();
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}
