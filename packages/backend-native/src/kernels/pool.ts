import { type PoolOp, UnsupportedOpError } from "@dropwise/core/backend";
import { type Call, Kernel } from "../call";
import { isFloat32, type Members, type Op } from "./shared";
import { axes } from "./windows";

/** The operations of `pool.hpp`, in its order. */
const POOL: readonly PoolOp[] = ["max", "sum"];

/** Pooling of float32 and its gradient: core composes others. */
export function pool(call: Call): Members<"pool" | "poolGrad"> {
  return {
    pool(op, spec, x, out) {
      const planes = begin("pool", op, x);
      const [input, output] = axes(call, spec, x.shape.slice(2), out.shape.slice(2));
      call
        .operand("pool", x, planes * input)
        .operand("pool", out, planes * output)
        .run();
    },
    poolGrad(op, spec, x, grad, out) {
      const planes = begin("poolGrad", op, out);
      const [input, output] = axes(call, spec, out.shape.slice(2), grad.shape.slice(2));
      if (op === "max") call.operand("poolGrad", x as Op, planes * input);
      call
        .operand("poolGrad", grad, planes * output)
        .operand("poolGrad", out, planes * input)
        .run();
    },
  };

  function begin(name: "pool" | "poolGrad", op: PoolOp, x: Op): number {
    if (!isFloat32(x)) throw new UnsupportedOpError(name, "native", `expected float32, got ${x.storage.dtype} - compose it`);
    const planes = (x.shape[0] as number) * (x.shape[1] as number);
    call
      .begin(Kernel.pool)
      .number(name === "pool" ? 0 : 1)
      .number(POOL.indexOf(op))
      .number(planes);
    return planes;
  }
}
