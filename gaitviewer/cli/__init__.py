"""The command line. Heavy imports sit inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

from gaitviewer.util.startup import leave_working_folder

leave_working_folder()  # before anything else is imported

import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402

from gaitviewer import paths  # noqa: E402
from gaitviewer.errors import Cancelled, UserError  # noqa: E402
from gaitviewer.util import private  # noqa: E402

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 2 the user can mend it, 70 our fault, 130 stopped."""
    from gaitviewer.cli.arguments import build_parser
    from gaitviewer.util.names import require_text

    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        for word in given:
            require_text(word)
    except UserError as problem:
        _say(f"gaitviewer: {problem}")
        return EXIT_USER_ERROR
    options = build_parser().parse_args(given)
    try:
        private.tighten(paths.own_folders())
        _start_logging(options)
        _check_installed(options)
        code: int = options.run(options)
        return code
    except UserError as problem:
        _say(f"gaitviewer: {problem}")
        return EXIT_USER_ERROR
    except (Cancelled, KeyboardInterrupt):
        _say("gaitviewer: stopped; nothing was written.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return 0
    except Exception as error:
        if getattr(options, "verbose", False):
            raise
        from gaitviewer.workflow.app import logs

        logs.report_crash(error)
        return logs.EXIT_CRASH


def _check_installed(options: object) -> None:
    """Commands for research say at once what they lack (``needs_research``, set with their parsers)."""
    command = getattr(options, "needs_research", "")
    if command:
        from gaitviewer.core.extras import require_research

        require_research(command)


def _say(sentence: str) -> None:
    sys.stdout.flush()
    print(sentence, file=sys.stderr)


def _start_logging(options: object) -> None:
    from gaitviewer.workflow.app import logs

    logs.start(verbose=bool(getattr(options, "verbose", False)))
    for word in [getattr(options, "subject", ""), *(path for _, path in getattr(options, "recordings", []))]:
        logs.hide(word)
