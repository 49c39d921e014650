"""A folder full of modules that nobody may import: what is in the folder that a program is run in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_TRAP = """import os
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ran.txt"), "a") as file:
    file.write(__name__ + chr(10))
raise ImportError("this file is not part of the program")
"""
_LIBRARIES = (
    "numpy",
    "scipy",
    "av",
    "cv2",
    "ezc3d",
    "mediapipe",
    "torch",
    "psutil",
    "PySide6",
    "platformdirs",
    "tomlkit",
    "sqlite_utils",
    "pandas",
    "pyarrow",
    "jsonschema",
    "matplotlib",
    "PIL",
    "reportlab",
    "pypdfium2",
    "safetensors",
    "transformers",
    "sklearn",
    "pyqtgraph",
    "sitecustomize",
    "usercustomize",
)


def set_traps(folder: Path) -> Path:
    """Fill a folder with modules that tell that they were imported, then fail."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in {*sys.stdlib_module_names, *_LIBRARIES}:
        if not name.startswith("__"):
            (folder / f"{name}.py").write_text(_TRAP)
    return folder


def remove_pythons_own(folder: Path) -> None:
    """Take out what Python itself imports to find the module that ``-m`` names.

    It looks in the working folder for that, before any line of the program could keep it from doing so.
    """
    code = "import runpy, sys; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    for name in {*found.stdout.split(), "importlib", "sitecustomize", "usercustomize"}:
        (folder / f"{name}.py").unlink(missing_ok=True)
    for needed in ("pickle", "numpy", "ezc3d", "json", "multiprocessing", "subprocess"):
        assert (folder / f"{needed}.py").exists()


def sprung(folder: Path) -> list[str]:
    """The modules that were imported."""
    told = folder / "ran.txt"
    return told.read_text().splitlines() if told.exists() else []
