#!/usr/bin/env bash
# PyTorch: a pass over a DataLoader draws from the default generator, also where it shuffles nothing, so that a validation pass changes all masks after it.
#
# torch 2.13.0 on the CPU. Each pass draws 64 bits, a seed for worker processes, with no workers as well. So the dropout masks of the second epoch depend on whether the script
# validated after the first. A generator that is given to the loader takes the draw instead; then the masks are the same.
#
# Seen:
#   no validation: 001000110111 101111001010
#   validation between: 001000110111 011110010101
#   with a generator of its own: 001000110111 101111001010
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 >/dev/null 2>&1
cat >check.py <<'PY'
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader


def told(name, validate):
    torch.manual_seed(0)
    masks = []
    for epoch in range(2):
        kept = F.dropout(torch.ones(12), 0.5) != 0
        masks.append("".join("1" if bit else "0" for bit in kept.tolist()))
        validate()
    print(f"{name}: {' '.join(masks)}")


told("no validation", lambda: None)
told("validation between", lambda: list(DataLoader(range(4), shuffle=False)))
told("with a generator of its own", lambda: list(DataLoader(range(4), shuffle=False, generator=torch.Generator())))
PY
seen=$(venv/bin/python check.py 2>/dev/null)
expected="no validation: 001000110111 101111001010
validation between: 001000110111 011110010101
with a generator of its own: 001000110111 101111001010"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "changed"; exit 1; }
