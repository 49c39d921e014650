"""What no walk can have: strides with impossible times or angles are refused before anything is said of them.

Most come from two persons whose legs were taken for one pair. Limits stand in ``resources/events.toml``
(section ``possible``), wide enough for every gait that was ever measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.signal.cleaning import F8
from gaitviewer.core.gait import Stride
from gaitviewer.messages import NOTHING, Message, message

REFUSED = "reason.impossible."
LEGS_MIXED = "reason.impossible.legs_mixed"
MOST_OF_PASS = "reason.impossible.most_of_pass"
REFUSED_PASSES = (LEGS_MIXED, MOST_OF_PASS)


def is_impossible(stride: Stride) -> bool:
    """Whether a stride was refused here."""
    return stride.excluded.code.startswith(REFUSED)


def refuse_impossible_times(strides: Sequence[Stride]) -> tuple[Stride, ...]:
    """The strides of one view; what no walk can have is excluded, and whole passes that hold mostly such.

    Args:
        strides: of all passes of the view.
    """
    usual = {
        index: float(np.median([one.duration_s for one in strides if one.pass_index == index and one.counts]))
        for index in {one.pass_index for one in strides if one.counts}
    }
    judged = []
    for one in strides:
        why = impossible_times(one, usual.get(one.pass_index, one.duration_s))
        judged.append(replace(one, excluded=one.excluded or why))
    return refuse_mixed_passes(judged)


def refuse_mixed_passes(strides: Sequence[Stride]) -> tuple[Stride, ...]:
    """The same; of a pass in which half of the strides or more are impossible, none counts.

    Also of a pass of two: the other stride is cut out of the same events. That the legs of two persons
    are mixed is only said where somebody was seen beside the subject.
    """
    share = motion_settings().possible.refused_share
    since: dict[int, Message] = {}
    for index in {one.pass_index for one in strides}:
        judged = [one for one in strides if one.pass_index == index and (one.counts or is_impossible(one))]
        refused = [one for one in judged if is_impossible(one)]
        if refused and len(refused) >= share * len(judged):
            mixed = any(one.beside for one in judged)
            start_s = min(one.start_s for one in refused)
            since[index] = message(LEGS_MIXED if mixed else MOST_OF_PASS, since_s=start_s)
    return tuple(
        replace(one, excluded=one.excluded or since[one.pass_index]) if one.pass_index in since else one
        for one in strides
    )


def impossible_times(stride: Stride, usual_s: float) -> Message:
    """Why no walk can have the times of a stride; nothing if one can.

    Args:
        stride: one stride.
        usual_s: median stride time of its pass.
    """
    s, length = motion_settings().possible, stride.duration_s
    if not s.stride_s[0] <= length <= s.stride_s[1]:
        return message("reason.impossible.stride_time", seconds=length)
    if not 1 / s.stride_ratio <= length / usual_s <= s.stride_ratio:
        return message("reason.impossible.unlike", seconds=length, usual_s=usual_s)
    if not s.stance[0] <= stride.stance_fraction <= s.stance[1]:
        return message("reason.impossible.stance", percent=100 * stride.stance_fraction)
    off, contact = stride.opposite_toe_off_s, stride.opposite_contact_s
    if off is None or contact is None:
        return NOTHING
    slack = s.slack + s.slack_sigmas * stride.event_sigma_s / length
    single = (contact - off) / length
    if single < s.least_single_support - slack:
        return message("reason.impossible.single_support", percent=100 * single)
    for share in ((off - stride.start_s) / length, (stride.toe_off_s - contact) / length):
        if not -slack <= share <= s.most_double_support:
            return message("reason.impossible.double_support", percent=100 * share)
    return NOTHING


def impossible_angle(curves: Mapping[str, F8]) -> Message:
    """Why no joint can have the angles of a stride; nothing if they can.

    Args:
        curves: [101] degrees over the stride, by name of the angle.
    """
    for name, (low, high) in motion_settings().possible.angles_deg.items():
        curve = curves.get(name)
        if curve is None or not np.isfinite(curve).any():
            continue
        least, most = float(np.nanmin(curve)), float(np.nanmax(curve))
        if least < low or most > high:
            worst = least if least < low else most
            return message("reason.impossible.angle", angle=message(f"angle.{name}"), degrees=worst)
    return NOTHING
