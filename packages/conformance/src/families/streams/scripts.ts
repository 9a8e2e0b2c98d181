/** Whole scripts against PyTorch's runs of them: what they draw for weights, data, order and masks comes from a seed alone. */
import { type Backend, defaultGenerator, getDefaultBackend, manualSeed, rand, setDefaultBackend } from "@dropwise/core";
import { type Stream, torchCpu, torchCuda } from "@dropwise/core/streams";
import scriptsFile from "../../../goldens/torch-scripts.json";
import cudaFile from "../../../goldens/torch-scripts-cuda.json";
import { assertClose, assertSame } from "../../assert";
import { each, type Family } from "../../case";
import type { GoldenTensor } from "../../goldens";
import { COMPOSED, type Tolerance } from "../../tolerance";
import { type Args, programs, type Ran } from "./programs";

/** A run of PyTorch. */
interface GoldenScript {
  readonly name: string;
  readonly args: Args;
  readonly run: {
    readonly seed: number;
    /** What `torch.rand(4)` gives at the end. */
    readonly randAfter: GoldenTensor;
    readonly init: Readonly<Record<string, readonly number[]>>;
    readonly losses: readonly number[];
    readonly evalOutput: GoldenTensor;
  };
}

const scripts: readonly GoldenScript[] = (
  scriptsFile.scripts as unknown as readonly (Omit<GoldenScript, "run"> & { runs: GoldenScript["run"][] })[]
).flatMap(({ runs, ...script }) => runs.map((run) => ({ ...script, run })));

/** Uniform weights are equal as float32; of normal ones the logarithms and sines differ in the last place. */
const WEIGHTS: Tolerance = { ...COMPOSED, name: "initial weights", rtol: 0, atol: 1e-6 };
const STEPS: Tolerance = { ...COMPOSED, name: "losses", rtol: 0, atol: 3e-5 };
const OUTPUT: Tolerance = { ...COMPOSED, name: "output", rtol: 1e-3, atol: 1e-3 };

/** Scripts under PyTorch's CPU stream. */
export const torchScripts: Family = each(
  scripts,
  ({ name, run }) => `runs a script as PyTorch does on the CPU, from nothing but seed ${run.seed}: ${name}`,
  async ({ name, args, run }, { backend }) => {
    const { init, losses, output, after } = underSeed(run.seed, torchCpu, backend, () => {
      const ran = (programs[name] as (typeof programs)[string])(args, backend);
      return { ...ran, after: rand([4]) };
    });
    const what = `${backend.name}, ${name}`;
    assertSame(Object.keys(init).sort(), Object.keys(run.init).sort(), `${what}, names of parameters`);
    for (const [key, value] of Object.entries(run.init))
      assertClose((await init[key]?.data()) ?? [], value, WEIGHTS, `${what}, ${key} as it began`);
    assertClose(await Promise.all(losses.map((loss) => loss.item())), run.losses, STEPS, `${what}, loss at each step`);
    assertClose(await output.data(), run.evalOutput.data, OUTPUT, `${what}, output in evaluation`);
    assertSame(Array.from(await after.data()), run.randAfter.data.map(Math.fround), `${what}, the generator at the end`);
  },
);

/** A run with the model on an H100. */
interface CudaRun {
  readonly seed: number;
  readonly losses: readonly number[];
  readonly evalOutput: readonly number[];
  /** Of the CUDA generator at the end. */
  readonly offset: number;
}

const cudaScripts = (cudaFile.scripts as unknown as readonly { name: string; args: Args; runs: readonly CudaRun[] }[])
  // cuDNN's dropout between recurrent layers keeps a state of its own.
  .filter(({ name }) => name !== "lstm")
  .flatMap(({ runs, ...script }) => runs.map((run) => ({ ...script, run })));

/** Scripts whose model is on a GPU: weights, data and order from the CPU's generator, masks from the card's. */
export const torchCudaScripts: Family = each(
  cudaScripts,
  ({ name, run }) => `runs a script as PyTorch does on a GPU, from nothing but seed ${run.seed}: ${name}`,
  async ({ name, args, run }, { backend }) => {
    const { losses, output, offset } = underSeed(run.seed, torchCuda({ attention: "efficient" }), backend, () => {
      const ran = (programs[name] as (typeof programs)[string])(args, backend);
      return { ...ran, offset: defaultGenerator().offset };
    });
    const what = `${backend.name}, ${name} as on a GPU`;
    assertClose(await Promise.all(losses.map((loss) => loss.item())), run.losses, STEPS, `${what}, loss at each step`);
    assertClose(await output.data(), run.evalOutput, OUTPUT, `${what}, output in evaluation`);
    assertSame(Number(offset), run.offset, `${what}, the generator at the end`);
  },
);

// --- internal helpers ---

/** Runs a program on a backend and from a seed, and puts back what others find. */
function underSeed<T extends Ran>(seed: number, stream: Stream, backend: Backend, program: () => T): T {
  const before = getDefaultBackend();
  setDefaultBackend(backend);
  manualSeed(seed, { stream });
  try {
    return program();
  } finally {
    setDefaultBackend(before);
    manualSeed(seed);
  }
}
