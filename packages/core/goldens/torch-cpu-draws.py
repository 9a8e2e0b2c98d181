"""Writes torch-cpu-draws.json: what PyTorch's CPU generator draws, in its own words. Run with torch 2.13 on x86-64: python torch-cpu-draws.py"""
import base64, hashlib, json, math, pathlib
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, RandomSampler, WeightedRandomSampler, random_split

DTYPES = {"float32": torch.float32, "float64": torch.float64}
FLOATS = [(dtype, n) for dtype in DTYPES for n in (1, 5, 15, 16, 17, 40)]


def numbers(tensor):
    return [float(f"{x:.9g}") if tensor.dtype == torch.float32 else x for x in tensor.flatten().tolist()]


def seeded(seed, before=0, spare=False):
    torch.manual_seed(seed)
    torch.rand(before)
    if spare:
        torch.randn(1)


def after():
    return numbers(torch.rand(2))


def draws():
    cases = []

    def add(draw, args, fn, seed=3, before=0, spare=False):
        seeded(seed, before, spare)
        value = numbers(fn())
        cases.append({"draw": draw, "seed": seed, "before": before, "spare": spare, "args": args, "value": value, "after": after()})

    for dtype, n in FLOATS:
        empty, args = (lambda: torch.empty(n, dtype=DTYPES[dtype])), {"n": n, "dtype": dtype}
        add("rand", args, lambda: torch.rand(n, dtype=DTYPES[dtype]), before=620)
        add("randn", args, lambda: torch.randn(n, dtype=DTYPES[dtype]), spare=n in (5, 17))
        add("uniform", {**args, "a": -0.1, "b": 0.7}, lambda: empty().uniform_(-0.1, 0.7))
        add("normal", {**args, "mean": 0.5, "std": 0.02}, lambda: empty().normal_(0.5, 0.02))
        add("exponential", args, lambda: empty().exponential_())
        for a, b in ((-2, 2), (0.2, 0.4)):
            add("truncNormal", {**args, "a": a, "b": b}, lambda: nn.init.trunc_normal_(empty(), a=a, b=b))
        probabilities = (torch.arange(n, dtype=torch.float32) + 0.5) / n
        add("bernoulli", args, lambda: torch.bernoulli(probabilities.to(DTYPES[dtype])))
        for replacement, count in ((True, 1), (True, 4), (False, min(n, 3))):
            weights = torch.arange(1, 2 * n + 1, dtype=DTYPES[dtype]).reshape(2, n)
            add("multinomial", {**args, "count": count, "replacement": replacement}, lambda: torch.multinomial(weights, count, replacement))
    for low, high in ((0, 10), (-5, 2**27), (0, 2**28 - 1), (0, 2**28), (-(2**31), 2**31 - 1)):
        add("randint", {"n": 6, "low": low, "high": high}, lambda: torch.randint(low, high, (6,)))
    for n in (0, 1, 2, 10):
        add("randperm", {"n": n}, lambda: torch.randperm(n), seed=2**32 + 77)
    return cases


def masks():
    """Masks as a string of 0 and 1 in row-major order, of views that lie in memory in another order or with gaps."""
    views = {
        "[3,4,5]": lambda: torch.ones(3, 4, 5),
        "[3,4,5] transpose 0,2": lambda: torch.ones(3, 4, 5).transpose(0, 2),
        "[3,4,5] permute 1,2,0": lambda: torch.ones(3, 4, 5).permute(1, 2, 0),
        "[3,4,5] slice 1,1,3": lambda: torch.ones(3, 4, 5)[:, 1:3],
        "[3,4,5] transpose 0,2 slice 0,1,3": lambda: torch.ones(3, 4, 5).transpose(0, 2)[1:3],
        "[3,1,5] expand 3,4,5": lambda: torch.ones(3, 1, 5).expand(3, 4, 5),
        "[2,4,4,3] permute 0,3,1,2": lambda: torch.ones(2, 4, 4, 3).permute(0, 3, 1, 2),
        "[2,4,5,6] permute 0,3,1,2 slice 2,1,3": lambda: torch.ones(2, 4, 5, 6).permute(0, 3, 1, 2)[:, :, 1:3],
        "[1,4,5] permute 2,0,1": lambda: torch.ones(1, 4, 5).permute(2, 0, 1),
        "[1,1,2,3] permute 3,2,0,1": lambda: torch.ones(1, 1, 2, 3).permute(3, 2, 0, 1),
    }
    kinds = {
        "dropout": lambda x: F.dropout(x, 0.4),
        "alphaDropout": lambda x: F.alpha_dropout(x, 0.4, training=True),
        "dropout2d": lambda x: F.dropout2d(x, 0.4) if x.dim() == 4 else None,
        "featureAlphaDropout": lambda x: F.feature_alpha_dropout(x, 0.4, training=True),
    }
    cases = []
    for view, x in views.items():
        for kind, fn in kinds.items():
            for inplace in (False, True):
                if inplace and (kind != "dropout" or "expand" in view):
                    continue
                seeded(11)
                value = x()
                y = F.dropout(value, 0.4, inplace=True) if inplace else fn(value)
                if y is None:
                    continue
                low = y.min().item()
                mask = "".join(str(int(v > low + 1e-6)) for v in y.contiguous().flatten().tolist())
                cases.append({"view": view, "kind": kind, "inplace": inplace, "mask": mask, "after": after()})
    return cases


def states():
    cases = []
    for seed, before, spare in ((0, 0, False), (2**32 + 77, 0, False), (2**64 - 1, 3, False), (5, 624, False), (5, 625, False), (7, 100, True)):
        seeded(seed, before, spare)
        data = torch.get_rng_state().numpy().tobytes()
        case = {"seed": str(seed), "before": before, "hasSpare": spare, "sha256": hashlib.sha256(data[:5024] + bytes(8) + data[5032:]).hexdigest()}
        if before in (3, 624, 100):
            case |= {"bytes": base64.b64encode(data).decode(), "randn": numbers(torch.randn(2))}
        cases.append(case)
    return cases


def layers():
    makers = {
        "Linear(10, 4)": lambda: nn.Linear(10, 4),
        "Conv2d(4, 6, 3, { groups: 2 })": lambda: nn.Conv2d(4, 6, 3, groups=2),
        "ConvTranspose2d(4, 6, [3, 2], { groups: 2, bias: false })": lambda: nn.ConvTranspose2d(4, 6, (3, 2), groups=2, bias=False),
        "Embedding(5, 4, { paddingIdx: 3 })": lambda: nn.Embedding(5, 4, padding_idx=3),
        "Embedding(3, 3)": lambda: nn.Embedding(3, 3),
        "MultiheadAttention(8, 2)": lambda: nn.MultiheadAttention(8, 2),
        "MultiheadAttention(8, 2, { kdim: 3, vdim: 5 })": lambda: nn.MultiheadAttention(8, 2, kdim=3, vdim=5),
        "TransformerEncoderLayer(8, 2, { dimFeedforward: 16 })": lambda: nn.TransformerEncoderLayer(8, 2, 16),
        "TransformerDecoderLayer(8, 2, { dimFeedforward: 16 })": lambda: nn.TransformerDecoderLayer(8, 2, 16),
    }
    for kind in ("RNN", "LSTM", "GRU"):
        makers[f"{kind}(3, 4, {{ numLayers: 2, bidirectional: true }})"] = lambda kind=kind: getattr(nn, kind)(3, 4, num_layers=2, bidirectional=True)
        makers[f"{kind}Cell(3, 4)"] = lambda kind=kind: getattr(nn, kind + "Cell")(3, 4)
    cases = []
    for layer, make in makers.items():
        seeded(7)
        # The first six numbers of each.
        parameters = {name: numbers(x.flatten()[:6]) for name, x in make().named_parameters()}
        cases.append({"layer": layer, "parameters": parameters, "after": after()})
    return cases


def inits():
    init = nn.init
    makers = {
        "uniform": ({"a": -0.3, "b": 0.7}, lambda x: init.uniform_(x, -0.3, 0.7)),
        "normal": ({"mean": 0.5, "std": 0.02}, lambda x: init.normal_(x, 0.5, 0.02)),
        "xavierUniform": ({"gain": 2}, lambda x: init.xavier_uniform_(x, 2)),
        "xavierNormal": ({}, init.xavier_normal_),
        "kaimingUniform": ({"mode": "fanOut", "nonlinearity": "relu"}, lambda x: init.kaiming_uniform_(x, mode="fan_out", nonlinearity="relu")),
        "kaimingNormal": ({"a": 0.2}, lambda x: init.kaiming_normal_(x, 0.2)),
        "orthogonal": ({"gain": 1.5}, lambda x: init.orthogonal_(x, 1.5)),
        "sparse": ({"std": 0.1}, lambda x: init.sparse_(x, 0.3, 0.1)),
        "truncNormal": ({"std": 0.02}, lambda x: init.trunc_normal_(x, std=0.02)),
    }
    cases = []
    for name, (options, fill) in makers.items():
        for dtype in DTYPES:
            for shape in ([7, 5], [2, 3]):
                seeded(5)
                value = numbers(fill(torch.zeros(shape, dtype=DTYPES[dtype])))
                cases.append({"init": name, "options": options, "dtype": dtype, "shape": shape, "value": value, "after": after()})
    return cases


def modules():
    """Outputs in training: the order in which masks are drawn, and how they lie."""
    makers = {}
    for batch_first in (False, True):
        flag = f"batchFirst: {str(batch_first).lower()}"
        for norm_first in (False, True):
            options = f"{{ dimFeedforward: 8, {flag}, normFirst: {str(norm_first).lower()} }}"
            makers[f"TransformerEncoderLayer(4, 2, {options})"] = lambda b=batch_first, n=norm_first: nn.TransformerEncoderLayer(4, 2, 8, batch_first=b, norm_first=n)
            makers[f"TransformerDecoderLayer(4, 2, {options})"] = lambda b=batch_first, n=norm_first: nn.TransformerDecoderLayer(4, 2, 8, batch_first=b, norm_first=n)
        makers[f"MultiheadAttention(4, 2, {{ dropout: 0.3, {flag} }})"] = lambda b=batch_first: nn.MultiheadAttention(4, 2, dropout=0.3, batch_first=b)
        for kind in ("RNN", "LSTM", "GRU"):
            options = f"{{ numLayers: 3, dropout: 0.4, bidirectional: true, {flag} }}"
            makers[f"{kind}(4, 3, {options})"] = lambda kind=kind, b=batch_first: getattr(nn, kind)(4, 3, num_layers=3, dropout=0.4, bidirectional=True, batch_first=b)
    cases = []
    for name, make in makers.items():
        seeded(4)
        module, x = make(), torch.randn(5, 3, 4)
        inputs = {"TransformerDecoderLayer": (x, x), "MultiheadAttention": (x, x, x)}.get(name.split("(")[0], (x,))
        output = module(*inputs)
        output = output[0] if isinstance(output, tuple) else output
        cases.append({"module": name, "inputs": len(inputs), "output": numbers(output.detach().contiguous()), "after": after()})
    return cases


def loaders():
    """Places in the order of two passes."""
    cases = []

    def add(fn, own=False, passes=2, **case):
        seeded(9)
        generator = torch.Generator().manual_seed(50) if own else None
        loader = fn(generator)
        places = [[int(i) for part in loader for i in (part if isinstance(part, torch.Tensor) else [part])] for _ in range(passes)]
        cases.append({**case, "own": own, "places": places, "after": after(), "ownAfter": numbers(torch.rand(2, generator=generator)) if own else None})

    n, data = 7, range(7)
    for own in (False, True):
        for shuffle in (False, True):
            add(lambda g: DataLoader(data, 3, shuffle=shuffle, generator=g), own, kind="loader", shuffle=shuffle)
        for options in ({}, {"numSamples": 5}, {"numSamples": 14}, {"replacement": True}, {"replacement": True, "numSamples": 40}):
            names = {"numSamples": "num_samples", "replacement": "replacement"}
            make = lambda g: RandomSampler(data, generator=g, **{names[k]: v for k, v in options.items()})
            add(lambda g: DataLoader(data, 3, sampler=make(g)), own, kind="random", options=options)
            add(make, own, kind="sampler", options=options)
        for replacement in (True, False):
            make = lambda g: WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6, 0.2], 5, replacement, generator=g)
            add(lambda g: DataLoader(data, 3, sampler=make(g)), own, kind="weighted", options={"replacement": replacement})
    seeded(9)
    cases.append({"kind": "split", "places": [part.indices for part in random_split(data, [0.5, 0.3, 0.2])], "after": after()})
    return cases


content = {"source": f"torch {torch.__version__} on x86-64", "draws": draws(), "masks": masks(), "states": states(), "layers": layers(), "inits": inits(), "modules": modules(), "loaders": loaders()}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
