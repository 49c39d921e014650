"""``gaitviewer dataset`` and ``gaitviewer adapt``: what can be learned from data of one's own."""

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


def add_adapt(commands: Any) -> None:
    """``gaitviewer adapt``."""
    parser = commands.add_parser(
        "adapt",
        help="calibrate the video model by the grades that people gave in your library",
        description="From 20 graded sessions on, each item's chances are calibrated and get sets of answers "
        "that hold the true one in 90 %; judged on people left out. The result is a new model; yours stays.",
    )
    parser.set_defaults(run=_run_adapt, needs_research="adapt")
    parser.add_argument("system", choices=("evgs",), metavar="NAME", help="evgs")
    parser.add_argument("--library", type=Path, metavar="FILE", help="session library (default: your own)")
    parser.add_argument(
        "--model", default="evgs", metavar="MODEL", help="id or folder (default: the one in use)"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="model folder; its name becomes the id")
    parser.add_argument("--device", default="cpu", metavar="DEVICE", help="cpu (default) or cuda")
    parser.add_argument("--verbose", action="store_true", help="log details to standard error")


def _run_adapt(options: argparse.Namespace) -> int:
    from gaitviewer import paths
    from gaitviewer.analysis.evgs.sheet import load_items
    from gaitviewer.cli.progress import ProgressLine
    from gaitviewer.research.adapt import adapt_model, report_lines

    library = options.library or paths.library_file()
    with ProgressLine() as tick:
        card, reports = adapt_model(
            library, model=options.model, out=options.out, device=options.device, tick=tick
        )
    print("\n".join(report_lines(reports, {one.number: one.code for one in load_items()})))
    print(f"{card.id}: {card.title}; use it with --model {card.id if options.out is None else options.out}")
    if card.statement:
        print(card.statement)
    return 0
