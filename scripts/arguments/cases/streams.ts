/** `@dropwise/core/streams`: other frameworks' random streams. */
import { Generator } from "@dropwise/core";
import { jaxRandom, torchCompiled } from "@dropwise/core/streams";
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

const key: Place = { valid: () => jaxRandom.key(3), accepts: (value) => p.isArrayOf(value, isWord) && (value as unknown[]).length === 2 };
const isWord = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;
const backend = { backend: p.backend };
const compiled: Place = { valid: () => new Generator(3, { stream: torchCompiled() }), accepts: () => false };
const fn: Place = { valid: () => () => 1, accepts: (value) => typeof value === "function" && !/^class\b/.test(String(value)) };

export const streamCases: Cases = {
  torchCpu: "a stream",
  torchCuda: [
    p.options({
      multiprocessors: p.integer(108, 1, 2 ** 16),
      threadsPerMultiprocessor: p.integer(1024, 256, 2 ** 12),
      dtype: p.word("float32", "float16", "bfloat16", "float64"),
      attention: p.word("math", "efficient", "flash", "cudnn"),
      draws: p.word("host", "device"),
    }),
  ],
  torchCompiled: [p.options({ device: p.word("cuda", "cpu") })],
  graph: [compiled, fn],
  jax: "a stream",
  jaxFork: [p.integer(2, 0, 2 ** 32 - 2)],
  diagnose: "any numbers are a mask: diagnose.test.ts has what is refused",
  "jaxRandom.key": { args: [p.seed], says: ["jaxRandom.key"] },
  "jaxRandom.foldIn": { args: [key, p.integer(3, 0, 2 ** 32 - 1)], says: ["jaxRandom.foldIn"] },
  "jaxRandom.split": { args: [key, p.optional(p.integer(3, 0, 2 ** 24))], says: ["jaxRandom.split"] },
  "jaxRandom.bits": { args: [key, p.shape()], says: ["jaxRandom.bits"] },
  "jaxRandom.uniform": {
    args: [key, p.shape(), p.options({ ...backend, minval: p.number(0), maxval: p.number(1) })],
    says: ["jaxRandom.uniform"],
  },
  "jaxRandom.normal": { args: [key, p.shape(), p.options(backend)], says: ["jaxRandom.normal"] },
  "jaxRandom.bernoulli": { args: [key, p.fraction(0.5), p.shape(), p.options(backend)], says: ["jaxRandom.bernoulli"] },
  "jaxRandom.randint": {
    args: [key, p.shape(), p.integer(0, -(2 ** 31), 9), p.integer(10, 1, 2 ** 31), p.options(backend)],
    says: ["jaxRandom.randint"],
  },
  "jaxRandom.permutation": { args: [key, p.integer(5, 0, 2 ** 24), p.options(backend)], says: ["jaxRandom.permutation"] },
};
