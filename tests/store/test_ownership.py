from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gaitviewer.errors import StoreError
from gaitviewer.store.ownership import Ownership


def claim_of_another(path: Path, *, host: str, pid: int, age_s: float) -> None:
    path.write_text(json.dumps({"token": "other", "host": host, "pid": pid}))
    then = time.time() - age_s
    os.utime(path, (then, then))


def test_a_claim_that_beats_is_respected_and_names_its_owner(tmp_path: Path) -> None:
    owner = tmp_path / "l.db.owner"
    claim_of_another(owner, host="ward-3", pid=77, age_s=2)
    with pytest.raises(StoreError, match=r"open on ward-3 \(process 77\)"):
        Ownership(tmp_path / "l.db")
    assert json.loads(owner.read_text())["token"] == "other"
    assert [p.name for p in tmp_path.iterdir()] == ["l.db.owner"]


def test_a_claim_that_stopped_beating_is_replaced(tmp_path: Path) -> None:
    owner = tmp_path / "l.db.owner"
    claim_of_another(owner, host="ward-3", pid=77, age_s=60)
    ownership = Ownership(tmp_path / "l.db")
    ownership.check()
    assert json.loads(owner.read_text())["pid"] == os.getpid()
    ownership.release()
    assert list(tmp_path.iterdir()) == []


def test_a_dead_process_on_this_machine_owns_nothing(tmp_path: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    claim_of_another(tmp_path / "l.db.owner", host=socket.gethostname(), pid=done.pid, age_s=0)
    Ownership(tmp_path / "l.db").release()


def test_the_heart_beats(tmp_path: Path) -> None:
    ownership = Ownership(tmp_path / "l.db", beat_s=0.05)
    try:
        then = time.time() - 1000
        os.utime(ownership.path, (then, then))
        deadline = time.monotonic() + 5
        while ownership.path.stat().st_mtime < time.time() - 100 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert ownership.path.stat().st_mtime > time.time() - 100
    finally:
        ownership.release()


def test_an_unreadable_claim_counts_until_it_is_stale(tmp_path: Path) -> None:
    owner = tmp_path / "l.db.owner"
    owner.write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="another machine"):
        Ownership(tmp_path / "l.db")
    os.utime(owner, (1, 1))
    Ownership(tmp_path / "l.db").release()
