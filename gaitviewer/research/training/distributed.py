"""Several processes that train one network together (``torchrun``), and how many threads each may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed, nn

_PATIENCE = timedelta(hours=6)  # the others wait while process 0 prepares the examples


def world_size() -> int:
    """How many processes train together, as ``torchrun`` says."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Number of this process among them; 0 writes the files."""
    return int(os.environ.get("RANK", "0"))


def rank_device(device: str) -> str:
    """The device of this process: "cuda" becomes that of its place on the machine."""
    if device == "cuda":
        return f"cuda:{int(os.environ.get('LOCAL_RANK', '0'))}"
    return device


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Limits torch to so many threads inside the block; ``None`` leaves them alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def deterministic(device: str) -> Iterator[None]:
    """Same numbers for the same seed inside the block, also on a GPU; random states are restored after.

    On a GPU an operation that cannot repeat its numbers is an error there: a mere warning would leave attention
    to its fastest and not repeatable kernels.
    """
    cuda = torch.device(device).type == "cuda"
    if cuda:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS starts
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    with torch.random.fork_rng(devices=[torch.device(device)] if cuda else []):
        try:
            torch.use_deterministic_algorithms(cuda or before[0], warn_only=before[1] and not cuda)
            torch.backends.cudnn.benchmark = False
            yield
        finally:
            torch.use_deterministic_algorithms(before[0], warn_only=before[1])
            torch.backends.cudnn.benchmark = benchmark


def start_process_group(device: str) -> None:
    """Joins the other processes, if there are any."""
    if world_size() > 1 and not distributed.is_initialized():
        if torch.device(device).type == "cuda":
            torch.cuda.set_device(device)
            distributed.init_process_group("nccl", timeout=_PATIENCE)
        else:
            distributed.init_process_group("gloo", timeout=_PATIENCE)


def wrap_ddp(model: nn.Module, device: str) -> nn.Module:
    """The module to train: several processes need a wrapper that averages gradients over them."""
    if world_size() == 1:
        return model
    start_process_group(device)
    cuda = torch.device(device).type == "cuda"
    # The wrapper types the device list loosely; on a CPU it must be absent.
    return nn.parallel.DistributedDataParallel(model, device_ids=[torch.device(device)] if cuda else None)


def broadcast_from_rank0(value: float, device: str) -> float:
    """The value that process 0 has; every process must call it."""
    if world_size() == 1:
        return value
    # On a GPU the group speaks NCCL, which moves nothing but GPU memory.
    held = torch.tensor([value], dtype=torch.float64, device=device)
    distributed.broadcast(held, src=0)
    return float(held.item())


@contextmanager
def rank0_first(device: str) -> Iterator[None]:
    """Process 0 does the block first; the others then find what it left on disk."""
    if world_size() == 1:
        yield
        return
    start_process_group(device)
    if rank() > 0:
        broadcast_from_rank0(0.0, device)
    yield
    if rank() == 0:
        broadcast_from_rank0(0.0, device)
