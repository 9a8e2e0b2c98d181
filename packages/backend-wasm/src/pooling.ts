import { type Backend, type Operand, type PoolOp, UnsupportedOpError } from "@dropwise/core/backend";
import { areFloat32, elementsOf, type Runtime, type WasmHandle } from "./runtime";
import { type Planes, writeAxes } from "./windows";

type Members = Required<Pick<Backend<WasmHandle>, "pool" | "poolGrad">>;
type Op = Operand<WasmHandle>;

/** The operations of `pool.hpp`, in its order. */
const POOL: readonly PoolOp[] = ["max", "sum"];

/** Word offset in `PoolArgs`. */
const AXES = 5;

/** About what an element of a window takes. */
const ELEMENT_NS = 1;

/** Pooling of float32 and its gradient: core composes others. */
export function pooling(runtime: Runtime): Members {
  return {
    pool(op, spec, x, out) {
      const planes = writeAxes(runtime, AXES, spec, x.shape.slice(2), out.shape.slice(2));
      const { words } = runtime;
      words[0] = runtime.operand("pool", x, elementsIn(x, planes[0]));
      words[1] = 0;
      words[2] = runtime.operand("pool", out, elementsIn(x, planes[1]));
      run(op, x, planes);
    },
    poolGrad(op, spec, x, grad, out) {
      const planes = writeAxes(runtime, AXES, spec, out.shape.slice(2), grad.shape.slice(2));
      const { words } = runtime;
      words[0] = op === "max" ? runtime.operand("poolGrad", x as Op, elementsIn(out, planes[0])) : 0;
      words[1] = runtime.operand("poolGrad", grad, elementsIn(out, planes[1]));
      words[2] = runtime.operand("poolGrad", out, elementsIn(out, planes[0]));
      run(op, out, planes);
    },
  };

  /** The elements of as many planes as `x` has. */
  function elementsIn({ shape, storage }: Op, plane: number): number {
    if (!areFloat32({ shape, storage } as Op))
      throw new UnsupportedOpError("pool", "wasm", `expected float32, got ${storage.dtype} - compose it`);
    return elementsOf(shape[0] as number, shape[1] as number, plane);
  }

  function run(op: PoolOp, { shape }: Op, [, output, kernel]: Planes): void {
    const planes = (shape[0] as number) * (shape[1] as number);
    runtime.words[3] = POOL.indexOf(op);
    runtime.words[4] = planes;
    if (planes > 0) runtime.run("pool", planes, output * kernel * ELEMENT_NS);
  }
}
