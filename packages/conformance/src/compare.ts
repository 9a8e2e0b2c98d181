import { type Backend, type Tensor, tensor, tidy } from "@dropwise/core";
import { cpu, type DType, isFloating } from "@dropwise/core/backend";
import { assertClose, assertSame } from "./assert";
import { type Input, noise } from "./inputs";
import { BITS, inDouble, type Tolerance } from "./tolerance";

/**
 * Runs `fn` on the reference and on the backend under test, with tensors of the same inputs, and compares what it returns, and the gradients of
 * all inputs that require one. A generator that `fn` draws from is made inside it.
 */
export type Compare = (fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[], ...inputs: readonly Input[]) => Promise<void>;

/** The verb for one backend and one tolerance, of float32; float64 results are held to the finer one of the same class. */
export function comparer(backend: Backend, tolerance: Tolerance): Compare {
  return async (fn, ...inputs) => {
    // The device first: while it works, the reference does.
    const pending = evaluate(backend, fn, inputs);
    pending.catch(() => {}); // met below; a failure must not count as unhandled until then
    const expected = await evaluate(cpu as Backend, fn, inputs);
    const got = await pending;
    assertSame(got.length, expected.length, `${backend.name}, results`);
    got.forEach((result, i) => {
      const { what, shape, dtype, data } = expected[i] as Result;
      const where = `${backend.name}, ${what} ([${shape.join(", ")}] ${dtype})`;
      assertSame(result.dtype, dtype, `${where}, dtype`);
      assertSame([...result.shape], [...shape], `${where}, shape`);
      const isExact = !isFloating(dtype);
      assertClose(result.data, data, isExact ? BITS : dtype === "float64" ? inDouble(tolerance) : tolerance, where);
    });
  };
}

// --- internal helpers ---

/** An output or a gradient. */
interface Result {
  readonly what: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: ArrayLike<number>;
}

async function evaluate(backend: Backend, fn: Parameters<Compare>[0], inputs: readonly Input[]): Promise<Result[]> {
  const leaves = inputs.map(({ data, shape, requiresGrad }) => tensor(data, { shape, requiresGrad, backend }));
  const outputs = tidy(() => {
    const result = fn(...leaves);
    const tensors = (Array.isArray(result) ? result : [result]) as Tensor[];
    const recorded = tensors.filter((output) => output.requiresGrad);
    recorded.forEach((output, i) => {
      output.backward(incoming(output, i), { retainGraph: i + 1 < recorded.length });
    });
    return tensors.map((output) => output.detach());
  });
  const results: [what: string, of: Tensor][] = outputs.map((output, i) => [outputs.length === 1 ? "output" : `output ${i}`, output]);
  leaves.forEach((leaf, i) => {
    if (leaf.grad !== null) results.push([`gradient of input ${i}`, leaf.grad]);
  });
  try {
    return await Promise.all(results.map(async ([what, of]) => ({ what, shape: of.shape, dtype: of.dtype, data: await of.data() })));
  } finally {
    for (const tensor of [...outputs, ...leaves]) tensor.dispose();
  }
}

/** A gradient for an output: multiples of 1/16 of size one, which a float holds to the last bit. */
function incoming(output: Tensor, seed: number): Tensor {
  const random = noise(1000 + seed);
  const values = Float64Array.from({ length: output.size }, (_, i) => Math.floor(32 * random(i) - 16) / 16 || 0.5);
  return tensor(values, { shape: output.shape, dtype: output.dtype, backend: output.backend });
}
