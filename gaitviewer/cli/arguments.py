"""Every command and option of the command line, in one place."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaitviewer import __version__
from gaitviewer.cli.learning import add_commands
from gaitviewer.cli.sessions import add_sessions
from gaitviewer.core.gait import View
from gaitviewer.core.numbers import parse_decimal
from gaitviewer.core.report_options import MODEL_SECTIONS, SECTIONS, USUAL_SECTIONS


class _Recording(argparse.Action):
    """Collects ``--sagittal`` and ``--coronal`` in the order in which they are given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        view = View.SAGITTAL if option_string == "--sagittal" else View.CORONAL
        given = [*getattr(namespace, "recordings", [])]
        given.append((view, Path(str(values))))
        namespace.recordings = given


class _Parser(argparse.ArgumentParser):
    """A parser (of every command as well) that takes "-1,2" for a number and not for an option."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As the class it is made from, with decimal points in the negative numbers."""
        words = sys.argv[1:] if args is None else args
        pointed = [w.replace(",", ".") if re.fullmatch(r"-\d*,\d+", w) else w for w in words]
        return super().parse_known_args(pointed, namespace)


def decimal(text: str) -> float:
    """The type of every number that is not a whole one, with a decimal point or a decimal comma."""
    try:
        return parse_decimal(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; write it like 7.5 or 7,5") from error


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="gaitviewer",
        description="Reads how children walk from synchronised videos: joint angles, gait events, "
        "the Edinburgh Visual Gait Score with the picture behind every grade, and a report.",
    )
    parser.add_argument("--version", action="version", version=f"gaitviewer {__version__}")
    parser.set_defaults(run=_run_view, session="", library=None, demo=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_view(commands)
    _add_analyze(commands)
    _add_demo(commands)
    add_sessions(commands)
    _add_validate(commands)
    add_commands(commands)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--verbose", action="store_true", help="log details to standard error")


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for the results")
    parser.add_argument("--paper", choices=("A4", "Letter"), default=None, help="paper of the report")
    parser.add_argument(
        "--sections",
        metavar="NAMES",
        help="sections of the report, with commas (default: "
        f"{', '.join(name for name in SECTIONS if name in USUAL_SECTIONS)}; besides, what learned models say: "
        f"{', '.join(name for name in SECTIONS if name in MODEL_SECTIONS)})",
    )
    parser.add_argument("--library", type=Path, metavar="FILE", help="session library (default: your own)")
    parser.add_argument("--no-library", action="store_true", help="store nothing in the library")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes for pose estimation")
    parser.add_argument("--no-cache", action="store_true", help="estimate poses again, keep no copy")
    _add_pose_model(parser)


def _add_pose_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pose-model",
        metavar="NAME",
        help="what finds the keypoints: best, full, heavy, or one that was added (default: that of the "
        "settings, at first the best one that is here)",
    )


def _add_view(commands: Any) -> None:
    parser = commands.add_parser("view", help="open the window (also without any command)")
    parser.add_argument(
        "session", nargs="?", default="", metavar="SESSION", help="session (or subject) to open"
    )
    parser.add_argument("--library", type=Path, metavar="FILE", help="session library (default: your own)")
    _add_common(parser)
    parser.add_argument("--demo", action="store_true", help="open the demo session (made where there is none)")
    parser.set_defaults(run=_run_view)


def _add_analyze(commands: Any) -> None:
    parser = commands.add_parser(
        "analyze",
        help="two videos in, a graded PDF out",
        description="Analyses the recordings of one session and writes report.pdf, assessment.json, "
        "kinematics.csv, keypoints.parquet and events.csv. --sagittal and --coronal may be given alone and "
        "repeatedly; strides of all recordings are pooled.",
    )
    for option, words in (("--sagittal", "video from the side"), ("--coronal", "video from the front or rear")):
        parser.add_argument(option, action=_Recording, metavar="VIDEO", dest=option[2:], help=words)
    parser.add_argument("--subject", required=True, metavar="NAME", help="pseudonym of the subject")
    _add_outputs(parser)
    facts = parser.add_argument_group("facts on the session")
    facts.add_argument("--date", metavar="DATE", help="date of the visit, such as 2026-03-09")
    facts.add_argument("--birth", metavar="DATE", help="birth date")
    facts.add_argument("--age", type=decimal, metavar="YEARS", help="age at the visit")
    facts.add_argument("--sex", choices=("F", "M"), default="")
    facts.add_argument("--height", metavar="LENGTH", help="body height, such as 1.35 or 135cm")
    facts.add_argument("--leg-length", metavar="LENGTH", help="leg length, such as 0.68 or 68cm")
    facts.add_argument("--footwear", choices=("barefoot", "shoes", "AFO"), help="shoes or AFO gate foot items")
    facts.add_argument("--aid", choices=("none", "crutches", "walker", "held"), help="walking aid")
    facts.add_argument("--diagnosis", default="", metavar="TEXT")
    facts.add_argument(
        "--affected", choices=("left", "right", "both", "none"), help="affected side (left out: not stated)"
    )
    recording = parser.add_argument_group("the recordings")
    recording.add_argument(
        "--offset",
        type=decimal,
        metavar="SECONDS",
        help="coronal time minus sagittal time (default: from the gait)",
    )
    recording.add_argument(
        "--recorded-at", type=decimal, metavar="HZ", help="true rate of a slow-motion recording, such as 240"
    )
    recording.add_argument(
        "--mirrored",
        action="store_true",
        help="the videos show a mirror image (writing reads backwards): left and right are exchanged",
    )
    for side in ("left", "right"):
        recording.add_argument(
            f"--foot-zero-{side}",
            type=decimal,
            metavar="DEG",
            help=f"zero of the {side} ankle angle (default: from flat-foot frames)",
        )
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="leave out pseudonym, dates, exact age and digests of the videos",
    )
    _add_common(parser)
    parser.set_defaults(run=_run_analyze, recordings=[])


def _add_demo(commands: Any) -> None:
    parser = commands.add_parser("demo", help="make and analyse a session of the program's own walker")
    _add_outputs(parser)
    parser.add_argument("--seed", type=int, default=1, help="which walker")
    _add_common(parser)
    parser.set_defaults(run=_run_demo)


def _add_validate(commands: Any) -> None:
    parser = commands.add_parser(
        "validate",
        help="measure the measuring core against motion capture",
        description="Projects motion-capture markers (C3D) into two virtual cameras, measures them like "
        "videos, and prints the error of angles, events and scores. With --render a body is drawn on the "
        "markers, filmed, and measured from its pixels (minutes a file). A file that cannot be used is listed "
        "with its reason, and the exit code is 2 then.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE.c3d",
        help="or FILE.trc, also with the joint angles of the same walk (FILE_ik.mot)",
    )
    parser.add_argument(
        "--subject", default="", metavar="NAME", help="whom to take of files that hold several people"
    )
    parser.add_argument(
        "--rate", type=decimal, metavar="HZ", help="camera rate (default: that of the file; with --render 60)"
    )
    parser.add_argument(
        "--noise", type=decimal, default=0.0, metavar="PX", help="SD of the keypoint noise, pixels"
    )
    parser.add_argument(
        "--yaw", type=decimal, default=0.0, metavar="DEG", help="camera turned out of the plane"
    )
    parser.add_argument(
        "--pixels-per-metre", type=decimal, metavar="PX", help="scale (default: 450, with --render 300)"
    )
    parser.add_argument(
        "--render", action="store_true", help="film a body drawn on the markers, measure from the pixels"
    )
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="repetitions with other noise")
    parser.add_argument(
        "--bodies",
        type=int,
        default=0,
        metavar="N",
        help="with --render, film N bodies for each file, with clothes, build, light, room, cameras and "
        "picture quality drawn for each (default: the plain body alone)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="other bodies for --bodies")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write the tables there as CSV, JSON and text"
    )
    parser.add_argument("--no-cache", action="store_true", help="film and estimate poses again, keep no copy")
    _add_pose_model(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")
    _add_common(parser)
    parser.set_defaults(run=_run_validate, needs_research="validate")


def _run_view(options: argparse.Namespace) -> int:
    from gaitviewer.cli.view import run_view

    return run_view(options)


def _run_analyze(options: argparse.Namespace) -> int:
    from gaitviewer.cli.commands import run_analyze

    return run_analyze(options)


def _run_demo(options: argparse.Namespace) -> int:
    from gaitviewer.cli.commands import run_demo

    return run_demo(options)


def _run_validate(options: argparse.Namespace) -> int:
    from gaitviewer.cli.commands import run_validate

    return run_validate(options)
