"""Where things live: shipped resources and models, and the user's own files.

``GAITVIEWER_HOME`` moves everything of the user's (library, settings, cache, logs) below one folder.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    """A shipped folder: beside the package in a checkout, inside it when installed from a wheel."""
    inside = _PACKAGE / f"_{name}"
    return inside if inside.is_dir() else _PACKAGE.parent / name


def resources() -> Path:
    """Folder of the shipped data files (items, norms, schemas, icons)."""
    return _shipped("resources")


def models() -> Path:
    """Folder of the shipped model cards and weights."""
    return _shipped("models")


def _user(kind: str) -> Path:
    home = os.environ.get("GAITVIEWER_HOME")
    if home:
        return Path(home).expanduser() / kind
    import platformdirs

    base = {
        "data": platformdirs.user_data_path,
        "config": platformdirs.user_config_path,
        "cache": platformdirs.user_cache_path,
        "logs": platformdirs.user_log_path,
    }[kind]
    return base("gaitviewer", appauthor=False)


def data_dir() -> Path:
    """The user's library lives here."""
    return _user("data")


def config_dir() -> Path:
    """The user's settings live here."""
    return _user("config")


def cache_dir() -> Path:
    """Everything here can be computed again and may be deleted at any time."""
    return _user("cache")


def log_dir() -> Path:
    """Rotating logs and crash files; never sent anywhere."""
    return _user("logs")


def own_folders() -> tuple[Path, ...]:
    """All folders of the user's own; for nobody else, see :mod:`gaitviewer.util.private`."""
    return tuple(dict.fromkeys((data_dir(), config_dir(), cache_dir(), log_dir())))


def library_file() -> Path:
    """The SQLite library."""
    return data_dir() / "library.db"
