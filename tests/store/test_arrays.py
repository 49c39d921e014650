from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.errors import StoreError
from gaitviewer.store import arrays


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 23, 2), np.float32),
        np.array(3.5),
        np.array([[np.nan, np.inf], [-0.0, 1e-300]]),
        np.arange(24, dtype=np.uint8).reshape(2, 3, 4)[:, ::-1],
        np.arange(6, dtype=">i4"),
        np.array([True, False]),
    ],
)
def test_pack_gives_back_values_type_and_shape(array: np.ndarray) -> None:
    back = arrays.unpack(arrays.pack(array))
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("<")
    np.testing.assert_array_equal(back, array)


def test_every_damaged_byte_is_noticed() -> None:
    blob = arrays.pack(np.arange(50, dtype=np.float32))
    for position in range(len(blob)):
        damaged = bytearray(blob)
        damaged[position] ^= 0x55
        with pytest.raises(StoreError, match="damaged"):
            arrays.unpack(bytes(damaged))


@pytest.mark.parametrize("length", [0, 3, 7, 20, 60])
def test_truncated_bytes_are_noticed(length: int) -> None:
    with pytest.raises(StoreError, match="damaged"):
        arrays.unpack(arrays.pack(np.arange(50.0))[:length])


def test_a_bomb_does_not_fill_the_memory() -> None:
    import zlib

    small = arrays.pack(np.zeros(4))
    header = small[: small.index(b"}") + 1]
    with pytest.raises(StoreError):
        arrays.unpack(header + zlib.compress(bytes(200_000_000)))


def test_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="objects"):
        arrays.pack(np.array([object()]))
