#!/usr/bin/env bash
# transformers: a Wav2Vec2 encoder moves torch's generator in eval mode, one number a layer, also with layerdrop 0.
#
# transformers 5.18.0 with torch 2.13.0 on the CPU. Each forward draws a number for each layer and then asks whether it is training. Who validates between epochs, or not, trains with other masks; and
# how many layers a model has that only computes features moves the masks of the one that is trained.
#
# Seen:
#   eval mode, layerdrop 0.1: the generator has moved
#   eval mode, layerdrop 0.0: the generator has moved
#   two forwards in eval mode give the same output: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 transformers==5.18.0 numpy==2.2.6 >/dev/null 2>&1
cat >check.py <<'PY'
import torch
from transformers import Wav2Vec2Config
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2Encoder

x = torch.ones(1, 16, 16)
for rate in (0.1, 0.0):
    config = Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32, layerdrop=rate, num_conv_pos_embedding_groups=2
    )
    encoder = Wav2Vec2Encoder(config).eval()
    before = torch.get_rng_state()
    with torch.no_grad():
        first = encoder(x).last_hidden_state
    moved = not torch.equal(before, torch.get_rng_state())
    print(f"eval mode, layerdrop {rate}: the generator has {'moved' if moved else 'not moved'}")
with torch.no_grad():
    print("two forwards in eval mode give the same output:", torch.equal(first, encoder(x).last_hidden_state))
PY
seen=$(venv/bin/python check.py 2>/dev/null)
expected="eval mode, layerdrop 0.1: the generator has moved
eval mode, layerdrop 0.0: the generator has moved
two forwards in eval mode give the same output: True"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "changed"; exit 1; }
