import { type NormalizeSpec, sizeOf } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import type { GpuMemory } from "../gpu/memory";
import { type Binding, eachOf, floatBits, type GpuOperand, GROUP_SIZE, operandOf, run } from "./kernel";
import { copy } from "./movement";
import source from "./normalize.wgsl";
import momentsSource from "./normalize-moments.wgsl";
import productsSource from "./normalize-products.wgsl";
import sumsSource from "./normalize-sums.wgsl";
import { reduce } from "./reduce";
import { columnsOf, laneOf } from "./team";
import team from "./team.wgsl";

type Given = GpuOperand | null;

/** `normalize` of the contract: the statistics of each group, then all elements. */
export function normalize(
  gpu: Gpu,
  spec: NormalizeSpec,
  x: GpuOperand,
  weight: Given,
  bias: Given,
  out: GpuOperand,
  stats: GpuOperand,
): void {
  const lanes = lanesOf(spec, [x, out], [weight, bias]);
  const variance =
    "fn finish_stats(group: u32, sum: Running) { store_out(p.out_offset + group, sum.mean); store_out(p.out_offset + p.groups + group, sum.squares / sum.count); }";
  sums(gpu, spec, lanes, MOMENTS, variance, { x }, stats);
  const scale = weight === null ? "normal" : `normal * ${affine(spec, "weight")}`;
  everywhere(gpu, spec, lanes, {
    key: `${weight !== null} ${bias !== null}`,
    put: `store_out(p.out_offset + i, ${scale}${bias === null ? "" : ` + ${affine(spec, "bias")}`});`,
    operands: { x, weight, bias, stats },
    outputs: { out },
  });
}

/** `normalizeGrad` of the contract. */
export function normalizeGrad(
  gpu: Gpu,
  spec: NormalizeSpec,
  grad: GpuOperand,
  x: GpuOperand,
  weight: Given,
  stats: GpuOperand,
  gradX: Given,
  gradWeight: Given,
  gradBias: Given,
): void {
  const { outer, groups, inner } = spec;
  const isInner = spec.affine === "inner";
  const lanes = lanesOf(spec, [x, grad, gradX], [weight]);
  const found = operandOf(gpu.allocator.scratch(2 * groups), [2, groups], [groups, 1]);
  const { handle: foundMemory } = found.storage;
  if (gradX !== null || !isInner) {
    const store =
      "fn finish_stats(group: u32, sum: Running) { store_out(p.out_offset + group, sum.grads); store_out(p.out_offset + p.groups + group, sum.products); }";
    sums(gpu, spec, lanes, PRODUCTS, store, { x, grad, weight: isInner ? weight : null, stats }, found);
  }
  // Before its memory may become that of x's gradient.
  if (isInner && gradBias !== null) reduce(gpu, "sum", grad, gradBias, 1, groups, inner);
  let products: GpuMemory | null = null;
  if (gradX !== null || (isInner && gradWeight !== null)) {
    if (isInner && gradWeight !== null) products = gpu.allocator.scratch(outer * groups * inner);
    const weighted = weight === null ? "grad" : `(grad * ${affine(spec, "weight")})`;
    const whole = weight === null || isInner ? "" : `${affine(spec, "weight")} * `;
    const mean = (sum: string) => `${whole}load_sums(${sum}) / p.members`;
    const puts = [
      "let grad = load_grad(p.grad_offset + i);",
      ...(products === null ? [] : ["store_products(i, grad * normal);"]),
      ...(gradX === null
        ? []
        : [`store_out(p.out_offset + i, (${weighted} - ${mean("group")} - normal * ${mean("p.groups + group")}) / deviation);`]),
    ];
    everywhere(gpu, spec, lanes, {
      key: `grad ${weight !== null} ${gradX !== null} ${products !== null}`,
      put: puts.join(" "),
      operands: { x, grad, weight: gradX === null ? null : weight, stats, sums: gradX === null ? null : found },
      outputs: { out: gradX, products: products === null ? null : operandOf(products, [outer * groups * inner], [1]) },
    });
  }
  const row = (i: number): GpuOperand => ({ ...found, shape: [groups], strides: [1], offset: i * groups });
  const flat = (operand: GpuOperand): GpuOperand => ({ ...operand, shape: [sizeOf(operand.shape)], strides: [1] });
  if (isInner) {
    if (gradWeight !== null && products !== null) reduce(gpu, "sum", operandOf(products, [], []), gradWeight, 1, groups, inner);
  } else {
    if (gradBias !== null) copy(gpu, row(0), flat(gradBias));
    if (gradWeight !== null) copy(gpu, row(1), flat(gradWeight));
  }
  if (products !== null) gpu.allocator.reuse(products);
  gpu.allocator.reuse(foundMemory);
}

// --- internal helpers ---

/** What is added up over a group: its file, words of a part, and how elements and parts are taken. */
interface Sums {
  readonly key: string;
  readonly files: readonly string[];
  /** What a thread gathers. */
  readonly taken: string;
  readonly words: readonly string[];
  take(isWeighted: boolean): string;
}

const MOMENTS: Sums = {
  key: "moments",
  files: [momentsSource],
  taken: "Moments",
  words: ["count", "mean", "squares"],
  take: () =>
    [
      "fn take(m: Moments, group: u32, s: u32) -> Moments {",
      "  let value = load_x(p.x_offset + place_of(group, s)); let count = m.count + 1.0;",
      "  let apart = value - m.mean; let mean = m.mean + apart / count;",
      "  return Moments(count, mean, m.squares + apart * (value - mean));",
      "}",
    ].join("\n"),
};

const PRODUCTS: Sums = {
  key: "products",
  files: [productsSource],
  taken: "Products",
  words: ["grads", "products"],
  take: (isWeighted) =>
    [
      "fn take(sums: Products, group: u32, s: u32) -> Products {",
      "  let at = place_of(group, s);",
      `  let grad = load_grad(p.grad_offset + at)${isWeighted ? " * load_weight(p.weight_offset + s % p.inner)" : ""};`,
      "  let deviation = sqrt(load_stats(p.stats_offset + p.groups + group) + p.eps);",
      "  let normal = (load_x(p.x_offset + at) - load_stats(p.stats_offset + group)) / deviation;",
      "  return Products(sums.grads + grad, sums.products + grad * normal);",
      "}",
    ].join("\n"),
};

const typeOf = (lanes: number): string => (lanes > 1 ? "vec4<f32>" : "f32");

/** Vectors, where rows are whole ones and all that is read by place begins where vectors do. */
function lanesOf({ inner, affine: form }: NormalizeSpec, whole: readonly Given[], beside: readonly Given[]): 1 | 4 {
  const byPlace = form === "inner" ? [...whole, ...beside] : whole;
  return inner % 4 === 0 && byPlace.every((operand) => (operand?.offset ?? 0) % 4 === 0) ? 4 : 1;
}

/** The element of weight or bias that belongs to a place. */
function affine(spec: NormalizeSpec, name: "weight" | "bias"): string {
  return `load_${name}(p.${name}_offset + ${spec.affine === "inner" ? "place" : "group"})`;
}

/** Adds up over each group what `what` says, and stores it by `finish`, in one pass or, for few large groups, in two. */
function sums(
  gpu: Gpu,
  spec: NormalizeSpec,
  lanes: 1 | 4,
  what: Sums,
  finish: string,
  operands: { x: GpuOperand; grad?: GpuOperand; weight?: Given; stats?: GpuOperand },
  out: GpuOperand,
): void {
  const { outer, groups, inner, eps } = spec;
  const isWeighted = operands.weight !== null && operands.weight !== undefined;
  const { x, grad, weight, stats } = operands;
  const columns = columnsOf(groups, outer * inner, 1, lanes > 1 ? 0 : null);
  const { parts } = columns;
  const access = [
    `alias V = ${typeOf(lanes)};\nconst LANES = ${lanes}u;\n${laneOf[lanes]}`,
    "fn place_of(group: u32, s: u32) -> u32 { return (s / p.inner) * p.groups * p.inner + group * p.inner + s % p.inner; }",
  ];
  const count = what.words.length;
  const storeParts = `fn finish(n: u32, sum: Running) { ${what.words.map((word, i) => `store_out(${count}u * n + ${i}u, sum.${word});`).join(" ")} }`;
  const storeStats = `${finish}\nfn finish(n: u32, sum: Running) { finish_stats(n, sum); }`;
  const memory = parts === 1 ? out.storage.handle : gpu.allocator.scratch(count * groups * parts);
  const bindings: Binding[] = [{ name: "x", memory: x.storage.handle, type: typeOf(lanes) }];
  if (grad !== undefined) bindings.push({ name: "grad", memory: grad.storage.handle, type: typeOf(lanes) });
  if (isWeighted) bindings.push({ name: "weight", memory: (weight as GpuOperand).storage.handle, type: typeOf(lanes) });
  if (stats !== undefined) bindings.push({ name: "stats", memory: stats.storage.handle, type: "f32" });
  const offset = (operand: Given | undefined, unit = lanes): number => (operand?.offset ?? 0) / unit;
  const shared = [
    inner / lanes,
    groups,
    offset(x),
    offset(grad),
    isWeighted ? offset(weight) : 0,
    offset(stats, 1),
    out.offset,
    floatBits(eps),
  ];
  run(gpu, {
    key: `normalize ${what.key} ${lanes} ${parts === 1} ${isWeighted}`,
    source: [team, ...what.files, sumsSource],
    defines: () =>
      [
        ...access,
        `alias Taken = ${what.taken};\nfn whole(taken: Taken) -> Running { return of_lanes(taken); }`,
        what.take(isWeighted),
        parts === 1 ? storeStats : storeParts,
      ].join("\n"),
    bindings: [...bindings, { name: "out", memory, type: "f32", write: true }],
    params: [groups * parts, columns.size, columns.chunk, parts, columns.team, 1, ...shared],
    groups: Math.ceil((groups * parts) / columns.perGroup),
  });
  if (parts === 1) return;
  const rest = columnsOf(groups, parts, 1, null, true);
  const part = `Running(${what.words.map((_, i) => `load_x(${count}u * (group * p.size + s) + ${i}u)`).join(", ")})`;
  run(gpu, {
    key: `normalize ${what.key} parts`,
    source: [team, ...what.files, sumsSource],
    defines: () =>
      [
        `alias V = f32;\nconst LANES = 1u;\n${laneOf[1]}`,
        "alias Taken = Running;\nfn whole(taken: Taken) -> Running { return taken; }",
        `fn take(sum: Running, group: u32, s: u32) -> Running { return join(sum, ${part}); }`,
        storeStats,
      ].join("\n"),
    bindings: [
      { name: "x", memory, type: "f32" },
      { name: "out", memory: out.storage.handle, type: "f32", write: true },
    ],
    params: [groups, rest.size, rest.chunk, 1, rest.team, 1, ...shared],
    groups: Math.ceil(groups / rest.perGroup),
  });
  gpu.allocator.reuse(memory);
}

/** Runs `put` for all vectors or elements, of which it has the group, the place in it, the normalised value and the deviation. */
function everywhere(
  gpu: Gpu,
  { outer, groups, inner, eps, affine: form }: NormalizeSpec,
  lanes: 1 | 4,
  work: { key: string; put: string; operands: Readonly<Record<string, Given>>; outputs: Readonly<Record<string, Given>> },
): void {
  const whole: readonly string[] = ["stats", "sums", ...(form === "group" ? ["weight", "bias"] : [])];
  const binding = ([name, operand]: [string, Given], write: boolean): Binding[] => {
    if (operand === null) return [];
    const isRead = !write && operand.offset === work.outputs.out?.offset;
    return [
      {
        name,
        memory: operand.storage.handle,
        type: typeOf(whole.includes(name) ? 1 : lanes),
        write,
        inPlace: isRead && (name === "x" || name === "grad"),
      },
    ];
  };
  const offset = (name: string, unit = lanes): number => ((work.operands[name] ?? work.outputs[name])?.offset ?? 0) / unit;
  const perPlace = form === "inner" ? lanes : 1;
  const count = (outer * groups * inner) / lanes;
  const each = eachOf(count);
  run(gpu, {
    key: `normalize all ${form} ${lanes} ${work.key}`,
    source: [source],
    defines: () => `alias V = ${typeOf(lanes)};\nfn put(i: u32, group: u32, place: u32, normal: V, deviation: f32) { ${work.put} }`,
    bindings: [
      ...Object.entries(work.operands).flatMap((entry) => binding(entry, false)),
      ...Object.entries(work.outputs).flatMap((entry) => binding(entry, true)),
    ],
    params: [
      ...[
        count,
        each,
        inner / lanes,
        groups,
        offset("x"),
        offset("grad"),
        offset("weight", perPlace as 1 | 4),
        offset("bias", perPlace as 1 | 4),
      ],
      ...[offset("stats", 1), offset("out"), floatBits(outer * inner), floatBits(eps)],
    ],
    groups: Math.ceil(count / (each * GROUP_SIZE)),
  });
}
