"""Workers: no process is left behind, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from gaitviewer import video
from gaitviewer.errors import Cancelled, NobodyError, PoseError, UserError
from gaitviewer.messages import Message
from gaitviewer.pose import FrameSource, VideoJob, estimate_many


def workers_of(pid: int | None = None) -> list[psutil.Process]:
    """Children but for multiprocessing's own bookkeeper, which lives as long as this process."""
    children = psutil.Process(pid).children(recursive=True)
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of moving noise: nobody in it, and much to search."""
    path = tmp_path_factory.mktemp("video") / "noise.mp4"
    rng = np.random.default_rng(0)
    frames = (rng.integers(0, 255, (240, 320, 3), dtype=np.uint8) for _ in range(60))
    video.write_video(path, frames, rate_hz=30)
    return path


def job_of(path: Path, **changes) -> VideoJob:
    source = FrameSource("gaitviewer.video:open_video", (str(path),))
    return VideoJob(**{"source": source, "info": video.index_video(path), "name": path.name, **changes})


def test_nobody_is_one_sentence(noise: Path):
    with pytest.raises(NobodyError, match=r"no person was found in noise\.mp4") as caught:
        estimate_many({"a": job_of(noise, digest="d1")}, use_cache=False)
    assert caught.value.digest == "d1"
    assert "mediapipe" in caught.value.model.lower()
    assert "\n" not in str(caught.value)
    assert not workers_of()


def test_cancelling_leaves_no_process(noise: Path):
    seen: list[int] = []

    def tick(fraction: float, note: Message) -> None:
        if workers_of():
            seen.append(len(workers_of()))
            raise Cancelled

    with pytest.raises(Cancelled):
        estimate_many({"a": job_of(noise)}, tick=tick)
    assert seen == [2]
    assert not workers_of()


def test_a_killed_worker_is_one_sentence(noise: Path):
    def tick(fraction: float, note: Message) -> None:
        for worker in workers_of():
            worker.kill()

    with pytest.raises(PoseError, match="stopped unexpectedly"):
        estimate_many({"a": job_of(noise)}, tick=tick)
    assert not workers_of()


def test_errors_of_the_reader_come_through(noise: Path, tmp_path: Path):
    gone = FrameSource("gaitviewer.video:open_video", (str(tmp_path / "gone.mp4"),))
    with pytest.raises(UserError, match=r"gone\.mp4"):
        estimate_many({"a": job_of(noise, source=gone)})
    with pytest.raises(PoseError, match=r"noise\.mp4"):
        estimate_many({"a": job_of(noise, source=FrameSource("no_such_module:open"))})
    assert not workers_of()


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(noise: Path, tmp_path: Path, how: signal.Signals):
    script = tmp_path / "parent.py"
    script.write_text(
        "import signal, sys\n"
        # a test run in the background of a shell ignores the signal, and so would its children
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\n"
        "from gaitviewer import video\n"
        "from gaitviewer.pose import FrameSource, VideoJob, estimate_many\n"
        "if __name__ == '__main__':\n"
        "    path = Path(sys.argv[1])\n"
        "    source = FrameSource('gaitviewer.video:open_video', (str(path),))\n"
        "    job = VideoJob(source, video.index_video(path), '', path.name)\n"
        "    while True:\n"
        "        try:\n"
        "            estimate_many({0: job}, tick=lambda f, n: print(f, flush=True))\n"
        "        except Exception:\n"
        "            pass\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script), str(noise)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert parent.stdout is not None
        while not workers_of(parent.pid):
            parent.stdout.readline()
        workers = workers_of(parent.pid)
        parent.send_signal(how)
        parent.wait(20)
        _, alive = psutil.wait_procs(workers, timeout=10)
        assert not alive
    finally:
        parent.kill()
        parent.wait()
        if parent.stdout is not None:
            parent.stdout.close()
