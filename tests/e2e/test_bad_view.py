"""One view that cannot be used: what the other one shows is measured, and the bad one is named everywhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gaitviewer.cli import EXIT_USER_ERROR, main
from gaitviewer.core.gait import View
from gaitviewer.store import open_library
from gaitviewer.video import write_video
from tests.support.pdf import page_texts

if TYPE_CHECKING:
    from tests.support.demo import Analysed

pytestmark = pytest.mark.slow


def grey(path: Path, *, frames: int = 90) -> str:
    """A video without anybody."""
    rng = np.random.default_rng(frames)
    pictures = (rng.integers(110, 125, (240, 320, 3), dtype=np.uint8) for _ in range(frames))
    write_video(path, pictures, rate_hz=30.0)
    return str(path)


def analyse(out: Path, **videos: str) -> int:
    given = [word for view, path in videos.items() for word in (f"--{view}", path)]
    return main(["analyze", *given, "--subject", "P1", "--out", str(out)])


@pytest.mark.parametrize("bad", list(View))
def test_the_good_view_gives_what_it_gives_alone(
    analysed: Analysed, own_home: Path, tmp_path: Path, bad: View
) -> None:
    shutil.copytree(analysed.home / "cache", own_home / "cache")  # the poses of the good view
    good = View.CORONAL if bad is View.SAGITTAL else View.SAGITTAL
    video = str(analysed.demo.videos[good])
    assert analyse(tmp_path / "alone", **{good.value: video}) == 0
    both = {good.value: video, bad.value: grey(tmp_path / "grey.mp4")}
    assert analyse(tmp_path / "both", **both) == 0
    alone, table = (json.loads((tmp_path / name / "assessment.json").read_text()) for name in ("alone", "both"))
    assert table["evgs"] == alone["evgs"]
    (finding,) = [one for one in table["quality"] if one["topic"] == "unusable view"]
    assert (finding["level"], finding["view"]) == ("refused", bad.value)
    assert "grey.mp4" in finding["text"]
    assert "grey.mp4" in " ".join(page_texts(tmp_path / "both/report.pdf")).replace("\n", " ")
    with open_library(None) as library:
        stored = [library.load_session(row.id) for row in library.list_sessions()]
    (kept,) = [one.trials[0] for one in stored if len(one.trials[0].trial.views) == 2]
    assert kept.poses[good] is not None
    assert kept.poses[bad] is None


def test_two_bad_views_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    videos = {view.value: grey(tmp_path / f"{view.value}.mp4", frames=60 + n) for n, view in enumerate(View)}
    assert analyse(tmp_path / "out", **videos) == EXIT_USER_ERROR
    assert "no person was found" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
