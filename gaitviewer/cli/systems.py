"""Commands of the learned systems: train, evaluate, models, predict."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gaitviewer.core.output import ModelOutput
    from gaitviewer.core.progress import Tick
    from gaitviewer.research.training.experiment import RunSettings
    from gaitviewer.research.training.splits import Split

SYSTEMS = ("severity", "evgs", "scoliosis")


def add_train(commands: Any) -> None:
    """``gaitviewer train``."""
    parser = commands.add_parser(
        "train",
        help="train a learned system and write its model folder",
        description="Trains the main variant of a learned system and writes weights.safetensors and card.toml. "
        "A run that was stopped goes on where it was. Several GPUs: torchrun --nproc-per-node N -m gaitviewer "
        "train ...",
    )
    _add_learning(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of split, first weights and order")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="model folder; its name becomes the id")
    parser.add_argument(
        "--judged",
        type=Path,
        metavar="FOLDER",
        help="pages of an evaluation: the same run, if it was made there, is taken and not trained again",
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="start from published weights (.safetensors): evgs from VideoMAE v2, severity from ST-GCN",
    )
    parser.set_defaults(run=_run_train, needs_research="train")


def add_evaluate(commands: Any) -> None:
    """``gaitviewer evaluate``."""
    parser = commands.add_parser(
        "evaluate",
        help="train and judge the variants of a learned system",
        description="Runs variants and seeds, each judged on subjects that it did not learn from, and writes "
        "results.md and results.html. Every finished run is a line in a results file and is not done again.",
    )
    _add_learning(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for the pages")
    parser.add_argument("--ablation", default="", metavar="GROUP", help='a group of variants, or "all"')
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="repetitions (default: 3)")
    parser.add_argument("--only", action="append", default=[], metavar="VARIANT", help="just this variant")
    parser.add_argument(
        "--predictions",
        action="append",
        default=[],
        type=Path,
        metavar="CSV",
        help="judge another method: columns case, output, and answer or p_<class>",
    )
    parser.add_argument(
        "--template", type=Path, metavar="CSV", help="write the table for --predictions, to be filled in"
    )
    parser.add_argument(
        "--videos",
        type=Path,
        metavar="LIBRARY",
        help="real sessions without labels to look at with the weights in use",
    )
    parser.add_argument(
        "--as-used",
        metavar="MODEL",
        help="train nothing: print what this severity model (or folder) says of every session, gates included",
    )
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="file of result lines (default: FOLDER/results.jsonl)"
    )
    parser.set_defaults(run=_run_evaluate, needs_research="evaluate")


def add_models(commands: Any) -> None:
    """``gaitviewer models``."""
    parser = commands.add_parser("models", help="list, check or add models")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="all models, with what they were trained on")
    listed.add_argument("--json", action="store_true", help="as JSON")
    verify = actions.add_parser("verify", help="check that weights are those of their cards")
    verify.add_argument("model", nargs="*", metavar="MODEL", help="ids (default: all)")
    added = actions.add_parser("add", help="copy a model folder, or a pose model, to your own")
    added.add_argument(
        "source",
        type=Path,
        metavar="PATH",
        help="folder of a model; or a pose model: BlazePose's .tflite file, RTMPose's .onnx file, or ViTPose's "
        "folder with config.json and model.safetensors",
    )
    added.add_argument(
        "--name", default="", metavar="NAME", help="of a pose model of your own, for --pose-model"
    )
    added.add_argument("--licence", default="", metavar="TEXT", help="of its weights, as you know it")
    removed = actions.add_parser("remove", help="take away a model, or a pose model, that was added")
    removed.add_argument("name", metavar="NAME")
    for action, run in (
        (listed, _run_list), (verify, _run_verify), (added, _run_add), (removed, _run_remove)
    ):  # fmt: skip
        action.add_argument("--verbose", action="store_true", help="log details to standard error")
        action.set_defaults(run=run)


def add_predict(commands: Any) -> None:
    """``gaitviewer predict``."""
    parser = commands.add_parser(
        "predict",
        help="what models say of sessions in the library",
        description="Asks one model, or all, about analysed sessions. Where recordings are not good enough, or "
        "unlike those that it learned from, a model gives no opinion and says why.",
    )
    parser.add_argument(
        "sessions", nargs="+", metavar="SESSION", help="id, or name of a subject with one session"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", default="severity", metavar="MODEL", help="id, system or folder")
    which.add_argument("--all-models", action="store_true", help="that of each system")
    parser.add_argument("--save", action="store_true", help="keep the answers with the sessions in the library")
    parser.add_argument("--library", type=Path, metavar="FILE", help="session library (default: your own)")
    parser.add_argument("--device", default="cpu", metavar="DEVICE", help="cpu (default), cuda or mps")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the answers as JSON")
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FOLDER",
        help="also write what explains them: arrays, saliency on the video, the knowledge map as PNG and SVG",
    )
    parser.add_argument("--verbose", action="store_true", help="log details to standard error")
    parser.set_defaults(run=_run_predict)


def _add_learning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", choices=SYSTEMS, metavar="NAME", help=", ".join(SYSTEMS))
    parser.add_argument(
        "--data", type=Path, required=True, metavar="PATH", help="cohort, session library or CGV folder"
    )
    parser.add_argument("--shifted", type=Path, metavar="PATH", help="a further test set")
    add_own_data(parser)
    parser.add_argument("--protocol", choices=("tiny", "small", "full"), default="small")
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="auto (default), cpu or cuda")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes for the examples")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of the processor, in training")
    parser.add_argument("--verbose", action="store_true", help="log details to standard error")


def add_own_data(parser: argparse.ArgumentParser) -> None:
    """Options for data of one's own: labels and a split."""
    parser.add_argument(
        "--labels", type=Path, metavar="CSV", help="GMFCS, Cobb angles and grades of the subjects of --data"
    )
    parser.add_argument("--split", type=Path, metavar="FILE", help="who learns and who is judged, JSON or CSV")
    parser.add_argument(
        "--folds",
        type=int,
        default=0,
        metavar="K",
        help="cross-validation: K folds by person; the seed is the fold",
    )


def own_split(options: argparse.Namespace) -> Split:
    """The split that was asked for."""
    from gaitviewer.research.training.splits import Split

    return Split.read(options.split, options.folds)


def _settings(options: argparse.Namespace) -> RunSettings:
    from gaitviewer.research.training.experiment import RunSettings

    return RunSettings(options.protocol, options.device, options.workers, options.threads)


@contextmanager
def _progress(options: argparse.Namespace) -> Iterator[Tick]:
    """A progress line, and what is not learned from above it; of several processes the first alone says it."""
    from gaitviewer.cli.progress import ProgressLine
    from gaitviewer.core.progress import no_progress

    if os.environ.get("RANK", "0") != "0":
        yield no_progress
        return
    log, said = logging.getLogger("gaitviewer.research.training.experiment"), logging.StreamHandler(sys.stderr)
    if not options.verbose:  # else it is there already
        log.addHandler(said)
    try:
        with ProgressLine() as tick:
            yield tick
    finally:
        log.removeHandler(said)


def _run_train(options: argparse.Namespace) -> int:
    from gaitviewer.research.training.run import train_model

    with _progress(options) as tick:
        card = train_model(
            options.system,
            options.data,
            _settings(options),
            seed=options.seed,
            out=options.out,
            shifted=options.shifted,
            judged=options.judged,
            checkpoint=options.checkpoint,
            labels=options.labels,
            split=own_split(options),
            tick=tick,
        )
    if card is not None:
        figures = ", ".join(f"{name} {value}" for name, value in card.metrics["test"].items())
        print(f"{card.id}: {card.parameters} parameters; held-out subjects: {figures}")
        if card.statement:
            print(card.statement)
    return 0


def _run_evaluate(options: argparse.Namespace) -> int:
    from gaitviewer.research.training.evaluate import evaluate

    if options.as_used:
        return _judge_as_used(options)
    with _progress(options) as tick:
        pages = evaluate(
            options.system,
            options.data,
            options.out,
            _settings(options),
            shifted=options.shifted,
            ablation=options.ablation,
            seeds=options.seeds,
            only=options.only,
            outside=options.predictions,
            template=options.template,
            videos=options.videos,
            results_file=options.results,
            labels=options.labels,
            split=own_split(options),
            tick=tick,
        )
    for page in pages:
        print(page)
    return 0


def _judge_as_used(options: argparse.Namespace) -> int:
    from gaitviewer.inference.models import open_model
    from gaitviewer.research.training.as_used import format_told, judge_as_used
    from gaitviewer.util import private

    model = open_model(options.as_used)
    with _progress(options) as tick:
        told = judge_as_used(model, options.data, workers=options.workers, tick=tick)
    text = f"{model.id}, as used\n\n{format_told(told)}\n"
    private.make_folder(options.out)
    (options.out / f"{model.id}-as-used.md").write_text(text, encoding="utf-8")
    print(text)
    if model.card.statement:
        print(model.card.statement)
    return 0


def _run_list(options: argparse.Namespace) -> int:
    from gaitviewer.inference.models import list_models
    from gaitviewer.pose import models as pose_models

    entries = list_models()
    pose = [pose_models.pose_model(name) for name in pose_models.NAMES]
    pose += pose_models.added_models()
    if options.json:
        rows = [
            {
                "id": entry.id,
                "task": entry.card.task if entry.card else "",
                "title": entry.card.title if entry.card else "",
                "statement": entry.card.statement if entry.card else "",
                "folder": str(entry.folder),
                "problem": str(entry.problem),
            }
            for entry in entries
        ]
        rows += [
            {
                "id": model.name,
                "task": "pose",
                "title": model.card.title,
                "statement": str(pose_models.limit_of(model)),
                "folder": str(model.path.parent),
                "problem": str(pose_models.problem_of(model)),
            }
            for model in pose
        ]
        print(json.dumps(rows, indent=1))
        return 0
    if not entries:
        print("There are no models. `gaitviewer train` makes one, `gaitviewer models add` adds one.")
    for entry in entries:
        if entry.card is None:
            print(f"{entry.id}: {entry.problem}")
            continue
        card, where = entry.card, "shipped" if entry.shipped else "added"
        print(f"{card.id} ({where}, {card.bytes / 1e6:.1f} MB): {card.title}; {card.data.get('name', '')}")
        if card.statement:
            print(f"    {card.statement}")
    for model in pose:
        problem = pose_models.problem_of(model)
        where = "comes with MediaPipe"
        if model.card.package or model.card.network:
            where = f"added, licence {model.card.licence or 'not stated'}"
        print(f"{model.name}: {problem or f'pose model {model.card.title} ({where})'}")
        if model.card.network and (limit := pose_models.limit_of(model)):
            print(f"    {limit}")
    return 0


def _run_verify(options: argparse.Namespace) -> int:
    from gaitviewer.errors import SettingsError
    from gaitviewer.inference.models import list_models, verify
    from gaitviewer.messages import message

    entries = list_models()
    unknown = set(options.model) - {entry.id for entry in entries}
    if unknown:
        raise SettingsError(message("error.cli.no_such_model", model=sorted(unknown)[0]))
    bad = 0
    for entry in entries:
        if options.model and entry.id not in options.model:
            continue
        problem = verify(entry)
        bad += bool(problem)
        print(f"{entry.id}: {problem or 'good'}")
    return 2 if bad else 0


def _run_add(options: argparse.Namespace) -> int:
    from gaitviewer.inference.models import add_model
    from gaitviewer.pose.added import add_pose_model, is_checkpoint

    if options.source.is_file() or is_checkpoint(options.source):
        model = add_pose_model(options.source, name=options.name, licence=options.licence)
        where = f"--pose-model {model.name}, or under Models in the window"
        print(f"{model.card.title} was added; choose it with {where}.")
        return 0
    entry = add_model(options.source)
    print(f"{entry.id} was added; use it with --model {entry.id}.")
    return 0


def _run_remove(options: argparse.Namespace) -> int:
    from gaitviewer.inference.models import list_models, remove_model
    from gaitviewer.pose.models import remove_added

    if options.name in {entry.id for entry in list_models()}:
        remove_model(options.name)
    else:
        remove_added(options.name)
    print(f"{options.name} was removed.")
    return 0


def _run_predict(options: argparse.Namespace) -> int:
    from gaitviewer.cli.progress import ProgressLine
    from gaitviewer.inference.predict import output_as_json
    from gaitviewer.inference.predict_library import ask_library
    from gaitviewer.util import file_set

    if options.export is not None:
        file_set.check_folder(options.export)  # better known before the work than after it
    with ProgressLine() as tick:
        answers = ask_library(
            options.sessions,
            models=SYSTEMS if options.all_models else (options.model,),
            library=options.library,
            device=options.device,
            precision=options.precision,
            save=options.save,
            tick=tick,
        )
    for session, output in answers:
        print("\n".join(_words(session, output)))
    if options.json is not None:
        from gaitviewer.inference.predict_library import write_answers

        write_answers(options.json, [{"session": name, **output_as_json(one)} for name, one in answers])
    if options.export is not None:
        from gaitviewer.cli.exports import export_answers

        asked = (options.model,)
        with ProgressLine() as tick:
            lines = export_answers(options.export, answers, library=options.library, models=asked, tick=tick)
        print("\n".join(lines))
    return 0


def _words(session: str, output: ModelOutput) -> list[str]:
    lines = [f"{session}: {output.model}" + (f" ({output.statement})" if output.statement else "")]
    reasons = {
        opinion.reason for opinion in output.opinions if opinion.probabilities is None and not opinion.label
    }
    if len(reasons) == 1 and all(opinion.reason for opinion in output.opinions):
        return [*lines, f"  no opinion: {reasons.pop()}"]
    for opinion in output.opinions:
        if opinion.probabilities is None:
            lines.append(f"  {opinion.name}: {opinion.label or f'no opinion ({opinion.reason})'}")
            continue
        best = max(range(len(opinion.classes)), key=opinion.probabilities.__getitem__)
        label = opinion.label or opinion.classes[best]
        lines.append(f"  {opinion.name}: {label} ({100 * opinion.probabilities[best]:.0f} %)")
    return [
        *lines,
        *(f"  {finding.words}" for finding in output.findings),
        *(f"  {text}" for text in output.texts),
    ]
