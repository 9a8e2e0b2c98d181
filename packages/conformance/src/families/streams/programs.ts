/** The scripts of `goldens/torch-scripts.json`, line by line: they seed, make data and a model, and train. Nothing is handed to them from PyTorch. */
import {
  arange,
  type Backend,
  cpu,
  DataLoader,
  functional as F,
  nn,
  optim,
  rand,
  randint,
  randn,
  randperm,
  type Tensor,
  TensorDataset,
  tensor,
  tidy,
} from "@dropwise/core";

/** The numbers that a script is called with. */
export type Args = Readonly<Record<string, number>>;

/** What a script leaves: the first numbers of each parameter as it began, the loss of each step, and the output in evaluation. */
export interface Ran {
  readonly init: Readonly<Record<string, Tensor>>;
  readonly losses: readonly Tensor[];
  readonly output: Tensor;
}

/** The scripts, on the default backend and from the default generator. */
export const programs: Readonly<Record<string, (args: Args, backend: Backend) => Ran>> = { mlp, functional, cnn, gpt, lstm };

// --- internal helpers ---

function mlp({ n, features, hidden, batch, epochs }: Args): Ran {
  const data = rand([n as number, features as number]);
  const target = data.mean({ dim: 1, keepdim: true }).gt(0.5).type("float32");
  const loader = new DataLoader(new TensorDataset(data, target), { batchSize: batch as number, shuffle: true });
  const model = new nn.Sequential(
    new nn.Linear(features as number, hidden as number),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(hidden as number, 1),
    new nn.Sigmoid(),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const [init, losses] = [firstSix(model), [] as Tensor[]];
  for (let epoch = 0; epoch < (epochs as number); epoch++) {
    for (const [x, y] of loader) losses.push(step(optimizer, () => F.binaryCrossEntropy(model.forward(x as Tensor), y as Tensor)));
  }
  return { init, losses, output: inEvaluation(model, data.slice(0, 0, 6)) };
}

function functional({ n, features, hidden, classes, batch, epochs }: Args): Ran {
  class Net extends nn.Module {
    readonly fc1 = new nn.Linear(features as number, hidden as number);
    readonly fc2 = new nn.Linear(hidden as number, classes as number);
    forward(input: Tensor): Tensor {
      const { training } = this;
      const x = F.dropout(input, { p: 0.2, training });
      return this.fc2.forward(F.dropout(F.relu(this.fc1.forward(x)), { training }));
    }
  }
  const [net, data] = [new Net(), randn([n as number, features as number])];
  const target = data.slice(1, 0, classes).argmax({ dim: 1 });
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
  const [init, losses] = [firstSix(net), [] as Tensor[]];
  for (let epoch = 0; epoch < (epochs as number); epoch++) {
    const order = randperm(n as number, { backend: cpu }).dataSync();
    for (let i = 0; i < order.length; i += batch as number) {
      const rows = tensor(order.slice(i, i + (batch as number)));
      const at = (x: Tensor) => F.indexSelect(x, rows, { dim: 0 });
      losses.push(step(optimizer, () => F.crossEntropy(net.forward(at(data)), at(target))));
    }
  }
  return { init, losses, output: inEvaluation(net, data.slice(0, 0, 6)) };
}

function cnn({ n, channels, size, batch, epochs }: Args): Ran {
  const images = randn([n as number, 1, size as number, size as number]);
  const labels = images
    .mean({ dim: [1, 2, 3] })
    .gt(0)
    .type("int32");
  const model = new nn.Sequential(
    new nn.Conv2d(1, channels as number, 3, { padding: 1 }),
    new nn.BatchNorm2d(channels as number),
    new nn.ReLU(),
    new nn.Dropout2d(0.3),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear((channels as number) * Math.floor((size as number) / 2) ** 2, 2),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
  return inOrder(model, optimizer, images, labels, batch as number, epochs as number);
}

function lstm({ n, length, features, hidden, classes, batch, epochs }: Args): Ran {
  class Net extends nn.Module {
    readonly rnn = new nn.LSTM(features as number, hidden as number, { numLayers: 2, dropout: 0.3, batchFirst: true });
    readonly head = new nn.Linear(hidden as number, classes as number);
    forward(x: Tensor): Tensor {
      return this.head.forward(this.rnn.forward(x)[0].slice(1, -1).squeeze(1));
    }
  }
  const data = randn([n as number, length as number, features as number]);
  const net = new Net();
  const target = data.sum({ dim: 1 }).slice(1, 0, classes).argmax({ dim: 1 });
  return inOrder(net, new optim.Adam(net.parameters(), { lr: 0.01 }), data, target, batch as number, epochs as number);
}

function gpt({ vocab, context, width, heads, layers, batch, steps }: Args, backend: Backend): Ran {
  const own = width as number;
  class Block extends nn.Module {
    readonly ln1 = new nn.LayerNorm(own);
    readonly qkv = new nn.Linear(own, 3 * own);
    readonly proj = new nn.Linear(own, own);
    readonly drop = new nn.Dropout(0.1);
    readonly ln2 = new nn.LayerNorm(own);
    readonly up = new nn.Linear(own, 4 * own);
    readonly down = new nn.Linear(4 * own, own);
    forward(input: Tensor): Tensor {
      const [b, t, c] = input.shape as [number, number, number];
      const all = this.qkv.forward(this.ln1.forward(input));
      const part = (i: number) =>
        all
          .slice(2, i * c, (i + 1) * c)
          .reshape([b, t, heads as number, -1])
          .transpose(1, 2);
      const y = F.scaledDotProductAttention(part(0), part(1), part(2), { dropoutP: this.training ? 0.1 : 0, isCausal: true });
      const x = input.add(this.drop.forward(this.proj.forward(y.transpose(1, 2).reshape([b, t, c]))));
      return x.add(this.drop.forward(this.down.forward(F.gelu(this.up.forward(this.ln2.forward(x))))));
    }
  }
  class Gpt extends nn.Module {
    readonly tok = new nn.Embedding(vocab as number, own);
    readonly pos = new nn.Embedding(context as number, own);
    readonly drop = new nn.Dropout(0.1);
    readonly blocks = new nn.Sequential(...Array.from({ length: layers as number }, () => new Block()));
    readonly ln = new nn.LayerNorm(own);
    readonly head = new nn.Linear(own, vocab as number, { bias: false });
    forward(index: Tensor): Tensor {
      const places = arange(index.shape[1] as number, { dtype: "int32" });
      const x = this.drop.forward(this.tok.forward(index).add(this.pos.forward(places)));
      return this.head.forward(this.ln.forward(this.blocks.forward(x)));
    }
  }
  const model = new Gpt();
  const text = Int32Array.from({ length: 300 }, (_, i) => (i * i + 3 * i) % (vocab as number));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  const [init, losses] = [firstSix(model), [] as Tensor[]];
  const cut = (starts: ArrayLike<number>, ahead: number) =>
    tensor(
      Array.from(starts, (start) => [...text.subarray(start + ahead, start + ahead + (context as number))]),
      { dtype: "int32", backend },
    );
  for (let i = 0; i < (steps as number); i++) {
    const starts = randint(0, text.length - (context as number), [batch as number], { backend: cpu }).dataSync();
    const [x, y] = [cut(starts, 0), cut(starts, 1)];
    losses.push(step(optimizer, () => F.crossEntropy(model.forward(x).reshape([-1, vocab as number]), y.reshape([-1]))));
  }
  return { init, losses, output: inEvaluation(model, cut([0], 0)) };
}

/** What a step asks of an optimizer. */
type Optimizer = Pick<optim.SGD, "zeroGrad" | "step">;

interface Model extends nn.Module {
  forward(x: Tensor): Tensor;
}

/** Goes over the data in batches, in the order in which it is there. */
function inOrder(model: Model, optimizer: Optimizer, data: Tensor, target: Tensor, batch: number, epochs: number): Ran {
  const [init, losses] = [firstSix(model), [] as Tensor[]];
  const rows = data.shape[0] as number;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = 0; i < rows; i += batch) {
      const at = (x: Tensor) => x.slice(0, i, Math.min(i + batch, rows));
      losses.push(step(optimizer, () => F.crossEntropy(model.forward(at(data)), at(target))));
    }
  }
  return { init, losses, output: inEvaluation(model, data.slice(0, 0, 6)) };
}

function step(optimizer: Optimizer, lossOf: () => Tensor): Tensor {
  return tidy(() => {
    const loss = lossOf();
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.detach();
  });
}

function firstSix(model: nn.Module): Record<string, Tensor> {
  const first = (x: Tensor) => {
    const flat = x.detach().reshape([-1]);
    return flat.slice(0, 0, Math.min(6, flat.size)).mul(1);
  };
  return Object.fromEntries([...model.namedParameters()].map(([name, value]) => [name, first(value)]));
}

function inEvaluation(model: Model, x: Tensor): Tensor {
  model.eval();
  return model.forward(x).detach();
}
