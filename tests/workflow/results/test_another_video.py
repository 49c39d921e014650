"""Another child's film in the place of a session's video: nobody shows, prints or reads its pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.errors import VideoError
from gaitviewer.inference.pictures import open_pictures
from gaitviewer.video import write_video
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.analysis.run import estimate_poses
from gaitviewer.workflow.results.trial_frames import TrialPictures
from gaitviewer.workflow.sessions.lifecycle import export_report
from gaitviewer.workflow.sessions.thumbnails import make_thumbnail, thumbnail_file
from tests.support import pdf


@pytest.fixture
def replaced(walker_document: Document, tmp_path: Path) -> Document:
    """The session with both files overwritten by other films: as many frames, the same size and rate."""
    (data,) = walker_document.trials
    videos = []
    for view in View:
        stream = data.trial.videos[view]
        assert stream is not None
        path = tmp_path / stream.path.name
        frame = np.full((stream.info.height, stream.info.width, 3), 40, np.uint8)
        write_video(path, (frame for _ in stream.info.times), times=stream.info.times)
        videos.append(replace(stream, path=path))
    trial = replace(data.trial, videos=ByView(*videos))
    return replace(walker_document, trials=(replace(data, trial=trial),))


def test_no_picture_is_given_and_the_reason_is(replaced: Document) -> None:
    with TrialPictures([data.trial for data in replaced.trials]) as pictures:
        assert pictures("t1", View.SAGITTAL, 3) is None
        assert len(pictures.look()) == 2
        assert "is not the video that this session was made from" in pictures.refusals[0]


def test_the_report_says_so_and_shows_skeletons_alone(
    replaced: Document, walker_document: Document, tmp_path: Path
) -> None:
    options = ReportOptions(sections=frozenset({"evidence"}))
    measures = measure_document(replaced)
    path = export_report(replaced, measures, tmp_path / "out", options=options)
    text = pdf.in_one_line(" ".join(pdf.page_texts(path)))
    assert "Pictures are left out: walk-side.mp4 is not the video" in text
    assert b"/DCTDecode" not in path.read_bytes()
    own = export_report(walker_document, measures, tmp_path / "own", options=options)
    assert b"/DCTDecode" in own.read_bytes()
    assert "Pictures are left out" not in pdf.in_one_line(" ".join(pdf.page_texts(own)))


def test_no_thumbnail_and_no_model_sees_it(replaced: Document) -> None:
    thumbnail_file(replaced.session.id).unlink(missing_ok=True)
    assert make_thumbnail(replaced) is None
    assert open_pictures(replaced) == {}


def test_it_is_not_searched_for_the_child(replaced: Document) -> None:
    with pytest.raises(VideoError, match="is not the video that this session was made from"):
        estimate_poses(replaced)
