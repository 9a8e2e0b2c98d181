"""What models.mjs asks of PyTorch: `models.py DIR` loads the weights in DIR/ours into the same models, says how far their outputs are from ours, and puts weights of its own and
their outputs into DIR/theirs."""

import json
import os
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, dropout=0.1, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(0.1))

    def forward(self, x):
        h = self.ln1(x)
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        y, _ = self.attention(h, h, h, attn_mask=mask, is_causal=True, need_weights=False)
        x = x + self.drop(y)
        return x + self.mlp(self.ln2(x))


class Gpt(nn.Module):
    """examples/gpt.mjs, with the sizes that its weights have."""

    def __init__(self, letters, context=64, width=96, heads=4, layers=3):
        super().__init__()
        self.letters = nn.Embedding(letters, width)
        self.places = nn.Embedding(context, width)
        self.drop = nn.Dropout(0.1)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, letters)

    def forward(self, index):
        x = self.drop(self.letters(index) + self.places(torch.arange(index.shape[1])))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln(x))


class Reader(nn.Module):
    """examples/lstm.mjs"""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 48, num_layers=2, dropout=0.3, batch_first=True)
        self.head = nn.Linear(48, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class Rows(nn.Module):
    """examples/mc-attention.mjs"""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(8, 32)
        self.places = nn.Embedding(8, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.2, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(32), enable_nested_tensor=False)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        return self.head(self.encoder(self.embed(x) + self.places.weight).mean(1))


def cnn():
    """examples/digits-cnn.mjs"""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout2d(0.1),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(128, 10),
    )


MODELS = {
    "cnn": lambda state: cnn(),
    "gpt": lambda state: Gpt(len(state["letters.weight"])),
    "lstm": lambda state: Reader(),
    "mc-attention": lambda state: Rows(),
    "linear": lambda state: nn.Linear(5, 4),
    "linear without bias": lambda state: nn.Linear(5, 4, bias=False),
    "mlp": lambda state: nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2)),
    "conv1d": lambda state: nn.Conv1d(3, 4, 3, stride=2),
    "conv2d in groups": lambda state: nn.Conv2d(4, 8, 3, groups=2, padding=1),
    "conv3d": lambda state: nn.Conv3d(1, 2, 2),
    "conv2d transposed": lambda state: nn.ConvTranspose2d(3, 2, 3, stride=2),
    "batchnorm1d": lambda state: nn.BatchNorm1d(5),
    "batchnorm2d": lambda state: nn.BatchNorm2d(3),
    "instancenorm": lambda state: nn.InstanceNorm2d(3, affine=True),
    "layernorm": lambda state: nn.LayerNorm((3, 4)),
    "groupnorm": lambda state: nn.GroupNorm(2, 4),
    "rmsnorm": lambda state: nn.RMSNorm(5),
    "embedding": lambda state: nn.Embedding(10, 4, padding_idx=0),
    "rnn": lambda state: nn.RNN(5, 4),
    "lstm in both directions": lambda state: nn.LSTM(5, 4, num_layers=2, bidirectional=True),
    "gru": lambda state: nn.GRU(5, 4, batch_first=True),
    "encoder layer": lambda state: nn.TransformerEncoderLayer(8, 2, 16, activation="gelu"),
    "prelu": lambda state: nn.PReLU(3),
}


def run(model, x):
    out = model(x.long() if x.dtype == torch.int32 else x)
    return out[0] if isinstance(out, tuple) else out


def train(model, x):
    """A few steps, so that weights, biases and statistics are no longer those of a new model."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        out = run(model, x)
        (out - torch.linspace(-1, 1, out.numel()).view_as(out)).square().mean().backward()
        optimizer.step()


torch.manual_seed(0)
os.chdir(sys.argv[1])
inputs, outputs = load_file("inputs.safetensors"), load_file("outputs.safetensors")
differences, theirs = {}, {}
for name, x in inputs.items():
    readers = {"safetensors": load_file, "pt": lambda path: torch.load(path, weights_only=True)}
    for form, read in readers.items():
        state = read(f"ours/{name}.{form}")
        model = MODELS[name](state).eval()
        model.load_state_dict(state)
        with torch.no_grad():
            differences[f"{name}.{form}"] = (run(model, x) - outputs[name]).abs().max().item()
    model = MODELS[name](state)
    train(model, x)
    with torch.no_grad():
        theirs[name] = run(model.eval(), x).contiguous()
    # As DataParallel has it, whose names want to be shortened.
    torch.save(nn.DataParallel(model).state_dict(), f"theirs/{name}.pt")
    save_file(model.state_dict(), f"theirs/{name}.safetensors")
save_file(theirs, "theirs.safetensors")
print(json.dumps(differences))
