import { isFloating } from "../dtype/dtype";
import { BackendMismatchError, DisposedError, InPlaceError } from "../errors/errors";
import type { Tensor } from "../tensor/tensor";
import { gradMode } from "./grad-mode";
import { GradNode, type Inputs, type Primitive } from "./node";

/**
 * Runs a primitive on tensors and records it when a gradient may be wanted. Every operation passes through here, so here are the
 * checks that all share.
 *
 * @throws DisposedError for a disposed input, BackendMismatchError for inputs of different backends, InPlaceError for a view of what was
 *   edited since.
 */
export function run<A>(primitive: Primitive<A>, inputs: Inputs, attrs: A): Tensor {
  checkInputs(primitive.name, inputs);
  if (gradMode.enabled) for (const input of inputs) if (input.isView) checkView(primitive.name, input);
  const output = inputs[0].wrap(primitive.forward(inputs, attrs));
  record(primitive, inputs, attrs, output);
  return output;
}

/**
 * Makes `output` the result of `primitive`, for the backward pass, when recording is on and an input requires a gradient. Integers and bool end
 * the graph, whatever made them: steps have no slope.
 */
function record<A>(primitive: Primitive<A>, inputs: readonly Tensor[], attrs: A, output: Tensor): void {
  if (primitive.backward === undefined || !gradMode.enabled) return;
  for (const input of inputs) {
    if (input.requiresGrad && isFloating(output.dtype)) {
      output.node = new GradNode(primitive, attrs, inputs, output) as GradNode;
      return;
    }
  }
}

/** Refuses disposed tensors and tensors of different backends. */
export function checkInputs(op: string, inputs: readonly Tensor[]): void {
  const { device } = (inputs[0] as Tensor).storage;
  for (const input of inputs) {
    checkLive(op, input);
    const there = input.storage.device;
    if (device !== there) throw new BackendMismatchError(op, [device.label, there.label]);
  }
}

/** The tensor, unless it was disposed. */
export function checkLive(op: string, x: Tensor): Tensor {
  if (!x.isDisposed) return x;
  throw new DisposedError(op, x.fate ?? "expected a live tensor, got a disposed one - return it from tidy, or keep() it");
}

// --- internal helpers ---

/** Refuses a recorded view whose memory was edited since: it shows the new values, and its gradient would go where the old ones came from. */
function checkView(op: string, { node, storage }: Tensor): void {
  if (node === null || node.outputVersion === storage.version) return;
  throw new InPlaceError(op, "expected a current view, got one edited in place since - make it anew, or leave inplace off");
}
