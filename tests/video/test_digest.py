"""The digest is that of the bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gaitviewer.errors import VideoError
from gaitviewer.video import digest_file


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (5 << 20) + 3])
def test_digest(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "a").write_bytes(data[:size])
    assert digest_file(tmp_path / "a") == hashlib.sha256(data[:size]).hexdigest()


def test_unreadable(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.mp4"):
        with pytest.raises(VideoError, match=f"{path.name} cannot be read"):
            digest_file(path)
