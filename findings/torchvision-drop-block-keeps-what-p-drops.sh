#!/usr/bin/env bash
# torchvision: drop_block2d with p = 1 keeps more than two fifths of all pixels, and refuses an image by a block size that nobody gave.
#
# torchvision 0.28.0 with torch 2.13.0 on the CPU. The documentation calls p the "probability of an element to be dropped". The rate at which blocks begin is that of the paper, which counts no
# overlap: so the share that is dropped falls behind p, the more the larger p is, and at 1 no block begins with certainty. A block that is larger than the image is made
# as small as its shorter side, and where that is even, the message names a size that is not the caller's.
#
# Seen:
#   p = 0.1: 9 % dropped
#   p = 0.5: 37 % dropped
#   p = 0.9: 53 % dropped
#   p = 1.0: 56 % dropped
#   4 x 5 pixels, block_size 7: ValueError, block size should be odd. Got 4 which is even.
#   3 x 5 pixels, block_size 7: works
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 torchvision==0.28.0 numpy==2.2.6 >/dev/null 2>&1
cat >check.py <<'PY'
import importlib.util
import sys
import types

import torch

# The op is one file of Python: without the package around it, whose compiled part wants a build of torch for the same device.
found = importlib.util.find_spec("torchvision").submodule_search_locations[0]
for name, path in (("torchvision", found), ("torchvision.ops", f"{found}/ops")):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
from torchvision.ops.drop_block import drop_block2d

torch.manual_seed(0)
for p in (0.1, 0.5, 0.9, 1.0):
    y = drop_block2d(torch.ones(256, 4, 20, 20), p=p, block_size=7)
    print(f"p = {p}: {100 * (y == 0).float().mean().item():.0f} % dropped")
for height in (4, 3):
    try:
        drop_block2d(torch.ones(2, 2, height, 5), p=0.3, block_size=7)
        told = "works"
    except ValueError as error:
        told = f"ValueError, {error}"
    print(f"{height} x 5 pixels, block_size 7: {told}")
PY
seen=$(venv/bin/python check.py 2>/dev/null)
expected="p = 0.1: 9 % dropped
p = 0.5: 37 % dropped
p = 0.9: 53 % dropped
p = 1.0: 56 % dropped
4 x 5 pixels, block_size 7: ValueError, block size should be odd. Got 4 which is even.
3 x 5 pixels, block_size 7: works"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "changed"; exit 1; }
