import { type OptimizerSpec, type OptimizerUpdate, sizeOf } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import type { GpuMemory } from "../gpu/memory";
import adamSource from "./adam.wgsl";
import { type Binding, floatBits, GROUP_SIZE, run } from "./kernel";
import source from "./optimizer.wgsl";
import sgdSource from "./sgd.wgsl";
import momentumSource from "./sgd-momentum.wgsl";

type Update = OptimizerUpdate<GpuMemory>;

/** A step of SGD or Adam on all parameters, in place, in as few dispatches as the buffers that a kernel may see allow. */
export function optimizerStep(gpu: Gpu, updates: readonly Update[]): void {
  for (const [form, alike] of byForm(updates)) {
    for (const batch of batchesOf(gpu, alike)) stepTogether(gpu, form, batch);
  }
}

// --- internal helpers ---

const KINDS: Readonly<Record<string, { readonly source: readonly string[]; readonly state: readonly string[] }>> = {
  adam: { source: [adamSource], state: ["mean", "square"] },
  sgd: {
    source: [sgdSource, "fn with_momentum(number: u32, piece: Piece, i: u32, mine: Inside, g: Value) -> Value { return g; }"],
    state: [],
  },
  momentum: { source: [sgdSource, momentumSource], state: ["momentum"] },
};

/** What updates have in common that run together. */
interface Form {
  readonly kind: string;
  /** Elements that a thread has. */
  readonly width: 1 | 4;
}

const operandsOf = ({ param, grad, state }: Update) => [param, grad, ...state];

function byForm(updates: readonly Update[]): Map<Form, Update[]> {
  const forms = new Map<string, [Form, Update[]]>();
  for (const update of updates) {
    if (sizeOf(update.param.shape) === 0) continue;
    const kind = update.spec.kind === "sgd" && update.state.length > 0 ? "momentum" : update.spec.kind;
    // What a vector has beyond the last element keeps its value.
    const width = operandsOf(update).every(({ offset }) => offset % 4 === 0) ? 4 : 1;
    const known = forms.get(kind + width);
    if (known === undefined) forms.set(kind + width, [{ kind, width }, [update]]);
    else known[1].push(update);
  }
  return new Map(forms.values());
}

/** As many of them together as a kernel has bindings for. A buffer that is written must not be seen twice. */
function batchesOf(gpu: Gpu, updates: readonly Update[]): Update[][] {
  const { maxStorageBuffersPerShaderStage: most } = gpu.session.limits;
  const batches: Update[][] = [];
  let seen = new Set<GpuMemory>();
  let bindings = 0;
  for (const update of updates) {
    const memories = operandsOf(update).map(({ storage }) => storage.handle);
    const needed = memories.reduce((sum, { bytes }) => sum + Math.ceil(bytes / gpu.allocator.windowBytes), 0);
    bindings += needed;
    if (batches.length === 0 || bindings > most || memories.some((memory) => seen.has(memory))) {
      batches.push([]);
      seen = new Set();
      bindings = needed;
    }
    for (const memory of memories) seen.add(memory);
    batches.at(-1)?.push(update);
  }
  return batches;
}

function stepTogether(gpu: Gpu, { kind, width }: Form, updates: readonly Update[]): void {
  const { source: own, state } = KINDS[kind] as (typeof KINDS)[string];
  const names = ["param", "grad", ...state];
  const type = width === 4 ? "vec4<f32>" : "f32";
  const bindings = updates.flatMap((update, number) =>
    operandsOf(update).map(
      ({ storage }, i): Binding => ({ name: `${names[i]}${number}`, memory: storage.handle, type, write: i !== 1, inPlace: true }),
    ),
  );
  let groups = 0;
  const params = updates.flatMap((update) => {
    const n = sizeOf(update.param.shape);
    const words = [groups, n, ...operandsOf(update).map(({ offset }) => offset / width), ...(state.length === 0 ? [0] : [])];
    groups += Math.ceil(n / width / GROUP_SIZE);
    return words.concat(settings(update.spec));
  });
  run(gpu, {
    key: `${kind} ${width} ${updates.length}`,
    source: [...own, source],
    defines: () =>
      [
        `const PIECES = ${updates.length}u;\nconst WIDTH = ${width}u;\nalias Value = ${type};\nalias Inside = ${width === 4 ? "vec4<bool>" : "bool"};`,
        `fn inside(i: u32, n: u32) -> Inside { return ${width === 4 ? "4u * i + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(n)" : "true"}; }`,
        ...names.map((name) => accessors(name, updates.length, name !== "grad")),
      ].join("\n"),
    bindings,
    params,
    groups,
  });
}

/** WGSL that reads and writes `name` of a piece by its number. */
function accessors(name: string, pieces: number, write: boolean): string {
  const pick = (use: (number: number) => string) =>
    Array.from({ length: pieces }, (_, i) => (i < pieces - 1 ? `case ${i}u: { ${use(i)} }` : `default: { ${use(i)} }`)).join(" ");
  const load = `fn load_${name}(number: u32, i: u32) -> Value { switch number { ${pick((k) => `return load_${name}${k}(i);`)} } }`;
  if (!write) return load;
  return `${load}\nfn store_${name}(number: u32, i: u32, value: Value) { switch number { ${pick((k) => `store_${name}${k}(i, value);`)} } }`;
}

/** The words of a piece that are no places, in the order of its struct. */
function settings(spec: OptimizerSpec): number[] {
  const { lr, weightDecay } = spec;
  if (spec.kind === "sgd") {
    return [...[lr, weightDecay, spec.momentum, 1 - spec.dampening].map(floatBits), Number(spec.first), Number(spec.nesterov), 0];
  }
  const { beta1, beta2, eps, decoupled, biasCorrection1, biasCorrection2 } = spec;
  const floats = [
    ...[decoupled ? 1 - lr * weightDecay : 1, decoupled ? 0 : weightDecay, beta1, beta2],
    ...[1 - beta1, 1 - beta2, lr / biasCorrection1, Math.sqrt(biasCorrection2), eps],
  ];
  return [...floats.map(floatBits), 0];
}
