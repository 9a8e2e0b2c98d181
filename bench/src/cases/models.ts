import { type Backend, functional as F, manualSeed, nn, optim, type Tensor, tensor, tidy } from "@dropwise/core";
import type { HostData } from "../competitor";
import type { ModelTask } from "../task";
import { onBackend } from "./training";
import type { Work } from "./work";

/** Whole training steps of one of the models, on a batch that changes from round to round. */
export function modelWork(backend: Backend, { model: name }: ModelTask, data: HostData): Work {
  const { make, optimize, batch } = MODELS[name];
  const { model, optimizer } = onBackend(backend, () => {
    manualSeed(1);
    const model = make();
    return { model, optimizer: optimize(model.parameters()) };
  });
  let [input, target]: Tensor[] = [];
  return {
    prepare(round) {
      input?.dispose();
      target?.dispose();
      [input, target] = batch(backend, data, round);
      manualSeed(round);
    },
    run(calls) {
      onBackend(backend, () => {
        for (let i = 0; i < calls; i++) {
          tidy(() => {
            optimizer.zeroGrad();
            const logits = model.forward(input as Tensor) as Tensor;
            F.crossEntropy(logits, target as Tensor).backward();
            optimizer.step();
          });
        }
      });
    },
    dispose() {
      input?.dispose();
      target?.dispose();
      optimizer.zeroGrad();
      for (const parameter of model.parameters()) parameter.dispose();
    },
  };
}

// --- internal helpers ---

interface Model {
  make(): nn.Module & { forward(input: Tensor): Tensor };
  optimize(parameters: Iterable<nn.Parameter>): { zeroGrad(): void; step(): void };
  batch(backend: Backend, data: HostData, round: number): [input: Tensor, target: Tensor];
}

const MODELS: Readonly<Record<ModelTask["model"], Model>> = {
  cnn: {
    make: () =>
      new nn.Sequential(
        new nn.Conv2d(1, 32, 3, { padding: 1 }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Conv2d(32, 64, 3, { padding: 1 }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Dropout2d({ p: 0.25 }),
        new nn.Flatten(),
        new nn.Linear(3136, 128),
        new nn.ReLU(),
        new nn.Dropout({ p: 0.5 }),
        new nn.Linear(128, 10),
      ),
    optimize: (parameters) => new optim.Adam(parameters),
    batch: (backend, data, round) => [values(backend, data, round, [64, 1, 28, 28]), classes(backend, data, round, 64, 10)],
  },
  lstm: {
    make: () => new Reader(),
    optimize: (parameters) => new optim.Adam(parameters),
    batch: (backend, data, round) => [values(backend, data, round, [32, 32, 64]), classes(backend, data, round, 32, 10)],
  },
  gpt: {
    make: () => new Gpt(),
    optimize: (parameters) => new optim.AdamW(parameters),
    batch: (backend, data, round) => {
      const letters = classes(backend, data, round + 1, BATCH * CONTEXT, LETTERS);
      const input = letters.reshape([BATCH, CONTEXT]);
      letters.dispose();
      return [input, classes(backend, data, round, BATCH * CONTEXT, LETTERS)];
    },
  },
};

const [LETTERS, CONTEXT, BATCH, WIDTH, HEADS, LAYERS, DROPOUT] = [65, 64, 12, 128, 4, 4, 0.2];

/** Sequences in, classes out, from what the second layer says at the last step. */
class Reader extends nn.Module {
  lstm = new nn.LSTM(64, 128, { numLayers: 2, dropout: 0.3 });
  head = new nn.Linear(128, 10);

  forward(x: Tensor): Tensor {
    const [output] = this.lstm.forward(x);
    return this.head.forward(output.slice(0, -1).squeeze(0));
  }
}

/** Attention and a feed-forward part, each behind a norm and with a way around it. */
class Block extends nn.Module {
  ln1 = new nn.LayerNorm(WIDTH);
  attention = new nn.Linear(WIDTH, 3 * WIDTH);
  projection = new nn.Linear(WIDTH, WIDTH);
  drop = new nn.Dropout({ p: DROPOUT });
  ln2 = new nn.LayerNorm(WIDTH);
  mlp = new nn.Sequential(new nn.Linear(WIDTH, 4 * WIDTH), new nn.GELU(), new nn.Linear(4 * WIDTH, WIDTH), new nn.Dropout({ p: DROPOUT }));

  forward(x: Tensor): Tensor {
    const [batch, length] = x.shape as [number, number];
    const parts = F.split(this.attention.forward(this.ln1.forward(x)), { splitSize: WIDTH, dim: 2 });
    const [q, k, v] = parts.map((part) => part.reshape([batch, length, HEADS, WIDTH / HEADS]).transpose(1, 2)) as [Tensor, Tensor, Tensor];
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: true, dropoutP: DROPOUT, training: this.training });
    const z = x.add(this.drop.forward(this.projection.forward(y.transpose(1, 2).reshape([batch, length, WIDTH]))));
    return z.add(this.mlp.forward(this.ln2.forward(z)));
  }
}

/** Letters in, logits of the next letters out. */
class Gpt extends nn.Module {
  letters = new nn.Embedding(LETTERS, WIDTH);
  places = new nn.Embedding(CONTEXT, WIDTH);
  drop = new nn.Dropout({ p: DROPOUT });
  blocks = new nn.Sequential(...Array.from({ length: LAYERS }, () => new Block()));
  ln = new nn.LayerNorm(WIDTH);
  head = new nn.Linear(WIDTH, LETTERS);

  forward(index: Tensor): Tensor {
    // The places' table is as long as the context: all of it is added.
    const x = this.drop.forward(this.letters.forward(index).add(this.places.weight));
    const logits = this.head.forward(this.ln.forward(this.blocks.forward(x)));
    return logits.reshape([-1, LETTERS]);
  }
}

function values(backend: Backend, data: HostData, round: number, shape: number[]): Tensor {
  return tensor(
    data.values(
      shape.reduce((a, b) => a * b),
      round,
    ),
    { shape, backend },
  );
}

function classes(backend: Backend, data: HostData, round: number, count: number, of: number): Tensor {
  return tensor(
    Int32Array.from(data.values(count, round + 1), (value) => Math.floor(((value + 1) / 2) * of)),
    { backend },
  );
}
