"""The user's settings: one versioned TOML file, never a reason not to start."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gaitviewer import paths
from gaitviewer.core.serialise import MalformedError, load_toml, quote
from gaitviewer.errors import SettingsError
from gaitviewer.messages import Message, message
from gaitviewer.util import atomic

VERSION = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user can choose once for all sessions.

    Attributes:
        paper: paper of the report, "A4" or "Letter".
        left_colour, right_colour: of the sides in plots, as ``#rrggbb``.
        rater: name under which grades are kept, "" until it is known.
        workers: processes for pose estimation; 0 = as many as there are views and processors.
        memory_mb: bound for decoded frames that are kept in memory, megabytes.
        hide_until_graded: keep measured and model values of an item from the rater until it is graded.
        theme: of the window: "system", "light" or "dark".
        report_anonymous: reports of the window are without names.
        report_left_out: sections, by name, that reports of the window leave out.
        refine_legs: put the legs right where the estimator draws both as one.
        pose_model: what finds keypoints: "best" (of those that are here), "full", "heavy", or an added one.
        default_models: ids of learned models that are asked in the place of the shipped ones, one of a task.
        model_device: where learned models compute: "cpu", "cuda:0", "mps".
        model_precision: in what they compute: "fp32" or "bf16".
        ask_after_analysis: ask all learned models when an analysis has ended.
    """

    paper: str = "A4"
    left_colour: str = "#d62728"
    right_colour: str = "#1f77b4"
    rater: str = ""
    workers: int = 0
    memory_mb: int = 1024
    hide_until_graded: bool = False
    theme: str = "system"
    report_anonymous: bool = False
    report_left_out: tuple[str, ...] = ()
    refine_legs: bool = True
    pose_model: str = "best"
    default_models: tuple[str, ...] = ()
    model_device: str = "cpu"
    model_precision: str = "fp32"
    ask_after_analysis: bool = False


def _is_colour(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value) is not None


def _is_name(value: str) -> bool:
    from gaitviewer.pose.models import is_name  # most start without it

    return is_name(value)


def _are_words(value: Any) -> bool:
    return (
        isinstance(value, tuple) and len(value) <= 50 and all(isinstance(word, str) and word for word in value)
    )


def _is_yes_or_no(value: Any) -> bool:
    return isinstance(value, bool)


def _whole(low: int, high: int) -> tuple[Callable[[Any], bool], Message]:
    return (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high,
        message("error.settings.allowed.whole", low=low, high=high),
    )


_COLOUR = message("error.settings.allowed.colour")
_NAME = message("error.settings.allowed.rater")
_YES_OR_NO = message("error.settings.allowed.yes_or_no")
# name -> (check, what is allowed)
_ALLOWED: dict[str, tuple[Callable[[Any], bool], Message]] = {
    "paper": (lambda value: value in ("A4", "Letter"), message("error.settings.allowed.paper")),
    "left_colour": (_is_colour, _COLOUR),
    "right_colour": (_is_colour, _COLOUR),
    "rater": (
        lambda value: isinstance(value, str) and len(value) <= 200,
        _NAME,
    ),
    "workers": _whole(0, 64),
    "pose_model": (
        lambda value: isinstance(value, str) and (value in ("best", "full", "heavy") or _is_name(value)),
        message("error.settings.allowed.pose_model"),
    ),
    "memory_mb": _whole(64, 65536),
    "hide_until_graded": (_is_yes_or_no, _YES_OR_NO),
    "theme": (lambda value: value in ("system", "light", "dark"), message("error.settings.allowed.theme")),
    "report_anonymous": (_is_yes_or_no, _YES_OR_NO),
    "report_left_out": (_are_words, message("error.settings.allowed.sections")),
    "refine_legs": (_is_yes_or_no, _YES_OR_NO),
    "default_models": (_are_words, message("error.settings.allowed.models")),
    "model_device": (
        lambda value: isinstance(value, str) and re.fullmatch(r"cpu|mps|cuda(:\d{1,3})?", value) is not None,
        message("error.settings.allowed.device"),
    ),
    "model_precision": (
        lambda value: value in ("fp32", "bf16"),
        message("error.settings.allowed.precision"),
    ),
    "ask_after_analysis": (_is_yes_or_no, _YES_OR_NO),
}


def settings_file() -> Path:
    """Where the settings are kept."""
    return paths.config_dir() / "settings.toml"


def load(path: Path | None = None) -> Settings:
    """The user's settings; the defaults where there are none.

    A file that cannot be read is set aside under another name, and an impossible value is replaced by its
    default: both are logged, neither stops the program.
    """
    path = path or settings_file()
    try:
        found = load_toml(path, dict[str, Any])
    except FileNotFoundError:
        return Settings()
    except MalformedError as error:
        _log.warning("the settings cannot be read (%s); defaults are used", error)
        _set_aside(path)
        return Settings()
    except OSError as error:
        _log.warning("the settings cannot be opened (%s); defaults are used", error.strerror)
        return Settings()
    good: dict[str, Any] = {}
    for name, (allowed, words) in _ALLOWED.items():
        if name not in found:
            continue
        value = tuple(found[name]) if isinstance(found[name], list) else found[name]
        if allowed(value):
            good[name] = value
        else:
            _log.warning("the setting %s is not %s; its default is used", name, words)
    return Settings(**good)


def change(settings: Settings, **values: Any) -> Settings:
    """Settings with other values.

    Raises:
        SettingsError: there is no such setting, or it cannot have this value.
    """
    for name, value in values.items():
        if name not in _ALLOWED:
            raise SettingsError(
                message("error.settings.no_such_setting", setting=name, settings=tuple(_ALLOWED))
            )
        allowed, words = _ALLOWED[name]
        if not allowed(value):
            raise SettingsError(
                message("error.settings.value", setting=name, value=quote(value), allowed=words)
            )
    return replace(settings, **values)


def save(settings: Settings, path: Path | None = None) -> None:
    """Writes the settings; comments and settings of newer versions in the file stay.

    Raises:
        SettingsError: a value is impossible.
        OutputError: the file cannot be written; it is as it was.
    """
    import tomlkit

    path = path or settings_file()
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    change(settings, **values)
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # no TOML, no text, a number of thousands of digits
        if path.is_file():
            _set_aside(path)
        document = tomlkit.document()
        document.add(tomlkit.comment("Settings of GaitViewer"))
    version = document.get("version", VERSION)
    document["version"] = max(version, VERSION) if isinstance(version, int) else VERSION
    for name, value in values.items():
        document[name] = list(value) if isinstance(value, tuple) else value
    atomic.write_output(path, tomlkit.dumps(document))


def _set_aside(path: Path) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    try:
        path.replace(path.with_name(f"{path.name}.broken-{stamp}"))
    except OSError as error:
        _log.warning("the unreadable settings could not be set aside (%s)", error.strerror)
