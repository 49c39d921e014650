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
from gaitviewer.errors import SettingsError
from gaitviewer.util import atomic

BEST = "best"
"""Asks for the best model that is here."""

NAMES = ("heavy", "full")
"""All pose models, the best first; the last one comes with the program."""

_INSIDE = Path("mediapipe/modules/pose_landmark")  # where MediaPipe looks below its resource folder


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a pose model's file.

    Attributes:
        title: its name for people.   estimator: what runs it (:data:`gaitviewer.pose.estimator.BACKENDS`).
        complexity: MediaPipe's number for it.   file: name of the file.   bytes, sha256: of the file.
        licence: SPDX identifier.   source: where the file comes from, in words.
        accuracy: what it costs to have this model only, in words; "" for the best one.
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
    accuracy: str = ""
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
        raise SettingsError(
            f"There is no pose model {quote(name)}; choose one of: {', '.join((BEST, *NAMES))}."
        )
    return replace(read_resource(f"pose/{name}.toml", PoseModel), name=name)


def is_here(model: PoseModel) -> bool:
    """Whether the model's file is here; that which comes with the program always is.

    Raises:
        SettingsError: it is here, and is not the file that the program knows.
    """
    if not (model.card.package and model.path.is_file()):
        return not model.card.package
    if file_digest(model.path) != model.card.sha256:
        raise SettingsError(
            f"{model.path} is damaged or another file than {model.card.file} of {model.card.source}. "
            "Add it again with `gaitviewer models add FILE`, or delete it to work with the full model."
        )
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
            f"The pose model {model.card.title} is not here. {how_to_add(model)} Or choose --pose-model full."
        )
    return model


def how_to_add(model: PoseModel) -> str:
    """What a person does to have a model, as a sentence."""
    return (
        f"Its file is {model.card.file} ({model.card.bytes / 1e6:.0f} MB, {model.card.licence}) from "
        f"{model.card.source}: add it with `gaitviewer models add FILE`."
    )


def problem_of(model: PoseModel) -> str:
    """Why a model cannot be used, and what working without it costs; "" if it can be used."""
    try:
        if is_here(model):
            return ""
    except SettingsError as problem:
        return str(problem)
    return f"not here. {how_to_add(model)} {pose_model(NAMES[-1]).card.accuracy}"


def add_model_file(file: Path) -> PoseModel:
    """Copy the file of a pose model to the user's data, if it is one that the program knows.

    Raises:
        SettingsError: it is not; nothing was copied.
        OutputError: it cannot be copied; what was there stays.
    """
    try:
        digest = file_digest(file)
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}); check the path.") from error
    for model in map(pose_model, NAMES):
        if digest == model.card.sha256:
            break
    else:
        known = ", ".join(f"{m.card.file} of {m.card.source}" for m in map(pose_model, NAMES) if m.card.package)
        raise SettingsError(f"{file.name} is no pose model that this program knows. It knows {known}.")
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
