"""The timeline as pure values: where each thing lies, and what is under the pointer.

Times are seconds on the player's scale (sagittal time); rows are counted from the top.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from gaitviewer.core.document import KeyImage
from gaitviewer.core.evgs import EvgsSheet, Evidence
from gaitviewer.core.gait import Direction, EventKind, Side, View
from gaitviewer.core.measures import TrialMotion, ViewMotion
from gaitviewer.core.numerals import number, significant
from gaitviewer.core.timebase import TrialClock
from gaitviewer.gui.model.explanations import LEAST_SHARE, SaliencyTrack
from gaitviewer.gui.panels.common.wording import joint_name, sentence, side_name, time_text, tr, view_name
from gaitviewer.gui.widgets.translation import say, translate_data
from gaitviewer.messages import named


class Kind(Enum):
    """What a mark stands for, those that are hit first at the end."""

    QUALITY = "quality"
    SALIENCY = "saliency"
    LEFT_OUT = "left out"
    PASS = "pass"
    STRIDE = "stride"
    TOE_OFF = "toe-off"
    CONTACT = "contact"
    EVIDENCE = "evidence"
    KEY_IMAGE = "key image"


_POINTS = frozenset({Kind.TOE_OFF, Kind.CONTACT, Kind.EVIDENCE, Kind.KEY_IMAGE})
_HIT_ORDER = {kind: order for order, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing on the timeline.

    Attributes:
        kind: what.   row: index into the rows.
        start_s, stop_s: when (equal for a moment).
        tip: what it is, in words.
        side: limb, or None.
        split_s: toe-off inside a stride; NaN elsewhere.
        level: pose quality 0..1; saliency as a share of its scale, with its sign; NaN elsewhere.
        forward: of a pass +1 (to the right, towards the camera) or -1; 0 elsewhere.
        depth: walked towards or away from the camera.
        faint: does not count, or belongs to another item.
        item: number of the item that evidence belongs to.   evidence: the picture.
    """

    kind: Kind
    row: int
    start_s: float
    stop_s: float
    tip: str
    side: Side | None = None
    split_s: float = math.nan
    level: float = math.nan
    forward: int = 0
    depth: bool = False
    faint: bool = False
    item: int | None = None
    evidence: Evidence | None = None

    @property
    def is_moment(self) -> bool:
        """Whether it has no duration."""
        return self.kind in _POINTS


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One row: its words in the margin, its height in pixels, and what it holds of a view."""

    name: str
    height: int
    view: View | None = None
    side: Side | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """From seconds to pixels.

    Attributes:
        start_s, stop_s: what is shown.   left_px, width_px: where.
        least_s, most_s: the whole recording; nothing beyond it is shown.
    """

    start_s: float
    stop_s: float
    left_px: float
    width_px: float
    least_s: float
    most_s: float

    def x(self, time_s: float) -> float:
        """Pixel column of a moment."""
        return self.left_px + (time_s - self.start_s) / (self.stop_s - self.start_s) * self.width_px

    def time(self, x_px: float) -> float:
        """Moment of a pixel column."""
        return self.start_s + (x_px - self.left_px) / self.width_px * (self.stop_s - self.start_s)

    def zoomed(self, factor: float, x_px: float, *, shortest_s: float = 0.4) -> Scale:
        """Shorter (factor < 1) or longer, the moment under ``x_px`` stays where it is."""
        whole = self.most_s - self.least_s
        span = min(whole, max(min(shortest_s, whole), (self.stop_s - self.start_s) * factor))
        part = (x_px - self.left_px) / self.width_px
        return self._placed(self.time(x_px) - part * span, span)

    def moved(self, by_s: float) -> Scale:
        """Later (positive) or earlier, within the recording."""
        return self._placed(self.start_s + by_s, self.stop_s - self.start_s)

    def showing(self, time_s: float) -> Scale:
        """The same span with this moment in it."""
        span = self.stop_s - self.start_s
        if self.start_s <= time_s <= self.stop_s:
            return self
        return self._placed(time_s - 0.1 * span, span)

    def fitted(self) -> Scale:
        """The whole recording."""
        return replace(self, start_s=self.least_s, stop_s=self.most_s)

    def _placed(self, start_s: float, span: float) -> Scale:
        start = min(max(start_s, self.least_s), self.most_s - span)
        return replace(self, start_s=start, stop_s=start + span)


def scale_over(start_s: float, stop_s: float, left_px: float, width_px: float) -> Scale:
    """The whole recording on a width (a recording without length gets a second)."""
    stop = stop_s if stop_s > start_s else start_s + 1.0
    return Scale(start_s, stop, left_px, max(1.0, width_px), start_s, stop)


def ticks(scale: Scale, *, apart_px: float = 70.0) -> tuple[float, ...]:
    """Round moments for the ruler, at least ``apart_px`` from one another."""
    least = (scale.stop_s - scale.start_s) * apart_px / scale.width_px
    step = next((s for s in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120) if s >= least), 300.0)
    first = math.ceil(scale.start_s / step - 1e-9)
    return tuple(n * step for n in range(first, math.floor(scale.stop_s / step + 1e-9) + 1))


def rows_for(views: Sequence[View], looked: Collection[View] = ()) -> tuple[TimelineRow, ...]:
    """The rows: marks on top, then for each view passes, both limbs and pose quality.

    Views in ``looked`` have a row for the saliency of the severity model.
    """
    rows = [TimelineRow(tr("Marks"), 18)]
    for view in views:
        name = tr("Side view") if view is View.SAGITTAL else tr("Front view")
        rows.append(TimelineRow(name, 13, view, kind=Kind.PASS))
        rows += [TimelineRow(side_name(side).capitalize(), 15, view, side) for side in Side]
        rows.append(TimelineRow(tr("Pose"), 8, view, kind=Kind.QUALITY))
        if view in looked:
            rows.append(TimelineRow(tr("Saliency"), 16, view, kind=Kind.SALIENCY))
    return tuple(rows)


def row_tops(rows: Sequence[TimelineRow], top_px: float) -> tuple[float, ...]:
    """Upper edge of each row; a view's first row stands a little apart."""
    tops, at = [], top_px
    for index, row in enumerate(rows):
        starts_view = index > 0 and row.view is not None and rows[index - 1].view is not row.view
        at += 4.0 if starts_view else 0.0
        tops.append(at)
        at += row.height + 2.0
    return tuple(tops)


def marks_of(
    motion: TrialMotion, rows: Sequence[TimelineRow], *, clock: TrialClock, hide_values: bool = False
) -> tuple[Mark, ...]:
    """Passes, strides, events and pose quality of a trial on the player's scale.

    With ``hide_values`` no share of the cycle is written: it may belong to an item that is not graded yet.
    """
    marks: list[Mark] = []
    for index, row in enumerate(rows):
        seen = motion.views[row.view] if row.view is not None else None
        if seen is None or row.view is None:
            continue
        shift = -clock.shift_s(row.view)
        if row.side is not None:
            marks += _limb(seen, row.side, index, shift, hide_values=hide_values)
        elif row.kind is Kind.PASS:
            marks += _passes(seen, index, shift)
        elif row.kind is Kind.QUALITY:
            marks += _quality(seen, index, shift)
    return tuple(marks)


def saliency_marks(
    track: SaliencyTrack, rows: Sequence[TimelineRow], view: View, *, clock: TrialClock
) -> tuple[Mark, ...]:
    """The joint with the most evidence in each cell, as a share of the absolute scale; none without evidence.

    A cell ends where the next one begins, and after its reach where none does.
    """
    row = next((n for n, r in enumerate(rows) if (r.view, r.kind) == (view, Kind.SALIENCY)), None)
    if row is None or track.is_empty:
        return ()
    marks = []
    for cell, time_s in enumerate(track.times_s.tolist()):
        strongest = track.strongest(cell)
        if not strongest:
            continue
        level = strongest[0][1] / track.top
        if abs(level) < LEAST_SHARE:
            continue
        start, stop = _cell_span(track, cell)
        start, stop = (clock.from_view(t, view) for t in (start, stop))
        joints = ", ".join(f"{joint_name(name)} {significant(value)}" for name, value in strongest)
        words = tr("Gait severity estimate, {time}, most evidence: {joints}; the scale ends at {top}").format(
            time=time_text(clock.from_view(time_s, view)), joints=joints, top=significant(track.top)
        )
        if track.out_of_date:
            words += "\n" + tr("Out of date.")
        words += f"\n{sentence(track.statement)}" if track.statement else ""
        marks.append(Mark(Kind.SALIENCY, row, start, stop, words, level=level))
    return tuple(marks)


def _cell_span(track: SaliencyTrack, cell: int) -> tuple[float, float]:
    """Half way to its neighbours, but no further than the cell reaches."""
    times, reach = track.times_s, float(track.reach_s[cell])
    at = float(times[cell])
    before = float(times[cell - 1]) if cell > 0 else -math.inf
    after = float(times[cell + 1]) if cell + 1 < len(times) else math.inf
    return max(at - reach, (at + before) / 2), min(at + reach, (at + after) / 2)


def _span(seen: ViewMotion, start: int, stop: int, shift: float) -> tuple[float, float]:
    times = seen.pose.times
    last = len(times) - 1
    end = times[stop] if stop <= last else times[last] + 1.0 / max(1.0, seen.pose.rate_hz)
    return float(times[min(start, last)]) + shift, float(end) + shift


def _passes(seen: ViewMotion, row: int, shift: float) -> Iterable[Mark]:
    for left in seen.left_out:
        start, stop = _span(seen, left.start, left.stop, shift)
        yield Mark(Kind.LEFT_OUT, row, start, stop, tr("Left out: {why}").format(why=sentence(left.reason)))
    for count, done in enumerate(seen.passes, start=1):
        start, stop = _span(seen, done.start, done.stop, shift)
        facing = {Direction.TOWARDS: 1, Direction.AWAY: -1}.get(done.direction, done.direction.forward_sign)
        words = [tr("Pass {n}, {direction}").format(n=count, direction=say(named(done.direction)))]
        if done.near is not None:
            words.append(tr("{side} limb near the camera").format(side=side_name(done.near)))
        tip = "\n".join([", ".join(words), *(sentence(note) for note in done.notes)])
        yield Mark(
            Kind.PASS, row, start, stop, tip, side=done.near, forward=facing, depth=done.view is View.CORONAL
        )


def _limb(seen: ViewMotion, side: Side, row: int, shift: float, *, hide_values: bool) -> Iterable[Mark]:
    name = side_name(side)
    for stride in (s for s in seen.strides if s.side is side):
        where = tr("Stride {n}, {side}, {start} to {stop}").format(
            n=stride.number + 1,
            side=name,
            start=time_text(stride.start_s + shift),
            stop=time_text(stride.stop_s + shift),
        )
        stance = tr(": stance {stance} %").format(stance=number(100 * stride.stance_fraction))
        lines = [where if hide_values else where + stance]
        if stride.far:
            lines.append(tr("Far limb."))
        lines += [sentence(flag) for flag in stride.flags]
        if stride.excluded:
            lines.append(tr("Does not count: {why}").format(why=sentence(stride.excluded)))
        start, split, stop = (t + shift for t in (stride.start_s, stride.toe_off_s, stride.stop_s))
        yield Mark(
            Kind.STRIDE, row, start, stop, "\n".join(lines), side=side, split_s=split, faint=not stride.counts
        )
    for event in (e for found in seen.events for e in found.events if e.side is side):
        contact = event.kind is EventKind.INITIAL_CONTACT
        words = tr("Initial contact, {side}") if contact else tr("Toe-off, {side}")
        tip = tr("{event}, {time} ± {sigma} ms").format(
            event=words.format(side=name),
            time=time_text(event.time_s + shift),
            sigma=number(1000 * event.sigma_s),
        )
        if event.corrected:
            tip += "\n" + tr("Set by a person.")
        elif not event.agreed:
            tip += "\n" + tr("The detectors do not agree.")
        at = event.time_s + shift
        kind = Kind.CONTACT if contact else Kind.TOE_OFF
        yield Mark(kind, row, at, at, tip, side=side, faint=not event.agreed)


def _quality(seen: ViewMotion, row: int, shift: float) -> Iterable[Mark]:
    """Mean score of the keypoints in bins of about a fifth of a second."""
    times, score = seen.raw.times, seen.raw.score
    if len(times) == 0:
        return
    width = max(1, round(0.2 * (seen.raw.rate_hz if len(times) > 1 else 1.0)))
    view = view_name(seen.passes[0].view if seen.passes else View.SAGITTAL).capitalize()
    for start in range(0, len(times), width):
        stop = min(start + width, len(times))
        level = float(np.mean(score[start:stop]))
        begin, end = _span(seen, start, stop, shift)
        tip = tr("{view}, {time}: pose seen with a mean score of {level} %").format(
            view=view, time=time_text(begin), level=number(100 * level)
        )
        yield Mark(Kind.QUALITY, row, begin, end, tip, level=level)


def evidence_marks(
    sheet: EvgsSheet,
    trial: str,
    *,
    clock: TrialClock,
    chosen: tuple[int, Side] | None,
    hidden: frozenset[tuple[int, Side]] = frozenset(),
) -> tuple[Mark, ...]:
    """Best evidence of every item in the first row, all of the chosen one's; the chosen ones last.

    Of items that are still ``hidden`` only the chosen one shows where to look, without its score.
    """
    marks: list[Mark] = []
    for side in Side:
        for measure in sheet.measures[side]:
            own = chosen == (measure.item.number, side)
            if not own and (measure.item.number, side) in hidden:
                continue
            for found in measure.evidence if own else measure.evidence[:1]:
                if found.trial != trial:
                    continue
                at = clock.from_view(found.time_s, found.view)
                score = ""
                if (measure.item.number, side) not in hidden:
                    score = tr(": score {n}").format(n=measure.score)
                name = translate_data(measure.item.name)
                tip = f"{name}, {side_name(side)}{score}\n{time_text(at)}, {view_name(found.view)}"
                marks.append(
                    Mark(
                        Kind.EVIDENCE,
                        0,
                        at,
                        at,
                        tip,
                        side=side,
                        faint=not own,
                        item=measure.item.number,
                        evidence=found,
                    )
                )
    return tuple(sorted(marks, key=lambda mark: not mark.faint))


def key_image_marks(images: Iterable[KeyImage], trial: str, *, clock: TrialClock) -> tuple[Mark, ...]:
    """Key images of a trial in the first row."""
    marks = []
    for image in (i for i in images if i.trial == trial):
        at = clock.from_view(image.time_s, image.view)
        words = tr("Key image, {view}, {time}").format(view=view_name(image.view), time=time_text(at))
        marks.append(Mark(Kind.KEY_IMAGE, 0, at, at, f"{words}\n{image.caption}".strip()))
    return tuple(marks)


def mark_at(
    marks: Sequence[Mark],
    scale: Scale,
    rows: Sequence[TimelineRow],
    tops: Sequence[float],
    *,
    x_px: float,
    y_px: float,
    radius_px: float = 5.0,
) -> Mark | None:
    """What lies under the pointer: moments before spans, the nearest moment first; None if nothing does."""
    row = next((n for n, r in enumerate(rows) if tops[n] - 1 <= y_px < tops[n] + r.height + 1), None)
    if row is None:
        return None
    found: list[tuple[int, float, Mark]] = []
    for mark in marks:
        if mark.row != row:
            continue
        if mark.is_moment:
            away = abs(scale.x(mark.start_s) - x_px)
            if away <= radius_px:
                found.append((-_HIT_ORDER[mark.kind] + 100 * mark.faint, away, mark))
        elif scale.x(mark.start_s) <= x_px < scale.x(mark.stop_s):
            found.append((200 - _HIT_ORDER[mark.kind], 0.0, mark))
    return min(found, key=lambda hit: hit[:2])[2] if found else None
