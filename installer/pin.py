"""Write ``installer/constraints.txt``: one version of every package, for Python 3.11 and 3.12 and all systems.

    .venv/bin/python -m pip install uv
    .venv/bin/python installer/pin.py              # what pyproject.toml now asks for; pins that still fit stay
    .venv/bin/python installer/pin.py --upgrade    # the newest version of everything

uv resolves once for all systems in ``[tool.uv] environments`` of ``pyproject.toml``, from the package index and
from wheels alone. There are no hashes: torch comes as a CPU wheel where one lies on disk, and its wheels differ
by system anyway. NVIDIA's packages are pinned for whoever takes torch's CUDA wheel from the index; pins install
nothing by themselves, so a CPU wheel brings none. Then run ``installer/parts.py``, in an environment made anew.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "installer" / "constraints.txt"
HEADER = """\
# Written by installer/pin.py; do not edit. For `pip install -c`: Python 3.11 and 3.12 on Linux x86-64,
# Windows x86-64 and macOS on Apple silicon.
# MediaPipe stays at 0.10.21: later ones send figures on how they are used over the network, and so does
# onnxruntime from 1.29 on.
"""
LEFT_OUT = ("pip",)  # sqlite-utils asks for it; the one that installs must not replace itself


def find_uv() -> str:
    """The uv of this environment, or one on the path."""
    beside = shutil.which("uv", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("uv")
    if found is None:
        sys.exit(f"uv was not found. Install it: {sys.executable} -m pip install uv")
    return found


def resolve(upgrade: bool) -> list[str]:
    """The lines of a requirements file that holds in all environments at once.

    Args:
        upgrade: take the newest versions instead of keeping those that are pinned.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "resolved.txt"
        if PINS.is_file() and not upgrade:
            shutil.copy(PINS, out)  # uv keeps what it finds in the file that it is to write
        command = [find_uv(), "pip", "compile", "pyproject.toml", "--all-extras", "--universal", "--quiet"]
        command += ["--python-version", "3.11", "--only-binary", ":all:", "--no-annotate", "--no-header"]
        command += ["--output-file", str(out)]
        for name in LEFT_OUT:
            command += ["--no-emit-package", name]
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode:
            sys.exit("uv could not resolve the dependencies; see above. constraints.txt was left as it is.")
        return out.read_text(encoding="utf-8").splitlines()


def shorten(lines: list[str]) -> list[str]:
    """Pins without the marker that only says "on every supported system", which most of them carry."""
    everywhere = _everywhere(lines)
    pins = [line.removesuffix(everywhere) for line in lines if line and not line.startswith("#")]
    wrong = [pin for pin in pins if not re.match(r"[a-z0-9._-]+==[0-9][0-9a-z.]*( ;|$)", pin)]
    if wrong:
        sys.exit(f"These are no plain pins (no local versions such as +cpu, no addresses): {', '.join(wrong)}")
    return pins


def _everywhere(lines: list[str]) -> str:
    numpy = next(line for line in lines if line.startswith("numpy=="))
    return numpy[numpy.index(" ;") :] if " ;" in numpy else ""


def main() -> None:
    """Resolve and write."""
    pins = shorten(resolve("--upgrade" in sys.argv[1:]))
    torch = next(name for name in _asked_for() if name.startswith("torch=="))
    if torch not in pins:
        sys.exit(f"{torch} of pyproject.toml is not among the pins.")
    PINS.write_text(HEADER + "\n".join(pins) + "\n", encoding="utf-8")
    print(f"{len(pins)} pins in {PINS.relative_to(ROOT)}")


def _asked_for() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["dependencies"])


if __name__ == "__main__":
    main()
