"""Each unreadable file ends with one clear sentence that names it and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from gaitviewer.errors import VideoError
from gaitviewer.video import index_video, open_video, probe_safely, write_video
from tests.support.said import codes


def _missing(folder: Path, good: bytes) -> Path:
    return folder / "nowhere.mp4"


def _folder(folder: Path, good: bytes) -> Path:
    (folder / "folder.mp4").mkdir()
    return folder / "folder.mp4"


def _bytes(content: Callable[[bytes], bytes], name: str = "bad.mp4") -> Callable[[Path, bytes], Path]:
    def make(folder: Path, good: bytes) -> Path:
        (folder / name).write_bytes(content(good))
        return folder / name

    return make


def _audio_only(folder: Path, good: bytes) -> Path:
    path = folder / "sound.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48_000
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def _no_frames(folder: Path, good: bytes) -> Path:
    path = folder / "nothing.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        file.start_encoding()
    return path


def _first_frame_destroyed(good: bytes) -> bytes:
    data = bytearray(good)
    start = data.index(b"mdat") + 4
    data[start : start + 1500] = bytes(1500)
    return bytes(data)


CASES: dict[str, tuple[Callable[[Path, bytes], Path], str]] = {
    "missing": (_missing, "no file"),
    "a folder": (_folder, "folder"),
    "empty": (_bytes(lambda good: b""), "empty"),
    "text": (_bytes(lambda good: b"A list of patients\n" * 40), "not a video"),
    "play list": (_bytes(lambda good: b"#EXTM3U\nhttp://127.0.0.1/a.ts\n"), "not a video"),
    "concat script": (_bytes(lambda good: b"ffconcat version 1.0\nfile good.mp4\n"), "not a video"),
    "noise": (_bytes(lambda good: np.random.default_rng(0).bytes(4000)), "not a video"),
    "cut in half": (_bytes(lambda good: good[: len(good) // 2]), r"cut off: only \d+ of its 90 frames"),
    "last byte missing": (_bytes(lambda good: good[:-1]), "cut off: only 89 of its 90 frames"),
    "index missing": (_bytes(lambda good: good[:32] + good[good.index(b"mdat") - 4 :]), "incomplete"),
    "sound only": (_audio_only, "only sound"),
    "no frames": (_no_frames, "no frames|no pictures|not a video|incomplete"),
    "first frame destroyed": (_bytes(_first_frame_destroyed), "first frame cannot be decoded"),
}


@pytest.mark.parametrize("reader", [index_video, open_video, probe_safely])
@pytest.mark.parametrize("case", CASES)
def test_one_sentence(
    tmp_path: Path, plain: Any, capfd: pytest.CaptureFixture[str], case: str, reader: Callable[[Path], Any]
) -> None:
    make, expected = CASES[case]
    path = make(tmp_path, plain.path.read_bytes())
    with pytest.raises(VideoError, match=expected) as caught:
        reader(path)
    sentence = str(caught.value)
    assert path.name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert ";" in sentence  # what happened; what to do
    assert capfd.readouterr() == ("", "")


def _packets(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as file:
        return [(packet.pos, packet.size) for packet in file.demux(video=0) if packet.size]


@pytest.mark.parametrize("keep", [0, 30], ids=["packets erased", "packet bodies replaced"])
def test_damage_in_the_middle_names_the_frame(
    tmp_path: Path, plain: Any, counter: Any, capfd: pytest.CaptureFixture[str], keep: int
) -> None:
    data = bytearray(plain.path.read_bytes())
    for position, size in _packets(plain.path)[48:50]:  # the third key frame and the one after it
        data[position + keep : position + size] = np.random.default_rng(1).bytes(max(0, size - keep))
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    with open_video(path) as reader:
        shown = []
        with pytest.raises(VideoError, match=r"damaged\.mp4 is damaged: frame 4\d \(at 1\.\d\d s\)"):
            shown += [counter.read(rgb) for _, rgb in reader.frames()]
        seen = [counter.read(reader.frame(index)) for index in range(40)]
        assert seen == list(range(40))
        with pytest.raises(VideoError, match="damaged: frame"):
            reader.frame(55)
        assert counter.read(reader.frame(80)) == 80  # the next key frame starts afresh
        assert counter.read(reader.frame(20)) == 20
    assert capfd.readouterr() == ("", "")


def test_a_matroska_file_without_its_end_is_told(tmp_path: Path, counter: Any) -> None:
    write_video(tmp_path / "whole.mkv", counter.pictures(120), rate_hz=30, gop=10)
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    info = index_video(tmp_path / "cut.mkv")
    assert 0 < info.frame_count < 100
    assert "note.video.cut_off" in codes(info.notes)
