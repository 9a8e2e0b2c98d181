#!/usr/bin/env bash
# PyTorch: what nn.MultiheadAttention gives for a query that may attend to nothing depends on whether the weights are asked for.
#
# torch 2.13.0 on the CPU. With need_weights=True (the default) such a row of the output is NaN, and so are its weights; with need_weights=False the same layer, the
# same inputs and the same mask give the output's bias, which is zeros here, as scaled_dot_product_attention does. A batch with one fully padded sample so trains
# or turns to NaN by an option that only says what is returned.
#
# Seen:
#   need_weights=True: row 0 NaN, row 1 finite
#   need_weights=False: row 0 zeros, row 1 finite
#   scaled_dot_product_attention: row 0 zeros, row 1 finite
#   weights: row 0 NaN, row 1 finite
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

torch.manual_seed(0)
layer = nn.MultiheadAttention(4, 2, batch_first=True)
x = torch.randn(1, 2, 4)
blocked = torch.tensor([[True, True], [False, False]])  # the first query sees nothing


def told(rows):
    kind = lambda row: "NaN" if row.isnan().any() else "zeros" if (row == 0).all() else "finite"
    return ", ".join(f"row {i} {kind(row)}" for i, row in enumerate(rows))


with_weights, weights = layer(x, x, x, attn_mask=blocked)
without, _ = layer(x, x, x, attn_mask=blocked, need_weights=False)
plain = F.scaled_dot_product_attention(x, x, x, attn_mask=~blocked)
print("need_weights=True:", told(with_weights[0]))
print("need_weights=False:", told(without[0]))
print("scaled_dot_product_attention:", told(plain[0]))
print("weights:", told(weights[0]))
PY
seen=$(venv/bin/python check.py 2>/dev/null)
expected="need_weights=True: row 0 NaN, row 1 finite
need_weights=False: row 0 zeros, row 1 finite
scaled_dot_product_attention: row 0 zeros, row 1 finite
weights: row 0 NaN, row 1 finite"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "changed"; exit 1; }
