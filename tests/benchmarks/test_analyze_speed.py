"""Cost of the main job on the real clinic pair, as ratios within one run.

    pytest tests/benchmarks/test_analyze_speed.py -m benchmark -s

The peer comparison needs myogait 0.9.2 with MediaPipe 0.10.21 in an environment of its own; name its program in
``GAITVIEWER_PEER``, for example ``GAITVIEWER_PEER=peer/bin/myogait``. It is left out, saying so, otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.benchmark


@dataclass(frozen=True)
class Run:
    """Wall time and the largest sum of resident memory over the process and its children."""

    seconds: float
    peak_gb: float


def timed(command: Sequence[str], home: Path) -> Run:
    started = time.monotonic()
    process = psutil.Popen(
        list(command), env={**os.environ, "GAITVIEWER_HOME": str(home)}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            total = 0
            for one in (process, *process.children(recursive=True)):
                try:
                    # Unique memory: pages shared by parent and workers count once, not three times.
                    total += one.memory_full_info().uss
                except psutil.Error:
                    continue
            peak = max(peak, total)
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    watcher.join()
    assert code == 0, command
    return Run(time.monotonic() - started, peak / 1e9)


def analyze_command(shared: Path, out: Path, *views: str, workers: int = 2) -> list[str]:
    command = [sys.executable, "-m", "gaitviewer", "analyze", "--subject", "B", "--out", str(out)]
    for view in views:
        command += [f"--{view}", str(shared / "clinic" / f"{view}.mp4")]
    return [*command, "--workers", str(workers)]


def test_the_clinic_pair(shared_data: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = timed(analyze_command(shared_data, tmp_path / "out", "sagittal", "coronal"), home)
    second = timed(analyze_command(shared_data, tmp_path / "out", "sagittal", "coronal"), home)
    print(f"\nclinic pair: {first.seconds:.1f} s, {first.peak_gb:.2f} GB; second run {second.seconds:.1f} s")
    assert first.seconds <= 60
    assert first.peak_gb <= 1.5
    assert second.seconds <= 3


def test_two_workers_against_one(shared_data: Path, tmp_path: Path) -> None:
    both = ("sagittal", "coronal")
    one = timed(analyze_command(shared_data, tmp_path / "a", *both, workers=1), tmp_path / "home1")
    two = timed(analyze_command(shared_data, tmp_path / "b", *both, workers=2), tmp_path / "home2")
    print(f"\none worker {one.seconds:.1f} s, two {two.seconds:.1f} s: ratio {one.seconds / two.seconds:.2f}")
    assert one.seconds / two.seconds >= 1.5


def test_against_the_nearest_peer(shared_data: Path, tmp_path: Path) -> None:
    peer = os.environ.get("GAITVIEWER_PEER")
    if not peer:
        pytest.skip("GAITVIEWER_PEER does not name the peer's program")
    video = shared_data / "clinic" / "sagittal.mp4"
    theirs_file = tmp_path / "peer.json"
    ratios = []
    for number in range(3):
        theirs = timed(
            [peer, "run", str(video), "-m", "mediapipe", "-o", str(theirs_file)], tmp_path / "peer-home"
        )
        out = tmp_path / f"out{number}"
        ours = timed(analyze_command(shared_data, out, "sagittal"), tmp_path / f"home{number}")
        ratios.append(ours.seconds / theirs.seconds)
        print(f"\npeer {theirs.seconds:.1f} s, ours {ours.seconds:.1f} s")
    covered = sum((frame["confidence"] or 0) > 0 for frame in json.loads(theirs_file.read_text())["frames"])
    assessment = json.loads((tmp_path / "out0" / "assessment.json").read_text())
    passes = assessment["trials"][0]["views"]["sagittal"]["passes"]
    print(f"ratios {sorted(ratios)}; peer covers {covered} frames; our passes {passes}")
    assert sorted(ratios)[1] <= 1.2
    assert {one["direction"] for one in passes} == {"right to left", "left to right"}
