/** Models that people train, against PyTorch's runs with the very same masks, at every step. */
import { functional as F, type Generator, nn, optim, type Tensor, tensor, tidy } from "@dropwise/core";
import modelsFile from "../../goldens/models.json";
import { assert, assertClose, assertSame } from "../assert";
import type { Check, Context, Family } from "../case";
import { fromGolden, type GoldenTensor } from "../goldens";
import { generatorAt } from "../inputs";
import { COMPOSED, LOSSES, type Tolerance } from "../tolerance";

/** A run of PyTorch. */
interface GoldenModel {
  readonly name: string;
  readonly seed: number;
  readonly batch: number;
  readonly optimizer: { readonly name: "Adam" | "AdamW" | "SGD"; readonly options: { readonly lr: number } };
  readonly dropoutCalls: number;
  readonly inputScale: number;
  readonly init: Readonly<Record<string, GoldenTensor>>;
  readonly inputs: GoldenTensor;
  readonly targets: GoldenTensor;
  readonly losses: readonly number[];
  readonly firstGradNorms: Readonly<Record<string, number>>;
  readonly finalNorms: Readonly<Record<string, number>>;
}

const golden = new Map((modelsFile.models as unknown as readonly GoldenModel[]).map((model) => [model.name, model]));

type Model = nn.TensorModule;

/** A bias of keys changes no softmax: its gradient is rounding alone, and Adam makes whole steps of it. */
const ADRIFT: Tolerance = { ...COMPOSED, name: "norms of a bias that hardly matters", rtol: 1e-3, atol: 1e-6 };
const NORMS: Tolerance = { ...COMPOSED, name: "norms", rtol: 1e-4, atol: 1e-6 };

/** Two convolutions, each with pooling; whole channels are dropped between them, single values before the last layer. */
class Cnn extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly conv2: nn.Conv2d;
  readonly fc: nn.Linear;
  readonly pool = new nn.MaxPool2d(2);
  readonly dropChannels: nn.Dropout2d;
  readonly drop: nn.Dropout;

  constructor({ backend }: Context, generator: Generator) {
    super();
    const options = { backend, generator: generatorAt(0) };
    this.conv1 = new nn.Conv2d(1, 8, 3, { padding: 1, ...options });
    this.conv2 = new nn.Conv2d(8, 16, 3, { padding: 1, ...options });
    this.fc = new nn.Linear(64, 10, options);
    this.dropChannels = new nn.Dropout2d({ p: 0.25, generator });
    this.drop = new nn.Dropout({ p: 0.5, generator });
  }

  forward(x: Tensor): Tensor {
    const h = this.dropChannels.forward(this.pool.forward(F.relu(this.conv1.forward(x))));
    const features = this.pool.forward(F.relu(this.conv2.forward(h))).reshape([x.shape[0] as number, -1]);
    return this.fc.forward(this.drop.forward(features));
  }
}

/** Two layers with dropout between them, over sequences with the batch first; classes are read off the last step. */
class Lstm extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly head: nn.Linear;

  constructor({ backend }: Context, generator: Generator) {
    super();
    this.lstm = new nn.LSTM(8, 16, { numLayers: 2, dropout: 0.3, batchFirst: true, backend, generator });
    this.head = new nn.Linear(16, 4, { backend, generator: generatorAt(0) });
  }

  forward(x: Tensor): Tensor {
    const [output] = this.lstm.forward(x);
    return this.head.forward(output.slice(1, -1).squeeze(1));
  }
}

/** A block of a GPT as PyTorch's users write it: one product for query, key and value. */
class Block extends nn.Module {
  readonly ln1: nn.LayerNorm;
  readonly qkv: nn.Linear;
  readonly proj: nn.Linear;
  readonly ln2: nn.LayerNorm;
  readonly up: nn.Linear;
  readonly down: nn.Linear;

  constructor(
    { backend }: Context,
    readonly generator: Generator,
  ) {
    super();
    const options = { backend, generator: generatorAt(0) };
    this.ln1 = new nn.LayerNorm(WIDTH, { backend });
    this.qkv = new nn.Linear(WIDTH, 3 * WIDTH, options);
    this.proj = new nn.Linear(WIDTH, WIDTH, options);
    this.ln2 = new nn.LayerNorm(WIDTH, { backend });
    this.up = new nn.Linear(WIDTH, 4 * WIDTH, options);
    this.down = new nn.Linear(4 * WIDTH, WIDTH, options);
  }

  forward(x: Tensor): Tensor {
    const { generator } = this;
    const [batch, positions] = x.shape as [number, number];
    const heads = F.chunk(this.qkv.forward(this.ln1.forward(x)), { chunks: 3, dim: -1 }).map((part) =>
      part.reshape([batch, positions, 2, WIDTH / 2]).transpose(1, 2),
    );
    const [q, k, v] = heads as [Tensor, Tensor, Tensor];
    const mixed = F.scaledDotProductAttention(q, k, v, { isCausal: true, dropoutP: 0.2, generator });
    const joined = mixed.transpose(1, 2).reshape([batch, positions, WIDTH]);
    const h = x.add(F.dropout(this.proj.forward(joined), { p: 0.2, generator }));
    const fed = this.down.forward(F.gelu(this.up.forward(this.ln2.forward(h)), { approximate: "tanh" }));
    return h.add(F.dropout(fed, { p: 0.2, generator }));
  }
}

const WIDTH = 32;

/** Two blocks over the sum of embeddings, with dropout on it, on attention weights, and on what each part gives. */
class Gpt extends nn.Module {
  readonly tok: nn.Embedding;
  readonly pos: nn.Embedding;
  readonly blocks: readonly Block[];
  readonly ln: nn.LayerNorm;
  readonly head: nn.Linear;

  constructor(
    context: Context,
    readonly generator: Generator,
  ) {
    super();
    const { backend } = context;
    const options = { backend, generator: generatorAt(0) };
    this.tok = new nn.Embedding(20, WIDTH, options);
    this.pos = new nn.Embedding(16, WIDTH, options);
    this.blocks = [new Block(context, generator), new Block(context, generator)];
    this.ln = new nn.LayerNorm(WIDTH, { backend });
    this.head = new nn.Linear(WIDTH, 20, options);
  }

  forward(index: Tensor): Tensor {
    const embedded = this.tok.forward(index).add(this.pos.weight);
    const x = this.blocks.reduce((h, block) => block.forward(h), F.dropout(embedded, { p: 0.2, generator: this.generator }));
    return this.head.forward(this.ln.forward(x));
  }
}

/** Whole models. */
export const models: Family = {
  "trains a convolutional network like PyTorch, at every step": trains("cnn", Cnn),
  "trains a GPT like PyTorch, at every step": trains("gpt", Gpt),
  "trains an LSTM like PyTorch, at every step": trains("lstm", Lstm),
};

// --- internal helpers ---

function trains(name: string, Kind: new (context: Context, generator: Generator) => Model): Check {
  return async (context) => {
    const run = golden.get(name) as GoldenModel;
    const generator = generatorAt(run.seed);
    await train(run, new Kind(context, generator), context);
    assertSame(generator.call, BigInt(run.dropoutCalls), `${context.backend.name}, calls taken`);
  };
}

async function train(run: GoldenModel, model: Model, { backend }: Context): Promise<void> {
  const on = (value: GoldenTensor): Tensor => tensor(fromGolden(value).data, { shape: value.shape, backend });
  model.loadStateDict(Object.fromEntries(Object.entries(run.init).map(([name, value]) => [name, on(value)])));
  const optimizer = new optim[run.optimizer.name](model.parameters(), run.optimizer.options);
  const given = on(run.inputs);
  const inputs = run.inputScale === 1 ? given : given.mul(run.inputScale);
  const targets = on({ ...run.targets, dtype: "int32" });
  const rows = run.inputs.shape[0] as number;
  const losses: Tensor[] = [];
  let firstNorms: (readonly [string, Tensor | null])[] = [];
  for (let step = 0; step < run.losses.length; step++) {
    const start = (step * run.batch) % rows;
    assert(start + run.batch <= rows, "models.json: expected batches that end with the rows");
    tidy(() => {
      optimizer.zeroGrad();
      const output = model.forward(inputs.slice(0, start, start + run.batch));
      const loss = F.crossEntropy(
        output.reshape([-1, output.shape.at(-1) as number]),
        targets.slice(0, start, start + run.batch).reshape([-1]),
      );
      loss.backward();
      losses.push(loss.detach());
      if (step === 0) firstNorms = [...model.namedParameters()].map(([name, { grad }]) => [name, grad && normOf(grad)]);
      optimizer.step();
      return [losses, firstNorms];
    });
  }
  const got = await Promise.all(losses.map((loss) => loss.item()));
  assertClose(got, run.losses, LOSSES, `${backend.name}, loss at each step of ${run.name}`);
  for (const [name, norm] of firstNorms)
    assertClose(
      [(await norm?.item()) ?? Number.NaN],
      [run.firstGradNorms[name] as number],
      NORMS,
      `${backend.name}, first gradient of ${name}`,
    );
  for (const [name, parameter] of model.namedParameters()) {
    const tolerance = name.endsWith("qkv.bias") ? ADRIFT : NORMS;
    assertClose(
      [await normOf(parameter).item()],
      [run.finalNorms[name] as number],
      tolerance,
      `${backend.name}, norm of ${name} at the end`,
    );
  }
}

function normOf(x: Tensor): Tensor {
  return x.detach().mul(x.detach()).sum().sqrt();
}
