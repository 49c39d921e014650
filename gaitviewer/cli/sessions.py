"""``gaitviewer sessions``: what is in the library, taking sessions out of it, and its copies."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

_DONE = {
    "delete": "{id} left the list; `gaitviewer sessions restore {id}` puts it back.",
    "restore": "{id} is in the list again.",
    "purge": "{id} is gone for good.",
}


def add_sessions(commands: Any) -> None:
    """``gaitviewer sessions`` with its actions; without one it lists."""
    parser = commands.add_parser(
        "sessions",
        help="list, delete, restore or purge the sessions in the library",
        description="Without an action, lists the sessions. SESSION is an id, or the name of a subject "
        "with one session.",
    )
    _add_common(parser)
    _add_list(parser)
    parser.set_defaults(run=_run_list, deleted=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    listed = actions.add_parser("list", help="ids with subject, date and state")
    _add_list(listed)
    listed.add_argument("--deleted", action="store_true", help="those that were deleted")
    _add_common(listed)
    listed.set_defaults(run=_run_list)
    for name, words in (
        ("delete", "take sessions out of the list; everything in them is kept"),
        ("restore", "put deleted sessions back"),
        ("purge", "erase deleted sessions for good; videos and written files stay"),
    ):
        action = actions.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        action.add_argument("sessions", nargs="*" if name == "purge" else "+", metavar="SESSION")
        if name == "purge":
            action.add_argument("--all", action="store_true", help="all that were deleted")
            action.add_argument("--yes", action="store_true", help="do not ask")
        _add_common(action)
        action.set_defaults(run=_run_purge if name == "purge" else _run_change, command=name)
    listed = actions.add_parser(
        "copies",
        help="copies of the library that the program keeps",
        description="Lists the copies of the library that the program keeps by itself, the latest first.",
    )
    _add_common(listed)
    listed.set_defaults(run=_run_copies)
    restored = actions.add_parser(
        "restore-copy",
        help="put a copy in the place of a damaged library",
        description="Puts a copy of the library in its place, the latest one unless you name another. The file "
        "that was there is set aside, not deleted.",
    )
    restored.add_argument("copy", nargs="?", type=Path, metavar="COPY", help="file of the copy")
    _add_common(restored)
    restored.set_defaults(run=_run_restore_copy)


def _add_common(parser: argparse.ArgumentParser) -> None:
    # An action must not take back what was said before it: hence no defaults of its own.
    parser.add_argument(
        "--library",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="session library (default: your own)",
    )
    parser.add_argument(
        "--verbose", action="store_true", default=argparse.SUPPRESS, help="log details to standard error"
    )


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")


def _run_list(options: argparse.Namespace) -> int:
    from gaitviewer.workflow.sessions.queries import session_rows

    rows = session_rows(options.library, deleted=options.deleted)
    if getattr(options, "json", False):
        print(json.dumps(rows, indent=1))
        return 0
    if not rows and options.deleted:
        print("No session was deleted.")
        return 0
    if not rows:
        print("The library is empty. `gaitviewer analyze` adds a session, `gaitviewer demo` adds an example.")
        return 0
    columns = tuple(rows[0])
    table = [columns, *(tuple(str(row[name]) for name in columns) for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(columns))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    return 0


def _run_change(options: argparse.Namespace) -> int:
    from gaitviewer.workflow.sessions.queries import change_sessions

    for name in change_sessions(options.library, options.sessions, options.command):
        print(_DONE[options.command].format(id=name))
    return 0


def _run_purge(options: argparse.Namespace) -> int:
    from gaitviewer.errors import SettingsError
    from gaitviewer.messages import message
    from gaitviewer.workflow.sessions.queries import purge_named, session_rows

    if bool(options.sessions) == options.all:
        raise SettingsError(message("error.cli.erase_nothing_named"))
    words = options.sessions
    if options.all:
        words = [row["session"] for row in session_rows(options.library, deleted=True)]
    if not words:
        print("No session was deleted.")
        return 0
    if not options.yes and not _sure(words):
        print("Nothing was erased.")
        return 0
    purged = purge_named(options.library, words)
    for name in purged.ids:
        print(_DONE["purge"].format(id=name))
    for sentence in purged.words:
        print(sentence)
    return 0


def _run_copies(options: argparse.Namespace) -> int:
    from gaitviewer import paths
    from gaitviewer.store import copies_of

    found = copies_of(options.library or paths.library_file())
    for copy in found:
        print(f"{copy.path}  {copy.words}")
    if not found:
        print("There are no copies yet; one is made before the first change of each day.")
    return 0


def _run_restore_copy(options: argparse.Namespace) -> int:
    from gaitviewer.workflow.sessions.queries import use_copy

    copy, aside = use_copy(options.library, options.copy)
    print(f"{copy} is the library now.")
    if aside is not None:
        print(f"The file that was there is kept as {aside}.")
    return 0


def _sure(words: list[str]) -> bool:
    from gaitviewer.errors import SettingsError
    from gaitviewer.messages import message

    if not sys.stdin.isatty():
        raise SettingsError(message("error.cli.erase_unconfirmed"))
    print(
        f"Erase {', '.join(words)} for good? Keypoints, corrections, grades, texts, key images and signatures "
        "cannot be brought back, not from the copies of the library either. Videos, reports and exported files "
        "stay where they are."
    )
    return input("Type yes to erase: ").strip().casefold() == "yes"
