"""Cut a recording into walking passes, and tell a side view from an end view.

A pass is a stretch in which the whole body is in the picture and travels steadily: sideways in the sagittal
view, growing or shrinking in the coronal view; or, in the sagittal view, in which it walks on a treadmill. The
camera is taken to stand still: one that follows the subject from the side looks like a treadmill.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.signal.cleaning import F8
from gaitviewer.analysis.signal.prepared import PreparedView
from gaitviewer.analysis.signal.trajectory import BodyTrajectory, Mask, runs
from gaitviewer.analysis.walking.edge_labels import repair_legs_at_edge
from gaitviewer.analysis.walking.laterality import assign_sides, repair_behind, repair_flicker
from gaitviewer.analysis.walking.treadmill import find_treadmill_passes
from gaitviewer.core.gait import Direction, LeftOut, View, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.messages import NOTHING, Message, message

NOT_SEEN = message("reason.not_seen")
CROSSES_SHORTLY = "reason.crosses_shortly"
OUT_OF_PLANE = "reason.moving_out_of_plane"
_DIRECTIONS = {
    (View.SAGITTAL, 1): Direction.LEFT_TO_RIGHT,
    (View.SAGITTAL, -1): Direction.RIGHT_TO_LEFT,
    (View.CORONAL, 1): Direction.TOWARDS,
    (View.CORONAL, -1): Direction.AWAY,
}


@dataclass(frozen=True, slots=True)
class ViewGuess:
    """Which plane a camera looks at, judged from how the subject travels.

    Attributes:
        view: the likelier view.
        confidence: 0 (nobody walks) .. 1.
        reason: what was seen.
    """

    view: View
    confidence: float
    reason: Message


def classify_view(seen: PreparedView) -> ViewGuess:
    """Tell whether the camera stands beside the walkway or at its end.

    Args:
        seen: keypoints of the subject.

    Returns:
        The view in which the subject travels farther. Depth is judged from the growth of the body, with an
        assumed focal length, so the confidence stays low where both are alike.
    """
    settings = motion_settings().passes
    travel, pose = seen.trajectory, seen.raw
    spans = np.gradient(pose.times) if len(pose) > 1 else np.zeros(len(pose))
    sideways = _walked(travel.lateral, spans, settings.walking_speed)
    in_depth = _walked(travel.depth, spans, settings.walking_speed)
    if max(sideways, in_depth) < settings.least_travel:
        if find_treadmill_passes(seen, np.ones(len(pose), np.bool_)):
            return ViewGuess(View.SAGITTAL, 1.0, message("reason.treads"))
        return ViewGuess(View.SAGITTAL, 0.0, message("reason.nobody_walks"))
    view = View.SAGITTAL if sideways >= in_depth else View.CORONAL
    ratio = max(sideways, in_depth) / max(1e-6, min(sideways, in_depth))
    confidence = float(np.clip(np.log(ratio) / np.log(settings.view_sure), 0.0, 1.0))
    return ViewGuess(view, confidence, message("reason.travels", across=sideways, in_depth=in_depth))


def find_passes(
    seen: PreparedView, view: View, *, mirrored: bool = False
) -> tuple[tuple[WalkingPass, ...], tuple[LeftOut, ...]]:
    """Cut a recording into walking passes.

    Args:
        seen: keypoints of the subject.
        view: the camera's plane.
        mirrored: whether the video is a mirror image.

    Returns:
        The passes in time order, with sides assigned; and every other frame with the reason why it is in none.
    """
    settings = motion_settings().passes
    travel, pose = seen.trajectory, seen.raw
    along = travel.lateral if view is View.SAGITTAL else travel.depth
    across = travel.depth if view is View.SAGITTAL else travel.lateral
    leaving = np.zeros(len(pose), np.bool_)
    with np.errstate(invalid="ignore"):
        walking = travel.whole & (np.abs(along) >= settings.walking_speed)
        if view is View.CORONAL:
            walking &= np.abs(along) >= np.abs(across)
        else:  # depth swings with the steps: it is judged over a whole stretch, below
            backwards = travel.facing * np.sign(along) < -settings.facing_share
            leaving = _room_ahead(travel, along, pose.width) < settings.reach
            walking &= ~backwards & ~leaving
    sign = np.where(walking, np.sign(along), 0.0)
    reasons = _reasons(travel, along, across, sign)
    if leaving.any():
        reasons = [
            message("reason.leaving") if gone and why else why
            for gone, why in zip(leaving, reasons, strict=True)
        ]
    # a foot beyond the edge is no short interruption; a hidden one is
    passable = travel.joined & ~leaving
    found: list[WalkingPass] = []
    for direction in (1, -1):
        held = _bridge(sign == direction, pose.times, passable, settings.bridge_s)
        if view is View.SAGITTAL:
            held = _over_hidden(held, travel, pose, passable)
        for start, stop in runs(held, travel.joined):
            span = _steady(along[start:stop] * direction, start, settings.steady_share)
            trouble = _too_little(pose, travel, span, view)
            if trouble:
                _say(reasons, start, stop, trouble)
                continue
            _say(reasons, start, stop, message("reason.starting_or_stopping"))
            found.append(_describe(pose, travel, view, _DIRECTIONS[view, direction], span))
    if view is View.SAGITTAL:
        free = np.ones(len(pose), np.bool_)
        for one in found:
            free[one.start : one.stop] = False
        found += find_treadmill_passes(seen, free)
    passes = tuple(assign_sides(seen, one, mirrored=mirrored) for one in sorted(found, key=lambda p: p.start))
    return passes, _left_out(reasons, passes)


def apply_sides(seen: PreparedView, passes: tuple[WalkingPass, ...]) -> PreparedView:
    """Exchange left and right labels where the geometry of a pass says so.

    Short stretches in which the estimator had the legs the wrong way round are put right first; then passes
    flagged ``swapped`` are exchanged as a whole. Both reach a little beyond the pass, as far as the subject
    is seen on: stepping in and out of the picture, where a leg that does not go on as it went is missing.
    Other frames stay as they are.
    """
    for one in passes:
        wide = _with_fringe(seen.raw, one, passes)
        seen = seen.relabelled(repair_flicker(seen, wide).pose)
        if one.view is View.SAGITTAL:
            seen = seen.relabelled(repair_behind(seen, one))
        seen = seen.relabelled(repair_legs_at_edge(seen, one, wide))
        if one.swapped:
            seen = seen.relabelled(seen.raw.flipped_labels(wide.start, wide.stop))
    return seen


def _with_fringe(pose: PoseSequence, one: WalkingPass, passes: tuple[WalkingPass, ...]) -> WalkingPass:
    """The pass with the frames around it in which the subject is seen without a break."""
    seen = pose.seen.any(axis=1)
    limit_s = motion_settings().sides.fringe_s
    lowest = max((other.stop for other in passes if other.stop <= one.start), default=0)
    highest = min((other.start for other in passes if other.start >= one.stop), default=len(pose))
    start, stop = one.start, one.stop
    while start > lowest and seen[start - 1] and pose.times[one.start] - pose.times[start - 1] <= limit_s:
        start -= 1
    while stop < highest and seen[stop] and pose.times[stop] - pose.times[one.stop - 1] <= limit_s:
        stop += 1
    return replace(one, start=start, stop=stop)


def _room_ahead(travel: BodyTrajectory, along: F8, width: int) -> F8:
    """[T] from mid-hip to the edge of the picture in front of the subject, body heights.

    Where the leading foot reaches over the edge an estimator still puts it somewhere inside.
    """
    ahead = np.where(along > 0, width - travel.middle[:, 0], travel.middle[:, 0])
    return np.asarray(ahead / travel.height_px, np.float64)


def _walked(speed: F8, spans: F8, least: float) -> float:
    with np.errstate(invalid="ignore"):
        moving = np.abs(speed) >= least
    return float(np.sum(np.abs(speed[moving]) * spans[moving]))


def _bridge(mask: Mask, times: F8, joined: Mask, limit_s: float) -> Mask:
    """Fill interruptions up to ``limit_s``, except where another person takes over."""
    out = mask.copy()
    rows = np.flatnonzero(mask)
    for before, after in pairwise(rows):
        if (
            after - before > 1
            and times[after] - times[before] <= limit_s
            and joined[before + 1 : after + 1].all()
        ):
            out[before:after] = True
    return out


def _over_hidden(held: Mask, travel: BodyTrajectory, pose: PoseSequence, passable: Mask) -> Mask:
    """Fill interruptions in which part of the body is hidden, well inside the picture, while it walks on."""
    settings = motion_settings().passes
    out, times, x = held.copy(), pose.times, travel.middle[:, 0]
    rows = np.flatnonzero(held)
    for before, after in pairwise(rows):
        gap, seconds = slice(before + 1, after), times[after] - times[before]
        if after - before == 1 or seconds > settings.hidden_s or travel.whole[gap].any():
            continue
        size = min(travel.height_px[before], travel.height_px[after])
        room = min(x[before], x[after], pose.width - x[before], pose.width - x[after]) / size
        speed = (x[after] - x[before]) / seconds / size
        usual = 0.5 * (travel.lateral[before] + travel.lateral[after])
        walks_on = abs(speed - usual) <= (1.0 - settings.steady_share) * abs(usual)
        if room >= settings.hidden_room and walks_on and passable[gap].all() and passable[after]:
            out[gap] = True
    return out


def _steady(speed: F8, start: int, share: float) -> tuple[int, int]:
    """Trim slow ends: from the first to the last frame faster than ``share`` of the median."""
    with np.errstate(invalid="ignore"):
        fast = np.flatnonzero(speed >= share * np.nanmedian(speed))
    return start + int(fast[0]), start + int(fast[-1]) + 1


def _too_little(pose: PoseSequence, travel: BodyTrajectory, span: tuple[int, int], view: View) -> Message:
    """Why a stretch is too little for a pass; NOTHING if it is enough."""
    settings = motion_settings().passes
    start, stop = span
    seconds = float(pose.times[stop - 1] - pose.times[start])
    speed = travel.lateral if view is View.SAGITTAL else travel.depth
    way = float(np.nanmean(np.abs(speed[start:stop]))) * seconds
    if seconds < settings.least_duration_s:
        if way >= settings.least_travel:
            return message(CROSSES_SHORTLY, seconds=seconds, heights=way)
        return message("reason.walks_shortly", seconds=seconds)
    if way < settings.least_travel:
        return message("reason.walks_short_way", heights=way)
    if abs(_depth_speed(pose, travel, start, stop)) > way / seconds and view is View.SAGITTAL:
        return message(OUT_OF_PLANE)
    return NOTHING


def _describe(
    pose: PoseSequence, travel: BodyTrajectory, view: View, direction: Direction, span: tuple[int, int]
) -> WalkingPass:
    start, stop = span
    lateral = float(np.nanmedian(travel.lateral[start:stop]))
    depth = _depth_speed(pose, travel, start, stop)
    along, across = (lateral, depth) if view is View.SAGITTAL else (depth, lateral)
    angle = float(np.degrees(np.arctan2(abs(across), abs(along))))
    return WalkingPass(view=view, direction=direction, start=start, stop=stop, out_of_plane_deg=angle)


def _depth_speed(pose: PoseSequence, travel: BodyTrajectory, start: int, stop: int) -> float:
    """Speed towards the camera over the whole pass, body heights a second, NaN if the size is not seen."""
    rows = np.arange(start, stop)[travel.whole[start:stop]]
    size, t = travel.height_px[rows], pose.times[rows]
    if len(rows) < 5:
        return float("nan")
    growth = float(np.polyfit(t - t.mean(), np.log(size), 1)[0])
    focal_px = motion_settings().passes.focal_length * max(pose.width, pose.height)
    return growth * focal_px / float(np.median(size))


def _reasons(travel: BodyTrajectory, along: F8, across: F8, sign: F8) -> list[Message]:
    """For each frame why it would not be walking; NOTHING where it is."""
    settings = motion_settings().passes
    words: list[Message] = []
    for i in range(len(sign)):
        if not travel.seen[i]:
            words.append(NOT_SEEN)
        elif travel.cut[i]:
            words.append(_cut_off(travel.cut[i]))
        elif sign[i]:
            words.append(NOTHING)
        elif not np.isfinite(along[i]):
            words.append(message("reason.seen_shortly"))
        elif abs(along[i]) < settings.walking_speed and not abs(across[i]) >= settings.walking_speed:
            words.append(message("reason.standing"))
        elif abs(across[i]) > abs(along[i]):
            words.append(message(OUT_OF_PLANE))
        else:
            words.append(message("reason.turning"))
    return words


def _cut_off(names: tuple[str, ...]) -> Message:
    if names == ("head",):
        return message("reason.head_cut_off")
    return message("reason.cut_off", parts=tuple(message(f"part.{name}") for name in names))


def _say(reasons: list[Message], start: int, stop: int, words: Message) -> None:
    for i in range(start, stop):
        reasons[i] = reasons[i] or words


def _left_out(reasons: list[Message], passes: tuple[WalkingPass, ...]) -> tuple[LeftOut, ...]:
    """Runs of frames outside all passes that share a reason; splinters join the run before them."""
    out: list[LeftOut] = []
    inside = np.zeros(len(reasons), np.bool_)
    for one in passes:
        inside[one.start : one.stop] = True
    for start, stop in ((a, b) for a, b in runs(~inside, np.ones(len(inside), np.bool_))):
        i = start
        while i < stop:
            j = i
            while j < stop and reasons[j] == reasons[i]:
                j += 1
            last = out[-1] if out and out[-1].stop == i and i > start else None
            if last is not None and (j - i < 4 or last.reason == reasons[i]):
                out[-1] = replace(last, stop=j)
            else:
                out.append(LeftOut(i, j, reasons[i] or message("reason.starting_or_stopping")))
            i = j
    return tuple(out)
