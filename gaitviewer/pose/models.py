"""The pose models that there can be, which of them are here, and which one to use.

One file in ``resources/pose`` describes each that the program knows by its digest; one of them is a file that a
person adds. Beside these there may be any number of networks of a person's own (:mod:`gaitviewer.pose.added`),
each in a folder with the user's data, with a card of its own that was written when it was added.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from gaitviewer import paths
from gaitviewer.core.serialise import canonical_digest, quote, read_resource, read_toml
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import OutputError, SettingsError, reason_of
from gaitviewer.messages import NOTHING, Message, message
from gaitviewer.util import atomic

_log = logging.getLogger(__name__)

FULL_COSTS = message("pose_model.full_costs")
"""What it costs to have the full model only."""

NO_FEET = message("pose_model.no_feet")
"""What a model without heels and toes does not give."""

BEST = "best"
"""Asks for the best model that is here."""

NAMES = ("heavy", "full")
"""The pose models of the program, the best first; each has its own network that puts legs right
(``models/legs-*``)."""

CARD = "card.toml"
"""What is known of a network that a person added, beside its file."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_INSIDE = Path("mediapipe/modules/pose_landmark")  # where MediaPipe looks below its resource folder


@dataclass(frozen=True, slots=True)
class Transformer:
    """Sizes of a ViTPose network, see :mod:`gaitviewer.pose.vitpose`.

    Attributes:
        width, depth, heads, mlp_ratio: of the vision transformer.   patch: side of a patch, pixels.
        eps: of the layer norms.   qkv_bias: whether queries, keys and values have biases.
        experts, part, expert: ViTPose+ has so many experts of ``part`` features each, of which one is used.
        simple: the head enlarges ``upscale`` times and has one convolution; else two deconvolutions and one.
    """

    width: int
    depth: int
    heads: int
    mlp_ratio: int
    patch: int
    eps: float
    qkv_bias: bool
    experts: int
    part: int
    expert: int
    simple: bool
    upscale: int


@dataclass(frozen=True, slots=True)
class Network:
    """What must be known to run a network that finds the keypoints of one person in a rectangle.

    Attributes:
        keypoints: name of each point that it gives, in its order; those of our own layout by our names.
        width, height: of the picture it takes, pixels.
        mean, std: of its red, green and blue, 0..255.
        runner: "opencv", "onnxruntime" or "torch".
        bins: SimCC bins per pixel.   transformer: sizes, if it is a ViTPose.
    """

    keypoints: tuple[str, ...]
    width: int
    height: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    runner: str
    bins: int = 1
    transformer: Transformer | None = None

    @property
    def has_feet(self) -> bool:
        """Whether heel and big toe of both feet are among its points."""
        feet = (Keypoint.LEFT_HEEL, Keypoint.LEFT_BIG_TOE, Keypoint.RIGHT_HEEL, Keypoint.RIGHT_BIG_TOE)
        return all(point.name.lower() in self.keypoints for point in feet)


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a pose model's file.

    Attributes:
        title: its name for people.   estimator: what runs it (:data:`gaitviewer.pose.estimator.BACKENDS`).
        file: name of the file.   bytes, sha256: of the file.
        licence: SPDX identifier, or as a person said it.   source: where the file comes from, in words.
        complexity: MediaPipe's number for it.
        package, integrity: npm package that holds it and the SHA-512 of that, "" if it comes with the program.
        network: of a network that a person added; None for MediaPipe's.
    """

    title: str
    estimator: str
    file: str
    bytes: int
    sha256: str
    licence: str
    source: str
    complexity: int = 0
    package: str = ""
    integrity: str = ""
    network: Network | None = None


def mediapipe_root() -> Path:
    """The folder that MediaPipe's package lies in, with the models that come with it."""
    return Path(str(metadata.distribution("mediapipe").locate_file("")))


@dataclass(frozen=True, slots=True)
class PoseModel:
    """One file of ``resources/pose``, or the card of one that was added. ``name`` is that of file or folder."""

    card: Card
    name: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of what it is and how it is run."""
        return self.card.sha256 if self.card.network is None else canonical_digest(self.card)

    @property
    def resource_root(self) -> Path:
        """The folder below which MediaPipe finds the landmark model."""
        if self.card.package:
            return folder_of(self.name)
        return mediapipe_root()

    @property
    def path(self) -> Path:
        """The model's file, whether it is there or not."""
        if self.card.network is not None:
            return folder_of(self.name) / self.card.file
        return self.resource_root / _INSIDE / self.card.file


def folder_of(name: str) -> Path:
    """Where a pose model that a person added is kept."""
    return paths.data_dir() / "pose" / name


def is_name(name: str) -> bool:
    """Whether a pose model may be called so: small letters, digits, dots and dashes."""
    return _NAME.fullmatch(name) is not None


def added_names() -> tuple[str, ...]:
    """The networks that a person added."""
    found = (card.parent.name for card in sorted((paths.data_dir() / "pose").glob(f"*/{CARD}")))
    return tuple(name for name in found if is_name(name) and name not in (BEST, *NAMES))


def added_models() -> tuple[PoseModel, ...]:
    """The networks that a person added, without those whose card is damaged."""
    found = []
    for name in added_names():
        try:
            found.append(pose_model(name))
        except SettingsError as problem:
            _log.warning("a pose model is left out: %s", problem)
    return tuple(found)


def pose_model(name: str) -> PoseModel:
    """The description of a model.

    Raises:
        SettingsError: there is no such model, or its description is damaged.
    """
    if name in NAMES:
        return _shipped(name)
    if name not in added_names():
        known = (BEST, *NAMES, *added_names())
        raise SettingsError(message("error.pose.no_such_model", model=quote(name), known=known))
    remedy = message("error.pose.remove_and_add_again", name=name)
    return replace(read_toml(folder_of(name) / CARD, PoseModel, remedy=remedy), name=name)


@lru_cache(maxsize=len(NAMES))
def _shipped(name: str) -> PoseModel:
    return replace(read_resource(f"pose/{name}.toml", PoseModel), name=name)


def remove_added(name: str) -> None:
    """Take away a network that a person added; poses that were found with it stay.

    Raises:
        SettingsError: there is none of this name.
        OutputError: it cannot be removed.
    """
    if name not in added_names():
        known = added_names() or message("error.model.none")
        raise SettingsError(message("error.pose.not_added", model=quote(name), known=known))
    try:
        shutil.rmtree(folder_of(name))
    except OSError as error:
        problem = message("error.pose.not_removed", path=folder_of(name), reason=reason_of(error))
        raise OutputError(problem) from error


def is_here(model: PoseModel) -> bool:
    """Whether the model's file is here; that which comes with the program always is.

    Raises:
        SettingsError: it is here, and is not the file that the program knows, or that was added.
    """
    if model.card.network is not None:
        if model.path.is_file() and file_digest(model.path) == model.card.sha256:
            return True
        raise SettingsError(message("error.pose.added_damaged", path=model.path, name=model.name))
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


def limit_of(model: PoseModel) -> Message:
    """What a model costs or does not give; nothing if there is nothing to say."""
    if model.card.network is not None and not model.card.network.has_feet:
        return NO_FEET
    return FULL_COSTS if model.name == "full" else NOTHING


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
