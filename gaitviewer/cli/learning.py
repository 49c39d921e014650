"""Commands of the learned systems: synthetic cohorts, training, evaluation, models.

Every command is a small function that adds its parser; :data:`COMMANDS` lists them in the order of the help.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gaitviewer.cli import systems
from gaitviewer.cli.dataset import add_adapt, add_dataset


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
    _add_pose_model(fit)
    fit.add_argument("--verbose", action="store_true", help="log details to standard error")
    fit.set_defaults(run=_run_fit_errors)


def _add_pose_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pose-model", choices=("full", "heavy"), default="full", help="default: full")


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


def _add_legs(commands: Any) -> None:
    parser = commands.add_parser(
        "legs",
        help="teach the network that puts legs right where the estimator draws both as one",
        description="Walkers are drawn and seen by the pose estimator; a small network learns where it errs. "
        "The result belongs to this estimator and is used in every analysis of a side view.",
    )
    parser.set_defaults(needs_research="legs")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    film = actions.add_parser("film", help="let the estimator see drawn walkers, or go on with it")
    film.add_argument("folder", type=Path, metavar="FOLDER")
    film.add_argument("--walkers", type=int, required=True, metavar="N", help="how many")
    film.add_argument("--seed", type=int, default=1, metavar="S")
    _add_pose_model(film)
    film.add_argument("--verbose", action="store_true", help="log details to standard error")
    film.set_defaults(run=_run_legs_film)
    train = actions.add_parser("train", help="learn from them and write a model folder")
    train.add_argument("folder", type=Path, metavar="FOLDER")
    train.add_argument("--out", type=Path, required=True, metavar="MODEL", help="folder of the model")
    train.add_argument("--epochs", type=int, default=100, metavar="N", help="default: 100")
    train.add_argument("--seed", type=int, default=0, metavar="S")
    _add_pose_model(train)
    train.add_argument("--verbose", action="store_true", help="log details to standard error")
    train.set_defaults(run=_run_legs_train)


def _run_legs_film(options: argparse.Namespace) -> int:
    from gaitviewer.cli.progress import ProgressLine
    from gaitviewer.pose.estimator import make_estimator
    from gaitviewer.research.legs.walks import film_walks

    estimator = make_estimator(options.pose_model)
    estimator.start()
    try:
        with ProgressLine() as tick:
            film_walks(options.folder, estimator, range(options.walkers), seed=options.seed, tick=tick)
    finally:
        estimator.close()
    print(f"{options.walkers} walkers in {options.folder}")
    return 0


def _run_legs_train(options: argparse.Namespace) -> int:
    from gaitviewer.cli.progress import ProgressLine
    from gaitviewer.pose.estimator import make_estimator
    from gaitviewer.research.legs.train import train_legs
    from gaitviewer.research.legs.walks import read_walks

    estimator = make_estimator(options.pose_model)
    with ProgressLine() as tick:
        card = train_legs(
            read_walks(options.folder), options.out, pose_model=estimator.name,
            pose_digest=estimator.weights_digest, epochs=options.epochs, seed=options.seed, tick=tick,
        )  # fmt: skip
    for name, row in card.metrics.items():
        print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in row.items()))
    return 0


def _add_patients(commands: Any) -> None:
    parser = commands.add_parser(
        "patients",
        help="try the score and the patterns on drawn patients, from pixels",
        description="Patients with known patterns are drawn, filmed from the side, seen by the pose estimator "
        "and measured; confusion tables against the walkers' own scores are printed.",
    )
    parser.set_defaults(needs_research="patients", run=_run_patients)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where their keypoints are kept")
    parser.add_argument("--each", type=int, default=10, metavar="N", help="patients of a group (default: 10)")
    parser.add_argument("--seed", type=int, default=77, metavar="S", help="default: 77")
    parser.add_argument("--groups", nargs="+", default=[], metavar="GROUP", help="default: all")
    _add_pose_model(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--verbose", action="store_true", help="log details to standard error")


def _run_patients(options: argparse.Namespace) -> int:
    import json

    from gaitviewer.cli.progress import ProgressLine
    from gaitviewer.core.serialise import to_plain
    from gaitviewer.errors import SettingsError
    from gaitviewer.messages import message
    from gaitviewer.pose.estimator import make_estimator
    from gaitviewer.research.patients import format_patients, patients_table, try_patients

    known = patients_table().groups
    for group in options.groups:
        if group not in known:
            raise SettingsError(message("error.research.no_such_group", group=group, known=", ".join(known)))
    estimator = make_estimator(options.pose_model)
    estimator.start()
    try:
        with ProgressLine() as tick:
            report = try_patients(
                options.folder, estimator, each=options.each, seed=options.seed, groups=options.groups,
                tick=tick,
            )  # fmt: skip
    finally:
        estimator.close()
    print(json.dumps(to_plain(report), indent=1) if options.json else format_patients(report), end="")
    return 0


COMMANDS: tuple[Callable[[Any], None], ...] = (
    _add_cohort,
    _add_legs,
    _add_patients,
    add_dataset,
    systems.add_train,
    systems.add_evaluate,
    add_adapt,
    systems.add_models,
    systems.add_predict,
)
