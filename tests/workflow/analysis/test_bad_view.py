"""Measures of a recording with one view that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import FindingSeverity, QualityFinding
from gaitviewer.core.output import Provenance
from gaitviewer.core.remarks import Remark, RemarkKind, ViewRemarks
from gaitviewer.errors import AnalysisError, PoseError
from gaitviewer.messages import message
from gaitviewer.store import open_library
from gaitviewer.workflow.analysis.inputs import inputs_digest
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.analysis.run_session import marked_failed


def with_data(document: Document, **changes) -> Document:
    return replace(document, trials=(replace(document.trials[0], **changes),))


def unusable(findings: tuple[QualityFinding, ...]) -> list[QualityFinding]:
    return [one for one in findings if one.topic.code == "topic.unusable_view"]


def test_a_side_view_given_as_the_end_view_is_named_and_the_other_one_measured(
    walker_document: Document,
) -> None:
    side = walker_document.trials[0].poses.sagittal
    measures = measure_document(with_data(walker_document, poses=ByView(side, side)))
    (finding,) = unusable(measures.quality)
    assert (finding.level, finding.view) == (FindingSeverity.REFUSED, View.CORONAL)
    assert finding.text["reason"].code == "error.workflow.wrong_view"
    alone = measure_document(with_data(walker_document, poses=ByView(side, None)))
    assert measures.evgs.measures == alone.evgs.measures
    assert unusable(alone.quality) == []


def test_exchanged_views_are_refused(walker_document: Document) -> None:
    poses = walker_document.trials[0].poses
    with pytest.raises(AnalysisError) as caught:
        measure_document(with_data(walker_document, poses=ByView(poses.coronal, poses.sagittal)))
    assert caught.value.message.code == "error.workflow.views_exchanged"


def test_a_view_that_shows_nobody_is_told_and_is_another_content(walker_document: Document) -> None:
    data = walker_document.trials[0]
    stream = data.trial.videos.coronal
    mark = Provenance("m 1", "", stream.sha256, "0", "cpu", "2026-01-01T00:00:00+00:00", 0.0)
    poses = ByView(data.poses.sagittal, None)
    searched = with_data(walker_document, poses=poses, provenance=replace(data.provenance, coronal=mark))
    waiting = with_data(walker_document, poses=poses, provenance=replace(data.provenance, coronal=None))
    (finding,) = unusable(measure_document(searched).quality)
    assert finding.text["file"] == stream.path.name
    assert finding.advice
    assert unusable(measure_document(waiting).quality) == []
    assert inputs_digest(searched) != inputs_digest(waiting)


def test_why_a_video_failed_is_known_when_the_session_is_opened_again(
    walker_document: Document, tmp_path: Path
) -> None:
    data = walker_document.trials[0]
    why = message("error.pose.failed", what="front.mp4", reason="odd")
    bare = replace(
        data, poses=ByView(data.poses.sagittal, None), provenance=replace(data.provenance, coronal=None)
    )
    failed = replace(walker_document, trials=(marked_failed(bare, View.CORONAL, PoseError(why)),))
    with open_library(tmp_path / "library.db") as library:
        revision = library.save_session(failed)
        again = library.load_session(failed.session.id)
        (finding,) = unusable(measure_document(again).quality)
        assert (finding.level, finding.view) == (FindingSeverity.REFUSED, View.CORONAL)
        assert finding.text["reason"] == why
        # Another video, and keypoints that come later, are another matter.
        videos = data.trial.videos
        other = replace(data.trial, videos=replace(videos, coronal=replace(videos.coronal, sha256="1" * 64)))
        assert unusable(measure_document(with_data(again, trial=other)).quality) == []
        library.save_session(walker_document, opened=revision, before=failed)
        assert library.load_session(failed.session.id).trials[0].remarks == ByView(None, None)
    assert marked_failed(data, View.CORONAL, PoseError(why)) is data, "it has keypoints"


def test_what_the_search_noticed_is_measured_with(walker_document: Document) -> None:
    pose = walker_document.trials[0].poses.sagittal
    beside = ViewRemarks((Remark(RemarkKind.PERSON_BESIDE, ((0, len(pose) - 1),)),))
    noticed = with_data(walker_document, remarks=ByView(beside, None))
    measures = measure_document(noticed)
    assert all(one.beside for one in measures.strides if one.view is View.SAGITTAL)
    assert "finding.remark.person_beside" in {one.text.code for one in measures.quality}
    assert inputs_digest(noticed) != inputs_digest(walker_document)
