import { type DType, isContiguous, mergeDims, sizeOf } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import source from "./elementwise.wgsl";
import { type Binding, bitsOf, eachOf, type GpuOperand, GROUP_SIZE, run, typeOf } from "./kernel";

/** An operand of a function: data of any strides, or one value for all elements. */
export type Value = GpuOperand | number;

/** A function of up to three operands, element by element. */
export interface Elementwise {
  /** Names the function and its types. */
  readonly key: string;
  /** WGSL files that it needs. */
  readonly files?: readonly string[];
  /** WGSL with `fn op(a: ..., b: ..., c: ...) -> ...` of as many operands as there are. */
  readonly op: string;
  readonly operands: readonly { readonly value: Value; readonly dtype: DType }[];
  /** Where the results go, with any strides. It may be one of the operands, in the same places. */
  readonly out: GpuOperand;
}

/** Runs it over all elements of `out`, by vectors of four wherever strides and offsets let them be read and written so. */
export function elementwise(gpu: Gpu, { key, files = [], op, operands, out }: Elementwise): void {
  const n = sizeOf(out.shape);
  if (n === 0) return;
  const { sizes, width, views } = viewsOf([...operands.map(({ value }) => value), out], out.shape);
  const count = sizes.reduce((a, b) => a * b);
  const names = NAMES.slice(0, operands.length);
  const elements = operands.map(({ dtype }) => typeOf(dtype));
  const result = typeOf(out.storage.dtype);
  const bindings: Binding[] = [];
  operands.forEach(({ value }, i) => {
    if (typeof value === "number") return;
    const { isVector } = views[i] as View;
    const type = isVector ? `vec4<${elements[i]}>` : (elements[i] as string);
    const inPlace = elements[i] === result && isVector === width > 1 && isSamePlace(value, out);
    bindings.push({ name: names[i] as string, memory: value.storage.handle, type, inPlace });
  });
  bindings.push({ name: "out", memory: out.storage.handle, type: width > 1 ? `vec4<${result}>` : result, write: true });
  const form = operands.map(({ value }, i) => (typeof value === "number" ? "n" : (views[i] as View).isVector ? "v" : "s"));
  const input = (name: string, i: number): string => {
    if (form[i] === "n") return `bitcast<${elements[i]}>(p.number_${name})`;
    return `load_${name}(at.${LANES[i]})`;
  };
  const each = eachOf(count);
  const byOperand = (of: (view: View) => number): number[] => {
    const outside = of(views.at(-1) as View);
    return [0, 1, 2].map((i) => (i < operands.length ? of(views[i] as View) : 0)).concat(outside);
  };
  run(gpu, {
    key: `${key} ${form.join("")}${width} ${sizes.length}`,
    source: [...files, source],
    defines: () => {
      const inputs = names.map(input);
      const put =
        width > 1 ? putVector(names, form, inputs, result) : `fn put(i: u32, at: vec4<u32>) { store_out(at.w, op(${inputs.join(", ")})); }`;
      return `const RANK = ${sizes.length}u;\nconst SIZES = ${Math.ceil(sizes.length / 4)}u;\n${op}\n${put}`;
    },
    bindings,
    params: [
      ...sizes.flatMap((_, d) => byOperand(({ strides }) => strides[d] as number)),
      ...byOperand(({ offset }) => offset),
      ...Array.from({ length: Math.ceil(sizes.length / 4) * 4 }, (_, d) => sizes[d] ?? 1),
      ...[n, count, each],
      ...[0, 1, 2].map((i) => (form[i] === "n" ? bitsOf(operands[i]?.value as number, operands[i]?.dtype as DType) : 0)),
    ],
    groups: Math.ceil(count / (each * GROUP_SIZE)),
  });
}

// --- internal helpers ---

const NAMES = ["a", "b", "c"] as const;
const LANES = ["x", "y", "z", "w"] as const;

/** An operand as the kernel steps through it, in vectors or elements. */
interface View {
  readonly offset: number;
  readonly strides: readonly number[];
  readonly isVector: boolean;
}

/**
 * The dimensions that all share, merged where that changes nothing, the last one in vectors where `width` is 4: then every operand either has its elements side by
 * side there, in whole vectors, or one for all of them. Only a single dimension may end in the middle of a vector.
 */
function viewsOf(values: readonly Value[], shape: readonly number[]): { sizes: number[]; width: number; views: View[] } {
  const { shape: sizes, strides } = mergeDims(
    shape,
    values.map((value) => (typeof value === "number" ? shape.map(() => 0) : value.strides)),
  );
  const last = sizes.length - 1;
  const offset = (i: number): number => (typeof values[i] === "number" ? 0 : (values[i] as GpuOperand).offset);
  const inVectors = strides.every((own, i) => {
    if (own[last] === 0) return i < values.length - 1;
    return own[last] === 1 && [offset(i), ...own.slice(0, last)].every((places) => places % 4 === 0);
  });
  if (!inVectors || (last > 0 && (sizes[last] as number) % 4 !== 0)) {
    return { sizes, width: 1, views: strides.map((own, i) => ({ offset: offset(i), strides: own, isVector: false })) };
  }
  const views = strides.map((own, i) => {
    if (own[last] === 0) return { offset: offset(i), strides: own, isVector: false };
    return { offset: offset(i) / 4, strides: own.map((step, d) => (d === last ? 1 : step / 4)), isVector: true };
  });
  return { sizes: sizes.map((size, d) => (d === last ? Math.ceil(size / 4) : size)), width: 4, views };
}

/** WGSL that computes a vector and stores it; what follows the last element belongs to others. */
function putVector(names: readonly string[], form: readonly string[], inputs: readonly string[], result: string): string {
  const lane = (c: string): string => `op(${names.map((name, i) => (form[i] === "v" ? `${name}.${c}` : name)).join(", ")})`;
  return [
    "fn put(i: u32, at: vec4<u32>) {",
    ...names.map((name, i) => `  let ${name} = ${inputs[i]};`),
    `  let y = vec4<${result}>(${LANES.map(lane).join(", ")});`,
    "  if (RANK > 1u || 4u * i + 4u <= p.n) {",
    "    store_out(at.w, y);",
    "  } else {",
    "    store_out(at.w, select(load_out(at.w), y, 4u * i + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(p.n)));",
    "  }",
    "}",
  ].join("\n");
}

/** True when both are contiguous and start together: then element i of one is element i of the other. */
function isSamePlace(operand: GpuOperand, out: GpuOperand): boolean {
  return operand.offset === out.offset && isContiguous(operand.shape, operand.strides) && isContiguous(out.shape, out.strides);
}
