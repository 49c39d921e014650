from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from gaitviewer.analysis.events.consensus import WeightedEvent, consensus, enforce_alternation
from gaitviewer.analysis.events.detect import detect_events
from gaitviewer.analysis.settings import DetectorSettings
from gaitviewer.analysis.signal.cleaning import clean
from gaitviewer.analysis.signal.prepared import prepare_view
from gaitviewer.analysis.walking.laterality import put_sides_right
from gaitviewer.analysis.walking.passes import find_passes
from gaitviewer.core.gait import EventKind, GaitEvent, GaitEvents, Side, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import Keypoint

IC, TO = EventKind.INITIAL_CONTACT, EventKind.TOE_OFF


@dataclass
class Score:
    """Errors in milliseconds by kind of event, and what was missed or invented."""

    errors: dict[EventKind, list[float]] = field(default_factory=lambda: {IC: [], TO: []})
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    within_sigma: list[float] = field(default_factory=list)

    def add(self, body: Any, pose: PoseSequence, view: View, *, margin_s: float, name: str = "") -> None:
        passes, _ = find_passes(prepare_view(pose), view)
        assert len(passes) == 1, name
        passes, seen = put_sides_right(prepare_view(pose), passes)
        found = detect_events(seen.clean, passes[0])
        start, stop = pose.times[passes[0].start], pose.times[passes[0].stop - 1]
        known = [time for _, _, time in body.events]
        for kind in EventKind:
            for side in Side:
                mine, true = found.of(kind, side), body.of(kind, side)
                for time in true:
                    if not start + margin_s < time < stop - margin_s:
                        continue
                    near = [e for e in mine if abs(e.time_s - time) < 0.15]
                    if not near:
                        self.missed.append(f"{name} {kind.value} {side.value} {time:.2f}")
                        continue
                    self.errors[kind].append(1000 * (near[0].time_s - time))
                    self.within_sigma.append(abs(near[0].time_s - time) / near[0].sigma_s)
                for event in mine:
                    inside = min(known) < event.time_s < max(known)
                    if inside and all(abs(event.time_s - time) > 0.15 for time in true):
                        self.extra.append(f"{name} {kind.value} {side.value} {event.time_s:.2f}")

    def median(self, kind: EventKind) -> float:
        return float(np.median(np.abs(self.errors[kind])))

    def p90(self, kind: EventKind) -> float:
        return float(np.percentile(np.abs(self.errors[kind]), 90))


@pytest.mark.parametrize("rate_hz", [30.0, 60.0, 100.0])
def test_events_of_real_children_without_noise(
    children: dict[str, Any], from_side: Callable[..., PoseSequence], rate_hz: float
) -> None:
    score = Score()
    for name, child in children.items():
        body = child if rate_hz == 100.0 else child.at_rate(rate_hz)
        score.add(body, from_side(body), View.SAGITTAL, margin_s=0.09, name=name)
    assert len(score.errors[IC]) >= 32
    assert len(score.errors[TO]) >= 30
    assert score.missed == []
    assert score.extra == []
    for kind in EventKind:
        assert score.median(kind) <= 10
        assert score.p90(kind) <= 30


def test_events_of_real_children_at_a_variable_rate(
    children: dict[str, Any], from_side: Callable[..., PoseSequence]
) -> None:
    score = Score()
    random = np.random.default_rng(2)
    for name, child in children.items():
        times = np.cumsum(random.uniform(0.5, 1.5, int(child.times[-1] * 60) + 60)) / 60.0
        body = child.at(times[times < child.times[-1] - 0.02])
        score.add(body, from_side(body), View.SAGITTAL, margin_s=0.1, name=name)
    assert score.missed == []
    assert score.median(IC) <= 10
    assert score.median(TO) <= 10


@pytest.mark.slow
def test_events_of_real_children_in_noise(
    children: dict[str, Any], from_side: Callable[..., PoseSequence]
) -> None:
    score = Score()
    for name, child in children.items():
        for seed in range(10):
            pose = from_side(child, noise_px=5.0, seed=seed)
            score.add(child, pose, View.SAGITTAL, margin_s=0.09, name=f"{name}#{seed}")
    assert [one for one in score.missed if "contact" in one] == []
    assert len(score.missed) <= 0.01 * len(score.errors[TO])
    assert len(score.extra) == 0
    assert score.median(IC) <= 12
    assert score.median(TO) <= 12
    # the standard errors are honest: two thirds within one, nearly all within three
    assert np.mean(np.array(score.within_sigma) < 1) > 0.6
    assert np.mean(np.array(score.within_sigma) < 3) > 0.95


@pytest.mark.parametrize("towards", [True, False])
@pytest.mark.parametrize("noise_px", [0.0, 2.0])
def test_an_end_view_gives_rougher_events(
    children: dict[str, Any], from_end: Callable[..., PoseSequence], towards: bool, noise_px: float
) -> None:
    score = Score()
    for name, child in children.items():
        if name == "HC040A14":  # half of it is gaps
            continue
        pose = from_end(child, towards=towards, noise_px=noise_px)
        score.add(child, pose, View.CORONAL, margin_s=0.2, name=name)
    assert len(score.missed) <= 2
    assert score.median(IC) <= 20
    assert score.median(TO) <= 20
    assert np.mean(np.array(score.within_sigma) < 1) > 0.6


def _forefoot_first(body: Any) -> Any:
    """Tiptoe: the heel is held up, and comes to rest later than the toe."""
    for side in Side:
        heel, toe = (Keypoint[f"{side.name}_{point}"] for point in ("HEEL", "BIG_TOE"))
        body.points[:, heel, 2] += 0.09
        late = np.interp(body.times - 0.08, body.times, body.points[:, heel, 1])
        body.points[:, heel, 1] = np.minimum(body.points[:, heel, 1], late)
        assert (body.points[:, heel, 2] > body.points[:, toe, 2] + 0.05).all()
    return body


def test_contact_is_where_the_forefoot_stops_if_the_heel_never_comes_down(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    ordinary, tiptoe = Score(), Score()
    ordinary.add(walk(), from_side(walk()), View.SAGITTAL, margin_s=0.12)
    body = _forefoot_first(walk())
    tiptoe.add(body, from_side(body), View.SAGITTAL, margin_s=0.12)
    assert tiptoe.missed == []
    assert abs(np.median(tiptoe.errors[IC]) - np.median(ordinary.errors[IC])) < 20


def test_the_ankle_stands_in_for_a_foot_that_is_never_given(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    body = walk()
    for name in ("HEEL", "BIG_TOE"):
        for side in Side:
            body.points[:, Keypoint[f"{side.name}_{name}"]] = np.nan
    pose = from_side(body)
    passes, _ = find_passes(prepare_view(pose), View.SAGITTAL)
    events = detect_events(clean(pose), passes[0])
    contacts = events.of(IC, Side.LEFT)
    assert len(contacts) >= 3
    assert min(e.sigma_s for e in events.events) >= 0.03


def test_no_event_where_the_foot_is_hidden(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    body = walk(seconds=5.0)
    hidden = (body.times > 1.6) & (body.times < 2.4)
    for name in ("HEEL", "BIG_TOE"):
        body.points[hidden, Keypoint[f"LEFT_{name}"]] = np.nan
    pose = from_side(body)
    passes, _ = find_passes(prepare_view(pose), View.SAGITTAL)
    events = detect_events(clean(pose), passes[0])
    left = [e.time_s for e in events.events if e.side is Side.LEFT]
    assert not any(1.6 < time < 2.4 for time in left)
    assert any(time < 1.6 for time in left)
    assert any(time > 2.4 for time in left)


def _event(kind: EventKind, time: float) -> GaitEvent:
    return GaitEvent(kind, Side.LEFT, time, 0.01)


def test_contacts_and_toe_offs_take_turns() -> None:
    rows = [(IC, 0.0, 1.0), (IC, 0.2, 0.4), (TO, 0.6, 1.0), (IC, 1.0, 1.0), (IC, 2.0, 1.0), (TO, 2.6, 1.0)]
    kept = enforce_alternation(
        [WeightedEvent(_event(kind, time), prominence) for kind, time, prominence in rows]
    )
    assert [e.time_s for e in kept] == [0.0, 0.6, 1.0, 2.0, 2.6]


_DETECTORS = {
    "a": DetectorSettings(0.0, 0.0, 0.01), "b": DetectorSettings(0.0, 0.0, 0.01),
    "c": DetectorSettings(0.0, 0.0, 0.03),
}  # fmt: skip


def test_detectors_that_agree_are_averaged_by_their_precision() -> None:
    time, scatter, agreed = consensus((("a", 1.00), ("b", 1.01), ("c", 1.04)), _DETECTORS)
    assert agreed
    assert time == pytest.approx((100 * 1.00 + 100 * 1.01 + 100 / 9 * 1.04) / (200 + 100 / 9), abs=1e-6)
    assert 0 < scatter < 0.02


def test_one_detector_far_off_is_flagged_and_does_not_pull() -> None:
    time, scatter, agreed = consensus((("a", 1.00), ("b", 1.01), ("c", 1.20)), _DETECTORS)
    assert not agreed
    assert time == pytest.approx(1.005)
    assert scatter > 0.03


def test_a_single_detector_has_nobody_to_agree_with() -> None:
    assert consensus((("c", 2.0),), _DETECTORS) == (2.0, 0.03, False)


def test_running_is_not_agreed_walking() -> None:
    from gaitviewer.analysis.events.consensus import flag_disorder

    left = [GaitEvent(k, Side.LEFT, t, 0.01) for k, t in ((IC, 0.0), (TO, 0.3), (IC, 1.0))]
    right = [GaitEvent(k, Side.RIGHT, t, 0.01) for k, t in ((TO, -0.2), (IC, 0.5), (TO, 0.8))]
    flagged = GaitEvents(tuple(flag_disorder(left + right)))
    assert not flagged.of(TO, Side.LEFT)[0].agreed
    assert not flagged.of(IC, Side.RIGHT)[0].agreed
