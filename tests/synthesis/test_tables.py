"""A table of the generator that somebody changed is refused, and the sentence names the entry."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gaitviewer import paths
from gaitviewer.errors import SettingsError
from gaitviewer.research.cohort.labels import label_table
from gaitviewer.synthesis.body import appearance
from gaitviewer.synthesis.filming.film import filming_table
from gaitviewer.synthesis.filming.pose_errors import pose_errors
from gaitviewer.synthesis.gait import asymmetry


@pytest.mark.parametrize(
    ("name", "read", "entry"),
    [
        ("pose_errors", pose_errors, "score.per_error"),
        ("filming", filming_table, "walk.turn_radius_m"),
        ("labels", label_table, "knee_progression.neutral_to"),
        ("looks", appearance._looks, "girth"),
        ("scoliosis", asymmetry._curves, "full_deg"),
    ],
)
def test_the_entry_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, read: Callable[[], Any], entry: str
) -> None:
    shutil.copytree(paths.resources() / "synthesis", tmp_path / "synthesis")
    monkeypatch.setattr(paths, "resources", lambda: tmp_path)
    file = tmp_path / "synthesis" / f"{name}.toml"
    again: Callable[[], Any] = read.__wrapped__  # type: ignore[attr-defined]  # not what is remembered
    assert again() == read()
    text = file.read_text("utf-8")
    key = entry.rpartition(".")[2]
    for changed in (re.sub(rf"\b{key} = ", f"{key} = true #", text), text.replace(key, f"{key}_")):
        assert changed != text
        file.write_text(changed, "utf-8")
        with pytest.raises(SettingsError, match=re.escape(entry)) as error:
            again()
        assert str(file) in str(error.value)
