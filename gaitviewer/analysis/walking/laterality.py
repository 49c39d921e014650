"""Which limb is which, from the geometry of the walk.

A subject walking towards image-left shows the left limb to a camera at the side; walking towards the camera,
the left limb is at image-right. Estimator labels that contradict this over a pass are exchanged as a whole;
short stretches in which the labels jump from one leg to the other are put right by continuity.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.signal.cleaning import F8
from gaitviewer.analysis.signal.prepared import PreparedView
from gaitviewer.analysis.signal.trajectory import belt_travel_px
from gaitviewer.core.arrays import segments
from gaitviewer.core.gait import BySide, Direction, Side, View, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.messages import Message, message

_LEG = ("HIP", "KNEE", "ANKLE", "HEEL", "BIG_TOE", "SMALL_TOE")
_UPPER = ("SHOULDER", "ELBOW", "WRIST", "EYE", "EAR")
_NAMES = {"legs": _LEG, "arms": _UPPER}
_BELOW_HIP = 1  # the first of the leg's points that swings
_LEAST_FRAMES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """A pose whose labels are steady over one pass.

    Attributes:
        pose: the recording.
        stretches: (what, start, stop) of the frames in which labels were exchanged; "legs" or "arms".
    """

    pose: PoseSequence
    stretches: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class NearEvidence:
    """How much speaks for the limb labelled left being the one near the camera.

    Attributes:
        total: > 0 left is near, < 0 right is near.
        cues: (name, contribution).
    """

    total: float
    cues: tuple[tuple[str, float], ...]

    def describe(self) -> tuple[Message, ...]:
        """The cues that speak the same way as the total."""
        return tuple(message(f"cue.{name}") for name, value in self.cues if value * self.total > 0)


def near_side(direction: Direction, *, mirrored: bool = False) -> Side | None:
    """The subject's side that faces the camera in a side view; None in the coronal view."""
    if direction.view is View.CORONAL:
        return None
    near = Side.LEFT if direction is Direction.RIGHT_TO_LEFT else Side.RIGHT
    return near.other if mirrored else near


def assign_sides(seen: PreparedView, walking_pass: WalkingPass, *, mirrored: bool = False) -> WalkingPass:
    """Complete a pass with its near side and whether the estimator's labels are to be exchanged.

    Args:
        seen: keypoints as estimated.
        walking_pass: a pass without sides.
        mirrored: whether the video is a mirror image.
    """
    repaired = repair_flicker(seen, walking_pass)
    stretches = tuple(
        message("note.sides.stretch", what=message(f"limbs.{what}"), first=start, last=stop - 1)
        for what, start, stop in repaired.stretches
    )
    notes = (message("note.sides.jumped", stretches=stretches),) if stretches else ()
    judge = _judge_sagittal if walking_pass.view is View.SAGITTAL else _judge_coronal
    swapped, note = judge(seen.relabelled(repaired.pose), walking_pass, mirrored)
    return replace(
        walking_pass,
        near=near_side(walking_pass.direction, mirrored=mirrored),
        swapped=swapped,
        notes=(*walking_pass.notes, *notes, *note),
        mirrored=mirrored,
    )


def repair_flicker(seen: PreparedView, walking_pass: WalkingPass) -> Repair:
    """Put right the stretches of a pass in which the labels jump from one limb to the other.

    Of the two ways to label each frame, the sequence is taken in which all points move on most steadily, each
    exchange costing something; the labels of the majority of frames are kept. Where both limbs are in the
    same place this cannot tell them apart, and nothing is changed.

    Args:
        seen: keypoints.
        walking_pass: only its frames are looked at and changed.
    """
    start, stop = walking_pass.start, walking_pass.stop
    pose, doubtless = seen.raw, seen.clean
    heights = seen.height_px[start:stop]
    if stop - start < _LEAST_FRAMES or not np.isfinite(heights).any():
        return Repair(pose, ())
    xy, score, origin = pose.xy.copy(), pose.score.copy(), pose.origin.copy()
    stretches: list[tuple[str, int, int]] = []
    for what, names in _NAMES.items():
        left = [Keypoint[f"LEFT_{name}"] for name in names]
        right = [Keypoint[f"RIGHT_{name}"] for name in names]
        both = np.stack([doubtless.xy[start:stop][:, limb] for limb in (left, right)], axis=1).astype(
            np.float64
        )
        # an arm never stands still, so its way says nothing
        weight = motion_settings().sides.way_weight if what == "legs" else 0.0
        times = pose.times[start:stop]
        carried = belt_travel_px(walking_pass, times) * walking_pass.direction.forward_sign
        both[..., 0] += carried[:, None, None]
        limbs = both / float(np.nanmedian(heights))
        crossing = what == "legs" and walking_pass.view is View.SAGITTAL
        apart = _apart(limbs) if crossing else np.arange(len(limbs))
        nearest = np.abs(np.arange(len(limbs))[:, None] - apart).argmin(axis=1)
        path = _steadiest(limbs[apart], times[apart], way_weight=weight)[nearest]
        if 2 * int(path.sum()) > len(path):
            path = ~path
        for a, b in segments(path):
            rows = slice(start + a, start + b)
            for values in (xy, score, origin):
                values[rows, left], values[rows, right] = values[rows, right], values[rows, left].copy()
            stretches.append((what, start + a, start + b))
    if not stretches:
        return Repair(pose, ())
    return Repair(pose.with_points(xy, score=score, origin=origin), tuple(stretches))


def repair_behind(seen: PreparedView, walking_pass: WalkingPass) -> PoseSequence:
    """Exchange the legs where a side view's subject came out from behind something with the wrong ones.

    Over the gap nobody can follow a leg; which one is near the camera tells.

    Args:
        seen: keypoints whose labels are steady on either side of the gap.
        walking_pass: only its frames are looked at and changed.
    """
    s, pose = motion_settings().sides, seen.raw
    legs = [Keypoint[f"{side.name}_{part}"] for side in Side for part in ("KNEE", "ANKLE")]
    times, rows = pose.times, np.arange(walking_pass.start, walking_pass.stop)
    whole = rows[seen.clean.seen[rows][:, legs].all(axis=1)]
    pieces = np.split(whole, np.flatnonzero(np.diff(times[whole]) > s.lost_s) + 1)
    pieces = [piece for piece in pieces if len(piece) >= _LEAST_FRAMES]
    if len(pieces) < 2:
        return pose
    weighed = [
        near_evidence(seen, replace(walking_pass, start=int(piece[0]), stop=int(piece[-1]) + 1)).total
        for piece in pieces
    ]
    usual = np.sign(sum(total * len(piece) for total, piece in zip(weighed, pieces, strict=True)))
    middles = [(int(a[-1]) + int(b[0])) // 2 for a, b in pairwise(pieces)]
    bounds = [walking_pass.start, *middles, walking_pass.stop]
    for total, (start, stop) in zip(weighed, pairwise(bounds), strict=True):
        if total * usual < -s.trust:
            pose = pose.flipped_labels(start, stop)
    return pose


def _apart(limbs: F8) -> NDArray[np.int64]:
    """Frames in which two legs can be told apart, of [T, 2, P, 2] points in body heights; all, if too few.

    Where one leg swings past the other an estimator may draw both as one, and have them exchanged from then on:
    that is seen only by holding what comes after such frames against what came before.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing of a leg is seen
        gap = np.nanmedian(np.hypot(*np.moveaxis(limbs[:, 0] - limbs[:, 1], -1, 0))[:, _BELOW_HIP:], axis=1)
    apart = np.flatnonzero(~(gap < motion_settings().sides.together))
    return apart if len(apart) >= _LEAST_FRAMES else np.arange(len(limbs))


def near_evidence(seen: PreparedView, walking_pass: WalkingPass) -> NearEvidence:
    """Weigh which labelled leg is near the camera in a side view.

    The near leg has the higher scores (nothing hides it), stands lower in the picture (its floor line is
    nearer to the camera) and looks longer.
    """
    s = motion_settings().sides
    rows = slice(walking_pass.start, walking_pass.stop)
    height = float(np.nanmedian(seen.height_px[rows]))
    legs = BySide(*(_Leg.read(seen.clean, rows, side) for side in Side))
    cues = (
        ("scores", s.score_weight, (legs.left.score - legs.right.score) / s.score_scale),
        ("floor_line", s.floor_weight, (legs.left.floor - legs.right.floor) / height / s.floor_scale),
        ("size", s.size_weight, float(np.log(legs.left.length / legs.right.length)) / s.size_scale),
    )
    weighed = tuple(
        (name, weight * float(np.clip(value, -1.0, 1.0))) for name, weight, value in cues if np.isfinite(value)
    )
    return NearEvidence(sum(value for _, value in weighed), weighed)


@dataclass(frozen=True, slots=True)
class _Leg:
    """Medians of one leg over a pass: score, floor line (px down), length (px); NaN if not seen."""

    score: float
    floor: float
    length: float

    @staticmethod
    def read(pose: PoseSequence, rows: slice, side: Side) -> _Leg:
        points = [Keypoint[f"{side.name}_{name}"] for name in ("HIP", "KNEE", "ANKLE", "HEEL", "BIG_TOE")]
        xy = pose.xy[rows][:, points].astype(np.float64)
        seen = np.isfinite(xy).all(axis=2)
        scores = pose.score[rows][:, points][seen]
        low = xy[:, 2:, 1][seen[:, 2:]]
        bones = np.hypot(*(xy[:, 0] - xy[:, 1]).T) + np.hypot(*(xy[:, 1] - xy[:, 2]).T)
        bones = bones[np.isfinite(bones)]
        nan = float("nan")
        return _Leg(
            score=float(np.median(scores)) if scores.size else nan,
            floor=float(np.percentile(low, 90)) if low.size else nan,
            length=float(np.median(bones)) if bones.size else nan,
        )


def _judge_sagittal(seen: PreparedView, one: WalkingPass, mirrored: bool) -> tuple[bool, tuple[Message, ...]]:
    """Whether to exchange the labels of a side-view pass, and what to say about it."""
    evidence = near_evidence(seen, one)
    # what a sound estimator calls the near leg in this picture, mirror image or not
    seen_as = near_side(one.direction)
    against = -evidence.total if seen_as is Side.LEFT else evidence.total
    wrong = against > motion_settings().sides.trust
    swapped = wrong != mirrored
    if wrong:
        return swapped, (message("note.sides.exchanged", cues=evidence.describe()),)
    if mirrored:
        return swapped, (message("note.sides.mirrored"),)
    return swapped, ()


def _judge_coronal(seen: PreparedView, one: WalkingPass, mirrored: bool) -> tuple[bool, tuple[Message, ...]]:
    """Whether to exchange the labels of an end-view pass, from the order of the sides in the picture."""
    rows = slice(one.start, one.stop)
    heights = seen.height_px[rows]
    gaps = []
    for name in ("HIP", "SHOULDER", "KNEE", "ANKLE"):
        left, right = (seen.clean.xy[rows, Keypoint[f"{side}_{name}"], 0] for side in ("LEFT", "RIGHT"))
        gaps.append((left - right) / heights)
    apart = np.concatenate(gaps)
    apart = apart[np.isfinite(apart)]
    middle = float(np.median(apart)) if apart.size else 0.0
    left_is_right = (one.direction is Direction.TOWARDS) != mirrored
    if abs(middle) < motion_settings().sides.apart:
        return mirrored, (message("note.sides.too_close"),)
    swapped = (middle > 0) != left_is_right
    if swapped and not mirrored:
        return swapped, (message("note.sides.exchanged", cues=(message("cue.order"),)),)
    if mirrored:
        return swapped, (message("note.sides.mirrored"),) if swapped else ()
    return swapped, ()


def _steadiest(both: F8, times: F8, *, way_weight: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Frames to exchange so that all points move on most steadily, [T] bool.

    Dynamic programming over pairs of frames. What counts is how far a point leaves its course, and the root of
    its way over one and two frames: of two feet, one that stands and one that travels are likelier than two
    that travel half as far each.

    Args:
        both: [T, 2, P, 2] points of the left and the right limb, body heights.
        times: [T] seconds.
        way_weight: of the root of the way against the departure from the course.
    """
    s = motion_settings().sides
    frames = len(both)
    ways = np.stack([both, both[:, ::-1]])  # [2, T, 2, P, 2] as labelled, exchanged
    ratio = (np.diff(times)[1:] / np.diff(times)[:-1])[:, None, None, None]
    # a point counts where it is seen on both limbs: a hidden one must not make a labelling look cheap
    seen = np.isfinite(both).all(axis=(1, 3))[:, None]  # [T, 1, P]
    both_seen = seen[:-2] & seen[1:-1] & seen[2:]
    cost = np.zeros((2, 2, 2, frames - 2))
    for a in (0, 1):
        for b in (0, 1):
            for c in (0, 1):
                expected = ways[b, 1:-1] + (ways[b, 1:-1] - ways[a, :-2]) * ratio
                off = np.hypot(*np.moveaxis(ways[c, 2:] - expected, -1, 0))
                ways_gone = [
                    np.hypot(*np.moveaxis(ways[c, 2:] - one, -1, 0)) for one in (ways[a, :-2], ways[b, 1:-1])
                ]
                off = np.minimum(off, s.longest_jump) + way_weight * sum(np.sqrt(way) for way in ways_gone)
                off = np.where(both_seen, off, 0.0)
                cost[a, b, c] = off.sum(axis=(1, 2)) + s.switch_cost * (b != c)
    best = np.zeros((2, 2))  # cost of the best way that ends in states (before, here)
    best[0, 1] = best[1, 0] = s.switch_cost
    back = np.zeros((frames - 2, 2, 2), np.int64)
    for t in range(frames - 2):
        total = best[:, :, None] + cost[:, :, :, t]
        back[t] = np.argmin(total, axis=0)
        best = np.min(total, axis=0)
    before, here = (int(i) for i in np.unravel_index(int(np.argmin(best)), (2, 2)))
    path = [here, before]
    for t in range(frames - 3, -1, -1):
        earlier = int(back[t, before, here])
        before, here = earlier, before
        path.append(before)
    return np.array(path[::-1], np.bool_)
