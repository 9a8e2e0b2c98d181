"""Milliseconds of the step of step.mjs in PyTorch's DistributedDataParallel with Gloo, one thread a process."""

import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F

ROWS = 1024
STEPS = 12

torch.set_num_threads(1)
dist.init_process_group("gloo")
torch.manual_seed(1)
model = nn.parallel.DistributedDataParallel(
    nn.Sequential(
        nn.Linear(784, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, 10)
    )
)
optimizer = torch.optim.Adam(model.parameters())
rows = ROWS // dist.get_world_size()
x, y = torch.randn(rows, 784), torch.randint(0, 10, (rows,))
times = []
for _ in range(STEPS):
    started = time.perf_counter()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    loss.item()
    times.append((time.perf_counter() - started) * 1e3)
if dist.get_rank() == 0:
    print(sorted(times)[STEPS // 2])
dist.destroy_process_group()
