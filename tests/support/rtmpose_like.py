"""A narrow network with every operation of a deployed RTMPose, as an ONNX file and, at the same time, in torch.

CSPNeXt with its channel attention and pooling pyramid, then the head: a wide convolution, scaled norms, a gated
attention unit, and one layer for each coordinate. Each operation is written down as it is carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as f
from numpy.typing import NDArray
from torch import Tensor

from tests.support.onnx_files import Floats, node, write


class _Recorder:
    """Values by name, and the nodes that make them."""

    def __init__(self, picture: Tensor) -> None:
        self.values = {"input": picture}
        self.nodes: list[bytes] = []
        self.weights: dict[str, NDArray[np.generic]] = {}

    def keep(self, value: Tensor | NDArray[np.int64]) -> str:
        """A constant."""
        name = f"w{len(self.weights)}"
        self.weights[name] = value.numpy() if isinstance(value, Tensor) else value
        if isinstance(value, Tensor):
            self.values[name] = value
        return name

    def random(self, *shape: int) -> str:
        return self.keep(torch.randn(*shape) / np.sqrt(np.prod(shape[1:])))

    def add(
        self, kind: str, inputs: Sequence[str], *results: Tensor, **given: float | int | Sequence[int]
    ) -> str:
        """An operation with its results; the name of the first one (others: with a digit behind it)."""
        names = [f"v{len(self.nodes)}{'' if i == 0 else f'_{i}'}" for i in range(max(1, len(results)))]
        self.values |= dict(zip(names, results, strict=False))
        self.nodes.append(node(kind, inputs, *names, **given))
        return names[0]

    def conv(self, x: str, out: int, size: int, stride: int = 1, groups: int = 1) -> str:
        v = self.values
        inner = v[x].shape[1]
        w, b = self.random(out, inner // groups, size, size), self.random(out)
        made = f.conv2d(v[x], v[w], v[b], stride, size // 2, 1, groups)
        ends = {"kernel_shape": [size] * 2, "strides": [stride] * 2, "pads": [size // 2] * 4, "group": groups}
        return self.add("Conv", [x, w, b], made, **ends)

    def silu(self, x: str) -> str:
        gate = self.add("Sigmoid", [x], torch.sigmoid(self.values[x]))
        return self.two("Mul", x, gate)

    def two(self, kind: str, x: str, y: str) -> str:
        work = {"Mul": torch.mul, "Add": torch.add, "Div": torch.div, "MatMul": torch.matmul}[kind]
        return self.add(kind, [x, y], work(self.values[x], self.values[y]))

    def join(self, *parts: str) -> str:
        return self.add("Concat", parts, torch.cat([self.values[p] for p in parts], 1), axis=1)

    def stage(self, x: str, out: int) -> str:
        """A convolution of stride 2, and a CSP layer with channel attention."""
        x = self.silu(self.conv(x, out, 3, 2))
        main, short = (self.silu(self.conv(x, out // 2, 1)) for _ in range(2))
        deep = self.silu(self.conv(self.silu(self.conv(main, out // 2, 3)), out // 2, 5, groups=out // 2))
        both = self.join(self.two("Add", deep, main), short)
        mean = self.add("GlobalAveragePool", [both], self.values[both].mean((2, 3), keepdim=True))
        gate = self.conv(mean, out, 1)
        gate = self.add("HardSigmoid", [gate], f.hardsigmoid(self.values[gate]), alpha=1 / 6)
        return self.silu(self.conv(self.two("Mul", both, gate), out, 1))

    def pyramid(self, x: str) -> str:
        pools = [
            self.add(
                "MaxPool", [x], f.max_pool2d(self.values[x], size, 1, size // 2),
                kernel_shape=[size] * 2, strides=[1, 1], pads=[size // 2] * 4,
            )
            for size in (5, 9, 13)
        ]  # fmt: skip
        return self.silu(self.conv(self.join(x, *pools), self.values[x].shape[1], 1))

    def flat(self, x: str) -> str:
        """[1, K, h, w] to [1, K, h * w], by the sizes that it finds."""
        whole = self.add("Shape", [x])
        ends = [self.keep(np.array([n], np.int64)) for n in (0, 2, 0, -1)]
        first = self.add("Slice", [whole, *ends[:3]])
        sizes = self.add("Concat", [first, ends[3]], axis=0)
        return self.add("Reshape", [x, sizes], self.values[x].flatten(2))

    def scale_norm(self, x: str) -> str:
        width = self.values[x].shape[2]
        size = self.add("ReduceL2", [x], self.values[x].norm(dim=2, keepdim=True), axes=[2], keepdims=1)
        size = self.two("Mul", size, self.keep(torch.tensor(width**-0.5)))
        least = self.keep(torch.tensor(1e-5))
        size = self.add("Clip", [size, least], self.values[size].clamp(min=1e-5))
        return self.two("Mul", self.two("Div", x, size), self.keep(torch.tensor([1.3])))

    def gated_attention(self, x: str, inner: int, key: int) -> str:
        v = self.values
        width = v[x].shape[2]
        uv = self.silu(self.two("MatMul", self.scale_norm(x), self.random(width, 2 * inner + key)))
        u = self.add("Split", [uv], *v[uv].split([inner, inner, key], 2), axis=2, split=[inner, inner, key])
        base = self.add("Unsqueeze", [f"{u}_2"], v[f"{u}_2"].unsqueeze(2), axes=[2])
        base = self.two("Add", self.two("Mul", base, self.random(2, key)), self.random(2, key))
        pair = self.add("Split", [base], *v[base].split(1, 2), axis=2, split=[1, 1])
        q, k = (self.add("Squeeze", [one], v[one].squeeze(2), axes=[2]) for one in (pair, f"{pair}_1"))
        turned = self.add("Transpose", [k], v[k].transpose(1, 2), perm=[0, 2, 1])
        seen = self.two("Div", self.two("MatMul", q, turned), self.keep(torch.tensor(key**0.5)))
        seen = self.add("Relu", [seen], torch.relu(v[seen]))
        mixed = self.two("MatMul", self.two("Mul", seen, seen), f"{u}_1")
        out = self.two("MatMul", self.two("Mul", u, mixed), self.random(inner, width))
        return self.two("Add", self.two("Mul", x, self.random(width)), out)


def rtmpose_like(path: Path, picture: Floats, *, points: int, bins: int = 2) -> tuple[Floats, Floats]:
    """Write a network for pictures f32 [3, H, W] (multiples of 32), and what torch answers to this one."""
    torch.manual_seed(11)
    height, width = picture.shape[1:]
    r = _Recorder(torch.from_numpy(picture)[None])
    x = r.silu(r.conv("input", 8, 3, 2))
    for out in (16, 24, 32):
        x = r.stage(x, out)
    x = r.silu(r.conv(r.pyramid(r.silu(r.conv(x, 16, 1))), 48, 3, 2))
    rows = r.flat(r.conv(x, points, 7))
    hidden = r.two("MatMul", r.scale_norm(rows), r.random(r.values[rows].shape[2], 32))
    hidden = r.gated_attention(hidden, 64, 16)
    answers = []
    for axis, size in (("x", width * bins), ("y", height * bins)):
        weights = r.random(32, size)
        answer = r.values[hidden] @ r.values[weights]
        r.nodes.append(node("MatMul", [hidden, weights], f"simcc_{axis}"))
        answers.append(answer[0].numpy())
    outputs = {"simcc_x": (0, points, width * bins), "simcc_y": (0, points, height * bins)}
    write(path, r.nodes, r.weights, inputs={"input": (0, 3, height, width)}, outputs=outputs)
    return answers[0], answers[1]
