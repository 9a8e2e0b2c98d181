import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const NOTES =
  "F.dropout(x, 0.5) and nn modules of PyTorch on one thread, in a Python process of its own that is told the number of calls of each turn, so that the " +
  "way there and back (some 50 us) is paid once a turn. Its mask is a float tensor drawn by Mersenne Twister; losses and optimizers are those named.";

/** Opens PyTorch, if the Python that `PYTHON` names, or `python3`, has it. */
export default async () => {
  const child = spawn(process.env.PYTHON ?? "python3", [fileURLToPath(new URL("torch_worker.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise((_, reject) => {
    child.on("error", () => reject(new Error("no Python was found - install one with torch, or set PYTHON")));
    child.on("exit", () => reject(new Error("this Python has no torch - install it, or set PYTHON to one that has")));
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
  const { version } = await ask({ do: "version" });
  let opened = 0;
  return [
    {
      name: "torch",
      threads: 1,
      device: `native, ${version}`,
      notes: NOTES,
      async entry(task) {
        const key = String(opened++);
        await ask({ do: "open", key, task });
        return {
          prepare: (round) => ask({ do: "prepare", key, round }),
          run: (calls) => ask({ do: "run", key, calls }),
          dispose: () => void ask({ do: "close", key }).catch(() => {}),
        };
      },
      close: () => void child.kill(),
    },
  ];
};
