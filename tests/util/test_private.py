"""Files for their owner alone, whatever the umask."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.output import Provenance
from gaitviewer.gui.widgets import keys
from gaitviewer.pose.cache import store_result
from gaitviewer.pose.masks import MaskSequence
from gaitviewer.pose.result import PoseResult
from gaitviewer.store import open_library
from gaitviewer.util import atomic, private
from gaitviewer.util.file_set import write_all
from gaitviewer.workflow.analysis.measures_cache import cached_measures
from gaitviewer.workflow.app import logs, settings
from gaitviewer.workflow.sessions.queries import purge_sessions
from gaitviewer.workflow.sessions.thumbnails import make_thumbnail

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no such rights here")


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=["umask 000", "umask 022", "umask 277"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_to_others(folder: Path) -> dict[str, str]:
    """Whatever below a folder is not 0700 (folders) or 0600 (files)."""
    return {
        str(path.relative_to(folder)): oct(mode(path))
        for path in folder.rglob("*")
        if mode(path) != (0o700 if path.is_dir() else 0o600)
    }


def test_all_that_the_program_keeps_is_for_its_owner_alone(
    umask: int, own_home: Path, walker_document: Document
) -> None:
    pose = walker_document.trials[0].poses.sagittal
    made = Provenance("pose", "w", "cafe", "1", "cpu", "2026-01-01T00:00:00Z", 1.0)
    none = np.zeros(len(pose) + 1, np.int64)
    masks = MaskSequence(
        pose.width, pose.height, np.zeros((len(pose), 4), np.int32), none, np.zeros(0, np.uint8)
    )
    store_result(paths.cache_dir(), "cafe", PoseResult(pose, masks, made))
    settings.save(settings.Settings(rater="AB"))
    keys.save_keys({})
    logs.start()
    try:
        with open_library() as library:
            library.save_session(walker_document)
            library.save_session(walker_document)  # a copy of the day is made before
            make_thumbnail(walker_document)
            cached_measures(walker_document)
            logging.getLogger("gaitviewer").warning("a word")
            logs.report_crash(RuntimeError("x"))
            kept = {path.name for path in own_home.rglob("*") if path.is_file()}
            assert {"library.db", "library.db-wal", "cafe.npz", "settings.toml", "gaitviewer.log"} <= kept
            assert {path.parent.name for path in own_home.rglob("*")} >= {
                *("library-copies", "thumbnails", "measures", "pose", "logs"),
            }
            assert open_to_others(own_home) == {}
            library.delete_session("walk1")
            purge_sessions(library, ("walk1",))
        assert open_to_others(own_home) == {}
    finally:
        logs.stop()


def test_results_are_private_unless_they_were_open_before(umask: int, tmp_path: Path) -> None:
    out = tmp_path / "new" / "results"

    def write(path: Path) -> None:
        path.write_text("x")
        path.chmod(0o644)  # as a library that knows nothing of this would leave it

    write_all(out, {"report.pdf": write, "shared.csv": write})
    atomic.write_output(out / "assessment.json", "{}")
    assert open_to_others(tmp_path) == {}
    (out / "shared.csv").chmod(0o640)
    (out / "assessment.json").chmod(0o644)
    write_all(out, {"report.pdf": write, "shared.csv": write})
    atomic.write_output(out / "assessment.json", "{}")
    assert {path.name: mode(path) for path in out.iterdir()} == {
        "report.pdf": 0o600,
        "shared.csv": 0o640,
        "assessment.json": 0o644,
    }


def test_what_earlier_versions_left_open_is_closed_once(tmp_path: Path) -> None:
    home, outside = tmp_path / "data", tmp_path / "outside.txt"
    (home / "deep").mkdir(parents=True)
    outside.write_text("not ours")
    outside.chmod(0o644)
    for name in ("library.db", "deep/one.png"):
        (home / name).write_text("x")
        (home / name).chmod(0o644)
    (home / "link").symlink_to(outside)
    for folder in (home, home / "deep"):
        folder.chmod(0o755)
    private.tighten((home, tmp_path / "missing"))
    assert [mode(home / name) for name in ("", "deep", "library.db", "deep/one.png")] == [
        *(0o700, 0o700),
        *(0o600, 0o600),
    ]
    assert mode(outside) == 0o644
    # What is closed is not looked into at every start.
    (home / "library.db").chmod(0o640)
    private.tighten((home,))
    assert mode(home / "library.db") == 0o640


def test_the_command_line_closes_what_was_open(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gaitviewer.cli import main

    monkeypatch.setattr("gaitviewer.workflow.app.logs.start", lambda **rest: None)
    with open_library() as library:
        library.list_sessions()
    paths.data_dir().chmod(0o755)
    paths.library_file().chmod(0o644)
    assert main(["sessions"]) == 0
    assert open_to_others(own_home) == {}


def test_a_file_that_cannot_be_written_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    (path / "in").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        atomic.write_bytes(path, b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]
