import { readFileSync } from "node:fs";

const NOTES =
  "nn.Dropout(0.5): its mask is one call of Math.random for each element, unseeded; tensors are nested arrays of numbers, and a gradient costs a graph " +
  "each time. Backward is from the sum, since it takes no incoming gradient. Up to 1M elements; no training, since a step of the larger model takes " +
  "seconds and there is neither SGD nor binary cross-entropy for the small one.";

/** The largest tensors that it handles in reasonable time. */
const MOST_ELEMENTS = 2 ** 20;

export default async () => {
  const { torch } = await import("js-pytorch");
  const { version } = JSON.parse(readFileSync(new URL("node_modules/js-pytorch/package.json", import.meta.url), "utf8"));
  return [
    {
      name: "js-pytorch",
      threads: 1,
      device: `javascript, ${version}`,
      notes: NOTES,
      entry: (task, data) => workFor(torch, task, data),
      close() {},
    },
  ];
};

// --- internal helpers ---

function workFor(torch, task, data) {
  if (task.op === "matmul") return matmul(torch, task, data);
  const isDropout = ["dropout", "dropout-backward", "latency"].includes(task.op);
  return isDropout && task.elements <= MOST_ELEMENTS ? dropout(torch, task, data) : null;
}

function dropout(torch, { op, elements }, data) {
  const layer = new torch.nn.Dropout(0.5);
  const withGradient = op === "dropout-backward";
  let x;
  return {
    prepare(round) {
      x = torch.tensor(Array.from(data.values(elements, round)), withGradient);
    },
    run(calls) {
      for (let i = 0; i < calls; i++) {
        const y = layer.forward(x);
        if (!withGradient) continue;
        y.sum().backward();
        x.zero_grad();
      }
    },
  };
}

function matmul(torch, { m, k, n, transposed: [ta, tb] }, data) {
  const nested = (rows, columns, round) => {
    const values = data.values(rows * columns, round);
    return torch.tensor(Array.from({ length: rows }, (_, row) => Array.from(values.subarray(row * columns, (row + 1) * columns))));
  };
  let [a, b] = [];
  return {
    prepare(round) {
      a = ta ? nested(k, m, round) : nested(m, k, round);
      b = tb ? nested(n, k, round) : nested(k, n, round);
    },
    run(calls) {
      for (let i = 0; i < calls; i++) torch.matmul(ta ? torch.transpose(a, 0, 1) : a, tb ? torch.transpose(b, 0, 1) : b);
    },
  };
}
