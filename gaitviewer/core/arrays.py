"""Short names of arrays, and read-only arrays of a checked shape for frozen dataclasses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

F8 = NDArray[np.float64]


def segments(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open runs ``start, stop`` in which a boolean [T] mask is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(mask, np.int8), [0]))))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def readonly_array(values: Any, dtype: DTypeLike, shape: tuple[int | None, ...], name: str) -> NDArray[Any]:
    """A read-only contiguous copy of ``values``; ``None`` in ``shape`` accepts any length.

    Raises:
        ValueError: the array has another shape.
    """
    array = np.array(values, dtype=dtype, order="C")
    fits = array.ndim == len(shape) and all(
        want is None or want == have for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    array.flags.writeable = False
    return array
