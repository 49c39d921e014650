"""The table of keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QKeySequence

from gaitviewer.gui.widgets.keys import load_keys, save_keys, user_keys_file


def test_every_key_is_one_that_qt_knows_and_none_is_taken_twice(qapp: Any) -> None:
    bindings = load_keys()
    assert len(bindings) > 50
    for binding in bindings.values():
        assert binding.title
        for key in binding.keys:
            sequence = QKeySequence(key)
            assert not sequence.isEmpty(), key
            assert "Unknown" not in sequence.toString()


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("player.play", "Space"),
        ("player.step_back", "Left"),
        ("player.start", "Home"),
        ("player.page_forward", "PgDown"),
        ("player.next_key_image", "Ctrl+Right"),
        ("player.faster", "Up"),
        ("player.sync_point", "F8"),
        ("view.superpose", "F9"),
        ("player.add_key_image", "Ins"),
    ],
)
def test_the_keys_that_fingers_know(action: str, key: str) -> None:
    assert key in load_keys()[action].keys


def test_own_keys_are_kept(own_home: Path) -> None:
    save_keys({"player.play": ("P",), "player.start": ("Home",), "no.such": ("X",)})
    assert user_keys_file().is_file()
    bindings = load_keys()
    assert bindings["player.play"].keys == ("P",)
    assert bindings["player.start"].keys == ("Home",)
    assert "player.start" not in user_keys_file().read_text()


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        '[keys]\n"player.play" = 7\n"no.such" = ["A"]\n',
        "keys = 3\n",
        "keys = " + "7" * 5000,
        "keys = " + "[" * 5000 + "]" * 5000,
    ],
    ids=["no TOML", "wrong types", "no table", "thousands of digits", "deep nesting"],
)
def test_a_broken_file_of_own_keys_is_ignored(own_home: Path, text: str) -> None:
    user_keys_file().parent.mkdir(parents=True, exist_ok=True)
    user_keys_file().write_text(text)
    assert load_keys()["player.play"].keys == ("Space", "K")
