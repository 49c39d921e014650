"""The keys of the program: one table, which a user may change in a file of their own."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gaitviewer import paths
from gaitviewer.core.serialise import MalformedError, load_toml, read_toml
from gaitviewer.util import atomic

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """One action and its keys.

    Attributes:
        action: name of the action, e.g. "player.play".
        keys: key sequences as Qt writes them ("Ctrl+Left"); the first is shown in menus.
        title: what it does, for the help sheet (English; translated when shown).
        group: heading in the help sheet.
    """

    action: str
    keys: tuple[str, ...]
    title: str
    group: str


@dataclass(frozen=True, slots=True)
class _KeyTable:
    """``resources/keys.toml``."""

    keys: tuple[KeyBinding, ...]


def user_keys_file() -> Path:
    """Where a user's own keys are kept: a table ``[keys]`` of action = ["Key", ...]."""
    return paths.config_dir() / "keys.toml"


def load_keys(path: Path | None = None) -> dict[str, KeyBinding]:
    """All bindings by action, with the user's changes; a broken user file is logged and ignored."""
    shipped = read_toml(paths.resources() / "keys.toml", _KeyTable)
    bindings = {binding.action: binding for binding in shipped.keys}
    path = path or user_keys_file()
    try:
        changes = load_toml(path, dict[str, Any]).get("keys", {})
    except FileNotFoundError:
        return bindings
    except (OSError, MalformedError) as error:
        _log.warning("the user's keys cannot be read (%s); the usual ones are used", error)
        return bindings
    return bindings | _changed(bindings, changes)


def _changed(bindings: dict[str, KeyBinding], changes: Any) -> dict[str, KeyBinding]:
    good: dict[str, KeyBinding] = {}
    for action, keys in changes.items() if isinstance(changes, dict) else ():
        fits = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        if action in bindings and fits:
            good[action] = replace(bindings[action], keys=tuple(keys))
        else:
            _log.warning("the user's key for %s is not a list of keys of a known action", action)
    return good


def save_keys(changes: dict[str, tuple[str, ...]]) -> None:
    """Write a user's own keys (only what differs from the usual ones).

    Raises:
        OSError: the file cannot be written.
    """
    import tomlkit

    usual = load_keys(Path("/nonexistent/keys.toml"))
    document = tomlkit.document()
    document.add(tomlkit.comment("Keys of GaitViewer that differ from the usual ones"))
    table = tomlkit.table()
    for action, keys in changes.items():
        if action in usual and usual[action].keys != keys:
            table[action] = list(keys)
    document["keys"] = table
    atomic.write_bytes(user_keys_file(), tomlkit.dumps(document).encode("utf-8"))
