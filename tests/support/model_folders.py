"""Folders of models: copies of the shipped ones under other names, whole or damaged."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from gaitviewer import paths
from gaitviewer.nets.card import CARD


def copy_of(task: str, into: Path, name: str) -> Path:
    """The shipped model of a task in a folder of this name, which its card knows as well."""
    (shipped,) = paths.models().glob(f"{task}-*")
    shutil.copytree(shipped, into / name)
    change_card(into / name, "id", f'"{name}"')
    return into / name


def change_card(folder: Path, entry: str, value: str) -> None:
    """Another value of a line of the card."""
    card = folder / CARD
    text, count = re.subn(
        rf"^{entry} = .*$", f"{entry} = {value}", card.read_text(encoding="utf-8"), flags=re.M
    )
    assert count >= 1
    card.write_text(text, encoding="utf-8")
