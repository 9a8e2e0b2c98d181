"""The models of src/cases/models.ts in PyTorch, by name: each gives the model, its optimizer, and the batch of a round."""

import torch
import torch.nn.functional as F
from torch import nn

LETTERS, CONTEXT, BATCH, WIDTH, HEADS, LAYERS, DROPOUT = 65, 64, 12, 128, 4, 4, 0.2


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 128, num_layers=2, dropout=0.3)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.head(output[-1])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention, self.projection = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.drop = nn.Dropout(DROPOUT)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH), nn.Dropout(DROPOUT))

    def forward(self, x):
        batch, length, _ = x.shape
        q, k, v = (part.view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2) for part in self.attention(self.ln1(x)).split(WIDTH, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=DROPOUT if self.training else 0)
        x = x + self.drop(self.projection(y.transpose(1, 2).reshape(batch, length, WIDTH)))
        return x + self.mlp(self.ln2(x))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters, self.places = nn.Embedding(LETTERS, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.drop = nn.Dropout(DROPOUT)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.ln, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, LETTERS)

    def forward(self, index):
        x = self.drop(self.letters(index) + self.places.weight)
        return self.head(self.ln(self.blocks(x))).view(-1, LETTERS)


def cnn(device):
    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Dropout2d(0.25), nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)),
    ).to(device)
    batch = lambda seed: (numbers(seed, device, 64, 1, 28, 28), classes(seed, device, 10, 64))
    return model, torch.optim.Adam(model.parameters()), batch


def lstm(device):
    model = Reader().to(device)
    return model, torch.optim.Adam(model.parameters()), lambda seed: (numbers(seed, device, 32, 32, 64), classes(seed, device, 10, 32))


def gpt(device):
    model = Gpt().to(device)
    batch = lambda seed: (classes(seed, device, LETTERS, BATCH, CONTEXT), classes(seed + 1, device, LETTERS, BATCH * CONTEXT))
    return model, torch.optim.AdamW(model.parameters()), batch


MODELS = {"cnn": cnn, "lstm": lstm, "gpt": gpt}


def numbers(seed, device, *shape):
    return (torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1).to(device)


def classes(seed, device, count, *shape):
    return torch.randint(count, shape, generator=torch.Generator().manual_seed(seed)).to(device)
