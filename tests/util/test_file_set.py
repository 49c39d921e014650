from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gaitviewer.errors import OutputError
from gaitviewer.messages import message
from gaitviewer.util import file_set


def put(text: str):
    return lambda path: path.write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_all_files_appear_in_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "büro"
    written = file_set.write_all(folder, {"b.txt": put("1"), "a.txt": put("2")})
    assert written == (folder / "b.txt", folder / "a.txt")
    assert names(folder) == ["a.txt", "b.txt"]
    assert (folder / "b.txt").read_text() == "1"


def test_existing_files_are_replaced_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    file_set.write_all(tmp_path, {"a.txt": put("new")})
    assert (tmp_path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["a.txt", "mine.txt"]


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), KeyboardInterrupt(), OutputError(message("error.output.no_room", path="a"))]
)
def test_one_failure_changes_nothing(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "a.txt").write_text("old")

    def fail(path: Path) -> None:
        path.write_text("half")
        raise error

    with pytest.raises(type(error)):
        file_set.write_all(tmp_path, {"a.txt": put("new"), "b.txt": fail})
    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"
    with pytest.raises(type(error)):
        file_set.write_all(tmp_path / "new" / "deep", {"b.txt": fail})
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_is_named_and_changes_nothing(tmp_path: Path) -> None:
    def fill(path: Path) -> None:
        path.symlink_to("/dev/full")
        with path.open("w") as file:
            file.write("x" * 100_000)

    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(OutputError, match="no room left"):
        file_set.write_all(tmp_path / "out", {"a.txt": put("a"), "b.txt": fill})
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX matter")
def test_a_file_size_limit_is_like_a_full_disk(tmp_path: Path) -> None:
    code = f"""
        import resource
        from pathlib import Path
        from gaitviewer.errors import OutputError
        from gaitviewer.util import file_set
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            file_set.write_all(Path({str(tmp_path / "out")!r}), {{
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
        file_set.check_folder,
        lambda folder: file_set.write_all(folder, {"a": put("a")}),
    ):
        with pytest.raises(OutputError, match=r"file.x cannot be written"):
            check(tmp_path / "file" / "x")
    with pytest.raises(OutputError, match="cannot be written"):
        file_set.check_folder(tmp_path / "file")
    (tmp_path / "out" / "a").mkdir(parents=True)
    with pytest.raises(OutputError, match="is a folder"):
        file_set.write_all(tmp_path / "out", {"a": put("a")})


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    file_set.check_folder(tmp_path / "a" / "b")
    assert names(tmp_path) == []


def test_what_a_killed_run_left_is_removed_a_day_later(tmp_path: Path) -> None:
    old, young = tmp_path / f"{file_set.PREFIX}old", tmp_path / f"{file_set.PREFIX}young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "half.pdf").write_text("x")
    os.utime(old, (1, 1))
    file_set.write_all(tmp_path, {"a": put("a")})
    assert names(tmp_path) == [young.name, "a"]


def test_a_file_held_open_elsewhere_keeps_the_new_one_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.pdf").write_text("old")
    replace = Path.replace

    def held(self: Path, target: Path) -> Path:
        if target == tmp_path / "report.pdf":
            raise PermissionError(13, "in use")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(OutputError, match=r"report\.new\.pdf instead of report\.pdf"):
        file_set.write_all(tmp_path, {"report.pdf": put("new"), "a.csv": put("a")})
    assert names(tmp_path) == ["a.csv", "report.new.pdf", "report.pdf"]
    assert (tmp_path / "report.new.pdf").read_text() == "new"


def test_a_failing_move_puts_the_former_files_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("old")
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if target == tmp_path / "b" and self.parent.name == "new":
            raise OSError(5, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="Input/output error"):
        file_set.write_all(tmp_path, {"a": put("new"), "b": put("new"), "c": put("new")})
    assert names(tmp_path) == ["a", "b"]
    assert [(tmp_path / n).read_text() for n in ("a", "b")] == ["old", "old"]


# --- killed on the way -------------------------------------------------------------------------------

_OLD = {"a.txt": "old a", "b.txt": "old b", "d.txt": "old d"}
_NEW = {"a.txt": "new a", "b.txt": "new b", "c.txt": "new c", "d.txt": "new d"}
_KILLED = 9
# Counts every change of the disk below a folder and ends the process, as a kill does, before change number N.
_DRIVER = """
import json, os, sys
from pathlib import Path
import filelock
from gaitviewer.util import file_set

def end_before(number, folder):
    seen = 0
    def watch(event, arguments):
        nonlocal seen
        if event == "open":
            path, _, flags = arguments
            counts = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        elif event in ("os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"):
            path, counts = arguments[0], True
        else:
            return
        if counts and str(path).startswith(str(folder)):
            seen += 1
            if seen == number:
                os._exit(9)
    sys.addaudithook(watch)

def write(folder):
    writers = {name: (lambda text: lambda path: path.write_text(text))(text) for name, text in NEW.items()}
    file_set.write_all(folder, writers)

def write_and_fail(folder):
    replace = Path.replace
    def fail(self, target):
        if self.parent.name == "new" and self.name == "d.txt":
            raise OSError(5, "Input/output error")
        return replace(self, target)
    Path.replace = fail
    try:
        write(folder)
    except file_set.OutputError:
        pass

NEW, action, first = json.loads(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
number = 0
while True:
    number += 1
    folder = first.with_name(f"{first.name}-{number}")
    if not folder.is_dir():
        if action == "recover":
            break
        folder.mkdir()
        for name, text in json.loads(sys.argv[4]).items():
            (folder / name).write_text(text)
    child = os.fork()
    if child == 0:
        end_before(int(sys.argv[5]) if action == "recover" else number, folder)
        {"write": write, "fail": write_and_fail, "recover": file_set.recover}[action](folder)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, flush=True)
    if code == 0 and action != "recover":
        break
    assert code in (0, 9), code
"""


def _drive(action: str, folder: Path, *more: object) -> list[int]:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            _DRIVER,
            json.dumps(_NEW),
            action,
            str(folder),
            json.dumps(_OLD),
            *map(str, more),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def _check_nothing_is_missing(folder: Path) -> None:
    found = _texts(folder)
    assert set(_OLD) <= set(found), f"{folder.name}: a file is gone"
    assert all(text in (_OLD.get(name), _NEW.get(name)) for name, text in found.items())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
@pytest.mark.parametrize("action", ["write", "fail"])
def test_killed_at_any_change_the_set_is_whole_after_the_next_look(tmp_path: Path, action: str) -> None:
    codes = _drive(action, tmp_path / "out")
    assert codes.count(_KILLED) > 25
    outcomes = set()
    for number in range(1, len(codes) + 1):
        folder = tmp_path / f"out-{number}"
        _check_nothing_is_missing(folder)
        was_mixed = _texts(folder) not in (_OLD, _NEW)
        file_set.settle(folder / "a.txt")
        after = _texts(folder)
        assert after in (_OLD, _NEW), f"killed before change {number}: {after}"
        outcomes.add((was_mixed, after == _NEW))
        _check_only_young_rubbish(folder)
    # Killed between two files as well as before and after; a failure alone ends with the old files.
    assert (True, action == "write") in outcomes
    assert (False, False) in outcomes
    assert _texts(tmp_path / f"out-{len(codes)}") == (_NEW if action == "write" else _OLD)


def _check_only_young_rubbish(folder: Path) -> None:
    """Only a hidden folder that was never held stays, until it is a day old."""
    for left in folder.glob(f"{file_set.PREFIX}*"):
        assert not (left / "lock").exists()
        os.utime(left, (1, 1))
    file_set.recover(folder)
    assert not [path for path in folder.iterdir() if path.is_dir()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
@pytest.mark.parametrize("action", ["write", "fail"])
def test_a_recovery_that_is_killed_is_carried_out_later(tmp_path: Path, action: str) -> None:
    total = len(_drive(action, tmp_path / "out"))
    step, killed = 0, 1
    while killed:
        step += 1
        killed = _drive("recover", tmp_path / "out", step).count(_KILLED)
        for number in range(1, total + 1):
            _check_nothing_is_missing(tmp_path / f"out-{number}")
        assert step < 60
    assert step > 3
    for number in range(1, total + 1):
        assert _texts(tmp_path / f"out-{number}") in (_OLD, _NEW)


def _killed_in_the_middle(tmp_path: Path) -> Path:
    for number in range(1, len(_drive("write", tmp_path / "out")) + 1):
        if _texts(tmp_path / f"out-{number}") not in (_OLD, _NEW):
            return tmp_path / f"out-{number}"
    raise AssertionError("never mixed")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_what_somebody_wrote_since_stays(tmp_path: Path) -> None:
    folder = _killed_in_the_middle(tmp_path)
    (folder / "d.txt").write_text("from somebody else")
    file_set.recover(folder)
    assert _texts(folder) == {**_NEW, "d.txt": "from somebody else"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_the_next_run_finishes_and_replaces(tmp_path: Path) -> None:
    folder = _killed_in_the_middle(tmp_path)
    file_set.write_all(folder, {"a.txt": put("newest")})
    assert _texts(folder) == {**_NEW, "a.txt": "newest"}
    assert names(folder) == sorted(_NEW)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_a_reader_finishes_what_a_killed_run_left(tmp_path: Path) -> None:
    from gaitviewer.errors import FormatError
    from gaitviewer.formats import read_assessment

    folder = _killed_in_the_middle(tmp_path)
    with pytest.raises(FormatError):
        read_assessment(folder / "a.txt")
    assert _texts(folder) == _NEW


def test_a_set_being_written_elsewhere_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")

    def look(path: Path) -> None:
        path.write_text("new")
        file_set.recover(tmp_path)

    file_set.write_all(tmp_path, {"a.txt": look, "b.txt": look})
    assert names(tmp_path) == ["a.txt", "b.txt"]
    assert (tmp_path / "a.txt").read_text() == "new"


def test_without_hard_links_the_old_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    test_a_failing_move_puts_the_former_files_back(tmp_path, monkeypatch)


def test_a_file_that_a_killed_program_left_half_written_is_removed_a_day_later(tmp_path: Path) -> None:
    from gaitviewer.util import atomic

    old, young, other = (tmp_path / name for name in (".a.txt.1.part", ".a.txt.2.part", ".mine.1.part"))
    for path in (old, young, other):
        path.write_text("half")
    for path in (old, other):
        os.utime(path, (1, 1))
    atomic.write_output(tmp_path / "a.txt", "whole")
    assert names(tmp_path) == [".a.txt.2.part", ".mine.1.part", "a.txt"]
