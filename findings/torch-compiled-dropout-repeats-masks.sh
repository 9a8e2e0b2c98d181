#!/usr/bin/env bash
# PyTorch: dropout under torch.compile on the CPU keeps 32 of its seed's 64 bits, so that masks come back.
#
# torch 2.13.0 on the CPU; needs a C++ compiler, as torch.compile does. Each call of compiled code draws a seed of 64 bits from the generator, and the kernel uses the lower half. Two of 77,000
# calls share a whole mask with even odds, where 64 bits would take five billion; a run of some epochs has as many. The seed below has two in its first 11,000 calls. In eager mode there are none.
#
# Seen:
#   compiled: 11000 masks of 256 elements, calls 6034 and 10652 are equal
#   eager: 11000 masks of 256 elements, no two are equal
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 numpy==2.2.6 >/dev/null 2>&1
cat >check.py <<'PY'
import torch
from torch.nn import functional as F

CALLS, x = 11_000, torch.ones(256)


def dropout(x):
    return F.dropout(x, 0.5)


def told(name, fn):
    torch.manual_seed(98)
    calls, equal = {}, []
    for call in range(CALLS):
        mask = fn(x).numpy().tobytes()
        if mask in calls:
            equal.append(f"calls {calls[mask]} and {call} are equal")
        calls[mask] = call
    print(f"{name}: {CALLS} masks of {len(x)} elements, {', '.join(equal) or 'no two are equal'}")


told("compiled", torch.compile(dropout))
told("eager", dropout)
PY
seen=$(venv/bin/python check.py 2>/dev/null)
expected="compiled: 11000 masks of 256 elements, calls 6034 and 10652 are equal
eager: 11000 masks of 256 elements, no two are equal"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "changed"; exit 1; }
