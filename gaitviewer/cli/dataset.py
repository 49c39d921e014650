"""``gaitviewer dataset``: what would be learned from data of one's own."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from gaitviewer.cli.systems import add_own_data, own_split


def add_dataset(commands: Any) -> None:
    """The command's parser."""
    parser = commands.add_parser(
        "dataset",
        help="look at data before training on them",
        description="Data to learn from: a cohort, a session library, or a folder in the layout that "
        "models/DATA.md describes.",
    )
    parser.set_defaults(needs_research="dataset")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="what each learned system would learn from it, what not, and why")
    check.add_argument("data", type=Path, metavar="PATH")
    add_own_data(check)
    check.add_argument(
        "--examples", action="store_true", help="measure every session, too (kept for the training)"
    )
    check.add_argument("--workers", type=int, default=2, metavar="N", help="processes for that (default: 2)")
    check.add_argument("--json", action="store_true", help="as JSON")
    check.add_argument("--verbose", action="store_true", help="log details to standard error")
    check.set_defaults(run=_run_check)


def _run_check(options: argparse.Namespace) -> int:
    from gaitviewer.cli.progress import ProgressLine
    from gaitviewer.research.training.check import check_dataset, report_lines

    with ProgressLine() as tick:
        report = check_dataset(
            options.data,
            labels=options.labels,
            split=own_split(options),
            examples=options.examples,
            workers=options.workers,
            tick=tick,
        )
    print(json.dumps(report.table(), indent=1) if options.json else "\n".join(report_lines(report)))
    return 2 if report.refused else 0
