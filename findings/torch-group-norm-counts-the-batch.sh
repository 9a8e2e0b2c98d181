#!/usr/bin/env bash
# PyTorch: whether a group normalisation of one value each is refused depends on the batch, which it does not look at.
#
# torch 2.13.0 on the CPU. Each sample is normalised by itself, so a group of one value has no spread: the result is the bias, whatever came in. With one
# sample PyTorch refuses that ("Expected more than 1 value per channel when training"), also in a layer that is in eval mode; with two samples the same
# layer gives the zeros. A program that works through its batches passes until a last one has a single row. instance_norm refuses it for any batch, and
# layer_norm for none.
#
# Seen:
#   group_norm of [1, 2] in 2 groups: refused
#   group_norm of [2, 2] in 2 groups: [0.0, 0.0, 0.0, 0.0]
#   GroupNorm in eval mode, [1, 2]: refused
#   instance_norm of [2, 2, 1]: refused
#   layer_norm of [1, 1]: [0.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 >/dev/null 2>&1
cat >check.py <<'PY'
import torch
from torch import nn
from torch.nn import functional as F


def said(name, fn):
    try:
        print(f"{name}: {fn().flatten().tolist()}")
    except ValueError as error:
        assert "more than 1" in str(error), error
        print(f"{name}: refused")


said("group_norm of [1, 2] in 2 groups", lambda: F.group_norm(torch.tensor([[3.0, 7.0]]), 2))
said("group_norm of [2, 2] in 2 groups", lambda: F.group_norm(torch.tensor([[3.0, 7.0], [1.0, 2.0]]), 2))
said("GroupNorm in eval mode, [1, 2]", lambda: nn.GroupNorm(2, 2).eval()(torch.tensor([[3.0, 7.0]])))
said("instance_norm of [2, 2, 1]", lambda: F.instance_norm(torch.tensor([[[3.0], [7.0]], [[1.0], [2.0]]])))
said("layer_norm of [1, 1]", lambda: F.layer_norm(torch.tensor([[3.0]]), [1]))
PY
seen=$(venv/bin/python check.py 2>/dev/null)
expected="group_norm of [1, 2] in 2 groups: refused
group_norm of [2, 2] in 2 groups: [0.0, 0.0, 0.0, 0.0]
GroupNorm in eval mode, [1, 2]: refused
instance_norm of [2, 2, 1]: refused
layer_norm of [1, 1]: [0.0]"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "changed"; exit 1; }
