import * as apply from "../ops/unary-more";
import type { Tensor } from "../tensor/tensor";

/**
 * The largest whole number that is not above each element. Gradients are zeros. Mirrors [torch.floor](https://docs.pytorch.org/docs/stable/generated/torch.floor.html).
 *
 * @param input Any shape; float32, float64, or int32, of which it gives a copy.
 * @throws TypeError for bool.
 * @example
 * ```ts
 * console.log(F.floor(tensor([1.5, -1.5])).dataSync().join(" ")); // 1 -2
 * ```
 */
export function floor(input: Tensor): Tensor {
  return apply.floor(input);
}

/**
 * The smallest whole number that is not below each element. Gradients are zeros. Mirrors [torch.ceil](https://docs.pytorch.org/docs/stable/generated/torch.ceil.html).
 *
 * @param input Any shape; float32, float64, or int32, of which it gives a copy.
 * @throws TypeError for bool.
 * @example
 * ```ts
 * console.log(F.ceil(tensor([1.5, -1.5])).dataSync().join(" ")); // 2 -1
 * ```
 */
export function ceil(input: Tensor): Tensor {
  return apply.ceil(input);
}

/**
 * The nearest whole number; halves go to the even neighbour. Gradients are zeros. Mirrors [torch.round](https://docs.pytorch.org/docs/stable/generated/torch.round.html).
 *
 * @param input Any shape; float32, float64, or int32, of which it gives a copy.
 * @throws TypeError for bool.
 * @example
 * ```ts
 * console.log(F.round(tensor([0.5, 1.5, 2.6])).dataSync().join(" ")); // 0 2 3
 * ```
 */
export function round(input: Tensor): Tensor {
  return apply.round(input);
}

/**
 * -1, 0 or 1 by the sign of each element; 0 for zeros and NaN. Gradients are zeros. Mirrors [torch.sign](https://docs.pytorch.org/docs/stable/generated/torch.sign.html).
 *
 * @param input Any shape; float32, float64 or int32.
 * @throws TypeError for bool.
 * @example
 * ```ts
 * console.log(F.sign(tensor([-3, 0, 7])).dataSync().join(" ")); // -1 0 1
 * ```
 */
export function sign(input: Tensor): Tensor {
  return apply.sign(input);
}

/**
 * The sine of each element, in radians; NaN for infinities. In float32 within 1e-7 of the exact value on `cpu`, `native` and `wasm` and within 3e-7 on `webgpu`,
 * however large the element is. Mirrors [torch.sin](https://docs.pytorch.org/docs/stable/generated/torch.sin.html).
 *
 * @param input Any shape; float32 or float64.
 * @throws TypeError for integers; UnsupportedOpError on a device backend of contract 1.
 */
export function sin(input: Tensor): Tensor {
  return apply.sin(input);
}

/**
 * The cosine of each element, in radians. Large ones as for `sin`. Mirrors [torch.cos](https://docs.pytorch.org/docs/stable/generated/torch.cos.html).
 *
 * @param input Any shape; float32 or float64.
 * @throws TypeError for integers; UnsupportedOpError on a device backend of contract 1.
 */
export function cos(input: Tensor): Tensor {
  return apply.cos(input);
}

/**
 * `1 / sqrt(input)`: infinite at zeros, NaN below. Mirrors [torch.rsqrt](https://docs.pytorch.org/docs/stable/generated/torch.rsqrt.html).
 *
 * @param input Any shape; float32 or float64.
 * @throws TypeError for integers.
 * @example
 * ```ts
 * console.log(F.rsqrt(tensor([4, 0.25])).dataSync().join(" ")); // 0.5 2
 * ```
 */
export function rsqrt(input: Tensor): Tensor {
  return apply.rsqrt(input);
}
