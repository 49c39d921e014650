from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.document import Document, Texts, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, EventKind, GaitEvents, Side, View
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.core.session import Sync
from gaitviewer.errors import (
    AnalysisError,
    Cancelled,
    ChangedElsewhereError,
    NobodyError,
    OutputError,
    PoseError,
    SettingsError,
    StoreError,
    VideoError,
)
from gaitviewer.formats._assessment_parts import provenance_facts
from gaitviewer.messages import Message, as_written, message
from gaitviewer.store import Library, open_library
from gaitviewer.workflow.analysis.inputs import inputs_digest
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.analysis.request import AnalyzeRequest, make_session
from gaitviewer.workflow.analysis.run_session import (
    NothingFoundError,
    analyse_document,
    mark_to_come,
    nobody_in,
    views_to_come,
)
from gaitviewer.workflow.app.tables import evgs_items
from gaitviewer.workflow.sessions import lifecycle, listing, thumbnails


@pytest.fixture
def library(tmp_path: Path, walker_document: Document) -> Library:
    opened = open_library(tmp_path / "l.db")
    opened.save_session(walker_document)
    return opened


def with_trial(document: Document, **changes: object) -> Document:
    return replace(document, trials=(replace(document.trials[0], **changes),))


def test_a_session_opens_with_its_measures(library: Library, walker_document: Document) -> None:
    document = library.load_session("walk1")
    measures = measure_document(document)
    assert document.session == walker_document.session
    assert {stride.side for stride in measures.strides if stride.counts} == set(Side)
    assert measures.evgs.total(Side.LEFT).items_seen >= 10


def test_an_excluded_stride_no_longer_counts(walker_document: Document) -> None:
    before = measure_document(walker_document)
    key = next(s.key for s in before.strides if s.counts and s.view is View.SAGITTAL)
    after = measure_document(with_trial(walker_document, excluded_strides=((key, "stumbled"),)))
    assert next(s for s in after.strides if s.key == key).excluded == as_written("stumbled")
    assert sum(s.counts for s in after.strides) == sum(s.counts for s in before.strides) - 1
    assert inputs_digest(walker_document) != inputs_digest(
        with_trial(walker_document, excluded_strides=((key, "stumbled"),))
    )


def test_an_excluded_trial_is_left_out(walker_document: Document) -> None:
    data = walker_document.trials[0]
    second = replace(data, trial=replace(data.trial, id="t2", excluded="wrong child"))
    both = measure_document(replace(walker_document, trials=(data, second)))
    assert {curve.stride.trial for curve in both.curves} == {"t1"}


def test_a_trial_without_keypoints_leaves_the_other_ones(walker_document: Document) -> None:
    data = walker_document.trials[0]
    broken = TrialData(replace(data.trial, id="t2"), ByView(None, None))
    measures = measure_document(replace(walker_document, trials=(data, broken)))
    assert {s.trial for s in measures.strides} == {"t1"}
    assert measures.motions[1].views_present == ()


def test_corrected_events_are_used(walker_document: Document) -> None:
    before = measure_document(walker_document).motions[0].views.sagittal
    assert before is not None
    moved = tuple(
        GaitEvents(
            tuple(
                replace(e, time_s=e.time_s + 0.02, corrected=True) if e.kind is EventKind.INITIAL_CONTACT else e
                for e in group.events
            )
        )
        for group in before.events
    )
    after = measure_document(with_trial(walker_document, events=ByView(moved, None)))
    first, then = before.strides[0], after.motions[0].views.sagittal.strides[0]
    assert then.start_s == pytest.approx(first.start_s + 0.02)
    with pytest.raises(AnalysisError, match="corrected events of recording t1"):
        measure_document(with_trial(walker_document, events=ByView(moved[:1], None)))


def test_a_given_offset_is_kept(walker_document: Document) -> None:
    trial = replace(walker_document.trials[0].trial, sync=Sync(0.25, 0.02, "given"))
    measures = measure_document(with_trial(walker_document, trial=trial))
    assert measures.motions[0].sync == Sync(0.25, 0.02, "given")


def test_a_session_that_was_not_analysed_says_so(walker_document: Document) -> None:
    with pytest.raises(AnalysisError, match="not been analysed"):
        measure_document(with_trial(walker_document, poses=ByView(None, None)))


def test_states_are_the_latest_step(library: Library, walker_document: Document) -> None:
    def state_after(document: Document) -> listing.SessionState:
        library.save_session(document)
        (card,) = listing.list_cards(library)
        return card.state

    assert state_after(with_trial(walker_document, poses=ByView(None, None))) is listing.SessionState.NEW
    assert state_after(walker_document) is listing.SessionState.ANALYSED
    excluded = with_trial(walker_document, excluded_strides=(("t1/sagittal/p0/left/0", "x"),))
    assert state_after(excluded) is listing.SessionState.CORRECTED
    when = "2026-01-01T00:00:00+00:00"
    cells = [(number, side) for number in range(1, 18) for side in Side]
    every = tuple(Grade(number, side, None, "A", when) for number, side in cells)
    few = replace(excluded, grades=every[:3])
    assert state_after(few) is listing.SessionState.GRADING
    assert state_after(replace(few, texts=Texts(findings="toe walking"))) is listing.SessionState.GRADING
    # What two raters share does not make a whole.
    shared = (*every[:17], *(replace(grade, rater="B") for grade in every[17:]))
    assert state_after(replace(excluded, grades=shared)) is listing.SessionState.GRADING
    graded = replace(excluded, grades=every)
    assert state_after(graded) is listing.SessionState.GRADED
    assert state_after(replace(graded, texts=Texts(findings="toe walking"))) is listing.SessionState.REVIEWED
    reviewed = replace(graded, texts=Texts(findings="toe walking"))
    lifecycle.sign_session(library, reviewed, measure_document(reviewed), who="A")
    (card,) = listing.list_cards(library)
    assert (card.state, card.graded, card.gradable) == (listing.SessionState.SIGNED, 34, 34)
    assert state_after(replace(graded, texts=Texts(plan="another"))) is listing.SessionState.REVIEWED


def test_only_items_of_the_recorded_views_must_be_graded(library: Library, walker_document: Document) -> None:
    data = walker_document.trials[0]
    videos = replace(data.trial.videos, coronal=None)
    side_only = with_trial(
        walker_document,
        trial=replace(data.trial, videos=videos),
        poses=ByView(data.poses.sagittal, None),
    )
    items = [item.number for item in evgs_items() if item.view is View.SAGITTAL]
    grades = tuple(Grade(n, side, 0, "A", "2026-01-01T00:00:00+00:00") for n in items for side in Side)
    library.save_session(replace(side_only, grades=grades[:-1]))
    (card,) = listing.list_cards(library)
    assert (card.state, card.graded) == (listing.SessionState.GRADING, len(grades) - 1)
    library.save_session(replace(side_only, grades=grades))
    (card,) = listing.list_cards(library)
    assert (card.state, card.gradable) == (listing.SessionState.GRADED, len(grades))


def test_signing_keeps_what_was_seen(library: Library, walker_document: Document) -> None:
    graded = replace(walker_document, grades=(Grade(3, Side.LEFT, 2, "AB", "2026-01-01T00:00:00+00:00"),))
    with pytest.raises(SettingsError, match="needs a name"):
        lifecycle.sign_session(library, graded, measure_document(graded), who=" ")
    lifecycle.sign_session(library, graded, measure_document(graded), who="AB")
    (card,) = listing.list_cards(library)
    assert card.state is listing.SessionState.SIGNED
    (snapshot,) = library.snapshots("walk1")
    assert (snapshot.who, snapshot.intact) == ("AB", True)
    found = json.loads(snapshot.text)
    assert [(g["item"], g["side"], g["score"]) for g in found["grades"]] == [(3, "left", 2)]
    assert found["core"]["inputs_digest"] == inputs_digest(graded)


def test_the_thumbnail_shows_a_seen_frame_and_is_made_once(walker_document: Document, tmp_path: Path) -> None:
    from PIL import Image

    path = thumbnails.make_thumbnail(walker_document)
    assert path == thumbnails.thumbnail_file("walk1")
    with Image.open(path) as picture:
        assert picture.size == (thumbnails.WIDTH_PX, thumbnails.HEIGHT_PX)
    frame = thumbnails.best_frame(walker_document.trials[0], View.SAGITTAL)
    pose = walker_document.trials[0].poses.sagittal
    assert np.isfinite(pose.xy[frame]).all()
    when = path.stat().st_mtime_ns
    assert thumbnails.make_thumbnail(walker_document) == path
    assert path.stat().st_mtime_ns == when


def test_no_video_no_thumbnail(walker_document: Document) -> None:
    data = walker_document.trials[0]
    gone = replace(data.trial.videos.sagittal, path=Path("/nowhere/side.mp4"))
    lost = with_trial(walker_document, trial=replace(data.trial, videos=ByView(gone, None)))
    assert thumbnails.make_thumbnail(lost) is None


def test_a_moved_video_is_taken_only_if_it_is_the_same_file(walker_document: Document, tmp_path: Path) -> None:
    data = walker_document.trials[0]
    side, front = data.trial.videos.sagittal, data.trial.videos.coronal
    lost = with_trial(
        walker_document,
        trial=replace(
            data.trial,
            videos=ByView(
                replace(side, path=tmp_path / "gone" / side.path.name),
                replace(front, path=tmp_path / "gone" / front.path.name),
            ),
        ),
    )
    assert [(trial, view) for trial, view, _ in lifecycle.missing_videos(lost)] == [
        ("t1", View.SAGITTAL),
        ("t1", View.CORONAL),
    ]
    with pytest.raises(VideoError, match="digest differs"):
        lifecycle.found_video(lost, "t1", View.SAGITTAL, front.path)
    found = lifecycle.found_video(lost, "t1", View.SAGITTAL, side.path)
    assert found.trials[0].trial.videos.sagittal.path == side.path
    assert lifecycle.missing_videos(lifecycle.found_in_folder(found, side.path.parent)) == ()


def test_a_new_session_holds_checked_videos_and_is_made_once(tmp_path: Path, walker_document: Document) -> None:
    videos = walker_document.trials[0].trial.videos
    request = AnalyzeRequest(
        recordings=(ByView(videos.sagittal.path, videos.coronal.path),),
        session=make_session("P002"),
        out=Path(),
    )
    with open_library(tmp_path / "n.db") as fresh:
        made = lifecycle.create_session(request, fresh)
        assert [card.state for card in listing.list_cards(fresh)] == [listing.SessionState.NEW]
        assert made.trials[0].trial.videos.sagittal.sha256 == videos.sagittal.sha256
        with pytest.raises(StoreError, match="in the library already"):
            lifecycle.create_session(request, fresh)


NOBODY = message("error.pose.nobody", file="front.mp4")


def test_analysis_goes_on_without_a_lost_video(
    walker_document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaitviewer.workflow.analysis import run as analysis_run

    data = walker_document.trials[0]
    lost = replace(data.trial.videos.coronal, path=Path("/nowhere/front.mp4"))
    bare = with_trial(
        walker_document,
        poses=ByView(None, None),
        trial=replace(data.trial, videos=ByView(data.trial.videos.sagittal, lost)),
    )

    def estimate(document: Document, **how: object) -> Document:
        assert document.trials[0].trial.views == (View.SAGITTAL,)
        return with_trial(document, poses=ByView(data.poses.sagittal, None))

    monkeypatch.setattr(analysis_run, "estimate_poses", estimate)
    came: list[Document] = []
    gone: list[tuple[str, View]] = []
    done, measures, problems = analyse_document(
        bare, came=came.append, lost=lambda trial, view: gone.append((trial, view))
    )
    assert gone == [(data.trial.id, View.CORONAL)]
    assert problems == (message("error.workflow.video_gone", file="front.mp4"),)
    assert measures is not None
    assert done.trials[0].poses.sagittal is data.poses.sagittal
    assert done.trials[0].trial.videos.coronal is lost
    assert len(came) == 1


def test_analysis_tells_of_each_view_as_it_comes(
    walker_document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaitviewer.workflow.analysis import run as analysis_run

    data = walker_document.trials[0]
    bare = with_trial(walker_document, poses=ByView(None, None))

    def estimate(document: Document, *, came, **how) -> Document:
        side = replace(document.trials[0], poses=ByView(data.poses.sagittal, None))
        came(replace(document, trials=(side,)))
        both = replace(document, trials=(replace(side, poses=data.poses),))
        came(both)
        return both

    monkeypatch.setattr(analysis_run, "estimate_poses", estimate)
    came: list[Document] = []
    done, measures, problems = analyse_document(bare, came=came.append)
    assert [[d.trials[0].poses[v] is not None for v in View] for d in came] == [[True, False], [True, True]]
    assert done.trials[0].poses.coronal is data.poses.coronal
    assert problems == ()
    assert measures is not None


def test_a_view_that_shows_nobody_leaves_the_other_one(
    walker_document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaitviewer.workflow.analysis import run as analysis_run

    data = walker_document.trials[0]
    bare = with_trial(walker_document, poses=ByView(None, None))

    def estimate(document: Document, **how) -> Document:
        if document.trials[0].trial.videos.coronal is not None:
            raise PoseError(NOBODY)
        return replace(document, trials=(replace(document.trials[0], poses=ByView(data.poses.sagittal, None)),))

    monkeypatch.setattr(analysis_run, "estimate_poses", estimate)
    done, measures, problems = analyse_document(bare)
    assert problems == (NOBODY,)
    assert measures is not None
    assert done.trials[0].poses.sagittal is data.poses.sagittal
    assert done.trials[0].trial == data.trial


def nobody_in_front(walker: Document) -> Callable[..., Document]:
    """Stands in for the estimator: the front view shows nobody."""
    data = walker.trials[0]
    front = data.trial.videos.coronal

    def estimate(document: Document, **how) -> Document:
        if document.trials[0].trial.videos.coronal is not None:
            raise NobodyError(NOBODY, digest=front.sha256, model="m 1")
        return replace(document, trials=(replace(document.trials[0], poses=ByView(data.poses.sagittal, None)),))

    return estimate


def test_that_a_view_shows_nobody_is_remembered_for_that_video(
    walker_document: Document, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gaitviewer.workflow.analysis import run as analysis_run

    bare = with_trial(walker_document, poses=ByView(None, None), provenance=ByView(None, None))
    monkeypatch.setattr(analysis_run, "estimate_poses", nobody_in_front(walker_document))
    done, _, problems = analyse_document(bare, measure=False)
    assert problems == (NOBODY,)
    assert nobody_in(done) == {("t1", View.CORONAL)}
    assert done.trials[0].provenance.coronal.model == "m 1"
    with open_library(tmp_path / "library.db") as library:
        library.save_session(done)
        again = library.load_session(done.session.id)
    assert nobody_in(again) == {("t1", View.CORONAL)}
    assert provenance_facts(again) == provenance_facts(bare)  # they tell of keypoints
    videos = again.trials[0].trial.videos
    other = replace(
        again.trials[0].trial, videos=replace(videos, coronal=replace(videos.coronal, sha256="1" * 64))
    )
    assert nobody_in(with_trial(again, trial=other)) == frozenset()
    # Keypoints that were there, or came later, count.
    assert nobody_in(with_trial(again, poses=walker_document.trials[0].poses)) == frozenset()
    front = walker_document.trials[0].poses.coronal
    kept, _, _ = analyse_document(with_trial(bare, poses=ByView(None, front)), measure=False)
    assert kept.trials[0].poses.coronal is front
    assert nobody_in(kept) == frozenset()


def test_a_session_in_which_nobody_is_fails_and_remembers_it(
    walker_document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaitviewer.workflow.analysis import run as analysis_run

    videos = walker_document.trials[0].trial.videos
    front = replace(walker_document.trials[0].trial, videos=ByView(None, videos.coronal))
    bare = with_trial(walker_document, trial=front, poses=ByView(None, None))
    monkeypatch.setattr(analysis_run, "estimate_poses", nobody_in_front(walker_document))
    with pytest.raises(NothingFoundError, match=r"front\.mp4") as caught:
        analyse_document(bare)
    assert nobody_in(caught.value.document) == {("t1", View.CORONAL)}


def test_what_misses_a_view_to_come_says_so(walker_document: Document) -> None:
    data = walker_document.trials[0]
    half = with_trial(walker_document, poses=ByView(data.poses.sagittal, None))
    assert views_to_come(half) == {View.CORONAL}
    measures = mark_to_come(measure_document(half), half)
    sheet = measures.evgs.measures
    for measure in (*sheet.left, *sheet.right):
        told = measure.reason == message("reason.view_to_come", view=message("plane.coronal"))
        assert told == (measure.item.view is View.CORONAL and not measure.assessable)
    assert sum(measure.reason.code == "reason.view_to_come" for measure in sheet.left) >= 3
    whole = measure_document(walker_document)
    assert mark_to_come(whole, walker_document) is whole


def test_analysis_without_any_video_fails(walker_document: Document) -> None:
    data = walker_document.trials[0]
    lost = replace(data.trial.videos.sagittal, path=Path("/nowhere/side.mp4"))
    bare = with_trial(
        walker_document,
        poses=ByView(None, None),
        trial=replace(data.trial, videos=ByView(lost, None)),
    )
    with pytest.raises(VideoError, match=r"side\.mp4"):
        analyse_document(bare)


def test_the_report_is_written_noted_and_looked_at(
    library: Library, walker_document: Document, tmp_path: Path
) -> None:
    measures = measure_document(walker_document)
    out = tmp_path / "out"
    path = lifecycle.export_report(
        walker_document,
        measures,
        out,
        name="P001-gait.pdf",
        library=library,
        options=ReportOptions(anonymous=True),
    )
    assert path == out / "P001-gait.pdf"
    assert path.read_bytes().startswith(b"%PDF")
    assert [row.path for row in library.outputs("walk1")] == [path]
    from gaitviewer.report.preview import page_pictures

    pages = list(page_pictures(path, height_px=300))
    assert len(pages) == pages[0][1] >= 3
    shape = pages[0][2].shape
    assert (shape[0], shape[2]) == (300, 4)
    assert (pages[0][2][..., :3] < 128).any()


def test_a_cancelled_report_leaves_the_folder(walker_document: Document, tmp_path: Path) -> None:
    def stop(fraction: float, note: Message) -> None:
        raise Cancelled

    measures = measure_document(walker_document)
    with pytest.raises(Cancelled):
        lifecycle.export_report(walker_document, measures, tmp_path / "out", tick=stop)
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        lifecycle.export_report(walker_document, measures, tmp_path / "file" / "out")


def test_saving_over_what_another_program_saved_is_refused_and_a_copy_can_be_kept(
    library: Library, walker_document: Document
) -> None:
    opened = library.revision("walk1")
    theirs = replace(walker_document, texts=Texts("theirs", "", ""))
    with open_library(library.path) as other:
        other.save_session(theirs, opened=opened)
    mine = replace(walker_document, texts=Texts("mine", "", ""))
    with pytest.raises(ChangedElsewhereError, match="P001"):
        library.save_session(mine, opened=opened)
    measures = measure_document(walker_document)
    with pytest.raises(ChangedElsewhereError):
        lifecycle.sign_session(library, mine, measures, who="AB", opened=opened)
    assert library.snapshots("walk1") == ()
    assert library.load_session("walk1").texts.findings == "theirs"
    copy, revision = lifecycle.save_copy(library, mine)
    assert copy.session.id == "walk1-2"
    assert library.load_session("walk1-2").texts.findings == "mine"
    # From the copy's revision on saving goes on as usual.
    library.save_session(copy, opened=revision)
    assert lifecycle.save_copy(library, mine)[0].session.id == "walk1-3"


def test_a_deleted_session_is_kept_whole_and_comes_back(library: Library, walker_document: Document) -> None:
    graded = replace(walker_document, grades=(Grade(8, Side.LEFT, 1, "A", "2026-01-01T00:00:00Z"),))
    opened = library.save_session(graded)
    video = walker_document.trials[0].trial.videos.sagittal.path
    library.delete_session("walk1")
    assert listing.list_cards(library) == ()
    assert [card.id for card in listing.list_cards(library, deleted=True)] == ["walk1"]
    assert video.is_file()
    # Whoever has it open does not bring it back by saving.
    with pytest.raises(ChangedElsewhereError):
        library.save_session(graded, opened=opened)
    library.restore_session("walk1")
    assert [card.id for card in listing.list_cards(library)] == ["walk1"]
    assert library.load_session("walk1").grades == graded.grades
    with pytest.raises(StoreError):
        library.delete_session("nobody")
