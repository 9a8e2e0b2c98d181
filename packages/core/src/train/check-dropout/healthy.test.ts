import { expect, test } from "vitest";
import { arange, functional as F, nn, noGrad, ones, randint, randn, type Tensor } from "../../index";
import { checkDropout } from "./check-dropout";
import { dropoutReport } from "./finding";

class Residual extends nn.Module {
  conv1 = new nn.Conv2d(4, 4, 3, { padding: 1 });
  norm1 = new nn.BatchNorm2d(4);
  conv2 = new nn.Conv2d(4, 4, 3, { padding: 1 });
  norm2 = new nn.BatchNorm2d(4);

  forward(x: Tensor): Tensor {
    const h = F.relu(this.norm1.forward(this.conv1.forward(x)));
    return F.relu(this.norm2.forward(this.conv2.forward(h)).add(x));
  }
}

class Sequence extends nn.Module {
  constructor(
    readonly cells: nn.LSTM | nn.GRU,
    readonly drop = new nn.Dropout(0.3),
    readonly head = new nn.Linear(8, 2),
  ) {
    super();
  }

  forward(x: Tensor): Tensor {
    const [output] = this.cells.forward(x);
    return this.head.forward(this.drop.forward(output.slice(1, -1).squeeze(1)));
  }
}

/** Tells its weights beside its answer, as models do that are to be looked into. */
class Attentive extends nn.Module {
  attention = new nn.MultiheadAttention(8, 2, { dropout: 0.2, batchFirst: true });
  head = new nn.Linear(8, 2);

  forward(x: Tensor, call: nn.MultiheadAttentionCall = {}): { logits: Tensor; weights: Tensor | null } {
    const [h, weights] = this.attention.forward(x, x, x, { averageAttnWeights: false, ...call });
    return { logits: this.head.forward(h.mean({ dim: 1 })), weights };
  }
}

class Functional extends nn.Module {
  hidden = new nn.Linear(4, 16);
  output = new nn.Linear(16, 1);

  forward(x: Tensor): Tensor {
    return this.output.forward(F.dropout(F.relu(this.hidden.forward(x)), { p: 0.5, training: this.training }));
  }
}

class Block extends nn.Module {
  ln1 = new nn.LayerNorm(8);
  attention = new nn.MultiheadAttention(8, 2, { dropout: 0.1, batchFirst: true });
  drop = new nn.Dropout(0.1);
  ln2 = new nn.LayerNorm(8);
  mlp = new nn.Sequential(new nn.Linear(8, 16), new nn.GELU(), new nn.Linear(16, 8), new nn.Dropout(0.1));

  forward(x: Tensor): Tensor {
    const h = this.ln1.forward(x);
    const z = x.add(this.drop.forward(this.attention.forward(h, h, h, { isCausal: true, needWeights: false })[0]));
    return z.add(this.mlp.forward(this.ln2.forward(z)));
  }
}

class Gpt extends nn.Module {
  letters = new nn.Embedding(10, 8);
  places = new nn.Embedding(6, 8);
  drop = new nn.Dropout(0.1);
  blocks = [new Block(), new Block()];
  ln = new nn.LayerNorm(8);
  head = new nn.Linear(8, 10);

  forward(index: Tensor): Tensor {
    const places = this.places.forward(arange(index.shape[1] as number, { dtype: "int32" }));
    const x = this.drop.forward(this.letters.forward(index).add(places));
    return this.head.forward(this.ln.forward(this.blocks.reduce((h, block) => block.forward(h), x)));
  }
}

/** Residual branches that are dropped for whole samples, before batch norms, as in EfficientNet. */
class StochasticDepth extends nn.Module {
  branches = [0, 1].map(() => new nn.Sequential(new nn.Conv2d(4, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.ReLU()));
  drops = [0, 1].map(() => new nn.Dropout({ p: 0.2, noiseShape: [-1, 1, 1, 1] }));

  forward(x: Tensor): Tensor {
    return this.branches.reduce((h, branch, i) => h.add((this.drops[i] as nn.Dropout).forward(branch.forward(h))), x);
  }
}

/** Two inputs, of floats and of places. */
class TwoInputs extends nn.Module {
  left = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Dropout(0.5));
  right = new nn.Sequential(new nn.Embedding(5, 8), new nn.Dropout(0.5));
  head = new nn.Linear(8, 2);

  forward(x: Tensor, { index }: { index: Tensor }): [Tensor, { pair: Tensor }] {
    const answer = this.head.forward(this.left.forward(x).mul(this.right.forward(index)));
    return [answer, { pair: F.softmax(answer, { dim: 1 }) }];
  }
}

const pictures = () => randn([3, 4, 8, 8]);

const healthy: Record<string, () => [nn.Module, Tensor | unknown[]]> = {
  "an MLP": () => [new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(8, 2)), ones([2, 4])],
  "a CNN with channels dropped after pooling": () => [
    new nn.Sequential(
      ...[new nn.Conv2d(4, 6, 3), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Dropout2d(0.2), new nn.Conv2d(6, 6, 3), new nn.ReLU()],
      ...[new nn.Flatten(), new nn.Dropout(0.5), new nn.Linear(6, 2)],
    ),
    pictures(),
  ],
  "dropout of the input, in place": () => [new nn.Sequential(new nn.Dropout({ p: 0.2, inplace: true }), new nn.Linear(4, 2)), ones([2, 4])],
  "dropout of a view of the input, in place": () => [
    new nn.Sequential(new nn.Flatten(), new nn.Dropout({ p: 0.2, inplace: true }), new nn.Linear(4, 2)),
    ones([2, 2, 2]),
  ],
  "an LSTM with dropout between layers": () => [
    new Sequence(new nn.LSTM(4, 8, { numLayers: 3, dropout: 0.3, batchFirst: true })),
    randn([2, 5, 4]),
  ],
  "a GRU classifier": () => [new Sequence(new nn.GRU(4, 8, { batchFirst: true, bidirectional: false })), [randn([2, 5, 4])]],
  "an encoder of transformers": () => [
    new nn.TransformerEncoder(new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true }), 2),
    randn([2, 5, 8]),
  ],
  "a decoder of transformers, norms first": () => [
    new nn.TransformerDecoder(new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true, normFirst: true }), 2),
    [randn([2, 5, 8]), randn([2, 3, 8])],
  ],
  "attention whose weights are told": () => [new Attentive(), randn([2, 5, 8])],
  "attention in one kernel": () => [new Attentive(), [randn([2, 5, 8]), { needWeights: false }]],
  "a self-normalising network": () => [
    new nn.Sequential(new nn.Linear(4, 8), new nn.SELU(), new nn.AlphaDropout(0.1), new nn.Linear(8, 2)),
    ones([2, 4]),
  ],
  "an autoencoder": () => [
    new nn.Sequential(
      new nn.Sequential(new nn.Dropout(0.1), new nn.Linear(8, 4), new nn.ReLU()),
      new nn.Sequential(new nn.Linear(4, 8), new nn.Sigmoid()),
    ),
    ones([2, 8]),
  ],
  "a residual CNN with dropout behind its last batch norm": () => [
    new nn.Sequential(new Residual(), new Residual(), new nn.Flatten(), new nn.Dropout(0.5), new nn.Linear(256, 2)),
    pictures(),
  ],
  "dropout before layer, group and instance norms": () => [
    new nn.Sequential(
      ...[new nn.Conv2d(4, 4, 3), new nn.Dropout2d(0.2), new nn.GroupNorm(2, 4), new nn.Dropout2d(0.2), new nn.InstanceNorm2d(4)],
      ...[new nn.Dropout2d(0.2), new nn.LayerNorm(6), new nn.Flatten(), new nn.Linear(144, 2)],
    ),
    pictures(),
  ],
  "stochastic depth before batch norms": () => [new StochasticDepth(), pictures()],
  "functions that are told": () => [new Functional(), ones([2, 4])],
  "a small GPT": () => [new Gpt(), randint(0, 10, [2, 6])],
  "several inputs, nested outputs": () => [new TwoInputs(), [ones([3, 4]), { index: randint(0, 5, [3]) }]],
  "a frozen model": () => {
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.Dropout(0.5), new nn.Linear(8, 2));
    for (const parameter of model.parameters()) parameter.requiresGrad = false;
    return [model, ones([2, 4])];
  },
  "a model without dropout": () => [new nn.Linear(4, 2), ones([2, 4])],
};

test.each(Object.entries(healthy))("finds nothing in %s", (_, make) => {
  const [model, sample] = make();
  expect(dropoutReport(checkDropout(model, sample as Tensor))).toBe("no findings");
  model.eval();
  expect(noGrad(() => checkDropout(model, sample as Tensor))).toEqual([]);
});
