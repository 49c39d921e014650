"""What a person corrects is in all that is measured, and a recording without any estimate can be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gaitviewer import formats
from gaitviewer.analysis.correction import points as by_hand
from gaitviewer.analysis.correction.exchanges import suspected_exchanges
from gaitviewer.analysis.events.by_hand import delete_event, set_event
from gaitviewer.analysis.walking.trial import labelled_pose
from gaitviewer.core.content import content_digests
from gaitviewer.core.corrections import count_by_hand
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, EventKind, HandEvent, Side, View
from gaitviewer.core.measures import Measures, ViewMotion
from gaitviewer.core.pose import Origin
from gaitviewer.core.progress import no_progress
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.formats.events import read_events, write_events
from gaitviewer.formats.keypoints import read_keypoints, write_keypoints
from gaitviewer.report.preview import open_pdf
from gaitviewer.store import open_library
from gaitviewer.video import digest_file, index_video, write_video
from gaitviewer.workflow.analysis.inputs import inputs_digest
from gaitviewer.workflow.analysis.measure import core_provenance, measure_document
from gaitviewer.workflow.analysis.run import with_persons_work
from gaitviewer.workflow.results.export import render_pdf
from gaitviewer.workflow.sessions.following import track_on
from tests.support.pdf import texts_of

WHERE = ("t1", View.SAGITTAL)
KNEE = int(Keypoint.RIGHT_KNEE)


def side_of(measures: Measures) -> ViewMotion:
    motion = measures.motions[0].views.sagittal
    assert motion is not None
    return motion


def knee_curves(measures: Measures) -> dict[str, NDArray[np.float64]]:
    return {c.stride.key: c.values for c in measures.curves if c.angle == "knee_flexion" and c.stride.counts}


def worst_difference(one: Measures, other: Measures) -> float:
    """Of the mean knee curve of each side, degrees."""
    worst = 0.0
    for side in Side:
        means = [
            np.nanmean([v for k, v in knee_curves(m).items() if f"/{side.value}/" in k], axis=0)
            for m in (one, other)
        ]
        worst = max(worst, float(np.nanmax(np.abs(means[0] - means[1]))))
    return worst


@pytest.fixture(scope="module")
def before(walker_document: Document) -> Measures:
    return measure_document(walker_document)


def test_measures_follow_an_edit_and_go_back_with_it(walker_document: Document, before: Measures) -> None:
    one = side_of(before).passes[0]
    frame = (one.start + one.stop) // 2
    x, y = (float(n) for n in side_of(before).pose.xy[frame, KNEE])
    after = by_hand.place(walker_document, *WHERE, frame, {KNEE: (x + 25, y)})
    measured = measure_document(after)
    assert side_of(measured).pose.xy[frame, KNEE].tolist() == pytest.approx([x + 25, y], abs=0.01)
    assert worst_difference(before, measured) > 1.0
    assert inputs_digest(after) != inputs_digest(walker_document)
    assert content_digests(after) != content_digests(walker_document)
    # the same corrections on a document that was read anew give the same measures
    bare = replace(walker_document.trials[0])
    again = by_hand.place(replace(walker_document, trials=(bare,)), *WHERE, frame, {KNEE: (x + 25, y)})
    fresh = measure_document(again)
    for key, values in knee_curves(measured).items():
        assert np.array_equal(values, knee_curves(fresh)[key], equal_nan=True)
    assert inputs_digest(again) == inputs_digest(after)
    restored = by_hand.restore(after, *WHERE, [frame])
    assert inputs_digest(restored) == inputs_digest(walker_document)
    assert worst_difference(before, measure_document(restored)) == 0.0


def test_a_saved_correction_gives_the_same_measures(
    tmp_path: Path, walker_document: Document, before: Measures
) -> None:
    one = side_of(before).passes[0]
    after = by_hand.swap_sides(walker_document, *WHERE, one.start + 20, one.start + 40)
    after = set_event(after, *WHERE, _first_contact(before, 0.02), side_of(before).events)
    with open_library(tmp_path / "l.db") as library:
        library.save_session(after)
        loaded = library.load_session("walk1")
    assert content_digests(loaded) == content_digests(after)
    mine, theirs = measure_document(after), measure_document(loaded)
    assert worst_difference(mine, theirs) == 0.0
    assert inputs_digest(loaded) == inputs_digest(after)


def _first_contact(measures: Measures, later_s: float) -> HandEvent:
    event = next(e for e in side_of(measures).events[0].events if e.kind is EventKind.INITIAL_CONTACT)
    return HandEvent(event.kind, event.side, event.time_s + later_s)


def test_strides_follow_events(walker_document: Document, before: Measures) -> None:
    wanted = _first_contact(before, 0.03)
    after = measure_document(set_event(walker_document, *WHERE, wanted, side_of(before).events))
    starts = [s.start_s for s in side_of(after).strides if s.pass_index == 0 and s.side is wanted.side]
    assert starts[0] == wanted.time_s
    gone = next(e for e in side_of(before).events[0].events if e.kind is EventKind.INITIAL_CONTACT)
    fewer = measure_document(delete_event(walker_document, *WHERE, gone))
    assert len(side_of(fewer).strides) == len(side_of(before).strides) - 1


def damaged(document: Document, damage: str, start: int) -> Document:
    """The walk as an estimator gives it that errs in the side view, in one of three ways."""
    data = document.trials[0]
    pose = data.poses.sagittal
    assert pose is not None
    xy, score = pose.xy.copy(), pose.score.copy()
    match damage:
        case "knee":
            xy[start : start + 10, KNEE, 0] += 60
        case "ankle":
            xy[start : start + 15, int(Keypoint.RIGHT_ANKLE)] = np.nan
            score[start : start + 15, int(Keypoint.RIGHT_ANKLE)] = 0
        case "sides":
            flips = list(pose.skeleton.flips)
            xy[start : start + 20] = xy[start : start + 20][:, flips]
    bad = replace(data, poses=replace(data.poses, sagittal=pose.with_points(xy, score=score)))
    return replace(document, trials=(bad, *document.trials[1:]))


@pytest.mark.parametrize("damage", ["knee", "ankle", "sides"])
def test_damage_is_repaired_in_few_actions(walker_document: Document, before: Measures, damage: str) -> None:
    one = side_of(before).passes[0]
    start = (one.start + one.stop) // 2 - 10
    true = walker_document.trials[0].poses.sagittal
    bad = damaged(walker_document, damage, start)
    pose = bad.trials[0].poses.sagittal
    assert true is not None
    assert pose is not None
    actions = 0
    repaired = bad
    if damage == "sides":
        shown = labelled_pose(pose, View.SAGITTAL, None)
        wrong = np.flatnonzero(np.abs(shown.xy - true.xy)[:, int(Keypoint.RIGHT_ANKLE)].max(axis=1) > 2.0)
        if len(wrong):
            repaired = by_hand.swap_sides(repaired, *WHERE, int(wrong[0]), int(wrong[-1]) + 1, shown=shown)
            actions += 1
    else:
        point = KNEE if damage == "knee" else int(Keypoint.RIGHT_ANKLE)
        count = 10 if damage == "knee" else 15
        for frame in np.linspace(start, start + count - 1, 4).round().astype(int):
            x, y = (float(n) for n in true.xy[frame, point])
            repaired = by_hand.place(repaired, *WHERE, int(frame), {point: (x, y)})
            actions += 1
        repaired = by_hand.interpolate(repaired, *WHERE, start, start + count, [point])
        actions += 1
    assert actions <= 5
    assert worst_difference(before, measure_document(repaired)) < 2.0


def test_sides_that_a_person_exchanged_are_not_exchanged_back(
    walker_document: Document, before: Measures
) -> None:
    one = side_of(before).passes[0]
    a, b = one.start + 20, one.start + 40
    shown = labelled_pose(walker_document.trials[0].poses.sagittal, View.SAGITTAL, None)
    after = measure_document(by_hand.swap_sides(walker_document, *WHERE, a, b, shown=shown))
    left, right = (int(Keypoint[f"{side}_ANKLE"]) for side in ("LEFT", "RIGHT"))
    assert np.allclose(side_of(after).pose.xy[a:b, left], side_of(before).pose.xy[a:b, right], atol=2.0)


def test_where_sides_are_exchanged_is_found_and_put_right(walker_document: Document, before: Measures) -> None:
    one = side_of(before).passes[0]
    start = (one.start + one.stop) // 2 - 10
    # a person exchanged them by mistake: the program does not undo that, but says where
    wrong = by_hand.swap_sides(walker_document, *WHERE, start, start + 20)
    pose = wrong.trials[0].poses.sagittal
    assert pose is not None
    shown = labelled_pose(pose, View.SAGITTAL, wrong.trials[0].corrections.sagittal)
    ((first, stop),) = suspected_exchanges(shown, View.SAGITTAL)
    assert abs(first - start) <= 3
    assert abs(stop - start - 20) <= 3
    right = measure_document(by_hand.swap_sides(wrong, *WHERE, first, stop, shown=shown))
    assert worst_difference(before, right) < 2.0


def annotated(document: Document, measures: Measures, per_stride: int) -> Document:
    """The side view as a person annotates it where nothing was estimated: some frames a stride, and events."""
    data = document.trials[0]
    true = data.poses.sagittal
    assert true is not None
    bare = TrialData(data.trial, ByView(None, None))
    done = replace(document, trials=(bare,))
    motion = side_of(measures)
    stride_s = float(np.median([s.duration_s for s in motion.strides]))
    step = stride_s * true.rate_hz / per_stride
    for one in motion.passes:
        frames = np.unique(
            np.append(np.arange(one.start, one.stop - 1, step), one.stop - 1).round().astype(int)
        )
        for frame in frames:
            seen = np.flatnonzero(true.seen[frame])
            places = {int(p): (float(true.xy[frame, p, 0]), float(true.xy[frame, p, 1])) for p in seen}
            done = by_hand.place(done, *WHERE, int(frame), places)
        done = by_hand.interpolate(done, *WHERE, one.start, one.stop)
    for events in motion.events:
        for event in events.events:
            done = set_event(done, *WHERE, HandEvent(event.kind, event.side, event.time_s), ())
    return done


# how far the mean knee curve may be off: from five frames a peak of swing between two of them is guessed
@pytest.mark.parametrize(("per_stride", "within_deg"), [(5, 25.0), (8, 6.0)])
def test_a_walk_without_any_estimate_is_annotated_by_hand(
    tmp_path: Path, walker_document: Document, before: Measures, per_stride: int, within_deg: float
) -> None:
    done = annotated(walker_document, before, per_stride)
    with open_library(tmp_path / "l.db") as library:
        library.save_session(done)
        (row,) = library.list_sessions()
        assert (row.poses, row.corrected) == (1, True)
        loaded = library.load_session("walk1")
    assert content_digests(loaded) == content_digests(done)
    measures = measure_document(loaded)
    motion = side_of(measures)
    assert {e.corrected for events in motion.events for e in events.events} == {True}
    assert len(motion.strides) == len(side_of(before).strides)
    assert {angle for c in measures.curves if (angle := c.angle)} >= {
        "knee_flexion",
        "hip_flexion",
        "ankle_dorsiflexion",
    }
    assert measures.evgs.total(Side.LEFT).items_seen >= 5
    assert measures.evgs.total(Side.RIGHT).items_seen >= 5
    assert worst_difference(before, measures) < within_deg
    points, events = count_by_hand(loaded)
    assert points[Origin.CORRECTED] > 0
    assert points[Origin.SPREAD] > points[Origin.CORRECTED]
    assert events == sum(len(found.events) for found in side_of(before).events)


def test_an_analysis_keeps_what_a_person_set(tmp_path: Path, walker_document: Document) -> None:
    after = by_hand.place(walker_document, *WHERE, 40, {KNEE: (3.0, 4.0)})
    after = set_event(after, *WHERE, HandEvent(EventKind.TOE_OFF, Side.LEFT, 1.0), ())
    with open_library(tmp_path / "l.db") as library:
        library.save_session(after)
        data = walker_document.trials[0]
        pose = data.poses.sagittal
        assert pose is not None
        anew = replace(data, poses=replace(data.poses, sagittal=pose.with_points(pose.xy + 1)))
        found = with_persons_work(replace(walker_document, trials=(anew,)), library)
    kept = found.trials[0].poses.sagittal
    assert kept is not None
    assert kept.xy[40, KNEE].tolist() == [3.0, 4.0]
    assert np.array_equal(kept.xy[41], pose.xy[41] + 1, equal_nan=True)
    assert found.trials[0].hand_events == after.trials[0].hand_events


def test_files_and_report_tell_what_was_set_by_hand(
    tmp_path: Path, walker_document: Document, before: Measures
) -> None:
    one = side_of(before).passes[0]
    after = by_hand.place(walker_document, *WHERE, one.start + 30, {KNEE: (300.0, 200.0)})
    after = by_hand.deny(after, *WHERE, [one.start + 31], [KNEE], Origin.ABSENT)
    after = set_event(after, *WHERE, _first_contact(before, 0.02), side_of(before).events)
    measures = measure_document(after)
    write_keypoints(tmp_path / "keypoints.parquet", measures)
    origin = read_keypoints(tmp_path / "keypoints.parquet")["t1", View.SAGITTAL].origin
    assert origin[one.start + 30 : one.start + 32, KNEE].tolist() == [Origin.CORRECTED, Origin.ABSENT]
    write_events(tmp_path / "events.csv", measures)
    events = read_events(tmp_path / "events.csv")["t1", View.SAGITTAL]
    assert [e.corrected for e in events[0].events].count(True) == 1
    found = formats.parse_assessment(formats.assessment_text(measures, after))
    assert found["by_hand"] == {"points": {"corrected": 1, "absent": 1}, "events": 1}
    assert "by_hand" not in formats.parse_assessment(formats.assessment_text(before, walker_document))
    pdf = preview_text(after, measures)
    assert "Set by hand: 2 keypoints (1 placed, 1 said to be absent) and 1 gait event" in pdf
    assert "Set by hand" not in preview_text(walker_document, before)


def preview_text(document: Document, measures: Measures) -> str:
    core, options = core_provenance(document), ReportOptions(sections=frozenset())
    data = render_pdf(
        document, measures, core=core, options=options, created="2026-01-01T00:00", tick=no_progress
    )
    with open_pdf(data) as pages:
        return " ".join(" ".join(texts_of(pages)).split())


def test_a_point_is_followed_through_the_video(tmp_path: Path, walker_document: Document) -> None:
    square = np.kron(np.random.default_rng(1).integers(0, 255, (12, 12)), np.ones((4, 4), np.int64))

    def picture(number: int) -> NDArray[np.uint8]:
        image = np.full((120, 200, 3), 110, np.uint8)
        image[20 + number : 68 + number, 30 + 2 * number : 78 + 2 * number] = square[..., None]
        return image

    path = tmp_path / "square.mp4"
    write_video(path, (picture(n) for n in range(24)), times=np.arange(24) / 30.0)
    stream = VideoStream(View.SAGITTAL, path, digest_file(path), index_video(path))
    bare = TrialData(Trial("t1", ByView(stream, None)), ByView(None, None))
    start = by_hand.place(replace(walker_document, trials=(bare,)), *WHERE, 3, {KNEE: (60.0, 47.0)})
    start = by_hand.place(start, *WHERE, 15, {KNEE: (84.0, 59.0)})
    pose = track_on(start, *WHERE, 3, [KNEE]).trials[0].poses.sagittal
    assert pose is not None
    assert (pose.origin[4:15, KNEE] == Origin.SPREAD).all()
    assert (pose.origin[15:, KNEE] == [Origin.CORRECTED, *[Origin.ESTIMATED] * 8]).all()
    true = np.array([60.0, 47.0]) + np.arange(1, 12)[:, None] * np.array([2, 1])
    assert np.abs(pose.xy[4:15, KNEE] - true).max() < 1.0
