"""What PyTorch computes on this machine's NVIDIA GPU: reads the questions of torch-cuda.mjs (JSON, one object), prints the answers (JSON)."""

import base64
import hashlib
import json
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional as F


def values(n):
    """The input of length n; torch-cuda.mjs makes the same. All exact in float32, none of them zero."""
    i = torch.arange(n, dtype=torch.int64)
    return ((i * 40503 % 65521 - 32760).double() + 0.5).div(64).float()


def digest(x):
    """SHA-256 of the float32 values. Adding 0 makes +0 of PyTorch's -0, the one place where Dropwise differs on purpose."""
    return hashlib.sha256((x.detach() + 0.0).cpu().numpy().tobytes()).hexdigest()


def masks(question):
    torch.manual_seed(int(question["seed"]))
    layer = nn.Dropout(question["p"])
    outputs, gradients = [], []
    for _ in range(question["calls"]):
        x = values(question["n"]).cuda().requires_grad_()
        y = layer(x)
        y.backward(values(question["n"]).cuda().flip(0))
        outputs.append(digest(y))
        gradients.append(digest(x.grad))
    return {"outputs": outputs, "gradients": gradients}


def array(text):
    return torch.from_numpy(numpy.frombuffer(base64.b64decode(text), dtype=numpy.float32).copy())


def losses(question):
    torch.manual_seed(int(question["seed"]))
    modules = []
    sizes = question["sizes"]
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        modules.append(nn.Linear(inputs, outputs))
        if i + 2 < len(sizes):
            modules += [nn.ReLU(), nn.Dropout(question["p"])]
    model = nn.Sequential(*modules).cuda().train()
    with torch.no_grad():
        for parameter, text in zip(model.parameters(), question["weights"]):
            parameter.copy_(array(text).reshape(parameter.shape))
    optimizer = getattr(torch.optim, question["optimizer"])(model.parameters(), lr=question["lr"])
    x = array(question["x"]).reshape(-1, sizes[0]).cuda()
    y = array(question["y"]).long().cuda()
    # Building the model drew from the CPU's generator only; masks come from the GPU's.
    found = []
    for _ in range(question["steps"]):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return {"losses": found}


torch.backends.cuda.matmul.allow_tf32 = False
questions = json.load(sys.stdin)
gpu = torch.cuda.get_device_properties(0)
# native_dropout's grid: blocks of 256 threads, as many as run at once, 4 elements each. What is longer takes more than one pass.
one_pass = gpu.multi_processor_count * (gpu.max_threads_per_multi_processor // 256) * 256 * 4
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "gpu": gpu.name,
            "onePass": one_pass,
            "masks": [masks(question) if question["n"] <= one_pass else None for question in questions["masks"]],
            "training": [losses(question) for question in questions["training"]],
        }
    )
)
