r"""Names of files that can be kept: in UTF-8, and leading somewhere.

Elsewhere than on Windows and macOS a name is any row of bytes. One in an old encoding (``M\xfcller``) reaches
Python with stand-ins that no database, JSON or PDF can hold: it is refused before any work is done on it.
"""

from __future__ import annotations

from pathlib import Path

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message


def is_text(name: str) -> bool:
    """Whether a name or an argument came as UTF-8."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def readable(name: str) -> str:
    r"""A name that can be shown, its odd bytes as ``\xfc``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def require_text(name: str) -> None:
    """Refuse a name that is not in UTF-8.

    Raises:
        SettingsError: saying which and what to do.
    """
    if not is_text(name):
        raise SettingsError(message("error.name.not_utf8", name=readable(name)))


def real_path(path: Path) -> Path:
    """The absolute path that a path means, links followed; whether anything is there is another matter.

    Raises:
        SettingsError: links that lead round in a circle, no such user, or a name that is not in UTF-8.
    """
    try:
        real = path.expanduser().resolve()
    except (RuntimeError, OSError) as error:  # Python says so in one way or the other
        if str(path).startswith("~"):
            raise SettingsError(message("error.name.no_user", path=readable(str(path)))) from error
        raise SettingsError(message("error.name.link_to_itself", path=readable(str(path)))) from error
    require_text(str(real))
    return real
