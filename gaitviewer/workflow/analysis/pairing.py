"""Any number of dropped videos, sorted into recordings of one or two views. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gaitviewer.core.gait import ByView, View
from gaitviewer.messages import Message, message

_SAGITTAL_WORDS = frozenset(
    ("sagittal", "sag", "side", "lateral", "seite", "profil", "profile", "left", "right", "links", "rechts")
)
_CORONAL_WORDS = frozenset(
    (
        *("coronal", "cor", "front", "frontal", "anterior", "posterior", "back", "rear"),
        *("forward", "backward", "vorne", "hinten", "ap", "pa"),
    )
)
_SAME_TIME_S = 15.0  # two cameras of one walk are stopped within this


@dataclass(frozen=True, slots=True)
class Dropped:
    """A video file as it was dropped.

    Attributes:
        path: the file.   ended_s: when it was last written, seconds on any clock; None if unknown.
    """

    path: Path
    ended_s: float | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A recording as it is proposed.

    Attributes:
        videos: the video of each view.   reason: why.
        sure: whether the names say it; else a person had better look.
    """

    videos: ByView[Path | None]
    reason: Message
    sure: bool


def propose_pairs(files: Sequence[Dropped]) -> tuple[Proposal, ...]:
    """Sort videos into recordings: by their names, else by the time at which they ended.

    Two names that differ only in a word for the view ("walk1-side", "walk1-front") are a pair. A video
    whose name tells its view joins the nearest one in time that is of the other view or of an unknown one.
    A file that is given twice counts once.
    """
    left = list({file.path: file for file in files}.values())
    found: list[tuple[int, Proposal]] = []
    order = {file.path: number for number, file in enumerate(left)}
    for one in list(left):
        other = _same_name(one, left) if one in left else None
        if other is not None:
            left = [file for file in left if file not in (one, other)]
            found.append((order[one.path], _pair(one, other, message("reason.pair.names"), sure=True)))
    for one in list(left):
        other = _same_moment(one, left) if one in left else None
        if other is not None:
            left = [file for file in left if file not in (one, other)]
            sure = None not in (view_of_name(one.path), view_of_name(other.path))
            found.append((order[one.path], _pair(one, other, message("reason.pair.same_time"), sure=sure)))
    found += [(order[one.path], _alone(one)) for one in left]
    return tuple(proposal for _, proposal in sorted(found, key=lambda pair: pair[0]))


def view_of_name(path: Path) -> View | None:
    """The view that a file name tells, None if it tells none or both."""
    words = set(_words(path))
    side, front = bool(words & _SAGITTAL_WORDS), bool(words & _CORONAL_WORDS)
    if side is front:
        return None
    return View.SAGITTAL if side else View.CORONAL


def _words(path: Path) -> list[str]:
    return re.findall(r"[^\W\d_]+|\d+", path.stem.lower())


def _rest(path: Path) -> tuple[str, ...]:
    """The name without its words for a view."""
    return tuple(word for word in _words(path) if word not in _SAGITTAL_WORDS | _CORONAL_WORDS)


def _same_name(one: Dropped, files: Sequence[Dropped]) -> Dropped | None:
    view = view_of_name(one.path)
    if view is None:
        return None
    fitting = [
        file
        for file in files
        if view_of_name(file.path) not in (None, view) and _rest(file.path) == _rest(one.path)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _same_moment(one: Dropped, files: Sequence[Dropped]) -> Dropped | None:
    view, ended = view_of_name(one.path), one.ended_s
    if ended is None:
        return None
    near = [
        (abs(file.ended_s - ended), number, file)
        for number, file in enumerate(files)
        if file is not one
        and file.ended_s is not None
        and abs(file.ended_s - ended) <= _SAME_TIME_S
        and (view is None or view_of_name(file.path) is not view)
    ]
    return min(near)[2] if near else None


def _pair(one: Dropped, other: Dropped, reason: Message, *, sure: bool) -> Proposal:
    side_first = View.CORONAL in (view_of_name(other.path),) or view_of_name(one.path) is View.SAGITTAL
    exchanged = view_of_name(one.path) is View.CORONAL or view_of_name(other.path) is View.SAGITTAL
    first, second = (one.path, other.path) if side_first or not exchanged else (other.path, one.path)
    return Proposal(ByView(first, second), reason, sure)


def _alone(one: Dropped) -> Proposal:
    view = view_of_name(one.path)
    if view is View.CORONAL:
        return Proposal(ByView(None, one.path), message("reason.pair.name"), True)
    reason = message("reason.pair.name") if view else message("reason.pair.no_view")
    return Proposal(ByView(one.path, None), reason, view is not None)
