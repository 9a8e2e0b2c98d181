"""Writes the safetensors files of this folder, with PyTorch 2.13.0 and safetensors 0.8.0: python make-safetensors.py

Beside each file lies a JSON with the values as the reader is to give them: integers as text, floats as the bits of float32 (float64: of float64).
"""

import json
import pathlib
import struct

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).parent
SMALL = ["float16", "bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"]


def expected(tensor):
    dtype = str(tensor.dtype).removeprefix("torch.")
    flat = tensor.contiguous().flatten()
    if dtype == "float64":
        values = [str(bits) for bits in flat.view(torch.int64).tolist()]
    elif "float" in dtype:
        values = [bits & 0xFFFFFFFF for bits in flat.to(torch.float32).view(torch.int32).tolist()]
    else:
        values = [str(int(value)) for value in flat.tolist()]
    return {"shape": list(tensor.shape), "dtype": dtype, "values": values}


def write(name, tensors, metadata=None):
    save(name, tensors, metadata)
    told = {key: expected(tensor) for key, tensor in tensors.items()}
    (HERE / f"{name}.json").write_text(json.dumps({"metadata": metadata or {}, "tensors": told}) + "\n")


def save(name, tensors, metadata=None):
    path = HERE / f"{name}.safetensors"
    save_file(tensors, path, metadata)
    path.chmod(0o644)


def main():
    torch.manual_seed(0)
    ends = {"int64": torch.tensor([-(2**63), -1, 2**63 - 1]), "uint64": torch.tensor([0, 2**64 - 1], dtype=torch.uint64)}
    for bits in (8, 16, 32):
        ends[f"int{bits}"] = torch.tensor([-(2 ** (bits - 1)), -1, 2 ** (bits - 1) - 1], dtype=getattr(torch, f"int{bits}"))
        ends[f"uint{bits}"] = torch.tensor([0, 1, 2**bits - 1], dtype=getattr(torch, f"uint{bits}"))
    floats = torch.tensor([0.0, -0.0, 1.5, -1 / 3, 1e-45, 3e38, float("inf"), float("-inf"), float("nan")])
    write(
        "all-dtypes",
        {
            **ends,
            "float64": torch.tensor([0.1, -0.0, 5e-324, 1e308, float("inf")], dtype=torch.float64),
            "float32": floats,
            **{dtype: floats.to(getattr(torch, dtype)) for dtype in SMALL},
            "bool": torch.tensor([[True, False, True]]),
            "empty": torch.zeros(2, 0, 3),
            "scalar": torch.tensor(7, dtype=torch.int32),
            "__proto__": torch.tensor([1.0]),
            "constructor": torch.tensor([2.0]),
            "héllo \U0001f600 \"quoted\" \\ \n": torch.tensor([3], dtype=torch.uint8),
            "\ufb01": torch.tensor([4], dtype=torch.uint8),
        },
        {"format": "pt \u00e9"},
    )
    # Every code of the formats of one byte, and of float16 (without NaNs, whose bits PyTorch's conversion does not keep) every 61st.
    codes = {dtype: torch.arange(256, dtype=torch.uint8).view(getattr(torch, dtype)) for dtype in SMALL[2:]}
    half = torch.arange(0, 65536, 61, dtype=torch.int32).to(torch.uint16).view(torch.float16)
    write("codes", {**codes, "float16": half[~half.isnan()]})
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    write("model", model.state_dict(), {"format": "pt"})
    rounding = torch.cat([torch.randn(100) * 10.0**power for power in range(-9, 5)])
    halves = torch.arange(0, 2**11, 9, dtype=torch.float32)
    rounding = torch.cat([rounding, (halves + 0.5) * 2**-24, 1 + (halves + 0.5) * 2**-10])
    save("rounding", {"x": rounding, "float16": rounding.to(torch.float16), "bfloat16": rounding.to(torch.bfloat16)})

    # Another writer's file, which the reference takes: a float32 at an odd byte, and names in another order than the data.
    header = {
        "odd": {"dtype": "F32", "shape": [2], "data_offsets": [1, 9]},
        "flag": {"dtype": "BOOL", "shape": [1], "data_offsets": [0, 1]},
    }
    text = json.dumps(header).encode()
    (HERE / "odd.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"\x01" + struct.pack("<2f", 1.5, -2.0))

    # What JavaScript has no array for.
    header = {
        "complex": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]},
        "plain": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]},
        "six": {"dtype": "F6_E3M2", "shape": [4], "data_offsets": [12, 15]},
        "four": {"dtype": "F4", "shape": [4], "data_offsets": [15, 17]},
    }
    text = json.dumps(header).encode()
    data = struct.pack("<3f", 1, 2, 3) + bytes(5)
    (HERE / "unheld.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    assert sorted(safe_open(HERE / "unheld.safetensors", "pt").keys()) == sorted(header)
    assert load_file(HERE / "odd.safetensors")["odd"].tolist() == [1.5, -2.0]

    # A model in two files.
    state = model.state_dict()
    parts = {"shards-00001-of-00002": ["0.weight", "0.bias"], "shards-00002-of-00002": ["2.weight", "2.bias"]}
    for name, keys in parts.items():
        save(name, {key: state[key] for key in keys}, {"format": "pt"})
    index = {"metadata": {"total_size": 92}, "weight_map": {key: f"{name}.safetensors" for name, keys in parts.items() for key in keys}}
    (HERE / "shards.safetensors.index.json").write_text(json.dumps(index) + "\n")


main()
