"""Masks that PyTorch draws: questions in JSON on stdin, answers in JSON on stdout. The device is the first argument: cuda or cpu."""

import hashlib
import json
import sys

import torch
import torch.nn.functional as F

device = torch.device(sys.argv[1])
if device.type == "cuda":
    torch.zeros(1, device=device)


def kept(op, x, p):
    if op == "dropout":
        return F.dropout(x, p) != 0
    if op == "dropout in place":
        return F.dropout(x.clone(), p, inplace=True) != 0
    if op == "alphaDropout":
        return F.alpha_dropout(x * 100, p, training=True) > 10
    if op == "dropout2d":
        return F.dropout2d(x.reshape(-1, 4, 1, 2), p)[:, :, 0, 0] != 0
    if op == "bernoulli":
        return torch.bernoulli(torch.full_like(x, 1 - p)) != 0
    raise ValueError(op)


def digests(op, n, dtype, p, seed, calls):
    torch.manual_seed(seed)
    x = torch.ones(n, dtype=getattr(torch, dtype), device=device)
    masks = []
    for _ in range(calls):
        mask = kept(op, x, p).to(torch.uint8).cpu().contiguous()
        masks.append(hashlib.sha256(mask.numpy().tobytes()).hexdigest())
    state = torch.cuda.get_rng_state() if device.type == "cuda" else torch.get_rng_state()
    return {"masks": masks, "state": hashlib.sha256(state.numpy().tobytes()).hexdigest()}


properties = torch.cuda.get_device_properties(device) if device.type == "cuda" else None
json.dump(
    {
        "torch": torch.__version__,
        "device": properties.name if properties else "the CPU",
        "multiprocessors": properties.multi_processor_count if properties else 0,
        "threadsPerMultiprocessor": properties.max_threads_per_multi_processor if properties else 0,
        "answers": [digests(**question) for question in json.load(sys.stdin)],
    },
    sys.stdout,
)
