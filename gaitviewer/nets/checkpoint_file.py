"""Weights files of other people to start a training from: safetensors only, as nothing is ever unpickled."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from gaitviewer.errors import SettingsError, reason_of
from gaitviewer.messages import Message, message

_PICKLED = (".pth", ".pt", ".bin", ".ckpt", ".pkl", ".tar")
_WRAPPED = ("module.", "_orig_mod.", "model.", "backbone.", "net/")
# What a name within a file tells of the network that it is of.
_KINDS = (
    ("patch_embed.proj.weight", "video_transformer"),
    ("patch_embeddings.projection.weight", "video_transformer"),
    ("st_gcn_networks.0.gcn.conv.weight", "st_gcn"),
    ("gcn.0.tcn.branches.0.0.weight", "st_gcn_pp"),
    ("gcn.0.tcn.conv.weight", "st_gcn"),
)
_MOST_NAMED = 3


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file by name, without the prefixes of what they were wrapped in.

    Raises:
        SettingsError: it is missing, a pickle, damaged, empty or holds values that are no numbers.
    """
    if not path.is_file():
        raise SettingsError(message("error.model.checkpoint.no_file", path=path))
    if path.suffix.lower() in _PICKLED:
        wanted = path.with_suffix(".safetensors").name
        raise SettingsError(
            message(
                "error.model.checkpoint.pickled",
                file=path.name,
                source=shlex.quote(path.name),
                wanted=shlex.quote(wanted),
            )
        )
    try:
        held = load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise SettingsError(
            message("error.model.checkpoint.damaged", file=path.name, reason=reason_of(error))
        ) from error
    if not held:
        raise SettingsError(message("error.model.checkpoint.empty", file=path.name))
    for key, value in held.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise SettingsError(message("error.model.checkpoint.not_finite", file=path.name, key=key))
    return {_unwrapped(key): value for key, value in held.items()}


def _unwrapped(key: str) -> str:
    while prefix := next((one for one in _WRAPPED if key.startswith(one)), None):
        key = key.removeprefix(prefix)
    return key


def foreign(state: Mapping[str, Tensor], *, name: str, wanted: str) -> SettingsError:
    """That a file is of another network: of which, as far as its names tell, and what they are.

    Args:
        state: of the file.
        name: of the file.
        wanted: "VideoMAE v2", "ST-GCN".
    """
    kind = next((kind for part, kind in _KINDS if any(key.endswith(part) for key in state)), "")
    words = (
        message(f"error.model.checkpoint.kind.{kind}") if kind else message("error.model.checkpoint.unknown")
    )
    return SettingsError(
        message(
            "error.model.checkpoint.foreign",
            file=name,
            wanted=wanted,
            kind=words,
            names=_named(f"{key} {shape_of(value)}" for key, value in state.items()),
        )
    )


def check_fit(
    own: Mapping[str, Tensor], state: Mapping[str, Tensor], *, name: str, free: Iterable[str] = ()
) -> None:
    """That a file has all weights of a network in their shapes.

    Args:
        own: of the network.
        state: of the file, by the same names.
        name: of the file.
        free: names that it may lack or hold in another shape.

    Raises:
        SettingsError: it does not; with the names and the shapes that differ.
    """
    needed = {key: value for key, value in own.items() if key not in set(free)}
    missing = [f"{key} {shape_of(value)}" for key, value in needed.items() if key not in state]
    differing = [
        message("error.model.checkpoint.shape", key=key, has=shape_of(state[key]), needed=shape_of(value))
        for key, value in needed.items()
        if key in state and state[key].shape != value.shape
    ]
    if differing:
        raise SettingsError(message("error.model.checkpoint.differing", file=name, names=_named(differing)))
    if missing:
        raise SettingsError(message("error.model.checkpoint.missing", file=name, names=_named(missing)))


def shape_of(value: Tensor) -> str:
    """A shape in words: "384 x 768"; "" of a single number."""
    return " x ".join(map(str, value.shape))


def _named(items: Iterable[Message | str]) -> tuple[Message | str, ...]:
    """The first ones, and how many more there are."""
    held = list(items)
    more = len(held) - _MOST_NAMED
    return (*held[:_MOST_NAMED], *([f"... (+{more})"] if more > 0 else []))
