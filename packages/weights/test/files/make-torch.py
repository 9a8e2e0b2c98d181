"""Makes the small files of PyTorch and NumPy that the tests read: python make-torch.py, with torch 2.13 and numpy. Values are small and follow from their names."""

import collections
import copy
import json
import os

import numpy as np
import torch

os.chdir(os.path.dirname(os.path.abspath(__file__)))
DTYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz".split()


def numbers(t):
    t = t.detach()
    if t.dtype in (torch.int64, torch.uint64):
        return [str(v) for v in t.reshape(-1).tolist()]
    return [float(v) for v in t.to(torch.float64).reshape(-1).tolist()]


def told(state):
    return {k: {"shape": list(v.shape), "values": numbers(v)} for k, v in state.items()}


def dtypes():
    state = collections.OrderedDict()
    for name in DTYPES:
        base = torch.tensor([[0.0, 1.0, 2.0], [3.5, 7.0, 0.5]])
        state[name] = base.to(getattr(torch, name))
    state["float8_e8m0fnu"] = torch.tensor([0.25, 1.0, 2.0]).to(torch.float8_e8m0fnu)
    state["int64 range"] = torch.tensor([-(2**63), 2**63 - 1, 2**53 + 1])
    return state


def views():
    whole = torch.arange(24, dtype=torch.float32)
    grid = whole.view(4, 6)
    return collections.OrderedDict(
        whole=whole,
        part=whole[5:11],
        rows=grid[1:3],
        columns=grid[:, 1:3],
        transposed=grid.t(),
        stepped=whole[1::3],
        expanded=torch.tensor([[7.0], [8.0]]).expand(2, 3),
        scalar=whole[9],
        empty=torch.zeros(0, 3),
        permuted=torch.arange(24).view(2, 3, 4).permute(2, 0, 1),
        parameter=torch.nn.Parameter(torch.tensor([1.5, -2.5])),
        halves=torch.arange(6).half().view(2, 3).t(),
    )


OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", dict(momentum=0.9, dampening=0.1, weight_decay=0.01)),
    ("SGD", dict(momentum=0.9, nesterov=True, maximize=True)),
    ("Adam", {}),
    ("Adam", dict(amsgrad=True, weight_decay=0.01)),
    ("AdamW", dict(betas=(0.8, 0.99))),
    ("Adamax", {}),
    ("NAdam", {}),
    ("RAdam", dict(betas=(0.5, 0.6))),
    ("RMSprop", {}),
    ("RMSprop", dict(momentum=0.9, centered=True)),
    ("RMSprop", dict(centered=True)),
    ("Adadelta", dict(lr=0.5)),
    ("Adagrad", dict(lr_decay=0.01, initial_accumulator_value=0.1)),
]


def optimizers():
    """Checkpoints after 5 steps on two parameters in groups of their own, and the parameters after 10."""
    runs = []
    for name, options in OPTIMIZERS:
        options = {"lr": 0.1, **options}
        params = [torch.nn.Parameter(torch.tensor([[1.0, -2.0], [0.5, 3.0]])), torch.nn.Parameter(torch.tensor([0.25, -1.0, 2.0]))]
        optimizer = getattr(torch.optim, name)([{"params": params[:1]}, {"params": params[1:], "lr": 0.05}], **options)

        def steps():
            for _ in range(5):
                optimizer.zero_grad()
                sum((p.tanh() + p / 8).sum() for p in params).backward()
                optimizer.step()

        steps()
        run = {"name": name, "options": options, "params": [p.detach().clone() for p in params], "optimizer": copy.deepcopy(optimizer.state_dict())}
        steps()
        runs.append({**run, "after": [p.detach().clone() for p in params]})
    return runs


def main():
    torch.save(optimizers(), "optimizers.pt")
    expected = {}
    for name, state in dict(dtypes=dtypes(), views=views()).items():
        torch.save(state, f"{name}.pt")
        expected[name] = told(state)
        legacy = {k: v for k, v in state.items()}
        torch.save(legacy, f"{name}-legacy.pt", _use_new_zipfile_serialization=False)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_(torch.arange(p.numel()).view(p.shape) / 8 + i)
    torch.save(model.state_dict(), "model.pt")
    expected["model"] = told(model.state_dict())
    torch.save(model.state_dict(), "model-4.pt", pickle_protocol=4)
    torch.save(model, "module.pt")
    scheduler = torch.optim.lr_scheduler.MultiStepLR(torch.optim.SGD(model.parameters(), lr=0.5), [3, 5])
    torch.save(
        {
            "epoch": 3,
            "best": 0.25,
            "name": "käse",
            "done": False,
            "nothing": None,
            "big": 2**70,
            "negative": -5,
            "large": 2**40,
            "betas": (0.9, 0.999),
            "bytes": b"a\x00\xff",
            "size": torch.Size([2, 3]),
            "dtype": torch.float32,
            "device": torch.device("cuda", 1),
            "__proto__": {"polluted": True},
            "places": {0: "zero", 1: "one"},
            "model": model.state_dict(),
            "scheduler": scheduler.state_dict(),
        },
        "checkpoint.pt",
    )
    torch.save({"a": torch.eye(2).to_sparse()}, "sparse.pt")
    torch.save({"a": torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8)}, "quantized.pt")
    torch.save({"a": torch.ones(2, dtype=torch.complex64)}, "complex.pt")
    torch.save({"a": np.float64(1)}, "numpy-scalar.pt")
    array = np.array([[1, 2, 3], [4, 5, 0.5]])
    np.save("float64.npy", array)
    np.save("fortran.npy", np.asfortranarray(array))
    np.save("big-endian.npy", array.astype(">f4"))
    np.save("float16.npy", array.astype(np.float16))
    np.save("int64.npy", np.array([-(2**63), 2**63 - 1]))
    np.save("uint8.npy", np.array(7, dtype=np.uint8))
    np.save("bool.npy", np.array([True, False]))
    np.lib.format.write_array(open("version-3.npy", "wb"), array, version=(3, 0))
    np.savez("stored.npz", a=array, b=np.arange(3))
    np.savez_compressed("deflated.npz", a=array, b=np.zeros((50, 50)))
    np.save("object.npy", np.array([{}, None], dtype=object))
    np.save("text.npy", np.array(["a", "bc"]))
    np.save("complex.npy", np.array([1j]))
    np.save("fields.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]))
    np.save("date.npy", np.array(["2020-01-01"], dtype="M8[D]"))
    shared = torch.nn.Parameter(torch.ones(2, 2))
    torch.save({"a": shared, "b": shared.detach()}, "tied.pt")
    with open("torch.jsonl", "w") as f:
        for entry in expected.items():
            print(json.dumps(entry), file=f)


if __name__ == "__main__":
    main()
