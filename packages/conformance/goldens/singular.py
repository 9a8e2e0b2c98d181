"""Writes singular.json beside this file: what PyTorch's CPU gives where a function has a kink or a pole, and for numbers that are not finite.
`op` and `attrs` are names of Dropwise; src/families/singular.ts calls them. Run: python singular.py, with the PyTorch that "source" names."""

import json
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

NAN, INF = math.nan, math.inf

POINTS = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.5, -3.0, 30.0, -30.0, 200.0, -200.0, 1e18, -1e18]
LARGEST = [3e38, -3e38]
FEW = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.5, -3.0]
EACH_LEFT = [a for a in FEW for _ in FEW]
EACH_RIGHT = FEW * len(FEW)

ROWS = [
    [1.0, 2.0, 3.0],
    [NAN, 2.0, 3.0],
    [INF, 2.0, 3.0],
    [-INF, 2.0, 3.0],
    [-INF, -INF, -INF],
    [INF, INF, 3.0],
    [INF, -INF, 0.0],
    [3.0, -3.0, 0.0],
    [2.0, 2.0, 2.0],
    [0.0, -0.0, -1.0],
    [1e18, -1e18, 0.0],
]
COLUMNS = [list(column) for column in zip(*ROWS)]
VECTORS = {
    "equal elements": [3.0, 3.0, 3.0, 3.0],
    "one element": [3.0],
    "an infinity": [INF, 3.0],
    "a NaN": [3.0, NAN],
    "zeros": [0.0, 0.0],
    "two numbers": [1.0, 2.0],
}

DISTANCES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 1e38, -1e38, INF, -INF, NAN, 1e18, -1e-20]
NOUGHTS = [0.0] * len(DISTANCES)
PROBABILITIES = [p for p in (0.0, 1.0, 0.5, 1e-20, 1.0 - 2.0**-24) for _ in range(3)]
LOGITS = [x for x in (0.0, INF, -INF, 200.0, -200.0, NAN, 30.0) for _ in range(3)]
CLASSES = [0, 1, 2, 0, 1, 2, 0, 1]
SHARES = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.2, 0.3, 0.5], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]

cases = []


def case(op, of, fn, *inputs, constant=False, twice=True, **attrs):
    """Runs fn on inputs of float32, or int32 for integers; `of` says in words what they are. `constant`: no gradients; `twice`: second ones."""
    xs = [torch.tensor(value, dtype=torch.int32 if is_integer(value) else torch.float32) for value in inputs]
    for x in xs:
        x.requires_grad_(x.is_floating_point() and not constant)
    wanted = [x for x in xs if x.requires_grad]
    y = fn(*xs)
    entry = {"op": op, "of": of, "attrs": {key: number(value) for key, value in attrs.items()}}
    entry |= {"inputs": [written(x) for x in xs], "output": written(y), "gradients": [], "second": None}
    if y.requires_grad:
        # An ordinary gradient from behind, and what masking, overflow and divergence send.
        for incoming in (weights(y), torch.tensor(0.0), torch.tensor(INF), torch.tensor(NAN)):
            found = torch.autograd.grad(y, wanted, incoming.expand(y.shape), retain_graph=True, allow_unused=True)
            entry["gradients"].append([numbers(filled(g, x)) for x, g in zip(wanted, found)])
        if twice:
            entry["second"] = [numbers(g) for g in second(y, wanted)]
    cases.append(entry)


def second(y, wanted):
    """The gradients of the weighted sum of the gradients."""
    first = torch.autograd.grad(y, wanted, weights(y), create_graph=True, allow_unused=True)
    total = sum((g * weights(g)).sum() for g in first if g is not None)
    found = torch.autograd.grad(total, wanted, allow_unused=True) if total.requires_grad else [None] * len(wanted)
    return [filled(g, x) for x, g in zip(wanted, found)]


def weights(x):
    """Numbers of both signs that float32 holds."""
    return torch.tensor([[1.0, -2.0, 0.5, 3.0, -0.25][i % 5] for i in range(x.numel())]).reshape(x.shape)


def filled(gradient, x):
    """Zeros for None, and for what PyTorch makes of a constant's gradient, which has no memory."""
    return torch.zeros_like(x) if gradient is None or gradient._is_zerotensor() else gradient


def written(x):
    return {"shape": list(x.shape), "data": numbers(x)} | ({} if x.is_floating_point() else {"dtype": "int32"})


def numbers(x):
    """Nine digits tell a float32 from all others."""
    return [number(float(f"{value:.9g}") if isinstance(value, float) else value) for value in x.flatten().tolist()]


def number(x):
    """JSON has no names for these three."""
    return x if not isinstance(x, float) or math.isfinite(x) else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


def is_integer(value):
    while isinstance(value, list):
        value = value[0] if value else 0.0
    return isinstance(value, int)


# --- of one operand ---

for op, fn in {
    "abs": torch.abs,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "sqrt": torch.sqrt,
    "erf": torch.erf,
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": F.gelu,
    "silu": F.silu,
    "selu": F.selu,
    "elu": F.elu,
    "leakyRelu": F.leaky_relu,
    "softplus": F.softplus,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "round": torch.round,
    "sign": torch.sign,
    "sin": torch.sin,
    "cos": torch.cos,
    "rsqrt": torch.rsqrt,
    "log, where positive": lambda x: torch.where(x > 0, x.log(), 0.0),
    "sqrt, where positive": lambda x: torch.where(x > 0, x.sqrt(), x),
    "reciprocal, where positive": lambda x: torch.where(x > 0, x.pow(-1), x.exp()),
    "relu of log": lambda x: F.relu(x.log()),
    "sqrt of relu": lambda x: F.relu(x).sqrt(),
    "x log x": lambda x: x * x.log(),
    "tanh over x": lambda x: torch.tanh(x) / x,
    "length": lambda x: (x * x).sqrt(),
}.items():
    case(op, "points", fn, POINTS)
# There PyTorch's second derivatives are infinity times 0.
for op, fn in {"gelu": F.gelu, "silu": F.silu, "elu": F.elu, "softplus": F.softplus, "erf": torch.erf, "relu": F.relu}.items():
    case(op, "the largest numbers", fn, LARGEST, twice=False)
for alpha in (0.5, 0.0):
    case("elu", "points", lambda x: F.elu(x, alpha=alpha), POINTS, alpha=alpha)
case("leakyRelu", "points", lambda x: F.leaky_relu(x, negative_slope=0.0), POINTS, negativeSlope=0.0)
case("softplus", "points", lambda x: F.softplus(x, beta=2.0), POINTS, beta=2.0)
for bounds in ({"min": -1.0, "max": 1.0}, {"min": 0.0}, {"max": 1.0}, {"min": 1.0, "max": 1.0}, {"min": 1.0, "max": -1.0}, {"min": NAN}, {"min": -INF, "max": INF}):
    case("clamp", "points", lambda x: x.clamp(**bounds), POINTS, **bounds)
for other in (0.0, NAN):
    case("maximum", "points", lambda x: torch.maximum(x, torch.tensor(other)), POINTS, other=other)
case("minimum", "points", lambda x: torch.minimum(x, torch.tensor(1.0)), POINTS, other=1.0)
for other in (0.0, INF):
    case("div", "points", lambda x: x / other, POINTS, other=other)
    case("mul", "points", lambda x: x * other, POINTS, other=other)
for other in (0.0, 1.0, 2.0, 3.0, -1.0, -2.0):
    case("pow", "points", lambda x: x.pow(other), FEW, other=other)
# PyTorch takes roots, which differ from powers at -0 and -infinity.
for other in (0.5, -0.5, 1.5):
    case("pow", "points", lambda x: x.pow(other), [x for x in FEW if x not in (0.0, -INF)] + [0.0], other=other)

# --- of two and three ---

for op, fn in {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow, "minimum": torch.minimum, "maximum": torch.maximum}.items():
    case(op, "each pair", fn, EACH_LEFT, EACH_RIGHT)
    case(op, "a column and a row", fn, [[x] for x in FEW], [[0.0, 2.5, 1.0]])
case("matmul", "two matrices", torch.matmul, [[0.0, 1.0], [INF, 0.0], [NAN, 2.0]], [[INF, 1.0], [0.0, NAN]])
case("linear", "a matrix", F.linear, [[0.0, 1.0], [INF, 0.0], [NAN, 2.0]], [[INF, 0.0], [1.0, 2.0]], [NAN, -INF])
case("linear", "no features", F.linear, torch.zeros(2, 3, 0).tolist(), torch.zeros(4, 0).tolist(), [1.0, 2.0, 3.0, INF])

# --- reductions ---

for of, table, dim in (("rows", ROWS, 1), ("columns", COLUMNS, 0)):
    for op in ("sum", "mean", "amax", "amin", "var", "std"):
        case(op, of, lambda x: getattr(x, op)(dim), table, dim=dim)
    case("std", of, lambda x: x.std(dim, correction=0), table, dim=dim, correction=0)
    case("softmax", of, lambda x: F.softmax(x, dim), table, dim=dim)
    case("logSoftmax", of, lambda x: F.log_softmax(x, dim), table, dim=dim)
for of, vector in VECTORS.items():
    for op in ("mean", "amax", "amin", "var", "std"):
        case(op, of, lambda x: getattr(x, op)(), vector)
    for op in ("var", "std"):
        case(op, of, lambda x: getattr(x, op)(correction=0), vector, correction=0)
    case("norm", of, lambda x: (x * x).sum().sqrt(), vector)
    case("layer norm", of, lambda x: (x - x.mean()) / (x.var(correction=0) + 1e-5).sqrt(), vector)
    case("standard score", of, lambda x: (x - x.mean()) / (x.std() + 1e-5), vector)
case("mean", "nothing", torch.mean, [])
case("sum", "nothing", torch.sum, [])

# --- losses ---

for reduction in ("none", "mean", "sum"):
    how = {"reduction": reduction}
    for op, fn in {"mseLoss": F.mse_loss, "l1Loss": F.l1_loss, "smoothL1Loss": F.smooth_l1_loss}.items():
        case(op, "distances", lambda x, t: fn(x, t, **how), DISTANCES, NOUGHTS, **how)
        case(op, "nothing", lambda x, t: fn(x, t, **how), [], [], **how)
    for beta in (0.0, 0.5, 1e10):
        case("smoothL1Loss", "distances", lambda x, t: F.smooth_l1_loss(x, t, beta=beta, **how), DISTANCES, NOUGHTS, beta=beta, **how)
    # PyTorch's second derivative is not that of its first: both are bounded, each in its own way.
    case("binaryCrossEntropy", "probabilities", lambda x, t: F.binary_cross_entropy(x, t, **how), PROBABILITIES, [0.0, 1.0, 0.5] * 5, twice=False, **how)
    case("binaryCrossEntropyWithLogits", "logits", lambda x, t: F.binary_cross_entropy_with_logits(x, t, **how), LOGITS, [0.0, 1.0, 0.5] * 7, **how)
    case("nllLoss", "rows", lambda x, t: F.nll_loss(x, t.long(), **how), ROWS[:8], CLASSES, **how)
    for smoothing in (0.0, 0.1, 1.0):
        more = {"labelSmoothing": smoothing, **how}
        case("crossEntropy", "classes", lambda x, t: F.cross_entropy(x, t.long(), label_smoothing=smoothing, **how), ROWS[:8], CLASSES, **more)
        case("crossEntropy", "shares", lambda x, t: F.cross_entropy(x, t, label_smoothing=smoothing, **how), ROWS[:8], SHARES, **more)

# --- clipping and steps ---


def clipped(gradient, bound):
    """The norm, and the gradient after."""
    parameter = nn.Parameter(torch.zeros_like(gradient))
    parameter.grad = gradient.clone()
    norm = nn.utils.clip_grad_norm_([parameter], bound)
    return torch.cat([norm.reshape(1), parameter.grad])


def stepped(values, gradient, make):
    """The parameter after each of three steps."""
    parameter = nn.Parameter(values.clone())
    optimizer = make([parameter])
    after = []
    for _ in range(3):
        parameter.grad = gradient.clone()
        optimizer.step()
        after.append(parameter.detach().clone())
    return torch.stack(after)


for of, gradient in {
    "an ordinary gradient": [3.0, -4.0],
    "zeros": [0.0, -0.0],
    "a tiny gradient": [1e-7, 0.0],
    "a large gradient": [3e18, -4e18],
    "a huge gradient": [3e19, -4e19],
    "an infinity": [INF, 1.0],
    "a NaN": [NAN, 1.0],
}.items():
    for bound in (1.0, 0.0, INF, 1e30):
        case("clipGradNorm", of, lambda g: clipped(g, bound), gradient, constant=True, maxNorm=bound)
VALUES = [1.0, -2.0, 0.0, 1.0, 1.0, -1.0, 3.0]
GRADIENTS = [0.0, -0.0, 0.0, 1.0, INF, -INF, NAN]
for op, make, attrs in (
    ("SGD", lambda p: torch.optim.SGD(p, lr=0.1), {"lr": 0.1}),
    (
        "SGD",
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True),
        {"lr": 0.1, "momentum": 0.9, "weightDecay": 0.1, "nesterov": True},
    ),
    ("Adam", lambda p: torch.optim.Adam(p, lr=0.1), {"lr": 0.1}),
    ("Adam", lambda p: torch.optim.Adam(p, lr=0.1, eps=0.0), {"lr": 0.1, "eps": 0.0}),
    ("AdamW", lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.5), {"lr": 0.1, "weightDecay": 0.5}),
):
    case(op, "gradients", lambda p, g: stepped(p, g, make), VALUES, GRADIENTS, constant=True, **attrs)

text = json.dumps({"source": f"torch {torch.__version__}", "cases": cases}, separators=(",", ":"))
pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
print(f"{len(cases)} cases, {len(text)} characters")
