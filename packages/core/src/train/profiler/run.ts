import { shared } from "../../backend/shared";
import type { Device } from "../../backend/storage";
import { deviceOf } from "../../cpu/device-of";
import { checkFunction, type OptionKinds, optionsOf } from "../../errors/options";
import { refusal, wrongType } from "../../errors/refusal";
import { getDefaultBackend } from "../../tensor/creation";
import { instrument } from "./instrument";
import { Profile } from "./profile";
import { Recorder } from "./recorder";
import { Replacements } from "./replace";

/** What a profile keeps. */
export interface ProfileOptions {
  /** Keep every call for `exportChromeTrace`, and not only sums, whose memory does not grow with the length of the run. Default: true. */
  readonly trace?: boolean;
}

/**
 * Runs `fn` and records what it did, on whichever backend: each op with its calls, time, bytes and shapes, the gradients of operations, optimizer
 * steps and batches around them, and what `recordFunction` named. Mirrors [torch.profiler](https://docs.pytorch.org/docs/stable/profiler.html).
 *
 * Times are the host's. A backend that works by a queue (webgpu) takes an op in and returns at once: there an op's time is what it took to queue it,
 * not what the device took to run it. What it took shows where the program waits: in the rows of `data` and `item`, and at the end, for the profile waits
 * until the devices it used are done, so that its whole `time` is right. On the other backends an op's time is the time that it took.
 *
 * All that runs in this process meanwhile is recorded, also what `fn` did not start. While no profile runs, it costs nothing.
 *
 * @param fn May be asynchronous; is called once.
 * @param options Default: with a trace.
 * @returns What `fn` gave, and what was recorded.
 * @throws TypeError for what is no function, an unknown option, or while another profile runs; and what `fn` throws.
 * @example
 * ```ts
 * const model = new nn.Linear(8, 2);
 * const run = await profile(() => model.forward(ones([4, 8])).sum().backward());
 * const calls = Object.fromEntries(run.keyAverages().map(({ name, calls }) => [name, calls]));
 * console.log(calls.linear, calls.linearBackward, calls.matmul); // 1 1 1
 * ```
 */
export async function profile<T>(fn: () => T, options?: ProfileOptions): Promise<Profile<Awaited<T>>> {
  checkFunction("profile", fn, "write profile(() => { ... })");
  const { trace = true } = optionsOf("profile", options, OPTIONS);
  const running = current();
  if (running.recorder !== null) {
    throw refusal("profile", "no other profile to run", "one that does", "await it first, or name the parts of one with recordFunction");
  }
  const recorder = new Recorder(trace);
  running.recorder = recorder;
  const replacements = new Replacements();
  try {
    // What was queued before is not this program's.
    await drained(deviceOf(getDefaultBackend())).catch(() => {});
    instrument(recorder, replacements.replace);
    recorder.begin();
    const result = await fn();
    for (const device of recorder.devices) await drained(device);
    recorder.end();
    const queues = [...recorder.devices].filter(isQueue).map(({ label }) => label);
    return new Profile(result, recorder, queues);
  } finally {
    replacements.undo();
    recorder.end();
    running.recorder = null;
  }
}

/**
 * Gives a part of a program a row of its own in the profile around it; without one, it just calls `fn`. Such parts may be nested.
 * Mirrors [torch.profiler.record_function](https://docs.pytorch.org/docs/stable/generated/torch.autograd.profiler.record_function.html).
 *
 * @param name What the row is called.
 * @param fn May be asynchronous: its row then has the time until its promise settled, and ops are inside it up to its first `await`.
 * @returns What `fn` gave.
 * @throws TypeError for a name that is no text or what is no function, and what `fn` throws.
 * @example
 * ```ts
 * const run = await profile(() => recordFunction("scale", () => ones([4]).mul(2)));
 * console.log(run.keyAverages().some(({ name, kind }) => name === "scale" && kind === "function")); // true
 * ```
 */
export function recordFunction<T>(name: string, fn: () => T): T {
  if (typeof name !== "string") throw wrongType("recordFunction", "a name as text", name);
  checkFunction("recordFunction", fn, 'write recordFunction("name", () => { ... })');
  const { recorder } = current();
  return recorder === null ? fn() : recorder.callOrWait({ kind: "function", name, device: null }, fn);
}

// --- internal helpers ---

const OPTIONS: OptionKinds<ProfileOptions> = { trace: "flag" };

/** The profile that runs, in this process: kernels are everyone's. */
function current(): { recorder: Recorder | null } {
  return shared("profile", () => ({ recorder: null }) as { recorder: Recorder | null });
}

/** A device whose kernels return before they are done, for all that can be known: nobody sees its memory without asking. */
function isQueue({ view }: Device): boolean {
  return view === undefined;
}

/** Waits until a device has done all that it was told: reads come after everything else. */
async function drained(device: Device): Promise<void> {
  const { backend } = device;
  if (!isQueue(device) || backend.isDisposed) return;
  const storage = device.allocate(backend.info.dtypes[0] ?? "float32", 1);
  try {
    await backend.read(storage, 0, 1);
  } finally {
    storage.release();
  }
}
