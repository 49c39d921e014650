"""Ctrl-C on the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from tests.support.demo import Demo

pytestmark = pytest.mark.slow


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a POSIX thing")
def test_ctrl_c_stops_cleanly(demo: Demo, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["analyze", "--subject", "P1", "--out", str(out), "--sagittal", str(demo.videos.sagittal)]
    # A shell starts background jobs deaf to Ctrl-C, and what they start inherits that.
    hearing = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from gaitviewer.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", hearing, *command],
        env={**os.environ, "GAITVIEWER_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        _interrupt(process, out)
    finally:
        process.kill()
        process.communicate()


def _interrupt(process: subprocess.Popen[str], out: Path) -> None:
    children: list[psutil.Process] = []
    deadline = time.monotonic() + 60
    while len(children) < 2 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
        children = psutil.Process(process.pid).children(recursive=True)
    assert children, "the pose workers did not start"
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.strip().endswith("gaitviewer: stopped; nothing was written.")
    assert "Traceback" not in said
    assert not out.exists() or list(out.iterdir()) == []
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
