#!/usr/bin/env bash
# TensorFlow.js: a dropout layer that is given a seed draws one mask, and uses it in every step of a training.
#
# @tensorflow/tfjs 4.22.0, plain JavaScript backend. `tf.layers.dropout({ rate, seed })` hands its seed to each call anew, and every call starts a
# generator from it. So the same units are dropped in every step: the model trains a fixed part of itself, and the rest never sees a gradient. Without a
# seed each call has another mask. Two layers of one seed share their mask, too.
#
# Seen:
#   with a seed, 4 calls in training: 1 mask
#   without, 4 calls: 4 masks
#   two layers of one seed: 1 mask
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat >check.mjs <<'JS'
import * as tf from "@tensorflow/tfjs";

await tf.setBackend("cpu");
const x = tf.ones([1, 64]);
const masksOf = (...layers) => new Set(layers.map((layer) => layer.apply(x, { training: true }).dataSync().join())).size;
const seeded = tf.layers.dropout({ rate: 0.5, seed: 7 });
const free = tf.layers.dropout({ rate: 0.5 });
console.log(`with a seed, 4 calls in training: ${masksOf(seeded, seeded, seeded, seeded)} mask`);
console.log(`without, 4 calls: ${masksOf(free, free, free, free)} masks`);
console.log(`two layers of one seed: ${masksOf(seeded, tf.layers.dropout({ rate: 0.5, seed: 7 }))} mask`);
JS
seen=$(node check.mjs 2>/dev/null | grep -E "mask")
expected="with a seed, 4 calls in training: 1 mask
without, 4 calls: 4 masks
two layers of one seed: 1 mask"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "changed"; exit 1; }
