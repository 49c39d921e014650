"""Measures of a recording with one view that cannot be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import FindingSeverity, QualityFinding
from gaitviewer.core.output import Provenance
from gaitviewer.errors import AnalysisError
from gaitviewer.workflow.analysis.inputs import inputs_digest
from gaitviewer.workflow.analysis.measure import measure_document


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
