#!/usr/bin/env bash
# PyTorch: torch.multinomial without replacement draws classes of probability 0 once the others are used up, and says nothing.
#
# torch 2.13.0 on the CPU. Asked for two of [1, 0, 0] it gives two places, one of them of weight 0; asked for one of [0, 0, 0] it refuses, as it does for
# more samples than there are places. The documentation asks that the non-zero elements be at least as many as the samples, so a program that filters its
# probabilities (top-k, masked actions) and then draws several gets a place that it had ruled out.
#
# Seen:
#   2 of [1, 0, 0]: 2 places, 1 of them of weight 0
#   3 of [0.5, 0.5, 0, 0]: 3 places, 1 of them of weight 0
#   1 of [0, 0, 0]: refused
#   4 of [1, 1, 1]: refused
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 >/dev/null 2>&1
cat >check.py <<'PY'
import torch


def drawn(count, weights):
    shown = ", ".join(f"{weight:g}" for weight in weights)
    try:
        places = torch.multinomial(torch.tensor(weights), count).tolist()
        print(f"{count} of [{shown}]: {len(places)} places, {sum(weights[place] == 0 for place in places)} of them of weight 0")
    except RuntimeError:
        print(f"{count} of [{shown}]: refused")


drawn(2, [1.0, 0.0, 0.0])
drawn(3, [0.5, 0.5, 0.0, 0.0])
drawn(1, [0.0, 0.0, 0.0])
drawn(4, [1.0, 1.0, 1.0])
PY
seen=$(venv/bin/python check.py 2>/dev/null)
expected="2 of [1, 0, 0]: 2 places, 1 of them of weight 0
3 of [0.5, 0.5, 0, 0]: 3 places, 1 of them of weight 0
1 of [0, 0, 0]: refused
4 of [1, 1, 1]: refused"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "changed"; exit 1; }
