"""Adding a network of a person's own: looked at, tried once in a process of its own, then copied with its card.

Nothing is downloaded, and nothing is unpickled: an ``.onnx`` file with a SimCC head (RTMPose), or a ViTPose
checkpoint folder with its weights as safetensors.
"""

from __future__ import annotations

import re
import shutil
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from gaitviewer.core.serialise import to_plain
from gaitviewer.errors import SettingsError, reason_of
from gaitviewer.messages import message
from gaitviewer.pose.models import (
    BEST,
    CARD,
    NAMES,
    Card,
    Network,
    PoseModel,
    add_model_file,
    added_names,
    file_digest,
    folder_of,
    is_name,
    pose_model,
)
from gaitviewer.util import file_set
from gaitviewer.util.processes import worker_pool

_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of all RTMPose models, as published
_PICKLED = (".bin", ".pth", ".pt", ".ckpt", ".pkl")
_WEIGHTS = "model.safetensors"
_LARGEST = 2_000_000_000  # bytes


def is_checkpoint(source: Path) -> bool:
    """Whether a folder is a checkpoint, or something alike, and no model folder of this program."""
    return (
        source.is_dir()
        and not (source / "card.toml").exists()
        and ((source / "config.json").is_file() or any(path.suffix in _PICKLED for path in source.iterdir()))
    )


def add_pose_model(source: Path, *, name: str = "", licence: str = "") -> PoseModel:
    """Copy a pose model to the user's data: a file that the program knows, or a network of the user's own.

    Args:
        source: a ``.tflite`` or ``.onnx`` file, or a ViTPose folder (or the ``.safetensors`` file in it).
        name: what to call it; made from that of the file if "".
        licence: of the weights, as the user knows it; that of the folder's own README if "".

    Raises:
        SettingsError: it cannot be used; nothing was copied.
        OutputError: it cannot be copied; what was there stays.
    """
    if source.suffix in _PICKLED:
        raise SettingsError(message("error.pose.pickled", file=source.name))
    if source.suffix == ".safetensors":
        source = source.parent
    if source.is_file() and source.suffix != ".onnx":
        return add_model_file(source)
    name = name or _name_of(source)
    if not is_name(name) or name in (BEST, *NAMES):
        raise SettingsError(message("error.pose.impossible_name", name=name, taken=(BEST, *NAMES)))
    file = source if source.is_file() else _weights_in(source)
    try:
        size, digest = file.stat().st_size, file_digest(file)
    except OSError as error:
        raise SettingsError(message("error.pose.file_not_read", path=file, reason=reason_of(error))) from error
    if size > _LARGEST:
        raise SettingsError(message("error.pose.too_large", file=file.name, size_mb=size / 1e6))
    if name in added_names() and pose_model(name).card.sha256 != digest:
        raise SettingsError(message("error.pose.name_taken", name=name))
    network = _tried(file)
    kind = "ViTPose" if network.transformer is not None else "RTMPose"
    card = Card(
        title=f"{kind}, {len(network.keypoints)} points, {network.width} x {network.height}",
        estimator="topdown",
        file=file.name if network.transformer is not None else "model.onnx",
        bytes=size,
        sha256=digest,
        licence=licence or _licence_in(file.parent),
        source=file.name,
        network=network,
    )
    model = PoseModel(card, name)
    file_set.write_all(
        folder_of(name), {card.file: partial(shutil.copyfile, file), CARD: partial(_write_card, card)}
    )
    return model


def _name_of(source: Path) -> str:
    """A name from that of a file; where all files are called alike, from that of its folder."""
    stem = source.stem if source.suffix == ".onnx" else source.name
    if stem in ("end2end", "model"):
        stem = source.absolute().parent.name
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")[:60] or "own"


def _weights_in(folder: Path) -> Path:
    """The weights of a checkpoint folder.

    Raises:
        SettingsError: there are none that may be read.
    """
    if (folder / _WEIGHTS).is_file():
        return folder / _WEIGHTS
    if folder.is_dir() and any(path.suffix in _PICKLED for path in folder.iterdir()):
        raise SettingsError(message("error.pose.pickled", file=folder.name))
    raise SettingsError(message("error.pose.no_checkpoint", path=folder))


def _licence_in(folder: Path) -> str:
    """What the README of a checkpoint says in its first lines ("license: apache-2.0"), "" if nothing."""
    try:
        head = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:4000]
    except OSError:
        return ""
    found = re.search(r"^licen[sc]e:\s*(\S.{0,99})$", head, re.MULTILINE)
    return found.group(1).strip() if found else ""


def _write_card(card: Card, file: Path) -> None:
    import tomlkit

    plain = to_plain(card)
    if plain["network"]["transformer"] is None:
        del plain["network"]["transformer"]
    file.write_text(tomlkit.dumps({"card": plain}), encoding="utf-8")


def _tried(file: Path) -> Network:
    """How to run a file, after a picture went through it; a damaged one may take its process with it.

    Raises:
        SettingsError: it cannot be run, or does not answer as a pose model does.
    """
    with worker_pool(1) as pool:
        try:
            return pool.submit(try_file, file).result()
        except BrokenProcessPool as error:
            raise SettingsError(message("error.pose.trial_ended", file=file.name)) from error


def try_file(file: Path) -> Network:
    """Find out how to run a network, and run it once; called in a process of its own.

    Raises:
        SettingsError: it cannot be run, or does not answer as a pose model does.
    """
    from gaitviewer.pose.topdown import load_network

    if file.suffix == ".onnx":
        return _try_onnx(file)
    from gaitviewer.pose.vitpose import describe

    network = describe(file.parent)
    load_network(file, network).run(_picture(network))
    return network


def _try_onnx(file: Path) -> Network:
    from gaitviewer.pose.onnx_network import OnnxRuntimeNetwork, OpenCvNetwork, outputs_of, read_ends
    from gaitviewer.pose.topdown import ORDERS

    outputs_of(file)
    inputs = tuple(read_ends(file.read_bytes()).inputs.values())
    if len(inputs) != 1 or len(inputs[0]) != 4 or inputs[0][1] != 3 or 0 in inputs[0][2:]:
        raise SettingsError(message("error.pose.input", file=file.name, found=str(inputs)))
    height, width = inputs[0][2:]
    network = Network((), width, height, _MEAN, _STD, "opencv")
    try:
        found = OpenCvNetwork(file, network).raw(_picture(network))
    except SettingsError as problem:
        try:
            found = OnnxRuntimeNetwork(file, network).raw(_picture(network))
        except SettingsError as other:
            both = message("error.pose.neither_runs", first=problem.message, second=other.message)
            raise SettingsError(both) from other
        network = replace(network, runner="onnxruntime")
    x, y = (one.shape for one in found)
    bins = x[-1] // width
    if len(x) != 3 or x[:2] != y[:2] or bins < 1 or (x[2], y[2]) != (bins * width, bins * height):
        shapes = f"{x}, {y}"
        raise SettingsError(
            message("error.pose.shapes", file=file.name, found=shapes, width=width, height=height)
        )
    if x[1] not in ORDERS:
        raise SettingsError(message("error.pose.points", file=file.name, found=x[1]))
    if not all(np.isfinite(one).all() for one in found):
        raise SettingsError(message("error.pose.no_numbers", file=file.name))
    return replace(network, keypoints=ORDERS[x[1]], bins=bins)


def _picture(network: Network) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Noise, as a picture that is normalised."""
    shape = (3, network.height, network.width)
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)
