"""Writes recurrent.json beside this file: what PyTorch's CPU gives for recurrent layers, most of them over batches that are padded, by pack_padded_sequence.
`module` and `options` are names of Dropwise. The loss is the sum of all outputs (output, h, c), each times its gradient. Run: python recurrent.py, with the
PyTorch that "source" names."""

import json
import pathlib

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

NAMES = {"numLayers": "num_layers", "batchFirst": "batch_first", "bidirectional": "bidirectional", "bias": "bias", "nonlinearity": "nonlinearity"}
generator = torch.Generator().manual_seed(1)
cases = []


def rounded(*shape, scale=1.0):
    """Numbers of two decimals, which read the same in every language."""
    return (torch.randn(*shape, generator=generator) * scale * 100).round().div(100)


def shortest(value):
    """The fewest digits that name a float32."""
    return next(short for digits in range(1, 10) if torch.tensor(short := float(f"{value:.{digits}g}")).item() == value)


def written(x):
    return {"shape": list(x.shape), "data": [shortest(value) for value in x.detach().flatten().tolist()]}


def case(module, steps, batch, lengths=None, states=False, size=3, hidden=2, **options):
    layer = getattr(nn, module)(size, hidden, **{NAMES[name]: value for name, value in options.items()})
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(rounded(*parameter.shape, scale=0.4))
    first = options.get("batchFirst", False)
    x = rounded(*((batch, steps, size) if first else (steps, batch, size))).requires_grad_()
    count = options.get("numLayers", 1) * (2 if options.get("bidirectional") else 1)
    names = ["h", "c"] if module == "LSTM" else ["h"]
    given = [rounded(count, batch, hidden).requires_grad_() for _ in names] if states else []
    state = None if not states else tuple(given) if module == "LSTM" else given[0]
    if lengths is None:
        output, after = layer(x, state)
    else:
        packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=first, enforce_sorted=False)
        output, after = layer(packed, state)
        output, _ = pad_packed_sequence(output, batch_first=first, total_length=steps)
    outputs = [output, *(after if module == "LSTM" else [after])]
    seeds = [rounded(*y.shape) for y in outputs]
    sum((y * seed).sum() for y, seed in zip(outputs, seeds)).backward()
    cases.append(
        {
            "module": module,
            "options": {"inputSize": size, "hiddenSize": hidden, **options},
            **({} if lengths is None else {"lengths": lengths}),
            "params": {name: written(value) for name, value in layer.state_dict().items()},
            "input": written(x),
            "state": [written(part) for part in given],
            "outputs": [written(y) for y in outputs],
            "gradOutputs": [written(seed) for seed in seeds],
            "grads": {name: written(value.grad) for name, value in layer.named_parameters()},
            "gradInput": written(x.grad),
            "gradState": [written(part.grad) for part in given],
        }
    )


for module in ("RNN", "LSTM", "GRU"):
    case(module, 4, 2, states=True, numLayers=2, bidirectional=True)
    case(module, 4, 3, lengths=[2, 4, 1])
    case(module, 5, 4, lengths=[3, 1, 4, 2], states=True, bidirectional=True, batchFirst=True)
    case(module, 4, 3, lengths=[4, 1, 3], states=True, numLayers=2, bidirectional=True)
case("RNN", 4, 3, lengths=[1, 4, 3], nonlinearity="relu", bias=False, bidirectional=True)
case("LSTM", 3, 2, lengths=[2, 2], bias=False, batchFirst=True)

text = json.dumps({"source": f"torch {torch.__version__}", "cases": cases}, separators=(",", ":"))
pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
print(f"{len(cases)} cases, {len(text)} characters")
