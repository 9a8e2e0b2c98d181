"""The operations and layers of src/operations.ts in PyTorch, by name."""

import torch
import torch.nn.functional as F

OPERATIONS = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "gelu": F.gelu,
    "add": torch.add,
    "softmax-last": lambda x: F.softmax(x, 1),
    "softmax-first": lambda x: F.softmax(x, 0),
    "sum-all": torch.sum,
    "sum-rows": lambda x: x.sum(1),
    "sum-columns": lambda x: x.sum(0),
    "amax-rows": lambda x: x.amax(1),
    "transpose": lambda x: x.t().contiguous(),
    "permute": lambda x: x.permute(0, 2, 1, 3).contiguous(),
    "matmul": torch.matmul,
    "attention": F.scaled_dot_product_attention,
    "attention-dropout": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, dropout_p=0.1),
    "conv2d": lambda x, weight, bias: F.conv2d(x, weight, bias, padding=1),
    "layer-norm": lambda x, weight, bias: F.layer_norm(x, [768], weight, bias),
    "batch-norm": lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, training=True),
    "linear": F.linear,
    "linear-dropout": lambda x, weight, bias: F.dropout(F.linear(x, weight, bias), 0.5),
}
