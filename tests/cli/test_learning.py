"""Commands for research say how to get their packages where those are missing; the others do without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gaitviewer.cli import main
from gaitviewer.core.extras import RESEARCH_MODULES, require_research
from gaitviewer.errors import NotInstalledError


@pytest.fixture
def without_research(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if ``gaitviewer`` had been installed without its extra."""
    for name in RESEARCH_MODULES:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("without_research")
@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "severity", "--data", "cohort"],
        ["evaluate", "evgs", "--data", "cohort", "--out", "out"],
        ["cohort", "make", "cohort", "--subjects", "1", "--seed", "1"],
        ["cohort", "show", "cohort"],
        ["dataset", "check", "cohort"],
        ["adapt", "evgs"],
        ["cohort", "fit-errors"],
        ["validate", "walk.c3d"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_without_its_packages_a_research_command_says_how_to_get_them(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert f"gaitviewer {arguments[0]}" in said
    assert 'pip install "gaitviewer[research]"' in said
    assert all(name in said for name in RESEARCH_MODULES)
    assert not list(tmp_path.iterdir())


def test_only_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require_research("train")
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(NotInstalledError, match=r"\(tensorboardX\)"):
        require_research("train")


@pytest.mark.usefixtures("without_research")
def test_models_are_listed_without_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    assert "severity-3" in capsys.readouterr().out


def test_nothing_outside_research_loads_them_or_the_research_part() -> None:
    code = f"""
import importlib, pkgutil, sys
for name in {("gaitviewer.research", *RESEARCH_MODULES)}:
    sys.modules[name] = None  # to import it fails
import gaitviewer
count = 0
for found in pkgutil.walk_packages(gaitviewer.__path__, "gaitviewer."):
    if found.name != "gaitviewer.research" and not found.name.endswith("__main__"):
        importlib.import_module(found.name)
        count += 1
print(count)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-800:]
    assert int(done.stdout) > 200
