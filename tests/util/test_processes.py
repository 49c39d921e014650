"""Code from the folder in which the program happens to be run is never used, in any kind of process."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.util import startup
from tests.support.traps import remove_pythons_own, set_traps, sprung

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def traps(tmp_path: Path) -> Path:
    return set_traps(tmp_path / "folder of recordings")


def environment(**values: str) -> dict[str, str]:
    """Variables as a user has them: nothing that would make Python safe by itself."""
    kept = {name: value for name, value in os.environ.items() if name != startup.SAFE_PATH}
    return kept | {"PYTHONPATH": str(ROOT)} | values


def run(command: list[str], folder: Path, **values: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment(**values), capture_output=True, text=True, timeout=300, check=False
    )


def run_code(code: str, traps: Path, tmp_path: Path) -> str:
    """Run code in a script that lies elsewhere, as the command ``gaitviewer`` does, within the traps."""
    script = tmp_path / "elsewhere" / "main.py"
    script.parent.mkdir()
    body = textwrap.indent(textwrap.dedent(code), "    ")
    script.write_text(f"if __name__ == '__main__':\n{body}\n")
    done = run([sys.executable, str(script)], traps)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_traps_work(traps: Path) -> None:
    done = run([sys.executable, "-c", "import pickle"], traps)
    assert done.returncode == 1
    assert sprung(traps) == ["pickle"]


@pytest.mark.parametrize(
    "search_path", [str(ROOT), os.pathsep + str(ROOT), f"{ROOT}{os.pathsep}."], ids=["usual", "empty", "dot"]
)
@pytest.mark.parametrize("arguments", [["--help"], ["models", "list"], ["sessions", "list"]])
def test_the_module_runs_nothing_of_the_working_folder(
    traps: Path, arguments: list[str], search_path: str
) -> None:
    remove_pythons_own(traps)
    done = run([sys.executable, "-m", "gaitviewer", *arguments], traps, PYTHONPATH=search_path)
    assert done.returncode == 0, done.stderr
    assert sprung(traps) == []


def test_the_command_runs_nothing_of_the_working_folder(traps: Path) -> None:
    command = Path(sys.executable).with_name("gaitviewer")
    if not command.exists():
        pytest.skip("the command is not installed")
    done = run([str(command), "models", "list"], traps)
    assert done.returncode == 0, done.stderr
    assert sprung(traps) == []


def test_the_probe_of_a_video_runs_nothing_of_the_working_folder(traps: Path, tmp_path: Path) -> None:
    from gaitviewer.video import write_video

    path = tmp_path / "walk.mp4"
    write_video(path, (np.zeros((32, 32, 3), np.uint8) for _ in range(6)), rate_hz=30)
    code = f"""
        from gaitviewer.video.index import probe_safely
        print(len(probe_safely({str(path)!r}).times))
    """
    assert run_code(code, traps, tmp_path).strip() == "6"
    assert sprung(traps) == []


def test_the_reader_of_c3d_files_runs_nothing_of_the_working_folder(traps: Path, tmp_path: Path) -> None:
    import ezc3d

    path = tmp_path / "walk.c3d"
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    file["parameters"]["POINT"]["LABELS"]["value"] = ["LHEE"]
    file["data"]["points"] = np.ones((4, 1, 5))
    file.write(str(path))
    code = f"""
        from gaitviewer.formats.c3d import read_c3d
        print(read_c3d({str(path)!r}).points.shape[0])
    """
    assert run_code(code, traps, tmp_path).strip() == "5"
    assert sprung(traps) == []


def test_workers_of_the_pose_estimator_run_nothing_of_the_working_folder(traps: Path, tmp_path: Path) -> None:
    code = """
        from gaitviewer.errors import SettingsError
        from gaitviewer.pose.pool import WorkerPool
        with WorkerPool(1, "full") as pool:
            worker = pool._workers[0]
            worker.pipe.send(None)  # no task: answered when the estimator has started
            assert worker.pipe.poll(240)
            print(worker.pipe.recv()[0])
    """
    assert run_code(code, traps, tmp_path).strip() == "failed"  # of None, not of a module that is missing
    assert sprung(traps) == []


def test_workers_of_a_pool_run_nothing_of_the_working_folder(traps: Path, tmp_path: Path) -> None:
    code = """
        import json, os
        from gaitviewer.util import processes
        with processes.worker_pool(1) as pool:
            print(pool.submit(eval, "__import__('json').dumps(__import__('sys').path)").result())
    """
    searched = json.loads(run_code(code, traps, tmp_path))
    assert sprung(traps) == []
    assert "" not in searched
    assert str(traps) not in searched


@pytest.mark.slow
def test_processes_of_torchrun_run_nothing_of_the_working_folder(traps: Path) -> None:
    command = Path(sys.executable).with_name("torchrun")
    if not command.exists():
        pytest.skip("torchrun is not installed")
    remove_pythons_own(traps)
    done = run(
        [str(command), "--standalone", "--nproc-per-node", "2", "-m", "gaitviewer", "models", "list"], traps
    )
    assert done.returncode == 0, done.stderr
    assert sprung(traps) == []


def test_a_checkout_that_is_not_installed_is_found_in_the_working_folder() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "gaitviewer", "--help"],
        cwd=ROOT,
        env={name: value for name, value in environment().items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "usage: gaitviewer" in done.stdout


def test_the_search_path_keeps_what_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", ".", str(tmp_path), str(ROOT), "/elsewhere"])
    monkeypatch.delenv(startup.SAFE_PATH, raising=False)
    startup.leave_working_folder()
    assert sys.path == [str(ROOT), "/elsewhere"]
    assert os.environ[startup.SAFE_PATH] == "1"
    assert startup.search_path(os.pathsep.join(["", ".", "/a", str(ROOT)])) == f"{ROOT}{os.pathsep}/a"


def test_one_module_starts_processes() -> None:
    """Anything else would have to see to all this by itself."""
    starters = {"subprocess", "ProcessPoolExecutor", "get_context", "Popen", "QProcess", "Process"}
    calls = {"system", "fork", "spawnv", "execv", "popen"}
    found = {}
    for path in (ROOT / "gaitviewer").rglob("*.py"):
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names |= {node.module or ""}
            if isinstance(node, ast.Import | ast.ImportFrom):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names |= {node.attr} if node.value.id in ("os", "multiprocessing") else set()
        if bad := names & (starters | calls):
            found[path.relative_to(ROOT / "gaitviewer").as_posix()] = sorted(bad)
    assert set(found) == {"util/processes.py"}, found
