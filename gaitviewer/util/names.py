r"""Names of files that can be kept: in UTF-8, and leading somewhere.

Elsewhere than on Windows and macOS a name is any row of bytes. One in an old encoding (``M\xfcller``) reaches
Python with stand-ins that no database, JSON or PDF can hold: it is refused before any work is done on it.
"""

from __future__ import annotations

from pathlib import Path

from gaitviewer.errors import SettingsError


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
        raise SettingsError(
            f"The name {readable(name)} is not written in UTF-8, so it can neither be kept nor printed: "
            "rename it, or type it again."
        )


def real_path(path: Path) -> Path:
    """The absolute path that a path means, links followed; whether anything is there is another matter.

    Raises:
        SettingsError: links that lead round in a circle, no such user, or a name that is not in UTF-8.
    """
    try:
        real = path.expanduser().resolve()
    except (RuntimeError, OSError) as error:  # Python says so in one way or the other
        what = "names a user whom this computer does not know" if str(path).startswith("~") else (
            "is a link that leads back to itself"
        )  # fmt: skip
        raise SettingsError(f"{readable(str(path))} {what}: give the file or folder itself.") from error
    require_text(str(real))
    return real
