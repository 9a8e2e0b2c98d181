#!/usr/bin/env bash
# timm: drop_block_2d drops the more the smaller the map is; of maps of 7 x 7 nearly all, at a rate of 0.1.
#
# timm 1.0.29 with torch 2.13.0 on the CPU. The rate at which blocks begin is computed for the places where a whole block fits (one, in a map as large as a block), and then blocks begin at every
# pixel at that rate. The last stage of a ResNet for images of 224 pixels has maps of 7 x 7.
#
# Seen, for drop_prob 0.1 and block_size 7:
#   7 x 7: 93 % dropped, 50 % of maps wholly
#   14 x 14: 21 % dropped, 0 % of maps wholly
#   56 x 56: 11 % dropped, 0 % of maps wholly
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 numpy==2.2.6 >/dev/null 2>&1
venv/bin/pip install --quiet --no-deps timm==1.0.29 >/dev/null 2>&1
cat >check.py <<'PY'
import importlib.util
import sys
import types

import torch

# The op is one file of Python: without the package around it, which wants torchvision, and a hub.
found = importlib.util.find_spec("timm").submodule_search_locations[0]
for name, path in (("timm", found), ("timm.layers", f"{found}/layers")):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
from timm.layers.drop import drop_block_2d

torch.manual_seed(0)
for side in (7, 14, 56):
    y = drop_block_2d(torch.ones(512, 1, side, side), drop_prob=0.1, block_size=7)
    gone = (y == 0).float()
    print(f"{side} x {side}: {100 * gone.mean().item():.0f} % dropped, {100 * (gone.mean((1, 2, 3)) == 1).float().mean().item():.0f} % of maps wholly")
PY
seen=$(venv/bin/python check.py 2>/dev/null)
expected="7 x 7: 93 % dropped, 50 % of maps wholly
14 x 14: 21 % dropped, 0 % of maps wholly
56 x 56: 11 % dropped, 0 % of maps wholly"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "changed"; exit 1; }
