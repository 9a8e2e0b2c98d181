/** Memory that runs out, or a kernel that fails, at every place in turn: nothing is lost, nothing is half done, and the next try gives what it should. */
import {
  type Backend,
  cat,
  DataLoader,
  functional as F,
  full,
  type Generator,
  memory,
  nn,
  ones,
  optim,
  rand,
  randn,
  type Tensor,
  TensorDataset,
  tensor,
  tidy,
  zeros,
} from "@dropwise/core";
import { type Kernels, OutOfMemoryError, referenceKernels } from "@dropwise/core/backend";
import { assert, assertSame } from "../assert";
import { type Context, each, type Family } from "../case";
import { generatorAt, uniform } from "../inputs";
import { wrap } from "../wrap";

type Fault = "allocation" | "kernel";

/** A backend, with counters and a pool of its own, that can be told to fail. */
interface FaultyBackend {
  readonly backend: Backend;
  /** Lets every call of a kind fail, from number `first` on, counted from here. */
  begin(fault: Fault, first: number): void;
  end(): void;
}

const OPTIMIZERS: Readonly<Record<string, (params: Iterable<Tensor>) => optim.SGD | optim.Adam>> = {
  "SGD with momentum": (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 }),
  Adam: (params) => new optim.Adam(params, { lr: 0.01 }),
};

const STEPS = 2;

/** A tensor of 2^40 elements over memory for one. */
const huge = (backend: Backend): Tensor => ones([1], { backend }).expand([2 ** 40]);

/** What no backend has room for, and no host has the time to draw. */
const TOO_LARGE: Readonly<Record<string, (backend: Backend, generator: Generator) => unknown>> = {
  "zeros of 2^40 elements": (backend) => zeros([2 ** 40], { backend }),
  "a bool tensor of 2^44 elements": (backend) => full([2 ** 22, 2 ** 22], 1, { dtype: "bool", backend }),
  "2^31 uniform numbers": (backend, generator) => rand([2 ** 31], { backend, generator }),
  "2^52 uniform numbers": (backend, generator) => rand([2 ** 52], { backend, generator }),
  "2^40 normal numbers": (backend, generator) => randn([2 ** 20, 2 ** 20], { backend, generator }),
  "a layer of 10^11 weights": (backend, generator) => new nn.Linear(1e5, 1e6, { backend, generator }),
  "a layer of 10^18 weights": (backend, generator) => new nn.Linear(1e9, 1e9, { backend, generator }),
  "a copy of an expanded tensor": (backend) =>
    huge(backend)
      .reshape([2 ** 20, 2 ** 20])
      .transpose(0, 1)
      .contiguous(),
  "a sum of an expanded tensor": (backend) => huge(backend).add(1),
  "the total of an expanded tensor": (backend) => huge(backend).sum(),
  "the joined copies of an expanded tensor": (backend) => cat([huge(backend), huge(backend)]),
  "the product of a column and a row": (backend) => {
    const column = ones([1, 1], { backend }).expand([2 ** 20, 1]);
    return column.matmul(column.transpose(0, 1));
  },
  "dropout of an expanded tensor": (backend, generator) => F.dropout(huge(backend), { generator }),
  "an order of 2^40 samples": (backend, generator) => {
    const dataset = new TensorDataset(huge(backend));
    return [...new DataLoader(dataset, { shuffle: true, generator })];
  },
  "a batch of 2^40 samples": (backend) => [...new DataLoader(new TensorDataset(huge(backend)), { batchSize: 2 ** 40 })],
};

/** Failures. */
export const failures: Family = {
  ...each(
    Object.keys(OPTIMIZERS),
    (name) => `trains with ${name} as if nothing had been, where every allocation of every step fails once`,
    (name, context) => compareRuns(context, "allocation", name),
  ),

  "trains as if nothing had been, where every kernel of every pass fails once": (context) => compareRuns(context, "kernel", "Adam"),

  ...each(
    Object.keys(TOO_LARGE),
    (name) => `has no room for ${name}, says so at once, and draws and leaves nothing`,
    async (name, context) => {
      const backend = wrap(context.backend, {});
      const what = `${backend.name}, ${name}`;
      const generator = generatorAt(9, 5);
      const before = generator.getState();
      const call = () => tidy(() => void (TOO_LARGE[name] as (typeof TOO_LARGE)[string])(backend, generator));
      try {
        call();
      } catch (error) {
        const { name: kind, message } = error as Error;
        assert(kind === "OutOfMemoryError" || kind === "RangeError", `${what}: expected a named error, got ${kind}: ${message}`);
        assert(
          /expected .+ got /.test(message),
          `${what}: expected a message that says what was expected and what it got, got "${message}"`,
        );
        assertSame([...generator.getState()], [...before], `${what}, generator`);
        const { tensors, bytes } = memory(backend);
        assertSame([tensors, bytes], [0, 0], `${what}, tensors and bytes`);
        return;
      }
      throw new Error(`${what}: expected an error, got none`);
    },
  ),
};

// --- internal helpers ---

/** Trains without and with failures, and compares the end of both, to the last bit. */
async function compareRuns(context: Context, fault: Fault, optimizer: string): Promise<void> {
  const expected = await train(context, null, optimizer);
  const got = await train(context, fault, optimizer);
  assert(got.failures > 20, `${context.backend.name}: expected dozens of failures of ${fault}, got ${got.failures}`);
  assertEqual(got.end, expected.end, `${context.backend.name}, after ${got.failures} failures of ${fault}`);
}

/** One by one, so that a message names what differs and no more. */
function assertEqual(got: readonly string[], expected: readonly string[], what: string): void {
  assertSame(got.length, expected.length, `${what}, tensors`);
  expected.forEach((value, i) => {
    assertSame(got[i], value, `${what}, ${i}`);
  });
}

async function train({ backend: base }: Context, fault: Fault | null, name: string): Promise<{ failures: number; end: string[] }> {
  const { backend, begin, end } = faultyBackend(base);
  const generator = generatorAt(5);
  const model = new nn.Sequential(
    new nn.Linear(5, 7, { backend, generator }),
    new nn.ReLU(),
    new nn.Dropout({ p: 0.5, generator }),
    new nn.Linear(7, 3, { backend, generator }),
  );
  const parameters = [...model.parameters()];
  const optimizer = (OPTIMIZERS[name] as (typeof OPTIMIZERS)[string])(parameters);
  const x = tensor(uniform([4, 5]).data, { shape: [4, 5], backend });
  const classes = tensor(new Int32Array([2, 0, 1, 1]), { backend });
  const pass = () => tidy(() => F.crossEntropy(model.forward(x), classes).backward());
  const state = () => Object.values(optimizer.stateDict().state);
  let failures = 0;

  /** What a failure must leave as it was. */
  const snapshot = async (): Promise<string[]> => {
    const tensors = [...parameters, ...parameters.map((p) => p.grad), ...state().flatMap(({ tensors }) => tensors as Tensor[])];
    const values = await Promise.all(tensors.map(async (t) => (t === null ? "none" : (await t.data()).join())));
    const { tensors: live, bytes } = memory(backend);
    return [...values, `steps ${state().map(({ step }) => step)}`, `${live} tensors`, `${bytes} bytes`];
  };
  /** Runs it until it no longer fails: at first from its first call on, then from its second. */
  const insist = async (what: string, phase: () => unknown, isFaulty = true): Promise<void> => {
    const masks = generator.getState();
    for (let first = 0; ; first++) {
      const before = await snapshot();
      // A mask that was drawn before something else failed has taken its call.
      generator.setState(masks);
      if (fault !== null && isFaulty) begin(fault, first);
      try {
        phase();
        return;
      } catch (error) {
        end();
        assertSame((error as Error).name, "OutOfMemoryError", `${base.name}, ${what}, ${fault} ${first}`);
        assertEqual(await snapshot(), before, `${base.name}, ${what}, after ${fault} ${first} failed`);
        failures++;
      } finally {
        end();
      }
    }
  };

  for (let step = 0; step < STEPS; step++) {
    await insist("forward and backward", pass);
    await insist("a second backward", pass); // adds to gradients that are there
    // What is changed in place takes no memory, and fails only with the device.
    await insist("clipGradNorm", () => nn.clipGradNorm(parameters, 0.1).dispose(), fault === "allocation");
    await insist("step", () => optimizer.step(), fault === "allocation");
  }
  const result = { failures, end: await snapshot() };
  for (const t of [x, classes, ...parameters]) t.dispose();
  optimizer.dispose();
  return result;
}

function faultyBackend(base: Backend): FaultyBackend {
  let failing: Fault | null = null;
  let left = 0;
  const guarded =
    (fault: Fault, member: (...args: never[]) => unknown) =>
    (...args: never[]): unknown => {
      if (failing === fault && left-- <= 0) throw new OutOfMemoryError(base.name, 1);
      return member.apply(base, args);
    };
  // What core would run on the backend's view takes a place among its members. Not so linear, which is composed of the backend's matmul.
  const { linear: _, ...reference } = base.view === undefined ? ({} as Partial<Kernels>) : referenceKernels(base.view.bind(base));
  const names = Object.keys(referenceKernels(() => new Float32Array())) as (keyof Kernels)[];
  const kernels = names.flatMap((name) => {
    const member = base[name] ?? (reference as Partial<Kernels>)[name];
    return member === undefined ? [] : [[name, guarded("kernel", member)]];
  });
  return {
    backend: wrap(base, {
      ...Object.fromEntries(kernels),
      write: guarded("kernel", base.write) as Backend["write"],
      allocate: guarded("allocation", base.allocate) as Backend["allocate"],
    }),
    begin(fault, first) {
      failing = fault;
      left = first;
    },
    end() {
      failing = null;
    },
  };
}
