import { sizeOf, type WindowSpec } from "@dropwise/core/backend";

/** The words of `p.window` in window.wgsl: three dimensions each, the first ones filled up, and in the fourth the product where it is asked for. */
export function windowOf(spec: Omit<WindowSpec, "padValue">, image: readonly number[], result: readonly number[]): number[] {
  const three = (values: readonly number[], filler: number, last = 0): number[] => [
    ...new Array<number>(3 - values.length).fill(filler),
    ...values,
    last,
  ];
  return [
    ...[...three(spec.kernel, 1, sizeOf(spec.kernel)), ...three(spec.stride, 1), ...three(spec.dilation, 1), ...three(spec.padding, 0)],
    ...[...three(image, 1, sizeOf(image)), ...three(result, 1, sizeOf(result))],
  ];
}
