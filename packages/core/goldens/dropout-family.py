"""
Writes dropout-family.json: what the libraries give from which members of the dropout family come, seeded, with gradients. Run on x86-64 with
torch 2.13, torchvision 0.28, timm 1.0.29, transformers 5.18 and keras 3.15: KERAS_BACKEND=torch python dropout-family.py

Of AWD-LSTM, fairseq's LayerDrop and its cell with zoneout, R-Drop and concrete dropout, which no registry has as packages for this torch, the formulas are
written here as PyTorch operations; transformers has LayerDrop inside a model, and shows that the formula is right.

Not comparable: timm's drop_block_2d begins squares at every pixel, also where they reach over the edge, and has one mask for all channels.
"""
import importlib.util, json, pathlib, sys, types

# Its compiled part may be built for another device than torch; transformers would import it.
sys.modules["torchvision"] = None
import keras, torch, transformers
import numpy as np
from torch import nn
from torch.nn import functional as F
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2Encoder


def bare(package, part):
    """The files of a part, without the package around it."""
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    for name, path in ((package, folder), (f"{package}.{part}", f"{folder}/{part}")):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [path]


del sys.modules["torchvision"]
bare("torchvision", "ops")
bare("timm", "layers")
from timm.layers.drop import drop_path
from torchvision.ops.drop_block import drop_block2d
from torchvision.ops.stochastic_depth import stochastic_depth

assert keras.backend.backend() == "torch"


def numbers(tensor):
    """In the fewest digits that make the same float32. Without -0, which stands here for a negative element that is dropped."""
    return [float(str(x)) for x in tensor.detach().flatten().numpy() + np.float32(0)]


def made(*shape, start=0):
    """Numbers of two places, of both signs, which are short to write; none of them 0."""
    n = torch.Size(shape).numel()
    return ((torch.arange(n) * 37 + 11 * start) % 199 - 99).to(torch.float32).reshape(shape).mul(2).add(1).div(100)


def golden(tensor):
    return {"shape": list(tensor.shape), "data": numbers(tensor)}


def after():
    return numbers(torch.rand(2))


def case(seed, op, *inputs, **fields):
    """The output of `op` after seeding, the gradients for an upstream gradient, and the numbers that are drawn next."""
    for x in inputs:
        x.requires_grad_()
    torch.manual_seed(seed)
    output = op(*inputs)
    behind = after()
    upstream = made(*output.shape, start=5)
    gradients = torch.autograd.grad(output, inputs, upstream)
    given = {"inputs": [golden(x) for x in inputs], "upstream": golden(upstream), "output": golden(output), "gradients": [numbers(g) for g in gradients]}
    return {"seed": seed, **fields, **given, "after": behind}


def drop_paths():
    cases = []
    for p in (0.1, 0.5, 0.8):
        for shape in ([6, 2, 2], [9, 2]):
            for mode in ("row", "batch"):
                cases.append(case(3, lambda x: stochastic_depth(x, p, mode), made(*shape), of="torchvision", p=p, mode=mode))
            cases.append(case(4, lambda x: drop_path(x, p, training=True), made(*shape), of="timm", p=p, mode="row"))
    return cases


def drop_blocks():
    """One sample has the same scale as the batch; of more, torchvision's scale is that of all."""
    cases = []
    for shape, p, block in (([1, 2, 7, 8], 0.1, 3), ([1, 2, 6, 9], 0.3, 5), ([1, 3, 5, 5], 0.5, 1), ([1, 2, 5, 6], 0.2, 7), ([3, 2, 5, 6], 0.3, 3)):
        cases.append(case(6, lambda x: drop_block2d(x, p, block), made(*shape), p=p, blockSize=block))
    return cases


def masks_of(weight_shape, p):
    return torch.empty(weight_shape).bernoulli_(1 - p) / (1 - p)


def locked(x, p):
    return x * masks_of([1, *x.shape[1:]], p)


def locked_dropouts():
    cases = [case(5, lambda x: locked(x, p), made(5, 2, 4), p=p, order=[0, 1, 2]) for p in (0.3, 0.5, 0.65)]
    # One position, of data that lies in memory in another order.
    cases.append(case(5, lambda x: locked(x.permute(2, 1, 0), 0.5), made(4, 3, 1), p=0.5, order=[2, 1, 0]))
    return cases


def embedded(words, weight, p, padding):
    return F.embedding(words, weight * masks_of([len(weight), 1], p), padding)


def embedding_dropouts():
    """AWD-LSTM hands over -1 where there is no padding index."""
    words = torch.tensor([[0, 6, 2, 2], [5, 1, 6, 0]])
    cases = []
    for p in (0.1, 0.5):
        for padding in (None, -1, 2):
            cases.append(case(8, lambda w: embedded(words, w, p, padding), made(7, 3), p=p, paddingIdx=padding, words=words.flatten().tolist()))
    return cases


def drop_connects():
    return [case(9, lambda x, w, b: F.linear(x, F.dropout(w, p), b), made(4, 5), made(3, 5, start=2), made(3, start=4), p=p) for p in (0.2, 0.5)]


class LanguageModel(nn.Module):
    """AWD-LSTM: words dropped from the table, a recurrent layer with dropped hidden weights, one mask for all positions behind it."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(6, 4)
        self.lstm = nn.LSTM(4, 5)
        self.head = nn.Linear(5, 6)

    def forward(self, words):
        x = locked(embedded(words, self.embedding.weight, 0.2, None), 0.3)
        y, _ = torch.func.functional_call(self.lstm, {"weight_hh_l0": F.dropout(self.lstm.weight_hh_l0, 0.5)}, (x,))
        return self.head(locked(y, 0.4))


def language_model():
    """Four steps of training from nothing but a seed."""
    torch.manual_seed(12)
    model = LanguageModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    words, target = torch.randint(0, 6, (7, 3)), torch.randint(0, 6, (7, 3))
    losses = []
    for _ in range(4):
        loss = F.cross_entropy(model(words).reshape(21, 6), target.reshape(21))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    gradients = {name: numbers(x.grad) for name, x in model.named_parameters()}
    weights = {name: numbers(x) for name, x in model.named_parameters()}
    return {"losses": losses, "gradients": gradients, "weights": weights, "after": after()}


def layer_drops():
    """Which layers run in three passes, one of them in eval mode, where the originals draw as well."""
    cases = []
    for p in (0.2, 0.5, 0.9):
        torch.manual_seed(10)
        ran = []
        for training in (True, False, True):
            u = torch.empty(24).uniform_()
            ran.append("".join(str(int(not training or u[i] > p)) for i in range(24)))
        cases.append({"of": "fairseq's formula", "seed": 10, "p": p, "ran": ran, "after": after()})
    sizes = {"hidden_size": 8, "num_hidden_layers": 12, "num_attention_heads": 2, "intermediate_size": 4}
    positions = {"num_conv_pos_embeddings": 2, "num_conv_pos_embedding_groups": 1}
    rates = {"hidden_dropout": 0, "attention_dropout": 0, "activation_dropout": 0, "layerdrop": 0.4}
    encoder = Wav2Vec2Encoder(transformers.Wav2Vec2Config(**sizes, **positions, **rates, attn_implementation="eager"))
    seen = []
    for i, layer in enumerate(encoder.layers):
        layer.register_forward_hook(lambda *_, i=i: seen.append(i))
    torch.manual_seed(11)
    ran = []
    for training in (True, False, True):
        seen.clear()
        encoder.train(training)(torch.ones(1, 3, 8))
        ran.append("".join(str(int(i in seen)) for i in range(12)))
    cases.append({"of": "transformers", "seed": 11, "p": 0.4, "ran": ran, "after": after()})
    return cases


def gaussian_dropouts():
    """Call k of a layer with the seed s is seeded with s + k, on this backend of Keras."""
    cases = []
    for p in (0.2, 0.5):
        for shape in ([3, 4], [5, 8]):
            layer = keras.layers.GaussianDropout(p, seed=20)
            for call in (0, 1):
                cases.append(case(0, lambda x: layer(x, training=True), made(*shape), p=p, layerSeed=20, call=call))
    return cases


def zoneouts():
    """fairseq's cell: where units stay as they were is drawn."""

    def op(p):
        def zoned(previous, following):
            mask = previous.new_zeros(*previous.shape).bernoulli_(p)
            return mask * previous + (1 - mask) * following

        return zoned

    return [case(13, op(p), made(4, 6), made(4, 6, start=3), p=p) for p in (0.05, 0.5, 0.7)]


def concrete_dropouts():
    """A mask that has a gradient for its rate, by the formula of the paper."""

    def op(temperature):
        def dropped(x, logit):
            p, u = torch.sigmoid(logit), torch.rand_like(x)
            soft = (p.log() - (1 - p).log() + (u + 1e-7).log() - (1 - u + 1e-7).log()) / temperature
            return x * (1 - torch.sigmoid(soft)) / (1 - p)

        return dropped

    return [case(14, op(t), made(4, 5), torch.tensor(logit), temperature=t) for t, logit in ((0.1, -2.0), (0.5, 0.3))]


def multi_samples():
    def op(x, w):
        return torch.stack([F.linear(F.dropout(x, 0.4), w) for _ in range(5)]).mean(0)

    return [case(15, op, made(3, 4), made(2, 4, start=6), p=0.4, samples=5)]


def r_drops():
    """The paper's loss; and that of the authors' snippet, which takes the mean of both cross entropies and sums the divergence over rows."""
    cases = []
    for shape, alpha in (([5, 4], 5.0), ([5, 4], 0.3), ([2, 4, 3], 1.0)):
        target = (torch.arange(shape[0] * (shape[2] if len(shape) > 2 else 1)) * 3 % 4).reshape([shape[0], *shape[2:]])

        def both(first, second):
            p, q = F.log_softmax(first, 1), F.log_softmax(second, 1)
            apart = sum(F.kl_div(a, b.exp(), reduction="none").sum() for a, b in ((p, q), (q, p))) / 2
            return F.cross_entropy(first, target) + F.cross_entropy(second, target), apart

        def paper(first, second):
            entropy, apart = both(first, second)
            return entropy + alpha * apart / target.numel()

        inputs = made(*shape), made(*shape, start=7)
        entropy, apart = both(*inputs)
        snippet = (entropy / 2 + alpha * apart).item()
        cases.append(case(0, paper, *inputs, alpha=alpha, target=golden(target), snippet=snippet))
    return cases


versions = f"torch {torch.__version__}, torchvision 0.28.0, timm 1.0.29, transformers {transformers.__version__}, keras {keras.__version__} on torch"
content = {
    "source": f"{versions}, on x86-64",
    "dropPath": drop_paths(),
    "dropBlock2d": drop_blocks(),
    "lockedDropout": locked_dropouts(),
    "embeddingDropout": embedding_dropouts(),
    "dropConnect": drop_connects(),
    "languageModel": language_model(),
    "layerDrop": layer_drops(),
    "gaussianDropout": gaussian_dropouts(),
    "zoneout": zoneouts(),
    "concreteDropout": concrete_dropouts(),
    "multiSampleDropout": multi_samples(),
    "rDropLoss": r_drops(),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
