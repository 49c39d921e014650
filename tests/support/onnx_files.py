"""Small ONNX files, written field by field (onnx.proto), and networks in them that know a drawn walker."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, values: NDArray[np.generic]) -> bytes:
    kind = {np.dtype(np.float32): 1, np.dtype(np.int64): 7}[values.dtype]
    sizes = b"".join(_field(1, size) for size in values.shape)
    return sizes + _field(2, kind) + _field(8, name) + _field(9, values.tobytes())


def _value(name: str, sizes: Sequence[int]) -> bytes:
    """Of an input or output; a size of 0 stays open."""
    shape = b"".join(_field(1, _field(1, size) if size else _field(2, "batch")) for size in sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


def node(kind: str, inputs: Sequence[str], *outputs: str, **given: float | int | Sequence[int]) -> bytes:
    """An operation; an attribute is a float, a whole number, or several of these."""
    out = b"".join(_field(1, name) for name in inputs) + b"".join(_field(2, name) for name in outputs)
    out += _field(3, outputs[0]) + _field(4, kind)
    for name, value in given.items():
        if isinstance(value, float):
            held = _varint(2 << 3 | 5) + struct.pack("<f", value) + _field(20, 1)
        elif isinstance(value, int):
            held = _field(3, value) + _field(20, 2)
        else:
            held = b"".join(_field(8, v) for v in value) + _field(20, 7)
        out += _field(5, _field(1, name) + held)
    return out


def write(
    path: Path,
    nodes: Sequence[bytes],
    weights: Mapping[str, NDArray[np.generic]],
    *,
    inputs: Mapping[str, Sequence[int]],
    outputs: Mapping[str, Sequence[int]],
) -> Path:
    """A file of these nodes (opset 11)."""
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, "made")
    graph += b"".join(_field(5, _tensor(name, values)) for name, values in weights.items())
    graph += b"".join(_field(11, _value(name, sizes)) for name, sizes in inputs.items())
    graph += b"".join(_field(12, _value(name, sizes)) for name, sizes in outputs.items())
    path.write_bytes(_field(1, 6) + _field(7, graph) + _field(8, _field(2, 11)))
    return path


POOL = 4  # pixels of the picture that become one


def simcc_file(path: Path, x: Floats, y: Floats, *, width: int, height: int, open_sizes: bool = False) -> Path:
    """A network whose answers are sums over a picture of 4 x 4 pooled pixels.

    Args:
        path: where to.
        x, y: [F + 1, K, bins] weights of each pooled value and, last, what is added.
        width, height: of its picture.
        open_sizes: leave height and width open, as nobody may.
    """
    count = x.shape[1]
    pooled = 3 * (width // POOL) * (height // POOL)
    nodes = [
        node("AveragePool", ["input"], "small", kernel_shape=[POOL, POOL], strides=[POOL, POOL]),
        node("Reshape", ["small", "one_row"], "row"),
    ]
    weights: dict[str, NDArray[np.generic]] = {"one_row": np.array([1, pooled], np.int64)}
    for axis, given in (("x", x), ("y", y)):
        flat = np.ascontiguousarray(given.reshape(len(given), -1), np.float32)
        weights[f"w_{axis}"], weights[f"b_{axis}"] = flat[:-1].copy(), flat[-1:].copy()
        weights[f"rows_{axis}"] = np.array([1, count, given.shape[2]], np.int64)
        nodes += [
            node("MatMul", ["row", f"w_{axis}"], f"product_{axis}"),
            node("Add", [f"product_{axis}", f"b_{axis}"], f"sum_{axis}"),
            node("Reshape", [f"sum_{axis}", f"rows_{axis}"], f"simcc_{axis}"),
        ]
    sizes = (0, 0) if open_sizes else (height, width)
    outputs = {f"simcc_{axis}": (0, count, given.shape[2]) for axis, given in (("x", x), ("y", y))}
    return write(path, nodes, weights, inputs={"input": (0, 3, *sizes)}, outputs=outputs)


def fixed_points_file(
    path: Path, places: Floats, *, width: int, height: int, bins: int, peak: float = 0.9
) -> Path:
    """A network that sees nothing and answers with the same ``places`` [K, 2], in pixels, each time."""
    made = []
    for axis, size in enumerate((width, height)):
        out = np.zeros((3 * (width // POOL) * (height // POOL) + 1, len(places), size * bins), np.float32)
        out[-1, np.arange(len(places)), np.round(places[:, axis] * bins).astype(int)] = peak
        made.append(out)
    return simcc_file(path, *made, width=width, height=height)


def learned_file(path: Path, pictures: Floats, places: Floats) -> Path:
    """One that learned ``places`` [N, K, 2] from ``pictures`` [N, 3, H, W] by least squares, a bin a pixel."""
    count, _, height, width = pictures.shape
    pooled = pictures.reshape(count, 3, height // POOL, POOL, width // POOL, POOL).mean(axis=(3, 5))
    seen = np.concatenate([pooled.reshape(count, -1), np.ones((count, 1))], axis=1)
    made = []
    for axis, size in enumerate((width, height)):
        wanted = np.exp(-0.5 * ((np.arange(size) - places[..., axis, None]) / 2.5) ** 2)
        square = seen.T @ seen + 0.02 * count * np.eye(seen.shape[1])
        solved = np.linalg.solve(square, seen.T @ wanted.reshape(count, -1))
        made.append(solved.reshape(-1, places.shape[1], size).astype(np.float32))
    return simcc_file(path, *made, width=width, height=height)
