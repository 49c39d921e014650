"""What a person or an analysis changes in a session: pure functions ``Document -> Document``.

None of them changes its argument. A function that changes nothing returns the very same document, so that
"was anything edited" is a comparison by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from numpy.typing import ArrayLike

from gaitviewer.core import corrections
from gaitviewer.core.corrections import estimate_of, with_estimate
from gaitviewer.core.document import Document, KeyImage, ManualMeasurement, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import BySide, ByView, HandEvent, Side, View
from gaitviewer.core.pose import Origin
from gaitviewer.core.session import GIVEN, Sync, Trial
from gaitviewer.messages import message

# --- trials ---------------------------------------------------------------------------------------------


def change_trials(document: Document, change: Callable[[TrialData], TrialData]) -> Document:
    """Each trial as ``change`` returns it."""
    trials = tuple(change(data) for data in document.trials)
    same = all(one is other for one, other in zip(trials, document.trials, strict=True))
    return document if same else replace(document, trials=trials)


def change_trial(document: Document, trial: str, change: Callable[[TrialData], TrialData]) -> Document:
    """One trial (by id) as ``change`` returns it."""
    return change_trials(document, lambda data: change(data) if data.trial.id == trial else data)


def _change_recording(document: Document, trial: str, change: Callable[[Trial], Trial]) -> Document:
    return change_trial(document, trial, lambda data: replace(data, trial=change(data.trial)))


def set_offset(document: Document, trial: str, offset_s: float, sigma_s: float) -> Document:
    """An offset between the views of a trial that a person set, with its standard error, seconds."""
    sync = Sync(round(offset_s, 6), sigma_s, GIVEN, message("note.sync.by_hand"))
    return _change_recording(document, trial, lambda one: replace(one, sync=sync))


def clear_offset(document: Document, trial: str) -> Document:
    """The offset of a trial is estimated from the gait again."""
    return _change_recording(document, trial, lambda one: replace(one, sync=None))


def exclude_trial(document: Document, trial: str, reason: str) -> Document:
    """This recording is left out for a reason; "" lets it count again."""
    return _change_recording(document, trial, lambda one: replace(one, excluded=reason))


def set_foot_zero(document: Document, zeros: BySide[float | None]) -> Document:
    """The zero of each ankle angle that a person gives, degrees; None keeps what it had."""
    before = document.foot_zero_deg
    left, right = (new if new is not None else old for new, old in zip(zeros, before, strict=True))
    return replace(document, foot_zero_deg=BySide(left, right))


def move_videos(document: Document, found: Document) -> Document:
    """The places of the videos as in ``found``."""
    videos = {data.trial.id: data.trial.videos for data in found.trials}

    def moved(data: TrialData) -> TrialData:
        theirs = videos.get(data.trial.id, data.trial.videos)
        return data if theirs == data.trial.videos else replace(data, trial=replace(data.trial, videos=theirs))

    return change_trials(document, moved)


# --- strides --------------------------------------------------------------------------------------------


def exclude_strides(document: Document, trial: str, keys: Sequence[str], reason: str) -> Document:
    """These strides of a trial are left out for a reason.

    Raises:
        ValueError: there is no reason.
    """
    if not reason.strip():
        raise ValueError("a stride is left out for a reason")
    return _set_excluded(document, trial, keys, tuple((key, reason.strip()) for key in keys))


def include_strides(document: Document, trial: str, keys: Sequence[str]) -> Document:
    """These strides of a trial count again."""
    return _set_excluded(document, trial, keys, ())


def _set_excluded(
    document: Document, trial: str, keys: Sequence[str], added: tuple[tuple[str, str], ...]
) -> Document:
    def change(data: TrialData) -> TrialData:
        kept = tuple(pair for pair in data.excluded_strides if pair[0] not in keys)
        return replace(data, excluded_strides=kept + added)

    return change_trial(document, trial, change)


# --- grades ---------------------------------------------------------------------------------------------


def grade_of(document: Document | None, item: int, side: Side, rater: str) -> Grade | None:
    """The grade that this rater gave, the latest if there are several."""
    grades = document.grades if document is not None else ()
    own = [g for g in grades if (g.item, g.side, g.rater) == (item, side, rater)]
    return max(own, key=lambda grade: grade.when, default=None)


def set_grade(document: Document, grade: Grade) -> Document:
    """This grade instead of the same rater's earlier one; the measurement is never touched."""
    return replace(document, grades=(*_other_grades(document, grade.item, grade.side, grade.rater), grade))


def remove_grade(document: Document, item: int, side: Side, rater: str) -> Document:
    """Without this rater's grade."""
    kept = _other_grades(document, item, side, rater)
    return document if len(kept) == len(document.grades) else replace(document, grades=kept)


def nameless_grades(document: Document | None) -> tuple[Grade, ...]:
    """Grades that were given before anybody entered a name."""
    return tuple(grade for grade in document.grades if not grade.rater) if document is not None else ()


def name_grades(document: Document, rater: str) -> Document:
    """The nameless grades are this rater's; of two for a limb of an item the later stays."""
    own = [g for g in document.grades if g.rater == rater]
    own += [replace(grade, rater=rater) for grade in nameless_grades(document)]
    latest = {(g.item, g.side): g for g in sorted(own, key=lambda grade: grade.when)}
    others = (g for g in document.grades if g.rater not in ("", rater))
    return replace(document, grades=(*others, *latest.values()))


def _other_grades(document: Document, item: int, side: Side, rater: str) -> tuple[Grade, ...]:
    return tuple(g for g in document.grades if (g.item, g.side, g.rater) != (item, side, rater))


# --- key images -----------------------------------------------------------------------------------------


def add_key_image(document: Document, image: KeyImage) -> Document:
    """One more key image, unless that picture is one already."""
    if any((k.trial, k.view, k.frame) == (image.trial, image.view, image.frame) for k in document.key_images):
        return document
    images = sorted([*document.key_images, image], key=lambda k: (k.trial, k.time_s, k.view.value))
    return replace(document, key_images=tuple(images))


def set_caption(document: Document, index: int, caption: str) -> Document:
    """Another caption for a key image (by its place)."""
    if document.key_images[index].caption == caption:
        return document
    images = list(document.key_images)
    images[index] = replace(images[index], caption=caption)
    return replace(document, key_images=tuple(images))


def remove_key_image(document: Document, index: int) -> Document:
    """Without a key image (by its place)."""
    images = document.key_images
    return replace(document, key_images=images[:index] + images[index + 1 :])


# --- what was measured by hand ---------------------------------------------------------------------------


def set_measurements(
    document: Document, trial: str, drawn: Iterable[ManualMeasurement], *, views: Sequence[View]
) -> Document:
    """What was measured by hand in these views of a trial, instead of what was there.

    A measurement that is there already keeps who made it, when, and the item it is meant for; one whose
    corner was moved keeps them too.
    """
    kept = [m for m in document.hand_measures if m.trial != trial or m.view not in views]
    known = [m for m in document.hand_measures if m.trial == trial and m.view in views]
    for one in drawn:
        before = _same_measurement(one, known)
        if before is None:
            kept.append(one)
        else:
            known.remove(before)
            kept.append(replace(before, points=one.points, value=one.value, unit=one.unit))
    return document if tuple(kept) == document.hand_measures else replace(document, hand_measures=tuple(kept))


def _same_measurement(one: ManualMeasurement, known: Sequence[ManualMeasurement]) -> ManualMeasurement | None:
    """The known measurement that shares most points with one, at least all but one."""
    best, shared = None, len(one.points) - 1
    for other in known:
        same = sum(_is_near(a, b) for a, b in zip(one.points, other.points, strict=False))
        if (other.tool, other.view, other.frame) == (one.tool, one.view, one.frame) and same >= shared:
            best, shared = other, same
    return best


def _is_near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < 1e-6 and abs(one[1] - other[1]) < 1e-6


def assign_measurement(document: Document, index: int, item: int, side: Side) -> Document:
    """One measurement (by its place) is meant for an item of a side."""
    measures = list(document.hand_measures)
    measures[index] = replace(measures[index], item=item, side=side)
    return replace(document, hand_measures=tuple(measures))


# --- keypoints -------------------------------------------------------------------------------------------


def restore_poses(edited: Document, found: Document, before: Document) -> Document:
    """``edited`` with the estimates that came from ``found`` put back to those of ``before``."""
    shown = {data.trial.id: data for data in found.trials}
    kept = {data.trial.id: data for data in before.trials}

    def put_back(data: TrialData) -> TrialData:
        theirs, ours = shown.get(data.trial.id), kept.get(data.trial.id)
        if theirs is None or ours is None:
            return data
        estimates = {v: estimate_of(data, v) for v in View}
        lent = {v for v, one in estimates.items() if one is not None and one is estimate_of(theirs, v)}
        return take_views(data, ours, lent) if lent else data

    return change_trials(edited, put_back)


def take_views(data: TrialData, source: TrialData, views: Iterable[View]) -> TrialData:
    """A trial with estimate, provenance and remarks of some views from another state of it.

    What persons set in ``data`` stays over the estimate.
    """
    taken = set(views)
    for view in taken:
        data = with_estimate(data, view, estimate_of(source, view))
    return replace(
        data,
        provenance=ByView(*(source.provenance[v] if v in taken else data.provenance[v] for v in View)),
        remarks=ByView(*(source.remarks[v] if v in taken else data.remarks[v] for v in View)),
    )


def set_points(
    document: Document, trial: str, view: View, cells: ArrayLike, xy: ArrayLike, origin: ArrayLike | Origin
) -> Document:
    """Some points of a view of a trial set by a person (:func:`gaitviewer.core.corrections.set_points`)."""
    return change_trial(document, trial, lambda data: corrections.set_points(data, view, cells, xy, origin))


# --- events ----------------------------------------------------------------------------------------------


def set_hand_events(document: Document, trial: str, view: View, events: Iterable[HandEvent]) -> Document:
    """What persons say of the events of a view, instead of what they said before."""
    said = tuple(sorted(events, key=lambda one: (one.time_s, one.kind.value, one.side.value, one.denied)))

    def change(data: TrialData) -> TrialData:
        if said == data.hand_events[view]:
            return data
        return replace(data, hand_events=replace(data.hand_events, **{view.value: said}))

    return change_trial(document, trial, change)
