"""What a pose estimator must be able to do, and the table of what runs them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.remarks import Light, RemarkKind
from gaitviewer.pose.models import PoseModel, choose_model


@dataclass(frozen=True, slots=True)
class BodyCircle:
    """Where a person is in a picture, as a circle around the hips.

    Attributes:
        x, y: middle of the hips, pixels.
        radius: from there to the farthest point of the standing body, pixels (about half the height).
        tilt_rad: rotation of the body's axis from upright, clockwise, radians.
    """

    x: float
    y: float
    radius: float
    tilt_rad: float = 0.0

    def moved(self, dx: float, dy: float, scale: float = 1.0) -> BodyCircle:
        """In a picture that was first shifted by (dx, dy) and then scaled."""
        return BodyCircle((self.x + dx) * scale, (self.y + dy) * scale, self.radius * scale, self.tilt_rad)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person found in one picture.

    Attributes:
        frame: frame number.      body: where.      score: the detector's confidence 0..1.
        colours: [64] f32, histogram of the clothes' colours, sums to 1 (or to 0: unknown).
        light: brightness around the person; None = not measured.
        doubled: the detector saw two persons here, one before or beside the other.
    """

    frame: int
    body: BodyCircle
    score: float
    colours: tuple[float, ...] = ()
    light: Light | None = None
    doubled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """One person's keypoints in one picture.

    Attributes:
        xy: [23, 2] f32, pixels of the picture given; NaN where the estimator has no such point.
        score: [23] f32, 0..1.
        body: where the person is now, to look there in the next frame.
        mask: [H, W] bool, the person's outline, or None.
    """

    xy: NDArray[np.float32]
    score: NDArray[np.float32]
    body: BodyCircle
    mask: NDArray[np.bool_] | None


class PoseEstimator(Protocol):
    """An estimator of one person's keypoints, living in one worker process.

    Estimators keep no state between pictures that changes their answers: following the subject is done
    by the caller, who passes where to look. Whatever a backend does keep is dropped by ``reset``.
    """

    @property
    def name(self) -> str:
        """Name and version, for the provenance."""
        ...

    @property
    def weights_digest(self) -> str:
        """SHA-256 over the weights."""
        ...

    @property
    def square_scale(self) -> float:
        """Side of the square it looks at, in body radii."""
        ...

    @property
    def looks_back(self) -> bool:
        """Whether looking at a video backward, too, tells more: its answers depend on where it looked."""
        ...

    @property
    def limits(self) -> tuple[RemarkKind, ...]:
        """What has to be said of all its keypoints; () where its errors were measured."""
        ...

    def start(self) -> None:
        """Load the weights; called once, in the worker."""
        ...

    def reset(self) -> None:
        """Forget what was seen: another stretch, another direction, another video."""
        ...

    def find_people(self, rgb: NDArray[np.uint8]) -> list[tuple[BodyCircle, float]]:
        """Everybody in a picture u8 [H, W, 3], with the detector's confidence."""
        ...

    def estimate(self, rgb: NDArray[np.uint8], body: BodyCircle) -> Estimate | None:
        """Keypoints of the person at ``body`` in a picture u8 [H, W, 3]; None = nobody there."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


BACKENDS: Mapping[str, str] = {
    "mediapipe": "gaitviewer.pose.mediapipe_backend:MediaPipeEstimator",
    "topdown": "gaitviewer.pose.topdown:TopDownEstimator",
}
"""What runs pose models, as their cards name it: "module:class", imported only where it runs."""


def load_named(where: str) -> Any:
    """What "module:name" names, imported now."""
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)


def make_estimator(model: str) -> PoseEstimator:
    """A new estimator with a pose model (its name, or "best"), not started yet.

    Raises:
        SettingsError: there is no such model, or its file is not here or damaged.
    """
    chosen = choose_model(model)
    factory: Callable[[PoseModel], PoseEstimator] = load_named(BACKENDS[chosen.card.estimator])
    return factory(chosen)
