"""Videos are written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gaitviewer.errors import OutputError
from gaitviewer.video import index_video, open_video, write_video


def test_what_was_written_is_read(tmp_path: Path, counter: Any) -> None:
    write_video(tmp_path / "a.mp4", counter.pictures(10), rate_hz=25, crf=0)
    with open_video(tmp_path / "a.mp4") as reader:
        assert reader.info.rate_hz == pytest.approx(25)
        assert reader.info.times[-1] == pytest.approx(9 / 25)
        for index, rgb in reader.frames():
            assert np.abs(rgb.astype(int) - counter.picture(index).astype(int)).mean() < 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("rate_hz", [24, 25, 30000 / 1001, 59.94, 60, 120, 240])
def test_rates(tmp_path: Path, counter: Any, rate_hz: float) -> None:
    write_video(tmp_path / "a.mp4", counter.pictures(30), rate_hz=rate_hz)
    info = index_video(tmp_path / "a.mp4")
    assert info.rate_hz == pytest.approx(rate_hz, rel=1e-4)
    assert info.notes == ()


def _broken(counter: Any) -> Iterator[Any]:
    yield from counter.pictures(5)
    raise RuntimeError("the renderer fell over")


def test_a_failure_leaves_what_was_there(tmp_path: Path, counter: Any) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"what was there")
    with pytest.raises(RuntimeError, match="fell over"):
        write_video(path, _broken(counter), rate_hz=30)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_unwritable_and_empty(tmp_path: Path, counter: Any) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match=r"could not be written \(.+\); choose another folder"):
        write_video(tmp_path / "file" / "a.mp4", counter.pictures(3), rate_hz=30)
    with pytest.raises(OutputError, match="could not be written"):
        write_video(tmp_path / "nowhere" / "a.mp4", counter.pictures(3), rate_hz=30)
    with pytest.raises(OutputError, match="no pictures"):
        write_video(tmp_path / "a.mp4", iter(()), rate_hz=30)
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rate_hz": 30, "times": [0, 1, 2]},
        {"times": [0, 1]},
        {"times": [0, 1, 2, 3]},
        {"times": [0, 2, 1]},
        {"rate_hz": 30, "rotation_deg": 45},
    ],
)
def test_what_does_not_fit_together(tmp_path: Path, counter: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        write_video(tmp_path / "a.mp4", counter.pictures(3), **options)
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_two_sizes_or_odd_size(tmp_path: Path) -> None:
    small, large = np.zeros((32, 32, 3), np.uint8), np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(ValueError, match="unlike the first"):
        write_video(tmp_path / "a.mp4", [small, large], rate_hz=30)
    with pytest.raises(ValueError, match="even"):
        write_video(tmp_path / "a.mp4", [small[:31]], rate_hz=30)
    assert list(tmp_path.iterdir()) == []
