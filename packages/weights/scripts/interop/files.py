"""What files.mjs and large.mjs ask of torch, safetensors and numpy: `make DIR` makes files and says what they hold, `check DIR` reads ours and says what they hold, `lazy FILE` reads a few
elements of each tensor of a large file."""

import collections
import json
import os
import sys
import warnings

warnings.simplefilter("ignore")
import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

F8 = "float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu".split()
DTYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool".split() + F8


def values(t):
    t = t.detach()
    if t.dtype in (torch.int64, torch.uint64):
        return [str(v) for v in t.reshape(-1).tolist()]
    return [repr(float(v)) if v != v or v in (float("inf"), float("-inf")) else float(v) for v in t.to(torch.float64).reshape(-1).tolist()]


def told(value):
    if isinstance(value, torch.Tensor):
        return {"dtype": str(value.dtype)[6:], "shape": list(value.shape), "values": values(value)}
    if isinstance(value, dict):
        return {str(k): told(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [told(v) for v in value]
    if isinstance(value, bytes):
        return list(value)
    return value


def of_dtype(name):
    dtype = getattr(torch, name)
    if name in ("int64", "int32", "int16", "int8", "uint8"):
        info = torch.iinfo(dtype)
        return torch.tensor([info.min, info.max, 0, 1], dtype=dtype)
    if name.startswith("uint"):
        return torch.tensor([0, 1, 2 ** min(62, int(name[4:]) - 1)], dtype=torch.int64).to(dtype)
    if name == "bool":
        return torch.tensor([True, False, True])
    if name in F8:
        return torch.arange(256, dtype=torch.uint8).view(dtype)
    if name in ("float16", "bfloat16"):
        return torch.arange(65536, dtype=torch.int32).to(torch.uint16).view(dtype)
    return torch.tensor([0.0, -0.0, 1 / 3, -5e-324, 1e300, float("inf"), float("-inf"), float("nan")], dtype=torch.float64).to(dtype)


def models():
    torch.manual_seed(0)
    yield "linear", nn.Linear(3, 4)
    yield "linear no bias", nn.Linear(3, 4, bias=False)
    yield "mlp", nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2))
    yield "conv1d", nn.Conv1d(2, 3, 3)
    yield "conv2d", nn.Conv2d(3, 8, 3, groups=1)
    yield "conv2d groups", nn.Conv2d(4, 8, 3, groups=2)
    yield "conv3d", nn.Conv3d(1, 2, 2)
    yield "transposed", nn.ConvTranspose2d(3, 2, 2)
    yield "batchnorm", nn.BatchNorm2d(5)
    yield "layernorm", nn.LayerNorm((3, 4))
    yield "groupnorm", nn.GroupNorm(2, 4)
    yield "embedding", nn.Embedding(10, 4, padding_idx=0)
    yield "rnn", nn.RNN(3, 4)
    yield "lstm", nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    yield "gru", nn.GRU(3, 4, batch_first=True)
    yield "attention", nn.MultiheadAttention(8, 2)
    yield "transformer", nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
    yield "prelu", nn.PReLU(3)
    yield "parameters", nn.ParameterList([nn.Parameter(torch.ones(2)), nn.Parameter(torch.zeros(()))])
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    yield "tied", tied
    yield "half", nn.Linear(3, 4).half()
    yield "double", nn.Linear(3, 4).double()
    yield "empty", nn.ReLU()


OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", dict(momentum=0.9, dampening=0.1, weight_decay=0.01)),
    ("SGD", dict(momentum=0.9, nesterov=True)),
    ("Adam", {}),
    ("Adam", dict(amsgrad=True)),
    ("AdamW", dict(betas=(0.8, 0.99))),
    ("Adamax", {}),
    ("NAdam", {}),
    ("RAdam", dict(betas=(0.5, 0.6))),
    ("RMSprop", {}),
    ("RMSprop", dict(momentum=0.9, centered=True)),
    ("Adadelta", dict(lr=0.5)),
    ("Adagrad", dict(lr_decay=0.01, initial_accumulator_value=0.1)),
]


def optimizer(at, state=None):
    """A run of ten steps, five of them with what `state` holds after the first five."""
    name, options = OPTIMIZERS[at]
    params = [nn.Parameter(torch.tensor([[1.0, -2.0], [0.5, 3.0]])), nn.Parameter(torch.tensor([0.25, -1.0, 2.0]))]

    def start():
        return getattr(torch.optim, name)([{"params": params[:1]}, {"params": params[1:], "lr": 0.05}], **{"lr": 0.1, **options})

    def steps(optimizer):
        for _ in range(5):
            optimizer.zero_grad()
            sum((p.tanh() + p / 8).sum() for p in params).backward()
            optimizer.step()

    run = start()
    steps(run)
    if state is None:
        torch.save(run.state_dict(), f"optimizer {at}.pt")
    else:
        run = start()
        run.load_state_dict(state)
    steps(run)
    return told(params)


def make(folder):
    os.chdir(folder)
    what = {}

    def save(name, value, **how):
        torch.save(value, f"{name}.pt", **how)
        what[f"{name}.pt"] = told(value)

    def safe(name, tensors):
        save_file(tensors, f"{name}.safetensors")
        what[f"{name}.safetensors"] = told(tensors)

    for name in DTYPES:
        safe(f"dtype {name}", {"x": of_dtype(name), "empty": of_dtype(name)[:0], "0-dim": of_dtype(name)[1]})
        save(f"dtype {name}", {"x": of_dtype(name)})
        save(f"legacy dtype {name}", {"x": of_dtype(name)}, _use_new_zipfile_serialization=False)
    safe("every dtype", {name: of_dtype(name) for name in DTYPES})
    for name, model in models():
        if name != "tied":  # which save_file refuses
            safe(f"model {name}", model.state_dict())
        save(f"model {name}", model.state_dict())
        save(f"legacy model {name}", model.state_dict(), _use_new_zipfile_serialization=False)
        for protocol in (3, 4, 5):
            save(f"protocol {protocol} model {name}", model.state_dict(), pickle_protocol=protocol)
    x = torch.arange(120).view(2, 3, 4, 5).float()
    save("views", {"a": x[:, 1], "b": x[..., ::2], "c": x.permute(3, 1, 0, 2), "d": x.transpose(0, 3)[1:], "e": x[0, 0, 0, 0], "f": x[:0], "g": torch.ones(1).expand(3, 4)})
    for count in (300, 70000):
        save(f"long {count}", {f"name {i}": i for i in range(count)})
    for name in "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool".split():
        for order in "CF":
            array = np.array(np.arange(6).reshape(2, 3) % (2 if name == "bool" else 6), dtype=name, order=order)
            np.save(f"{name} {order}.npy", array)
            what[f"{name} {order}.npy"] = told(torch.from_numpy(array))
    for name, write in dict(stored=np.savez, deflated=np.savez_compressed).items():
        arrays = dict(a=np.arange(3.0), b=np.ones((100, 100), np.int64))
        write(f"{name}.npz", **arrays)
        what[f"{name}.npz"] = {k: told(torch.from_numpy(v)) for k, v in arrays.items()}
    runs = {f"optimizer {at}.pt": optimizer(at) for at in range(len(OPTIMIZERS))}
    with open("runs.json", "w") as f:
        json.dump(runs, f)
    with open("what.json", "w") as f:
        json.dump(what, f)


def check(folder):
    os.chdir(folder)
    read = {}
    for name in sorted(os.listdir(".")):
        if name.startswith("optimizer"):
            read[name] = optimizer(int(name[10:-3]), torch.load(name, weights_only=True))
        elif name.endswith(".pt"):
            read[name] = told(torch.load(name, weights_only=True, map_location="cpu"))
        elif name.endswith(".safetensors"):
            read[name] = told(load_file(name))
        elif name.endswith(".npy"):
            read[name] = told(torch.from_numpy(np.load(name)))
        elif name.endswith(".npz"):
            read[name] = {k: told(torch.from_numpy(v)) for k, v in np.load(name).items()}
    print(json.dumps(read))


def lazy(file):
    with safe_open(file, "pt") as f:
        print(json.dumps([f.get_slice(name)[-3:].sum().item() for name in f.keys()]))


{"make": make, "check": check, "lazy": lazy}[sys.argv[1]](sys.argv[2])
