"""RTMPose, and other networks with a SimCC head, from the ``.onnx`` file that their makers deploy.

OpenCV's own network module runs them. Where it cannot run a file, onnxruntime does if it is installed
(``gaitviewer[onnx]``): below 1.29, since later ones send figures on their use over the network.

Jiang T et al., RTMPose: Real-Time Multi-Person Pose Estimation based on MMPose, arXiv:2303.07399.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer.errors import SettingsError, reason_of
from gaitviewer.messages import Message, as_written, message
from gaitviewer.pose._cv import load
from gaitviewer.pose.models import Network
from gaitviewer.pose.topdown import Answer, Floats, decode_simcc

_BEFORE = (1, 29)  # the first onnxruntime that reports its use


@dataclass(frozen=True, slots=True)
class OnnxEnds:
    """What goes into a network and comes out of it.

    Attributes:
        inputs: name -> sizes, 0 where the file leaves one open.      outputs: names.
    """

    inputs: dict[str, tuple[int, ...]]
    outputs: tuple[str, ...]


def read_ends(data: bytes) -> OnnxEnds:
    """Inputs and outputs of an ONNX file, from its protocol buffer (onnx.proto: model 7, graph 5, 11 and 12).

    Raises:
        ValueError: it is none.
    """
    graphs = [value for number, value in _fields(memoryview(data)) if number == 7]
    if len(graphs) != 1 or isinstance(graphs[0], int):
        raise ValueError("no graph")
    inputs: dict[str, tuple[int, ...]] = {}
    weights, outputs = set(), []
    for number, value in _fields(graphs[0]):
        if number == 5:
            weights |= {_text(part) for field, part in _fields(_part(value)) if field == 8}
        elif number == 11:
            name, sizes = _value_info(_part(value))
            inputs[name] = sizes
        elif number == 12:
            outputs.append(_value_info(_part(value))[0])
    return OnnxEnds({name: sizes for name, sizes in inputs.items() if name not in weights}, tuple(outputs))


def _value_info(part: memoryview) -> tuple[str, tuple[int, ...]]:
    """Name (1) and sizes: type 2, tensor 1, shape 2, dimension 1, value 1."""
    name, sizes = "", []
    for number, value in _fields(part):
        if number == 1:
            name = _text(value)
        elif number == 2:
            for tensor in _inside(_part(value), 1):
                for shape in _inside(tensor, 2):
                    for size in _inside(shape, 1):
                        known = [v for n, v in _fields(size) if n == 1 and isinstance(v, int)]
                        sizes.append(known[0] if known else 0)
    return name, tuple(sizes)


def _inside(part: memoryview, wanted: int) -> Iterator[memoryview]:
    return (_part(value) for number, value in _fields(part) if number == wanted)


def _part(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where a part was expected")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_part(value)).decode("utf-8")


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(number, value) of each field of a protocol buffer's message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError("no protocol buffer")
        if at + size > len(data):
            raise ValueError("it ends too early")
        yield number, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            raise ValueError("it ends too early")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("no protocol buffer")


class OpenCvNetwork:
    """A SimCC network run by OpenCV, on the processor."""

    def __init__(self, file: Path, network: Network) -> None:
        self._file = file
        self._bins = network.bins
        self._outputs = outputs_of(file)
        cv2 = load("cv2")
        try:
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(file.read_bytes(), np.uint8))
            self._net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
            self._net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
        except cv2.error as error:
            raise SettingsError(_not_run(file, "OpenCV", error)) from error

    def raw(self, picture: Floats) -> tuple[Floats, ...]:
        """Both outputs for a picture f32 [3, H, W]."""
        self._net.setInput(picture[None])
        try:
            return tuple(np.asarray(one, np.float32) for one in self._net.forward(self._outputs))
        except load("cv2").error as error:
            raise SettingsError(_not_run(self._file, "OpenCV", error)) from error

    def run(self, picture: Floats) -> Answer:
        """Points in a picture f32 [3, H, W], already normalised."""
        x, y = self.raw(picture)
        return decode_simcc(x[0], y[0], self._bins)


class OnnxRuntimeNetwork:
    """The same by onnxruntime."""

    def __init__(self, file: Path, network: Network) -> None:
        self._bins = network.bins
        self._outputs = outputs_of(file)
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            providers = ["CPUExecutionProvider"]
            self._session = runtime.InferenceSession(file.read_bytes(), options, providers=providers)
        except Exception as error:  # it has no base class of its own for what it cannot run
            raise SettingsError(_not_run(file, "onnxruntime", error)) from error
        (self._input,) = (one.name for one in self._session.get_inputs())

    def raw(self, picture: Floats) -> tuple[Floats, ...]:
        """Both outputs for a picture f32 [3, H, W]."""
        found = self._session.run(list(self._outputs), {self._input: picture[None]})
        return tuple(np.asarray(one, np.float32) for one in found)

    def run(self, picture: Floats) -> Answer:
        """Points in a picture f32 [3, H, W], already normalised."""
        x, y = self.raw(picture)
        return decode_simcc(x[0], y[0], self._bins)


def onnxruntime() -> Any:
    """The optional package.

    Raises:
        SettingsError: it is not installed, or is one that reports its use.
    """
    try:
        found = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise SettingsError(message("error.pose.onnxruntime_missing")) from error
    if tuple(int(part) for part in found.__version__.split(".")[:2]) >= _BEFORE:
        raise SettingsError(message("error.pose.onnxruntime_reports", version=found.__version__))
    return found


def outputs_of(file: Path) -> tuple[str, ...]:
    """Names of the outputs for x and y, x first.

    Raises:
        SettingsError: the file is damaged, or has other outputs.
    """
    try:
        names = read_ends(file.read_bytes()).outputs
    except (OSError, ValueError) as error:
        raise SettingsError(message("error.pose.no_onnx", file=file.name, reason=reason_of(error))) from error
    if len(names) != 2:
        raise SettingsError(message("error.pose.outputs", file=file.name, found=len(names)))
    return tuple(sorted(names)) if set(names) == {"simcc_x", "simcc_y"} else names


def _not_run(file: Path, runner: str, error: Exception) -> Message:
    reason = as_written(" ".join(str(error).split())[:300])
    return message("error.pose.network_not_run", file=file.name, runner=runner, reason=reason)
