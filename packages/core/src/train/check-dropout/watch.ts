/** Runs a model and writes down who was called, who drew, and what reached the batch norms. */
import { withGradMode } from "../../autograd/grad-mode";
import { counter, type GradNode } from "../../autograd/node";
import { isTensor, raw } from "../../errors/brand";
import { refusePromise } from "../../errors/misuse";
import type { RemovableHandle } from "../../nn/hooks";
import type { Module } from "../../nn/module";
import { type Draw, drawing, withDrawing } from "../../random/drawing";
import type { Shape } from "../../shape/shape";
import type { Tensor } from "../../tensor/tensor";
import { tensorsIn } from "../../tensor/tidy";

/** A run of a module's `forward`, with the numbers of the operations in it. */
interface Call {
  readonly name: string;
  readonly module: Module;
  readonly start: number;
  end: number;
  /** What made its first input, where that is recorded. */
  readonly input: GradNode | null;
  /** The same of its output. */
  output: GradNode | null;
}

/** A draw, and the module in whose `forward` it was made. */
export interface Heard {
  readonly name: string;
  readonly module: Module;
  readonly op: string;
  /** Of a mask. */
  readonly p: number | undefined;
  /** Of what a mask is laid on; undefined for draws on the host. */
  readonly shape: Shape | undefined;
}

/** What happened in a run. */
export interface Watched {
  readonly calls: readonly Call[];
  readonly draws: readonly Heard[];
  /** Calls of layers that learn a running variance. */
  readonly norms: readonly Call[];
  readonly outputs: readonly Tensor[];
  /** The innermost module in whose `forward` an operation ran. */
  callOf(node: GradNode): Pick<Call, "name" | "module">;
}

/** Runs a model's forward in a mode; with `training` the graph is recorded. */
export function watch(op: string, model: Module, inputs: () => readonly unknown[], training: boolean): Watched {
  const calls: Call[] = [];
  const draws: Heard[] = [];
  // The model itself stands for what is called by no `forward`.
  const open = [callTo("", model)];
  const handles: RemovableHandle[] = [];
  const { hear } = drawing;
  const heard = (draw: Draw, shape: Shape): void => {
    hear?.(draw, shape);
    const { name, module } = open.at(-1) as Call;
    draws.push({ name, module, op: draw.op, p: (draw as { p?: number }).p, shape: draw.input?.sizes });
  };
  try {
    for (const [name, module] of model.namedModules()) {
      const enter = (_: Module, [input]: readonly unknown[]) => {
        const call = callTo(name, module, input);
        calls.push(call);
        open.push(call);
      };
      const leave = (_: Module, __: readonly unknown[], output: unknown) => {
        // With it ends what it called, also where that threw and it went on.
        let call: Call;
        do {
          call = open.pop() as Call;
          call.end = counter.next;
        } while (call.module !== module);
        call.output = madeIn(output);
      };
      const hooked = module as {
        registerForwardPreHook(hook: unknown): RemovableHandle;
        registerForwardHook(hook: unknown): RemovableHandle;
      };
      handles.push(hooked.registerForwardPreHook(enter), hooked.registerForwardHook(leave));
    }
    model.train(training);
    // A replay: running statistics and last masks stay as they are.
    const run = () =>
      refusePromise(
        op,
        withDrawing({ hear: heard, isReplay: true }, () => called(model, inputs())),
      );
    const outputs = tensorsIn(withGradMode(training, run));
    // Who was called later, and is not done, is further inside.
    const innermostFirst = [...calls].reverse();
    const callOf = ({ id }: GradNode) => innermostFirst.find(({ start, end }) => start <= id && id < end) ?? { name: "", module: model };
    return { calls, draws, norms: calls.filter(({ module }) => learnsVariance(module)), outputs, callOf };
  } finally {
    for (const handle of handles) handle.remove();
  }
}

// --- internal helpers ---

function callTo(name: string, module: Module, input?: unknown): Call {
  return { name, module, start: counter.next, end: Number.POSITIVE_INFINITY, input: madeIn(input), output: null };
}

function madeIn(x: unknown): GradNode | null {
  return isTensor(x) ? raw(x).node : null;
}

function called(model: Module, inputs: readonly unknown[]): unknown {
  return (model as unknown as { forward(...all: unknown[]): unknown }).forward(...inputs);
}

/** Batch norms, and what is built like them: what they learn in training is what they divide by in inference. */
function learnsVariance(module: Module): boolean {
  return isTensor((module as unknown as { running_var?: unknown }).running_var);
}
