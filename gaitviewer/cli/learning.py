"""Commands of the learned systems: synthetic cohorts, training, evaluation, models.

Every command is a small function that adds its parser; :data:`COMMANDS` lists them in the order of the help.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gaitviewer.cli import systems


def add_commands(commands: Any) -> None:
    """Add the parsers of all commands of this module."""
    for add in COMMANDS:
        add(commands)


def _add_cohort(commands: Any) -> None:
    parser = commands.add_parser(
        "cohort",
        help="make or describe a cohort of synthetic walkers",
        description="A cohort of synthetic children, walking in front of two virtual cameras, for training and "
        "judging models where no clinical data are at hand; nothing learned from it is validated on patients.",
    )
    parser.set_defaults(needs_research="cohort")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    make = actions.add_parser("make", help="make a cohort, or finish an interrupted one")
    make.add_argument("folder", type=Path, metavar="FOLDER")
    make.add_argument("--subjects", type=int, required=True, metavar="N", help="how many children")
    make.add_argument("--seed", type=int, required=True, metavar="S", help="the same seed, the same cohort")
    make.add_argument(
        "--shifted", action="store_true", help="cameras, noise and mixtures that the ordinary one never holds"
    )
    make.add_argument("--workers", type=int, default=2, metavar="N", help="processes (default: 2)")
    make.add_argument("--verbose", action="store_true", help="log details to standard error")
    make.set_defaults(run=_run_cohort_make)
    show = actions.add_parser("show", help="counts, and how often each item is atypical")
    show.add_argument("folder", type=Path, metavar="FOLDER")
    show.add_argument("--json", action="store_true", help="as JSON")
    show.add_argument("--verbose", action="store_true", help="log details to standard error")
    show.set_defaults(run=_run_cohort_show)
    fit = actions.add_parser(
        "fit-errors", help="measure the pose estimator's errors on rendered walkers, for the error model"
    )
    fit.add_argument("--walkers", type=int, default=4, metavar="N", help="how many are filmed (default: 4)")
    fit.add_argument("--seed", type=int, default=1, metavar="S")
    fit.add_argument("--workers", type=int, default=2, metavar="N", help="processes (default: 2)")
    fit.add_argument(
        "--pose-model", choices=("full", "heavy"), default="full", help="whose errors (default: full)"
    )
    fit.add_argument("--verbose", action="store_true", help="log details to standard error")
    fit.set_defaults(run=_run_fit_errors)


def _run_cohort_make(options: argparse.Namespace) -> int:
    from gaitviewer.cli.progress import ProgressLine
    from gaitviewer.research.cohort.make import make_cohort

    with ProgressLine() as tick:
        cohort = make_cohort(
            options.folder,
            subjects=options.subjects,
            seed=options.seed,
            shift="shifted" if options.shifted else "none",
            workers=options.workers,
            tick=tick,
        )
    print(f"{cohort.count} subjects in {cohort.folder}; digest {cohort.digest[:16]}")
    return 0


def _run_cohort_show(options: argparse.Namespace) -> int:
    import json

    from gaitviewer.research.cohort.make import open_cohort
    from gaitviewer.research.cohort.summary import summarise, summary_lines

    summary = summarise(open_cohort(options.folder))
    print(json.dumps(summary.table(), indent=1) if options.json else "\n".join(summary_lines(summary)))
    return 0


def _run_fit_errors(options: argparse.Namespace) -> int:
    from gaitviewer.cli.progress import ProgressLine
    from gaitviewer.research.cohort.pose_errors import fit_errors

    with ProgressLine() as tick:
        text = fit_errors(
            walkers=options.walkers,
            seed=options.seed,
            workers=options.workers,
            pose_model=options.pose_model,
            tick=tick,
        )
    print(text, end="")
    return 0


COMMANDS: tuple[Callable[[Any], None], ...] = (
    _add_cohort,
    systems.add_train,
    systems.add_evaluate,
    systems.add_models,
    systems.add_predict,
)
