from __future__ import annotations

import logging
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from gaitviewer import paths
from gaitviewer.workflow.app import logs, privacy


@pytest.fixture(autouse=True)
def log() -> Iterator[logging.Logger]:
    yield logging.getLogger("gaitviewer.test")
    logs.stop()
    privacy._hidden.clear()


def run_child(code: str) -> subprocess.CompletedProcess[str]:
    head = "import logging, sys, threading\nfrom gaitviewer.workflow.app import logs\n"
    return subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def log_text() -> str:
    return (paths.log_dir() / "gaitviewer.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "reading /home/anna/Müller Lena/walk one.mp4",
        "reading /home/anna/Müller Maria Lena/walk.mp4 took 3.5 s",
        r"reading C:\Users\anna\Müller\walk.mov",
        r"reading \\server\share\Müller\walk.mov",
        "cannot open 'videos/Müller Lena/walk.mp4'",
        'cannot open "Müller Lena.mp4"',
        "Müller.mp4 is too short",
        "file:///home/anna/M%C3%BCller.mp4, Müller.c3d",
        "~/Müller/x and /Müller",
        "path=/data/Müller.mp4",
        "(/data/Müller.mp4)",
        "reading Anna Müller walk.mp4",
        "reading ANNA MÜLLER.MP4 took 3.5 s",
        "a problem with anna lena müller 2.mp4: damaged",
        "reading maria müller walk one.mp4",
    ],
)
def test_paths_and_file_names_never_stay(text: str) -> None:
    clean = logs.redact(text)
    for name in ("müller", "lena", "maria", "m%c3", "anna"):
        assert name not in clean.lower()
    assert ("reading" in text) == ("reading" in clean)
    assert clean != ""


@pytest.mark.parametrize(
    "text",
    [
        "knee MAE 2.5 deg at 450 px/m, 24/30 strides, ratio 1/2",
        "stride t1/sagittal/p0/left/1 left out: stride time 4.3 s",
        "version 0.1.0, mediapipe 0.10.21: 3 x 4",
        "12:30:01 done",
        "left knee of stride 3: 12 frames not seen",
    ],
)
def test_ordinary_lines_stay_readable(text: str) -> None:
    assert logs.redact(text) == text


def test_one_path_has_one_code_within_a_run_and_keeps_its_ending() -> None:
    first, second, third = (logs.redact(f"x '/a/{name}.mp4'") for name in ("one", "one", "two"))
    assert first == second != third
    assert first.endswith(" mp4>")
    assert run_child("print(logs.redact(\"x '/a/one.mp4'\"))").stdout.strip() != first


def test_the_programs_own_files_stay_readable() -> None:
    import numpy

    own = f'File "{Path(logs.__file__)}", line 3; File "{Path(numpy.__file__)}", line 4'
    assert "gaitviewer/workflow/app/logs.py" in logs.redact(own).replace("\\", "/")
    assert "numpy/__init__.py" in logs.redact(own).replace("\\", "/")


def test_registered_words_are_hidden(log: logging.Logger) -> None:
    logs.start()
    logs.hide("P-0815")
    logs.hide(Path("relative/lena walk.mp4"))
    log.info("session of P-0815, XP-08155, from %s (lena walk)", Path("relative/lena walk.mp4"))
    assert "P-0815," not in log_text()
    assert "lena" not in log_text()
    assert "XP-08155" in log_text()


def test_registered_words_are_hidden_however_they_are_written() -> None:
    logs.hide("Anna Schmidt")
    logs.hide(Path("videos/lena_walk 2.mp4"))
    for written in ("ANNA SCHMIDT", "anna_schmidt", "Schmidt", "SCHMIDT_2", "Lena Walk 2", "LENA"):
        clean = logs.redact(f"the session of {written} is open")
        assert not re.search("anna|schmidt|lena", clean, re.IGNORECASE), clean
        assert clean.startswith("the session of <")
    assert logs.redact("the left walk of Annabel") == "the left walk of Annabel"
    assert logs.redact("ANNA SCHMIDT") == logs.redact("Anna Schmidt")


def test_the_log_has_no_paths_even_in_tracebacks(log: logging.Logger, tmp_path: Path) -> None:
    logs.start()
    secret = tmp_path / "Lena Müller" / "walk.mp4"
    try:
        secret.read_bytes()
    except OSError:
        log.exception("reading %s failed", secret)
    log.debug("not in the file")
    text = log_text()
    assert "Lena" not in text
    assert str(tmp_path) not in text
    assert "FileNotFoundError" in text
    assert "not in the file" not in text


def test_the_log_rotates(log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_LOG_BYTES", 2000)
    logs.start()
    for _ in range(200):
        log.info("a line of about sixty characters, again and again and again")
    files = sorted(p.name for p in paths.log_dir().glob("gaitviewer.log*"))
    assert files == ["gaitviewer.log", *(f"gaitviewer.log.{n}" for n in range(1, 5))]
    assert all(p.stat().st_size <= 2000 for p in paths.log_dir().glob("gaitviewer.log*"))


def test_starting_twice_writes_each_line_once(log: logging.Logger) -> None:
    logs.start()
    logs.start()
    log.info("only once")
    assert log_text().count("only once") == 1


def test_an_unwritable_log_folder_stops_nothing(
    log: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("GAITVIEWER_HOME", str(tmp_path / "file"))
    logs.start()
    log.error("goes nowhere")
    assert logs.report_crash(ValueError("x")) is None
    assert capsys.readouterr().err == "gaitviewer met an error of its own (ValueError).\n"


def test_verbose_shows_details(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(verbose=True)
    log.debug("a detail")
    assert "a detail" in capsys.readouterr().err


CRASH = """
    logs.start(verbose={verbose})
    def walk():
        raise ValueError("Lena in /videos/Lena Walks/a.mp4")
    walk()
"""


def test_a_crash_is_one_sentence_a_file_and_exit_code_70() -> None:
    done = run_child(CRASH.format(verbose=False))
    assert done.returncode == logs.EXIT_CRASH == 70
    (crash,) = paths.log_dir().glob("crash-*.txt")
    assert done.stderr.strip().split("\n") == [
        f"gaitviewer met an error of its own (ValueError). Details are in {crash}; they stay on this computer."
    ]
    text = crash.read_text(encoding="utf-8")
    assert "in walk" in text
    assert "Walks" not in text
    assert "thread main" in text
    assert "crash in thread main" in log_text()


def test_verbose_shows_the_traceback_of_a_crash() -> None:
    done = run_child(CRASH.format(verbose=True))
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert "Details are in" in done.stderr


def test_a_crash_in_a_thread_is_kept_and_the_program_goes_on() -> None:
    code = """
        logs.start(show=lambda sentence: print("shown:", sentence))
        thread = threading.Thread(target=lambda: 1 / 0, name="decoder")
        thread.start(); thread.join()
        print("still here")
    """
    done = run_child(code)
    assert done.returncode == 0
    assert "shown: gaitviewer met an error of its own (ZeroDivisionError)" in done.stdout
    assert "still here" in done.stdout
    (crash,) = paths.log_dir().glob("crash-*.txt")
    assert "thread decoder" in crash.read_text(encoding="utf-8")


def test_a_death_by_signal_leaves_where_it_was() -> None:
    done = run_child("logs.start()\nimport faulthandler\nfaulthandler._sigabrt()")
    assert done.returncode != 0
    assert "Fatal Python error: Aborted" in (paths.log_dir() / "faults.txt").read_text()


def test_old_crash_files_are_removed() -> None:
    logs.start()
    for _ in range(25):
        logs.report_crash(ValueError("x"))
    assert len(list(paths.log_dir().glob("crash-*.txt"))) == 20


def test_interrupting_is_no_crash() -> None:
    done = run_child("logs.start()\nraise KeyboardInterrupt")
    assert done.returncode == 130
    assert done.stderr == ""
    assert not list(paths.log_dir().glob("crash-*.txt"))
