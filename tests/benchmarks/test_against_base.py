"""The present tree against an earlier one, in turn on the same machine: analysing, start, opening, a step.

    GAITVIEWER_BASE=/path/to/the/earlier/checkout pytest tests/benchmarks/test_against_base.py -m benchmark -s

``GAITVIEWER_PAIRS`` (3 where it is not given) says how often both do the work. Each run is a process of its own
and each tree keeps its own home, with a session of the demo that it analysed itself. Nothing is asserted on the
ratios: they are for people to read.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark

HERE = Path(__file__).resolve().parents[2]
Spent = dict[str, tuple[float, float]]  # wall and processor seconds, by what was done

# Works in every tree whose window has a review desk with two views; modules moved in between.
WINDOW = """
    import json, time

    spent = {}
    began, used = time.perf_counter(), time.process_time()

    def note(name, times=1):
        spent[name] = (time.perf_counter() - began) / times, (time.process_time() - used) / times

    def wait(app, there):
        end = time.perf_counter() + 120
        while not there():
            assert time.perf_counter() < end
            app.processEvents()
            time.sleep(0.0005)
        app.processEvents()

    try:
        from gaitviewer.gui.shell.app import make_application
        from gaitviewer.gui.shell.main_window import MainWindow
    except ImportError:
        from gaitviewer.gui.app import make_application
        from gaitviewer.gui.main_window import MainWindow
    app = make_application()
    window = MainWindow()
    window.resize(1366, 768)
    window.show()
    wait(app, lambda: window.windowHandle().isExposed())
    note("first window")

    wait(app, lambda: window.cards)
    rest = time.perf_counter() + 3
    wait(app, lambda: time.perf_counter() > rest)
    began, used = time.perf_counter(), time.process_time()
    (window.services.sessions if hasattr(window, "services") else window.work).open(window.cards[0].id)
    canvases = lambda: window.desk.views.canvases_there
    painted = lambda: all(canvas.painted_frame >= 0 for canvas in canvases())
    wait(app, lambda: window.reviewing and window.state.measures and painted())
    note("opening an analysed session")

    player = window.desk.views.player
    player.go_to(1.0)
    exact = lambda: all(c.painted_frame == c.frame for c in canvases())
    wait(app, exact)
    rest = time.perf_counter() + 2
    wait(app, lambda: time.perf_counter() > rest)
    steps = [1] * 20 + [-1] * 20
    began, used = time.perf_counter(), time.process_time()
    for step in steps:
        player.step(step)
        wait(app, exact)
    note("a step", len(steps))
    print(json.dumps(spent))
    window.close()
"""


def run(tree: Path, home: Path, *arguments: str) -> tuple[str, float, float]:
    """What Python said with a tree's own package, and the wall and processor seconds of all its processes."""
    surroundings = {**os.environ, "PYTHONPATH": str(tree), "GAITVIEWER_HOME": str(home)}
    # Compiled modules, as of an installed program, and none in the tree.
    surroundings["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
    began, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=surroundings, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    after = os.times()
    used = after.children_user - before.children_user + after.children_system - before.children_system
    return done.stdout, time.perf_counter() - began, used


def analyse(tree: Path, home: Path, out: Path) -> Spent:
    """The demo from nothing: videos are drawn, poses estimated, everything is measured and written."""
    code = "import gaitviewer; print(gaitviewer.__file__)"
    assert Path(run(tree, home, "-c", code)[0].strip()).is_relative_to(tree)
    command = ("-m", "gaitviewer", "demo", "--no-cache", "--out", str(out))
    return {"analysing the demo": run(tree, home, *command)[1:]}


def use_window(tree: Path, home: Path) -> Spent:
    """The window from its start to single steps."""
    said = run(tree, home, "-c", textwrap.dedent(WINDOW))[0]
    return {name: (wall, used) for name, (wall, used) in json.loads(said.splitlines()[-1]).items()}


def test_against_an_earlier_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = os.environ.get("GAITVIEWER_BASE")
    if not named:
        pytest.skip("GAITVIEWER_BASE does not name the earlier checkout")
    base = Path(named).resolve()
    assert (base / "gaitviewer").is_dir(), f"{base} holds no package gaitviewer"
    trees = {"base": base, "here": HERE}
    found: dict[str, list[Spent]] = {name: [] for name in trees}
    pairs = int(os.environ.get("GAITVIEWER_PAIRS", "3"))
    for pair in range(pairs):
        order = list(trees) if pair % 2 == 0 else list(reversed(trees))
        spent: dict[str, Spent] = {name: {} for name in trees}
        for name in order:
            spent[name] |= analyse(trees[name], tmp_path / f"home-{name}-{pair}", tmp_path / f"{name}{pair}")
        for name in order:  # once unmeasured, so that files are in memory
            home = tmp_path / f"home-{name}-{pair}"
            use_window(trees[name], home)
            spent[name] |= use_window(trees[name], home)
        for name in trees:
            found[name].append(spent[name])
    with capsys.disabled():
        load = os.getloadavg()[0]
        print(f"\nratio of the present tree to {base.name}, median of {pairs} pairs (load {load:.1f})")
        for what in found["here"][0]:
            print(f"  {what}: " + ", ".join(_ratio(found, what, kind) for kind in (0, 1)))


def _ratio(found: dict[str, list[Spent]], what: str, kind: int) -> str:
    here, base = ([one[what][kind] for one in found[name]] for name in ("here", "base"))
    ratios = [mine / theirs for mine, theirs in zip(here, base, strict=True)]
    return (
        f"{('wall', 'processor')[kind]} {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}; "
        f"{statistics.median(here):.3f} s)"
    )
