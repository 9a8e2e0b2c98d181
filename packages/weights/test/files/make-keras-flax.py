"""Writes keras.npz and flax.npz: python make-keras-flax.py [FOLDER SEED], with Keras 3.15.1, Flax 0.12.8 (nnx), JAX 0.10.2 and NumPy 2.

For each layer the arrays that it holds, by its own names, and an input with the output of the layer in inference: "dense/kernel", "dense/bias", "dense/input", "dense/output". All
arrays are random, so that none of them can be left out or mixed up unseen. A FOLDER gets the same as safetensors, too.
"""

import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np
from flax import nnx
from keras import layers

jax.config.update("jax_default_matmul_precision", "highest")
FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
random = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)

SIGNAL, IMAGE, VOLUME = (2, 4, 4), (1, 4, 5, 4), (1, 2, 3, 4, 4)
SHAPES = {
    "dense": (2, 4),
    "conv1d": SIGNAL,
    "conv2d": IMAGE,
    "conv2d in groups": IMAGE,
    "conv3d": VOLUME,
    "transposed": IMAGE,
    "flattened": (2, 3, 2, 4),
    "embedding": (2, 3),
    "batchnorm": IMAGE,
    "layernorm": (2, 4),
    "groupnorm": IMAGE,
    "lstm": SIGNAL,
    "lstm in one": SIGNAL,
    "gru": SIGNAL,
}
INPUTS = {
    name: random.integers(0, 5, shape, dtype=np.int32) if name == "embedding" else random.standard_normal(shape, dtype=np.float32)
    for name, shape in SHAPES.items()
}


def drawn(name, shape):
    """Variances are positive; the rest is as large as it is in trained layers."""
    values = random.uniform(-0.5, 0.5, shape).astype(np.float32)
    return values + 1 if name in ("moving_variance", "var", "gamma", "scale") else values


def of_keras():
    made = {
        "dense": layers.Dense(3),
        "conv1d": layers.Conv1D(3, 2),
        "conv2d": layers.Conv2D(3, (2, 3)),
        "conv2d in groups": layers.Conv2D(6, (2, 3), groups=2),
        "conv3d": layers.Conv3D(3, (1, 2, 3)),
        "transposed": layers.Conv2DTranspose(3, (2, 3), strides=2),
        "flattened": keras.Sequential([layers.Flatten(), layers.Dense(3)]),
        "embedding": layers.Embedding(5, 3),
        "batchnorm": layers.BatchNormalization(),
        "layernorm": layers.LayerNormalization(),
        "groupnorm": layers.GroupNormalization(2),
        "lstm": layers.LSTM(3, return_sequences=True),
        "gru": layers.GRU(3, return_sequences=True),
    }
    for name, layer in made.items():
        layer(INPUTS[name])  # which makes its variables
        arrays = {}
        for variable in layer.weights:
            arrays[variable.name] = drawn(variable.name, variable.shape)
            variable.assign(arrays[variable.name])
        yield name, arrays, layer(INPUTS[name], training=False)


def of_flax():
    rngs = nnx.Rngs(0)
    conv = dict(padding="VALID", rngs=rngs)
    made = {
        "dense": nnx.Linear(4, 3, rngs=rngs),
        "conv1d": nnx.Conv(4, 3, (2,), **conv),
        "conv2d": nnx.Conv(4, 3, (2, 3), **conv),
        "conv2d in groups": nnx.Conv(4, 6, (2, 3), feature_group_count=2, **conv),
        "conv3d": nnx.Conv(4, 3, (1, 2, 3), **conv),
        "transposed": nnx.ConvTranspose(4, 3, (2, 3), strides=(2, 2), **conv),
        "flattened": nnx.Linear(24, 3, rngs=rngs),
        "embedding": nnx.Embed(5, 3, rngs=rngs),
        "batchnorm": nnx.BatchNorm(4, use_running_average=True, rngs=rngs),
        "layernorm": nnx.LayerNorm(4, rngs=rngs),
        "groupnorm": nnx.GroupNorm(4, 2, rngs=rngs),
        "lstm": nnx.LSTMCell(4, 3, rngs=rngs),
        "lstm in one": nnx.OptimizedLSTMCell(4, 3, rngs=rngs),
        "gru": nnx.GRUCell(4, 3, rngs=rngs),
    }
    for name, layer in made.items():
        arrays = {}
        state = nnx.state(layer, (nnx.Param, nnx.BatchStat))
        for path, variable in nnx.to_flat_state(state):
            arrays["/".join(path)] = values = drawn(path[-1], variable.get_value().shape)
            variable.set_value(jax.numpy.asarray(values))
        nnx.update(layer, state)
        x = jax.numpy.asarray(INPUTS[name])
        if "lstm" in name or name == "gru":
            yield name, arrays, nnx.RNN(layer)(x)
        else:
            yield name, arrays, layer(x.reshape(2, -1) if name == "flattened" else x)


for name, of in {"keras": of_keras, "flax": of_flax}.items():
    saved = {}
    for layer, arrays, output in of():
        arrays |= {"input": INPUTS[layer], "output": np.asarray(output)}
        saved |= {f"{layer}/{key}": value for key, value in arrays.items()}
    np.savez_compressed(FOLDER / f"{name}.npz", **saved)
    if len(sys.argv) > 1:
        from safetensors.numpy import save_file

        save_file(saved, FOLDER / f"{name}.safetensors")
