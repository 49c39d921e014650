"""The state of a training in one safetensors file: tensors as tensors, everything else as JSON in its header.

One file, replaced in one step: a kill at any moment leaves the state of the last whole epoch. Nothing is
pickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from gaitviewer.core.serialise import from_plain, parse_json
from gaitviewer.util import atomic

Tensors = dict[str, torch.Tensor]


@dataclass(slots=True)
class Progress:
    """Where a training stands.

    Attributes:
        fingerprint: of everything that must not change between the parts of one training.
        epoch: whole epochs done.   best_epoch, best_value: of the best weights (epochs count from 1).
        finished: nothing is left to do.
        history: one row an epoch.
        scaler: state of the loss scaler of half precision, {} without one.
    """

    fingerprint: str
    epoch: int = 0
    best_epoch: int = 0
    best_value: float = float("-inf")
    finished: bool = False
    seconds: float = 0.0
    history: list[dict[str, int | float]] = field(default_factory=list)
    scaler: dict[str, Any] = field(default_factory=dict)


def copy_of(state: Mapping[str, torch.Tensor]) -> Tensors:
    """An own copy of every tensor on the CPU."""
    return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in state.items()}


def save_atomically(tensors: Tensors, path: Path, metadata: dict[str, str]) -> None:
    """Writes a safetensors file beside ``path`` and puts it in its place in one step."""
    with atomic.replacing(path) as part:
        save_file(tensors, part, metadata=metadata)


def save(path: Path, *, progress: Progress, model: Tensors, best: Tensors, optimiser: Tensors) -> None:
    """Writes the checkpoint."""
    groups = {"model": model, "best": best, "optimiser": optimiser}
    tensors = {f"{group}/{name}": value for group, held in groups.items() for name, value in held.items()}
    save_atomically(tensors, path, {"progress": json.dumps(asdict(progress))})


def load(path: Path, fingerprint: str) -> tuple[Progress, dict[str, Tensors]] | None:
    """The checkpoint, or None where there is none of this very training."""
    if not path.is_file():
        return None
    groups: dict[str, Tensors] = {"model": {}, "best": {}, "optimiser": {}}
    try:
        with safe_open(path, framework="pt") as file:
            progress = from_plain(parse_json((file.metadata() or {})["progress"]), Progress)
            if progress.fingerprint != fingerprint:
                return None
            for key in file.keys():  # noqa: SIM118  the reader is no mapping
                group, name = key.split("/", 1)
                groups[group][name] = file.get_tensor(key)
    except (SafetensorError, KeyError, TypeError, ValueError, OSError):
        return None
    return progress, groups


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> Tensors:
    """State of the optimiser as tensors by "parameter.name"."""
    return {
        f"{number}.{name}": value.detach().to("cpu", copy=True).contiguous()
        for number, held in optimiser.state_dict()["state"].items()
        for name, value in held.items()
        if value is not None
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Puts tensors of :func:`optimiser_tensors` back; settings stay as the optimiser was made."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
