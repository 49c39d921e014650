"""How an angle is drawn on a frame: rays, guides and an arc in picture pixels. Pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import Side
from gaitviewer.core.skeleton import Skeleton

Point = NDArray[np.float64]  # [2] upright pixels, y down


@dataclass(frozen=True, slots=True, eq=False)
class Construction:
    """An angle as lines on the picture, all in upright pixels.

    Attributes:
        rays: (from, to) sides of the angle, as measured.
        guides: (from, to) helping lines: a continued thigh, a vertical.
        arc: (centre, radius, start, extent): degrees counter-clockwise from +x with y up; None for no arc.
    """

    rays: tuple[tuple[Point, Point], ...]
    guides: tuple[tuple[Point, Point], ...]
    arc: tuple[Point, float, float, float] | None

    def points(self) -> Point:
        """[N, 2] the ends of all lines."""
        return np.array([end for line in (*self.rays, *self.guides) for end in line])


@dataclass(frozen=True, slots=True, eq=False)
class FramePoints:
    """The keypoints of one frame by name, [K, 2]; NaN = not seen."""

    xy: NDArray[np.float64]
    skeleton: Skeleton
    side: Side

    def named(self, name: str) -> Point:
        """A point by its full name."""
        return np.asarray(self.xy[self.skeleton.keypoints.index(name)], np.float64)

    def own(self, part: str) -> Point:
        """A point of this side."""
        return self.named(f"{self.side.value}_{part}")

    def other(self, part: str) -> Point:
        """A point of the other side."""
        return self.named(f"{self.side.other.value}_{part}")

    def middle(self, part: str) -> Point:
        """Between both sides; the one that is seen if only one is."""
        both = np.stack([self.own(part), self.other(part)])
        seen = both[np.isfinite(both).all(axis=1)]
        return seen.mean(axis=0) if len(seen) else np.full(2, np.nan)

    @property
    def scale_px(self) -> float:
        """Thigh plus shank of the better seen leg, pixels; NaN if neither is seen."""
        legs = []
        for side in Side:
            hip, knee, ankle = (self.named(f"{side.value}_{part}") for part in ("hip", "knee", "ankle"))
            legs.append(float(np.linalg.norm(hip - knee) + np.linalg.norm(knee - ankle)))
        finite = [leg for leg in legs if np.isfinite(leg)]
        return max(finite) if finite else float("nan")


def _unit(vector: Point) -> Point:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector * np.nan


def _direction(vector: Point) -> float:
    return float(np.degrees(np.arctan2(-vector[1], vector[0])))


def _angle(vertex: Point, neutral: Point, measured: Point, *, arm: float, along: float) -> Construction:
    """Neutral direction as a guide, measured direction as a ray of length ``along``, arc between them."""
    start = _direction(neutral)
    extent = (_direction(measured) - start + 180) % 360 - 180
    radius = 0.62 * arm
    return Construction(
        rays=((vertex, vertex + along * _unit(measured)),),
        guides=((vertex, vertex + arm * 1.15 * _unit(neutral)),),
        arc=(vertex, radius, start, extent),
    )


def _with_rays(drawn: Construction, *rays: tuple[Point, Point]) -> Construction:
    return Construction(rays=(*drawn.rays, *rays), guides=drawn.guides, arc=drawn.arc)


def _knee(body: FramePoints) -> Construction:
    hip, knee, ankle = body.own("hip"), body.own("knee"), body.own("ankle")
    shank = float(np.linalg.norm(ankle - knee))
    return _with_rays(_angle(knee, knee - hip, ankle - knee, arm=0.5 * shank, along=shank), (hip, knee))


def _hip(body: FramePoints) -> Construction:
    hip, knee = body.own("hip"), body.own("knee")
    up = body.middle("shoulder") - body.middle("hip")
    thigh = float(np.linalg.norm(knee - hip))
    return _with_rays(_angle(hip, -up, knee - hip, arm=0.5 * thigh, along=thigh), (hip, hip + 0.55 * up))


def _ankle(body: FramePoints) -> Construction:
    knee, ankle, heel, toe = (body.own(part) for part in ("knee", "ankle", "heel", "big_toe"))
    sole, shank = toe - heel, knee - ankle
    across = np.array([-shank[1], shank[0]])
    neutral = across if float(across @ sole) >= 0 else -across
    foot = float(np.linalg.norm(sole))
    return _with_rays(
        _angle(ankle, neutral, sole, arm=0.75 * foot, along=0.85 * foot), (ankle, knee), (heel, toe)
    )


def _foot(body: FramePoints) -> Construction:
    heel, toe = body.own("heel"), body.own("big_toe")
    foot = float(np.linalg.norm(toe - heel))
    level = np.array([np.sign(toe[0] - heel[0]) or 1.0, 0.0])
    return _angle(heel, level, toe - heel, arm=0.8 * foot, along=foot)


def _trunk(body: FramePoints) -> Construction:
    hip = body.middle("hip")
    up = body.middle("shoulder") - hip
    trunk = float(np.linalg.norm(up))
    return _angle(hip, np.array([0.0, -1.0]), up, arm=0.75 * trunk, along=trunk)


def _level_of(part: str) -> Callable[[FramePoints], Construction]:
    def draw(body: FramePoints) -> Construction:
        own, other = body.own(part), body.other(part)
        width = float(np.linalg.norm(own - other))
        level = np.array([np.sign(own[0] - other[0]) or 1.0, 0.0])
        return _angle(other, level, own - other, arm=width, along=1.15 * width)

    return draw


def _shift(body: FramePoints) -> Construction:
    hip, shoulder = body.middle("hip"), body.middle("shoulder")
    plumb = np.array([hip[0], shoulder[1]])
    return Construction(
        rays=((plumb, shoulder),),
        guides=((hip, plumb + 0.15 * (plumb - hip)),),
        arc=None,
    )


def _progression(body: FramePoints) -> Construction:
    heel, toe = body.own("heel"), body.own("big_toe")
    return Construction(rays=((heel, toe),), guides=(), arc=None)


def _hips(body: FramePoints) -> Construction:
    own, other = body.own("hip"), body.other("hip")
    return Construction(rays=((other, own),), guides=(), arc=None)


_DRAW: dict[str, Callable[[FramePoints], Construction]] = {
    "knee_flexion": _knee,
    "hip_flexion": _hip,
    "ankle_dorsiflexion": _ankle,
    "foot_pitch": _foot,
    "trunk_tilt": _trunk,
    "trunk_lateral_lean": _trunk,
    "trunk_lateral_shift": _shift,
    "pelvic_obliquity": _level_of("hip"),
    "shoulder_obliquity": _level_of("shoulder"),
    "pelvic_rotation": _hips,
    "foot_progression": _progression,
}


def construct(angle: str, body: FramePoints) -> Construction | None:
    """How ``angle`` is drawn on a body; None where a point that it needs was not seen."""
    draw = _DRAW.get(angle)
    if draw is None:
        return None
    made = draw(body)
    return made if bool(np.isfinite(made.points()).all()) else None


def crop_box(
    points: NDArray[np.float64], *, aspect: float, least_px: float, size: tuple[int, int], margin: float = 1.3
) -> tuple[float, float, float, float]:
    """A box (x0, y0, x1, y1) of ``aspect`` = width / height around [N, 2] points, inside the picture.

    Args:
        points: what must be seen; NaN rows are passed over.
        aspect: width / height of the box.
        least_px: the box is at least this high.
        size: (width, height) of the picture; a box wider or higher than that is cut down to it.
        margin: size of the box over that of the points.
    """
    width, height = size
    seen = points[np.isfinite(points).all(axis=1)]
    if not len(seen):
        seen = np.array([[0.0, 0.0], [width, height]])
    low, high = seen.min(axis=0), seen.max(axis=0)
    tall = max(margin * (high[1] - low[1]), margin * (high[0] - low[0]) / aspect, least_px, 8.0)
    tall = min(tall, float(height), width / aspect)
    wide = tall * aspect
    middle = (low + high) / 2
    x0 = float(np.clip(middle[0] - wide / 2, 0, width - wide))
    y0 = float(np.clip(middle[1] - tall / 2, 0, height - tall))
    return x0, y0, x0 + wide, y0 + tall
