import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const NOTES =
  "F.dropout(x, 0.5) and nn modules of PyTorch on one thread, in a Python process of its own that is told the number of calls of each turn, so that the " +
  "way there and back (some 50 us) is paid once a turn. Its mask is a float tensor drawn by Mersenne Twister; losses and optimizers are those named.";

const CUDA_NOTES =
  "The same on an NVIDIA GPU, waited for at the end of each turn; the copy beside it is one between two tensors on that GPU. F.dropout is PyTorch's fused " +
  "kernel there, which draws the same masks as Dropwise and, for the backward pass, writes them to a tensor of bytes. Products are in float32, without TF32.";

/** Opens PyTorch, if the Python that `DROPWISE_TORCH` or `PYTHON` names, or `python3`, has it; and PyTorch on an NVIDIA GPU, if there is one. */
export default async () => {
  const onCpu = await open("cpu");
  const onGpu = await open("cuda").catch(() => undefined); // without a GPU, or built without CUDA
  return [
    competitor("torch", onCpu, "native", NOTES),
    ...(onGpu === undefined ? [] : [competitor("torch-cuda", onGpu, onGpu.device, CUDA_NOTES, true)]),
  ];
};

// --- internal helpers ---

/** Starts a Python process that computes on `device`, "cpu" or "cuda". Rejects where that does not work. */
async function open(device) {
  const child = spawn(
    process.env.DROPWISE_TORCH ?? process.env.PYTHON ?? "python3",
    [fileURLToPath(new URL("torch_worker.py", import.meta.url)), device],
    {
      stdio: ["pipe", "pipe", "ignore"],
    },
  );
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise((_, reject) => {
    child.on("error", () => reject(new Error("no Python was found - install one with torch, or set DROPWISE_TORCH")));
    child.on("exit", () => reject(new Error("this Python has no torch - install it, or set DROPWISE_TORCH to one that has")));
  });
  gone.catch(() => {}); // heard by whoever waits for a reply
  child.stdin.on("error", () => {});

  const ask = async (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value } = await Promise.race([replies.next(), gone]);
    if (value === undefined) return gone;
    const reply = JSON.parse(value);
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply;
  };
  const close = () => void child.kill();
  try {
    return { ask, close, ...(await ask({ do: "version" })) };
  } catch (error) {
    close();
    throw error;
  }
}

/** @param {boolean} [copies] Whether the process makes the copy beside each turn, on its device. */
function competitor(name, { ask, close, version }, device, notes, copies = false) {
  let opened = 0;
  return {
    name,
    threads: 1,
    device: `${device}, ${version}`,
    notes,
    async entry(task) {
      const key = String(opened++);
      await ask({ do: "open", key, task });
      return {
        prepare: (round) => ask({ do: "prepare", key, round }),
        run: (calls) => ask({ do: "run", key, calls }),
        ...(copies && { copy: (calls) => ask({ do: "copy", key, calls }) }),
        dispose: () => void ask({ do: "close", key }).catch(() => {}),
      };
    },
    close,
  };
}
