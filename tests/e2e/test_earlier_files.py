"""What version 0.1.0 left beside its library is taken up as it is, or made anew without a word.

``earlier/make.py`` tells how the files were made; libraries are in ``tests/store/libraries``.
"""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from gaitviewer import formats, paths
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.output import Provenance
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.core.timing import VideoInfo
from gaitviewer.gui.model.window_file import open_window_file
from gaitviewer.gui.widgets.keys import load_keys
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.analysis.measures_cache import cached_measures
from gaitviewer.workflow.app import settings
from gaitviewer.workflow.app.settings import Settings
from gaitviewer.workflow.sessions.masks import masks_of

EARLIER = Path(__file__).parent / "earlier"


@pytest.fixture
def home(own_home: Path) -> Path:
    """The user's folders as that version left them."""
    for name in ("config", "cache"):
        shutil.copytree(EARLIER / name, own_home / name)
    return own_home


def test_settings_window_and_keys(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    places = open_window_file()
    assert settings.load() == Settings(
        paper="Letter",
        left_colour="#112233",
        rater="Dr. A",
        workers=3,
        hide_until_graded=True,
        theme="light",
        report_anonymous=True,
        report_left_out=("method", "strides"),
    )
    assert places.value("report/folder") == "/reports"
    keys = load_keys()
    assert (keys["player.play"].keys, keys["grade.1"].keys) == (("P",), ("Ctrl+1", "1"))
    assert caplog.records == []


def test_outlines_of_the_pose_cache(home: Path) -> None:
    info = VideoInfo(480, 240, 0, np.arange(4) / 30, 30.0, 4, "h264")
    stream = VideoStream(View.SAGITTAL, Path("/videos/walk.mp4"), "a" * 64, info)
    made = Provenance("estimator 1", "ab" * 32, "ef" * 32, "0.1.0", "cpu", "", 12.5)
    trial = Trial("t1", ByView(stream, None))
    masks = masks_of(TrialData(trial, ByView(None, None), provenance=ByView(made, None))).sagittal
    assert masks is not None
    assert masks.seen.tolist() == [True, False, True, True]
    inside = np.zeros((240, 480), bool)
    inside[60:180, 200:280] = True
    np.testing.assert_array_equal(masks.at(0), inside)


def test_an_assessment_of_version_2(tmp_path: Path) -> None:
    text = gzip.decompress((EARLIER / "assessment.json.gz").read_bytes()).decode("utf-8")
    path = tmp_path / "assessment.json"
    path.write_text(text, encoding="utf-8")
    found = formats.read_assessment(path)
    assert json.loads(text)["schema_version"] == 2
    assert found == json.loads(text) | {"schema_version": 3, "models": [], "explanations": None}
    assert [grade["score"] for grade in found["grades"]] == [2]
    assert any(item["score"] is not None for item in found["evgs"]["left"])


def test_measures_in_the_cache_are_made_anew(home: Path, walker_document: Document) -> None:
    folder = paths.cache_dir() / "measures"
    (old,) = folder.iterdir()
    kept = old.read_bytes()
    wanted = measure_document(walker_document)
    cached_measures(walker_document)
    (new,) = folder.iterdir()  # files of that version are never read again
    content = new.read_bytes()
    new.write_bytes(kept)  # neither where one of today should be
    np.testing.assert_array_equal(cached_measures(walker_document).curves[0].values, wanted.curves[0].values)
    assert new.read_bytes() == content
