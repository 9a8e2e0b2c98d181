/** Unpacks what zip archives compress, with what browsers and Node have for it. */
import { WeightFileError } from "../refusal";

/** The `size` bytes that `packed` unpacks to, and no more than these at any time. */
export async function inflated(op: string, packed: Uint8Array, size: number): Promise<Uint8Array> {
  const refuse = (got: string, cause?: unknown) => new WeightFileError(op, `${size} compressed bytes`, got, "the file is torn", { cause });
  // No byte stands for more than 1,032.
  if (size > 1032 * packed.length) throw refuse("fewer");
  const bytes = new Uint8Array(size);
  const reader = new Blob([packed as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  let at = 0;
  for (;;) {
    let part: Awaited<ReturnType<typeof reader.read>>;
    try {
      part = await reader.read();
    } catch (cause) {
      throw refuse("others", cause);
    }
    if (part.done) break;
    if (part.value.length > size - at) {
      await reader.cancel().catch(() => {});
      throw refuse("more");
    }
    bytes.set(part.value, at);
    at += part.value.length;
  }
  if (at < size) throw refuse("fewer");
  return bytes;
}
