"""Where the demo's videos cannot be written, a sentence says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaitviewer.errors import OutputError
from gaitviewer.workflow.sessions.demo import demo_videos


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"file/demo cannot be written"):
        demo_videos(None, tmp_path / "file" / "demo")  # type: ignore[arg-type]  # it does not come to the scene
