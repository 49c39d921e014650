from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gaitviewer.errors import OutputError
from gaitviewer.workflow.results import write_together


def put(text: str):
    return lambda path: path.write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_all_files_appear_in_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "büro"
    written = write_together.write_all(folder, {"b.txt": put("1"), "a.txt": put("2")})
    assert written == (folder / "b.txt", folder / "a.txt")
    assert names(folder) == ["a.txt", "b.txt"]
    assert (folder / "b.txt").read_text() == "1"


def test_existing_files_are_replaced_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    write_together.write_all(tmp_path, {"a.txt": put("new")})
    assert (tmp_path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["a.txt", "mine.txt"]


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyboardInterrupt(), OutputError("no")])
def test_one_failure_changes_nothing(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "a.txt").write_text("old")

    def fail(path: Path) -> None:
        path.write_text("half")
        raise error

    with pytest.raises(type(error)):
        write_together.write_all(tmp_path, {"a.txt": put("new"), "b.txt": fail})
    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"
    with pytest.raises(type(error)):
        write_together.write_all(tmp_path / "new" / "deep", {"b.txt": fail})
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_is_named_and_changes_nothing(tmp_path: Path) -> None:
    def fill(path: Path) -> None:
        path.symlink_to("/dev/full")
        with path.open("w") as file:
            file.write("x" * 100_000)

    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(OutputError, match="no room left"):
        write_together.write_all(tmp_path / "out", {"a.txt": put("a"), "b.txt": fill})
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX matter")
def test_a_file_size_limit_is_like_a_full_disk(tmp_path: Path) -> None:
    code = f"""
        import resource
        from pathlib import Path
        from gaitviewer.errors import OutputError
        from gaitviewer.workflow.results import write_together
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_together.write_all(Path({str(tmp_path / "out")!r}), {{
                "a": lambda p: p.write_bytes(b"a"), "b": lambda p: p.write_bytes(bytes(5000))}})
        except OutputError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert "no room left" in done.stdout
    assert names(tmp_path) == []


def test_unwritable_folders_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for check in (
        write_together.check_folder,
        lambda folder: write_together.write_all(folder, {"a": put("a")}),
    ):
        with pytest.raises(OutputError, match=r"file.x cannot be written"):
            check(tmp_path / "file" / "x")
    with pytest.raises(OutputError, match="cannot be written"):
        write_together.check_folder(tmp_path / "file")
    (tmp_path / "out" / "a").mkdir(parents=True)
    with pytest.raises(OutputError, match="is a folder"):
        write_together.write_all(tmp_path / "out", {"a": put("a")})


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    write_together.check_folder(tmp_path / "a" / "b")
    assert names(tmp_path) == []


def test_what_a_killed_run_left_is_removed_a_day_later(tmp_path: Path) -> None:
    old, young = tmp_path / f"{write_together.PREFIX}old", tmp_path / f"{write_together.PREFIX}young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "half.pdf").write_text("x")
    os.utime(old, (1, 1))
    write_together.write_all(tmp_path, {"a": put("a")})
    assert names(tmp_path) == [young.name, "a"]


def test_a_file_held_open_elsewhere_keeps_the_new_one_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.pdf").write_text("old")
    replace = Path.replace

    def held(self: Path, target: Path) -> Path:
        if self == tmp_path / "report.pdf":
            raise PermissionError(13, "in use")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(OutputError, match=r"report\.new\.pdf instead of report\.pdf"):
        write_together.write_all(tmp_path, {"report.pdf": put("new"), "a.csv": put("a")})
    assert names(tmp_path) == ["a.csv", "report.new.pdf", "report.pdf"]
    assert (tmp_path / "report.new.pdf").read_text() == "new"


def test_a_failing_move_puts_the_former_files_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("old")
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if self.parent.name.startswith(write_together.PREFIX) and self.name == "b":
            raise OSError(5, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="Input/output error"):
        write_together.write_all(tmp_path, {"a": put("new"), "b": put("new"), "c": put("new")})
    assert names(tmp_path) == ["a", "b"]
    assert [(tmp_path / n).read_text() for n in ("a", "b")] == ["old", "old"]
