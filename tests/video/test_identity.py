"""A file counts as the video of a session only if its bytes are the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gaitviewer import paths
from gaitviewer.core.gait import View
from gaitviewer.core.session import VideoStream
from gaitviewer.errors import VideoError
from gaitviewer.video import check_identity, identity, index_video, open_recorded


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    identity.forget_identities()
    yield
    identity.forget_identities()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read from end to end."""
    names: list[str] = []
    digest = identity.digest_file

    def counted(path: Path) -> str:
        names.append(Path(path).name)
        return digest(path)

    monkeypatch.setattr(identity, "digest_file", counted)
    return names


def test_a_file_is_read_once_until_it_is_touched(tmp_path: Path, read: list[str]) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"one")
    first = identity.identity_of(path)
    assert identity.identity_of(path) == first
    identity.forget_identities()  # as in the next start of the program
    assert identity.identity_of(path) == first
    assert read == ["a.mp4"]
    kept = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))  # a copy that keeps size and time
    assert identity.identity_of(path) != first
    assert read == ["a.mp4", "a.mp4"]


@pytest.mark.parametrize("note", [b"", b"[1, 2]", b"{", b'{"x": 3}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_note_is_none(tmp_path: Path, note: bytes, read: list[str]) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"one")
    paths.cache_dir().mkdir(parents=True, exist_ok=True)
    (paths.cache_dir() / "video-digests.json").write_bytes(note)
    identity.identity_of(path)
    assert read == ["a.mp4"]
    assert str(path) in json.loads((paths.cache_dir() / "video-digests.json").read_bytes())


def test_another_film_of_the_same_length_is_refused(tmp_path: Path, plain: Any, recording: Any) -> None:
    path = tmp_path / "walk.mp4"
    path.write_bytes(plain.path.read_bytes())
    stream = VideoStream(View.SAGITTAL, path, identity.identity_of(path), index_video(path))
    open_recorded(stream).close()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(VideoError, match=r"walk\.mp4 is not the video that this session was made from"):
        open_recorded(stream)
    path.unlink()
    with pytest.raises(VideoError, match=r"walk\.mp4"):
        check_identity(stream)
