"""Work that does not fit into the memory of a device: smaller batches first, another device next."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_WORDS = ("out of memory", "can't allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether work failed for want of memory: devices and allocators each say it in their own way."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(said in words for said in _WORDS)
    )


def free() -> None:
    """Give back what nobody uses any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def with_smaller_batches(work: Callable[[int], T], size: int) -> T:
    """``work(size)``, or with half of it and so on down to 1 where the memory is too small.

    Raises:
        RuntimeError, MemoryError: it is too small for a batch of one.
    """
    while True:
        try:
            return work(size)
        except (RuntimeError, MemoryError) as error:
            if size <= 1 or not is_out_of_memory(error):
                raise
        free()
        size //= 2


def in_batches(work: Callable[[slice], None], count: int, size: int) -> None:
    """``work`` for ``count`` things, ``size`` at a time; from where the memory is too small on, half of it.

    Raises:
        RuntimeError, MemoryError: it is too small for a batch of one.
    """
    done = 0

    def go_on(size: int) -> None:
        nonlocal done
        while done < count:
            work(slice(done, min(done + size, count)))
            done += size

    with_smaller_batches(go_on, size)
