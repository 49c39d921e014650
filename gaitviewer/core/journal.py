"""The journal of a session: every edit with what was there before and after, who made it, when, and why.

An entry is never changed or taken away. Undoing is an entry too: it names the step that it takes back. What can
be undone and redone is read off the entries, so it is the same after a restart.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.corrections import estimate_of, set_points
from gaitviewer.core.document import Document, KeyImage, ManualMeasurement, TrialData
from gaitviewer.core.edits import change_trial
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import BySide, GaitEvents, HandEvent, View
from gaitviewer.core.pose import Corrections, Origin
from gaitviewer.core.serialise import pack, unpack
from gaitviewer.core.session import Session, Sync

POINTS = "points"
_OF_DOCUMENT: dict[str, Any] = {
    "session": Session, "foot_zero_deg": BySide[float | None], "grades": tuple[Grade, ...],
    "key_images": tuple[KeyImage, ...], "hand_measures": tuple[ManualMeasurement, ...],
}  # fmt: skip
_OF_TEXTS = ("findings", "impression", "plan")
_OF_RECORDING: dict[str, Any] = {"sync": Sync | None, "excluded": str}
_OF_TRIAL: dict[str, Any] = {"excluded_strides": tuple[tuple[str, str], ...]}
_OF_VIEW: dict[str, Any] = {"events": tuple[GaitEvents, ...] | None, "hand_events": tuple[HandEvent, ...]}
_KINDS: dict[str, Any] = {
    **_OF_DOCUMENT, **dict.fromkeys(_OF_TEXTS, str), **_OF_RECORDING, **_OF_TRIAL, **_OF_VIEW
}  # fmt: skip


class StaleError(ValueError):
    """The document is no longer as an entry of the journal left it: that step cannot be taken back."""


class Act(Enum):
    """What an entry is."""

    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a document, before and after.

    Attributes:
        part: which part ("grades", "findings", "points").
        before, after: packed values; of lists and texts only what differs.
        trial, view: where, "" for what belongs to the whole.
        at, to: where in the list or text, counted in what was there before, and in what is there after.
    """

    part: str
    before: bytes
    after: bytes
    trial: str = ""
    view: str = ""
    at: int = 0
    to: int = 0

    @property
    def reversed(self) -> Change:
        """The change that takes this one back."""
        return replace(self, before=self.after, after=self.before, at=self.to, to=self.at)

    @property
    def values(self) -> tuple[Any, Any]:
        """What was there before, and what after; points are :class:`SetPoints`."""
        kind = SetPoints if self.part == POINTS else _KINDS[self.part]
        return unpack(self.before, kind), unpack(self.after, kind)


@dataclass(frozen=True, slots=True, eq=False)
class SetPoints:
    """Points of a view as they are at one moment.

    Attributes:
        cells: [N] ``frame * K + point``.   xy: [N, 2] pixels, NaN where there is none.
        origin: [N]; ``ESTIMATED`` where nobody set anything, ``xy`` then is what was estimated.
    """

    cells: NDArray[np.int32]
    xy: NDArray[np.float32]
    origin: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the journal.

    Attributes:
        number: its place, from 1.
        act: an edit, or one taken back or done again.
        step: number of the first entry of the step that it belongs to, takes back, or does again.
        title: what was done, as the menu names it.
        who, when, why: the rater ("" if nobody gave a name), ISO 8601 UTC time, the reason if one was given.
        changes: of an edit; undoing and redoing are the changes of their step.
    """

    number: int
    act: Act
    step: int
    title: str
    who: str
    when: str
    why: str = ""
    changes: tuple[Change, ...] = ()


# --- differences ------------------------------------------------------------------------------------------


def changes_between(before: Document, after: Document) -> tuple[Change, ...]:
    """What an edit did, so that :func:`apply_changes` does the same and its reverse takes it back.

    Raises:
        ValueError: something differs that no edit changes (recordings, estimates).
    """
    return tuple(_changes(before, after))


def _changes(before: Document, after: Document) -> Iterator[Change]:
    for part in _OF_DOCUMENT:
        yield from _differences(part, getattr(before, part), getattr(after, part))
    for part in _OF_TEXTS:
        yield from _differences(part, getattr(before.texts, part), getattr(after.texts, part))
    if [d.trial.id for d in before.trials] != [d.trial.id for d in after.trials]:
        raise ValueError("an edit neither adds nor takes away recordings")
    for old, new in zip(before.trials, after.trials, strict=True):
        if new is not old:
            yield from _changes_of_trial(old, new)


def _changes_of_trial(old: TrialData, new: TrialData) -> Iterator[Change]:
    where: dict[str, Any] = {"trial": new.trial.id}
    for part in _OF_RECORDING:
        yield from _differences(part, getattr(old.trial, part), getattr(new.trial, part), **where)
    for part in _OF_TRIAL:
        yield from _differences(part, getattr(old, part), getattr(new, part), **where)
    for view in View:
        if estimate_of(old, view) is not estimate_of(new, view):
            raise ValueError("an edit does not change what was estimated")
        where["view"] = view.value
        for part in _OF_VIEW:
            yield from _differences(part, getattr(old, part)[view], getattr(new, part)[view], **where)
        if old.corrections[view] is not new.corrections[view]:
            yield from _differing_points(old, new, view)


def _differences(part: str, old: Any, new: Any, **where: Any) -> Iterator[Change]:
    if old is new or old == new:
        return
    if isinstance(old, str):
        same = next(
            (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
        )
        left, right = old[same:], new[same:]
        end = next(
            (i for i, (a, b) in enumerate(zip(left[::-1], right[::-1], strict=False)) if a != b),
            min(len(left), len(right)),
        )
        pieces = [(same, len(old) - end, same, len(new) - end)]
    elif isinstance(old, tuple) and isinstance(new, tuple):
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        pieces = [piece for tag, *piece in matcher.get_opcodes() if tag != "equal"]  # type: ignore[misc]
    else:
        yield Change(part, pack(old), pack(new), **where)
        return
    for a, b, c, d in pieces:
        yield Change(part, pack(old[a:b]), pack(new[c:d]), at=a, to=c, **where)


def _differing_points(old: TrialData, new: TrialData, view: View) -> Iterator[Change]:
    def cells_of(corrections: Corrections | None) -> NDArray[np.int32]:
        return np.zeros(0, np.int32) if corrections is None else corrections.cells

    cells = np.union1d(cells_of(old.corrections[view]), cells_of(new.corrections[view])).astype(np.int32)
    was, now = _points_at(old, view, cells), _points_at(new, view, cells)
    differ = (was.origin != now.origin) | (was.xy.view(np.uint32) != now.xy.view(np.uint32)).any(axis=1)
    if differ.any():
        before, after = (SetPoints(cells[differ], one.xy[differ], one.origin[differ]) for one in (was, now))
        yield Change(POINTS, pack(before), pack(after), trial=new.trial.id, view=view.value)


def _points_at(data: TrialData, view: View, cells: NDArray[np.int32]) -> SetPoints:
    """Points as they are shown; those that nobody set, as they were estimated."""
    pose, corrections = data.poses[view], data.corrections[view]
    xy = np.full((len(cells), 2), np.nan, np.float32)
    origin = np.full(len(cells), Origin.ESTIMATED, np.uint8)
    if pose is not None:
        inside = cells < pose.score.size
        xy[inside] = pose.xy.reshape(-1, 2)[cells[inside]]
    if corrections is not None and len(corrections.cells):
        at = np.minimum(np.searchsorted(corrections.cells, cells), len(corrections.cells) - 1)
        known = corrections.cells[at] == cells
        xy[known], origin[known] = corrections.xy[at[known]], corrections.origin[at[known]]
    return SetPoints(cells, xy, origin)


# --- and doing them ---------------------------------------------------------------------------------------


def apply_changes(document: Document, changes: Sequence[Change], *, back: bool = False) -> Document:
    """The document after the changes of an entry, or before them.

    Raises:
        StaleError: it is not as it was on the other side of them.
    """
    # from the last to the first, so that places in a list still hold
    for change in reversed(changes):
        document = _apply(document, change.reversed if back else change)
    return document


def _apply(document: Document, change: Change) -> Document:
    part = change.part
    if part in _OF_DOCUMENT:
        return replace(document, **{part: _changed(getattr(document, part), change)})
    if part in _OF_TEXTS:
        text = _changed(getattr(document.texts, part), change)
        return replace(document, texts=replace(document.texts, **{part: text}))

    def changed(data: TrialData) -> TrialData:
        if part in _OF_RECORDING:
            return replace(
                data, trial=replace(data.trial, **{part: _changed(getattr(data.trial, part), change)})
            )
        if part in _OF_TRIAL:
            return replace(data, **{part: _changed(getattr(data, part), change)})
        view = View(change.view)
        if part == POINTS:
            return _with_points(data, view, change)
        of_views = getattr(data, part)
        value = _changed(of_views[view], change)
        return replace(data, **{part: replace(of_views, **{view.value: value})})

    if all(data.trial.id != change.trial for data in document.trials):
        raise StaleError(f"there is no recording {change.trial}")
    return change_trial(document, change.trial, changed)


def _changed(value: Any, change: Change) -> Any:
    _, new = change.values
    if not isinstance(value, tuple | str) or not isinstance(new, tuple | str):
        if pack(value) != change.before:
            raise StaleError(change.part)
        return new
    length = len(unpack(change.before, _KINDS[change.part]))
    if pack(value[change.at : change.at + length]) != change.before:
        raise StaleError(change.part)
    return value[: change.at] + new + value[change.at + length :]  # type: ignore[operator]


def _with_points(data: TrialData, view: View, change: Change) -> TrialData:
    before, after = change.values
    now = _points_at(data, view, before.cells)
    by_hand = before.origin != Origin.ESTIMATED
    same = np.array_equal(now.origin, before.origin)
    if not same or not np.array_equal(now.xy[by_hand], before.xy[by_hand], equal_nan=True):
        raise StaleError(POINTS)
    return set_points(data, view, after.cells, after.xy, after.origin)


# --- what can be undone -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Step:
    """Entries that are undone together."""

    first: int
    title: str
    changes: list[tuple[Change, ...]]
    merge: str = ""


class History:
    """The entries of one session, and what follows from them: what can be undone and redone.

    It changes no document by itself; each method returns the new one.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: list[Entry] = []
        self._written = 0  # entries that the disk has
        self._undo: list[_Step] = []
        self._redo: list[_Step] = []
        # After so many steps, the document, while anybody holds it: to come back to it is to come back to the
        # very same, so that "as it was signed" is seen to be true again.
        self._documents: dict[int, weakref.ref[Document]] = {}
        for entry in entries:
            self._take(entry)
        self._written = len(self._entries)

    def _take(self, entry: Entry, merge: str = "") -> None:
        self._entries.append(entry)
        if entry.act is Act.EDIT:
            if self._undo and entry.step == self._undo[-1].first:
                self._undo[-1].changes.append(entry.changes)
                self._undo[-1].title = entry.title
            else:
                self._undo.append(_Step(entry.number, entry.title, [entry.changes], merge))
            self._redo.clear()
            return
        source, target = (self._undo, self._redo) if entry.act is Act.UNDO else (self._redo, self._undo)
        if source and source[-1].first == entry.step:
            target.append(source.pop())
            target[-1].merge = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, the oldest first."""
        return tuple(self._entries)

    @property
    def pending(self) -> tuple[Entry, ...]:
        """Entries that the disk does not have yet."""
        return tuple(self._entries[self._written :])

    def mark_written(self, entries: Sequence[Entry]) -> None:
        """Say that the disk has these."""
        if entries and self._entries:
            self._written = max(self._written, entries[-1].number - self._entries[0].number + 1)

    def give_up_pending(self) -> None:
        """Say that what the disk does not have yet is not to be written."""
        self._written = len(self._entries)

    @property
    def undo_titles(self) -> tuple[str, ...]:
        """What can be undone, the latest first."""
        return tuple(step.title for step in reversed(self._undo))

    @property
    def redo_titles(self) -> tuple[str, ...]:
        """What can be redone, the next first."""
        return tuple(step.title for step in reversed(self._redo))

    def record(
        self,
        before: Document,
        after: Document,
        title: str,
        *,
        who: str = "",
        when: str = "",
        why: str = "",
        merge: str = "",
    ) -> bool:
        """Enter an edit; whether it changed anything.

        Args:
            before: the document.
            after: what it became.
            title: what was done.
            who: by whom.
            when: ISO 8601 UTC time.
            why: the reason, if one was given.
            merge: edits in a row with the same non-empty word are one step.

        Raises:
            ValueError: the documents differ in what no edit changes.
        """
        changes = changes_between(before, after)
        if not changes:
            return False
        number = self._next
        last = self._undo[-1] if self._undo else None
        same = bool(merge) and last is not None and last.merge == merge and not self._redo
        step = last.first if same and last is not None else number
        self._take(Entry(number, Act.EDIT, step, title, who, when, why, changes), merge)
        place = len(self._undo)
        if not same:
            self._documents[place - 1] = weakref.ref(before)
        self._documents = {at: one for at, one in self._documents.items() if at < place}
        self._documents[place] = weakref.ref(after)
        return True

    def forget_documents(self) -> None:
        """Say that something else than an edit changed the document: undoing must not take that away."""
        self._documents.clear()

    @property
    def _next(self) -> int:
        return self._entries[-1].number + 1 if self._entries else 1

    def undo(self, document: Document, *, who: str = "", when: str = "") -> Document:
        """The document without the latest step.

        Raises:
            IndexError: there is nothing to undo.
            StaleError: something else changed what the step changed; nothing before it can be undone any more.
        """
        return self._go(document, self._undo[-1], back=True, who=who, when=when)

    def redo(self, document: Document, *, who: str = "", when: str = "") -> Document:
        """The document with the step that was undone last.

        Raises:
            IndexError, StaleError: as :meth:`undo`.
        """
        return self._go(document, self._redo[-1], back=False, who=who, when=when)

    def _go(self, document: Document, step: _Step, *, back: bool, who: str, when: str) -> Document:
        place = len(self._undo) + (-1 if back else 1)
        known = self._documents[place]() if place in self._documents else None
        new = document if known is None else known
        try:
            if known is None:
                for changes in reversed(step.changes) if back else step.changes:
                    new = apply_changes(new, changes, back=back)
        except StaleError:
            (self._undo if back else self._redo).clear()
            raise
        self._take(Entry(self._next, Act.UNDO if back else Act.REDO, step.first, step.title, who, when))
        self._documents[place] = weakref.ref(new)
        return new
