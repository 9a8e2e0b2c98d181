import type { Layout } from "../autograd/node";
import { checkFloating } from "../dtype/dtype";
import { BRAND, type Brand, isBranded, isTensor, raw } from "../errors/brand";
import { itemsOf, optionsOf } from "../errors/options";
import { checkTensor } from "../ops/binary";
import { contiguous, viewLayout } from "../ops/layout";
import { Tensor } from "../tensor/tensor";

/**
 * A tensor that a module trains: found by `parameters()`, saved by `stateDict()`, never freed by `tidy`. Mirrors [torch.nn.Parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html).
 *
 * @throws TypeError for what is no tensor, or a gradient of integers; DisposedError for a disposed tensor.
 * @example
 * ```ts
 * class Scale extends nn.Module {
 *   factor = new nn.Parameter(full([1], 3));
 *   forward(x: Tensor) {
 *     return x.mul(this.factor);
 *   }
 * }
 * console.log(String(new Scale().forward(ones([2])).detach())); // Tensor([3, 3], [2], float32, cpu)
 * ```
 */
export class Parameter extends Tensor {
  /**
   * @param data Its value; the memory is shared, so do not edit it afterwards.
   * @param options `requiresGrad`: default true.
   */
  constructor(data: Tensor, options?: { requiresGrad?: boolean }) {
    const { requiresGrad = true } = optionsOf<{ requiresGrad?: boolean }>("Parameter", options, { requiresGrad: "flag" });
    const value = checkTensor("Parameter", data, "its value");
    if (requiresGrad) checkFloating("Parameter", value.dtype);
    super(ownLayout(value));
    this.isKept = true;
    this.wantsGrad = requiresGrad;
  }

  /** @internal */
  static override get name(): string {
    return "Parameter";
  }

  /** @internal */
  override get [BRAND](): Brand {
    return "Parameter";
  }
}

/** A tensor that belongs to a module's state without being trained, such as a running mean. Mirrors [torch.nn.Buffer](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html). */
export class Buffer extends Tensor {
  /**
   * @param data Its value; the memory is shared, so do not edit it afterwards.
   * @throws TypeError for what is no tensor, DisposedError for a disposed one.
   */
  constructor(data: Tensor) {
    super(ownLayout(checkTensor("Buffer", data, "its value")));
    this.isKept = true;
  }

  /** @internal */
  static override get name(): string {
    return "Buffer";
  }

  /** @internal */
  override get [BRAND](): Brand {
    return "Buffer";
  }
}

/** True for a Parameter, from whichever copy of core. */
export function isParameter(value: unknown): value is Parameter {
  return isBranded(value, "Parameter");
}

/** True for a Buffer, from whichever copy of core. */
export function isBuffer(value: unknown): value is Buffer {
  return isBranded(value, "Buffer");
}

/** A tensor or several, as an array without the proxies of reactive state. */
export function tensorsOf(op: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  if (isTensor(parameters)) return [raw(parameters)];
  return itemsOf(op, "parameters, such as model.parameters()", parameters, (item) => checkTensor(op, item, "each parameter"));
}

// --- internal helpers ---

function ownLayout(data: Tensor): Layout {
  const source = contiguous(data);
  const layout = viewLayout(source.layout);
  if (source !== data) source.dispose();
  return layout;
}
