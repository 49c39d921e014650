"""The pose models that there can be, which of them are here, and which one to use.

One file in ``resources/pose`` describes each. A model that does not come with the program is a file that a
person adds; it is kept with the user's data and known by its digest.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from gaitviewer import paths
from gaitviewer.core.serialise import quote, read_resource
from gaitviewer.errors import SettingsError, reason_of
from gaitviewer.messages import NOTHING, Message, message
from gaitviewer.util import atomic

FULL_COSTS = message("pose_model.full_costs")
"""What it costs to have the full model only."""

BEST = "best"
"""Asks for the best model that is here."""

NAMES = ("heavy", "full")
"""All pose models, the best first; each has its own network that puts legs right (``models/legs-*``)."""

_INSIDE = Path("mediapipe/modules/pose_landmark")  # where MediaPipe looks below its resource folder


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a pose model's file.

    Attributes:
        title: its name for people.   estimator: what runs it (:data:`gaitviewer.pose.estimator.BACKENDS`).
        complexity: MediaPipe's number for it.   file: name of the file.   bytes, sha256: of the file.
        licence: SPDX identifier.   source: where the file comes from, in words.
        package, integrity: npm package that holds it and the SHA-512 of that, "" if it comes with the program.
    """

    title: str
    estimator: str
    complexity: int
    file: str
    bytes: int
    sha256: str
    licence: str
    source: str
    package: str = ""
    integrity: str = ""


def mediapipe_root() -> Path:
    """The folder that MediaPipe's package lies in, with the models that come with it."""
    return Path(str(metadata.distribution("mediapipe").locate_file("")))


@dataclass(frozen=True, slots=True)
class PoseModel:
    """One file of ``resources/pose``. ``name`` is that of the file."""

    card: Card
    name: str = ""

    @property
    def resource_root(self) -> Path:
        """The folder below which MediaPipe finds the landmark model."""
        if self.card.package:
            return paths.data_dir() / "pose" / self.name
        return mediapipe_root()

    @property
    def path(self) -> Path:
        """The model's file, whether it is there or not."""
        return self.resource_root / _INSIDE / self.card.file


@lru_cache(maxsize=len(NAMES))
def pose_model(name: str) -> PoseModel:
    """The description of a model.

    Raises:
        SettingsError: there is no such model, or its description is damaged.
    """
    if name not in NAMES:
        raise SettingsError(message("error.pose.no_such_model", model=quote(name), known=(BEST, *NAMES)))
    return replace(read_resource(f"pose/{name}.toml", PoseModel), name=name)


def is_here(model: PoseModel) -> bool:
    """Whether the model's file is here; that which comes with the program always is.

    Raises:
        SettingsError: it is here, and is not the file that the program knows.
    """
    if not (model.card.package and model.path.is_file()):
        return not model.card.package
    if file_digest(model.path) != model.card.sha256:
        facts = {"file": model.card.file, "source": model.card.source}
        raise SettingsError(message("error.pose.model_damaged", path=model.path, **facts))
    return True


def choose_model(wanted: str = BEST) -> PoseModel:
    """The model to use.

    Args:
        wanted: its name, or "best" for the best one that is here.

    Raises:
        SettingsError: there is no such model, it is not here, or its file is damaged.
    """
    if wanted == BEST:
        return next(model for model in map(pose_model, NAMES) if is_here(model))
    model = pose_model(wanted)
    if not is_here(model):
        raise SettingsError(
            message("error.pose.model_not_here", title=model.card.title, how=_how_to_add(model))
        )
    return model


def _how_to_add(model: PoseModel) -> Message:
    card = model.card
    return message(
        "pose_model.how", file=card.file, size_mb=card.bytes / 1e6, licence=card.licence, source=card.source
    )


def problem_of(model: PoseModel) -> Message:
    """Why a model cannot be used, and what working without it costs; nothing if it can be used."""
    try:
        if is_here(model):
            return NOTHING
    except SettingsError as problem:
        return problem.message
    return message("pose_model.not_here", title=model.card.title, how=_how_to_add(model), costs=FULL_COSTS)


def add_model_file(file: Path) -> PoseModel:
    """Copy the file of a pose model to the user's data, if it is one that the program knows.

    Raises:
        SettingsError: it is not; nothing was copied.
        OutputError: it cannot be copied; what was there stays.
    """
    try:
        digest = file_digest(file)
    except OSError as error:
        problem = message("error.pose.file_not_read", path=file, reason=reason_of(error))
        raise SettingsError(problem) from error
    for model in map(pose_model, NAMES):
        if digest == model.card.sha256:
            break
    else:
        cards = [model.card for model in map(pose_model, NAMES) if model.card.package]
        known = tuple(message("pose_model.file_of", file=card.file, source=card.source) for card in cards)
        raise SettingsError(message("error.pose.foreign_model", file=file.name, known=known))
    if model.card.package:
        with atomic.output(model.path) as part:
            shutil.copyfile(file, part)
    return model


def file_digest(path: Path) -> str:
    """SHA-256 of a file; computed once as long as the file does not change.

    Raises:
        OSError: it cannot be read.
    """
    stat = path.stat()
    return _digest_of(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _digest_of(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
