"""PyTorch's side of the benchmark: reads one request a line (JSON) and answers each with a line when its work is done. Argument: the device."""

import json
import sys

import torch
import torch.nn.functional as F

from torch_models import MODELS
from torch_operations import OPERATIONS

torch.set_num_threads(1)
device = torch.device(sys.argv[1])
on_gpu = device.type == "cuda"
tasks = {}


def values(count, seed, shape):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(count, generator=generator) * 2 - 1).reshape(shape).to(device)


class Copy:
    """On a GPU: a copy of as many values between two of its tensors. On a CPU the other side makes one, between two arrays of its own."""

    def __init__(self, count):
        self.source, self.target = values(count, 0, [count]), torch.empty(count, device=device)

    def call(self):
        self.target.copy_(self.source)


class Dropout:
    def __init__(self, task):
        self.op, self.shape, self.count = task["op"], task["shape"], task["elements"]
        self.gradient = values(self.count, 1, self.shape)

    def prepare(self, seed):
        self.x = values(self.count, seed, self.shape)
        self.x.requires_grad_(self.op == "dropout-backward")

    def call(self):
        if self.op == "dropout-backward":
            F.dropout(self.x, 0.5).backward(self.gradient)
            self.x.grad = None
        elif self.op == "dropout-inplace":
            F.dropout(self.x, 0.5, inplace=True)
        elif self.op == "dropout-feature":
            F.dropout2d(self.x, 0.5)
        else:
            F.dropout(self.x, 0.5)


class MatMul:
    def __init__(self, task):
        self.m, self.k, self.n, (self.ta, self.tb) = task["m"], task["k"], task["n"], task["transposed"]

    def prepare(self, seed):
        def matrix(rows, columns, flipped):
            stored = values(rows * columns, seed, [columns, rows] if flipped else [rows, columns])
            return stored.t() if flipped else stored

        self.a, self.b = matrix(self.m, self.k, self.ta), matrix(self.k, self.n, self.tb)

    def call(self):
        self.a @ self.b


class Training:
    def __init__(self, task):
        self.layers, self.batch, self.sigmoid = task["layers"], task["batch"], task["head"] == "sigmoid"
        modules = []
        for i, (inputs, outputs) in enumerate(zip(self.layers, self.layers[1:])):
            modules.append(torch.nn.Linear(inputs, outputs))
            if i + 2 < len(self.layers):
                modules += [torch.nn.ReLU(), torch.nn.Dropout(0.5)]
        if self.sigmoid:
            modules.append(torch.nn.Sigmoid())
        self.model = torch.nn.Sequential(*modules).to(device)
        kind = torch.optim.SGD if self.sigmoid else torch.optim.Adam
        self.optimizer = kind(self.model.parameters(), lr=task["learningRate"])

    def prepare(self, seed):
        self.x = values(self.batch * self.layers[0], seed, [self.batch, self.layers[0]])
        labels = values(self.batch, seed + 1, [self.batch])
        if self.sigmoid:
            self.y = (labels > 0).float().unsqueeze(1)
        else:
            self.y = ((labels + 1) / 2 * self.layers[-1]).long()

    def call(self):
        self.optimizer.zero_grad()
        loss = F.binary_cross_entropy if self.sigmoid else F.cross_entropy
        loss(self.model(self.x), self.y).backward()
        self.optimizer.step()


class Operation:
    def __init__(self, task):
        self.compute, self.shapes, self.gradients = OPERATIONS[task["name"]], task["shapes"], task["gradients"]

    def prepare(self, seed):
        self.operands = [values(torch.Size(shape).numel(), seed + i, shape).requires_grad_(self.gradients) for i, shape in enumerate(self.shapes)]
        with torch.no_grad():
            result = self.compute(*self.operands)
        self.gradient = values(result.numel(), 1, result.shape)

    def call(self):
        result = self.compute(*self.operands)
        if self.gradients:
            result.backward(self.gradient)
            for operand in self.operands:
                operand.grad = None


class ModelTraining:
    def __init__(self, task):
        torch.manual_seed(1)
        self.model, self.optimizer, self.batch = MODELS[task["model"]](device)

    def prepare(self, seed):
        self.x, self.y = self.batch(seed)

    def call(self):
        self.optimizer.zero_grad()
        F.cross_entropy(self.model(self.x), self.y).backward()
        self.optimizer.step()


def open_task(task):
    if "shapes" in task:
        return Operation(task)
    if "model" in task:
        return ModelTraining(task)
    if task["op"] == "matmul":
        return MatMul(task)
    return Training(task) if "layers" in task else Dropout(task)


def records(work):
    """Dropout and operations alone are compared without gradients, as everywhere."""
    return isinstance(work, (Training, ModelTraining)) or getattr(work, "gradients", getattr(work, "op", "") == "dropout-backward")


def answer(request):
    kind, key = request["do"], request.get("key")
    if kind == "open":
        task = request["task"]
        tasks[key] = {"run": open_task(task), "copy": Copy(task["copied"]) if on_gpu else None}
    elif kind == "prepare":
        torch.manual_seed(request["round"])
        tasks[key]["run"].prepare(request["round"])
        finish()
    elif kind in ("run", "copy"):
        work = tasks[key][kind]
        with torch.set_grad_enabled(records(work)):
            for _ in range(request["calls"]):
                work.call()
        finish()
    elif kind == "close":
        del tasks[key]
    return {"version": torch.__version__, "device": torch.cuda.get_device_name() if on_gpu else "cpu"}


def finish():
    """A GPU's work is queued, and is part of the turn."""
    if on_gpu:
        torch.cuda.synchronize()


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # told to the other side, which leaves the task out
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
