"""Runs variants x seeds, skipping what is done, and writes the result pages."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gaitviewer import __version__
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.errors import SettingsError
from gaitviewer.messages import Message, message
from gaitviewer.research.training import distributed, metrics, results
from gaitviewer.research.training.experiment import (
    MAIN,
    Experiment,
    RunSettings,
    open_experiment,
    own_device,
    run_variant,
)
from gaitviewer.research.training.pages import build as pages_build
from gaitviewer.research.training.results import Answers, ResultLine
from gaitviewer.research.training.splits import Split
from gaitviewer.research.training.task import LearnedSystem, Predictions, Variant

log = logging.getLogger(__name__)
RUNS = "runs"  # folder beside the pages


def evaluate(
    task_name: str,
    source: Path,
    out: Path,
    settings: RunSettings,
    *,
    shifted: Path | None = None,
    ablation: str = "",
    seeds: int = 3,
    only: Sequence[str] = (),
    outside: Sequence[Path] = (),
    template: Path | None = None,
    videos: Path | None = None,
    results_file: Path | None = None,
    labels: Path | None = None,
    split: Split | None = None,
    tick: Tick,
) -> tuple[Path, ...]:
    """Trains and judges what is asked for, and writes ``results.md`` and ``results.html``.

    Args:
        task_name: the learned system.
        source: data to learn from and to be judged on, split by subject.
        out: folder for pages, logs, predictions and (by default) result lines.
        settings: protocol, device, workers.
        shifted: a further test set.
        ablation: a group of variants beside the main ones, or "all".
        seeds: how many; each gives its own split, first weights and order.
        only: names of variants; others are left alone.
        outside: CSV tables of answers of other methods, judged on the same cases.
        template: where a table for such answers is written, with all cases and no answers.
        videos: library of real sessions without labels, on which the weights in use are looked at.
        results_file: where result lines are kept; finished runs found there are not done again.
        labels: table of labels.
        split: how people are divided; None = drawn by seed. Of folds each is judged once, whatever ``seeds``.
        tick: progress.

    Raises:
        SettingsError: no such task, ablation or variant.
        FormatError: data or tables cannot be read.
    """
    file = results_file if results_file is not None else out / "results.jsonl"
    for table in outside:
        results.read_table(table)  # what cannot be read is told before anything is trained
    # Of several processes all read before any can write: they must agree on what is to be done.
    finished = {line.key for line in results.read(file)}
    share = subprogress(tick, 0.0, 0.2)
    experiment = open_experiment(
        task_name, source, settings, shifted=shifted, labels=labels, split=split, tick=share
    )
    seeds = experiment.split.folds or seeds
    chosen = choose_variants(experiment.task, settings.protocol, ablation, only)
    wanted = [
        (variant, seed)
        for seed in range(seeds)
        for variant in chosen
        if experiment.key(variant, seed, settings.protocol) not in finished
    ]
    log.info("%s: %d runs to do, %d done before", task_name, len(wanted), len(chosen) * seeds - len(wanted))
    for number, (variant, seed) in enumerate(wanted):
        share = subprogress(tick, 0.2 + 0.75 * number / len(wanted), 0.2 + 0.75 * (number + 1) / len(wanted))
        _one_run(experiment, variant, seed, settings, out, file, share)
    if distributed.rank() > 0:
        return ()
    if outside or template is not None:
        references = _references(experiment, seeds, settings, out, file)
        held = [one for reference in references for one in reference.sets.values()]
        answers = {table: results.read_outside(table, held) for table in outside}
        for table in outside:
            _judge_outside(table, answers[table], references, file)
        if template is not None:
            results.write_template(template, held)
    if videos is not None:
        _look_at_videos(experiment, videos, settings, file, subprogress(tick, 0.95, 0.99))
    tick(0.99, message("progress.pages"))
    lines = [line for line in results.read(file) if line.task == experiment.task.name]
    paths = pages_build.write_pages(out, lines)
    tick(1.0, message("progress.done"))
    return paths


def choose_variants(
    task: LearnedSystem, protocol: str, ablation: str = "", only: Sequence[str] = ()
) -> tuple[Variant, ...]:
    """The variants of the group "main", those of an ablation, or those named."""
    variants = task.variants(protocol)
    names = {variant.name for variant in variants}
    if len(names) != len(variants):
        raise ValueError(f"two variants of {task.name} have the same name")
    if only:
        unknown = [name for name in only if name not in names]
        if unknown:
            raise SettingsError(
                message(
                    "error.research.no_such_variant",
                    task=task.name,
                    variant=unknown[0],
                    names=tuple(sorted(names)),
                )
            )
        return tuple(variant for variant in variants if variant.name in only)
    groups = {variant.ablation for variant in variants}
    if ablation not in ("", "all", *groups):
        raise SettingsError(
            message(
                "error.research.no_such_ablation",
                task=task.name,
                ablation=ablation,
                groups=tuple(sorted(groups)),
            )
        )
    return tuple(v for v in variants if ablation == "all" or v.ablation in (MAIN, ablation))


def main_variant(task: LearnedSystem, protocol: str) -> Variant:
    """The variant that is shipped: the first of the group "main"."""
    return next(variant for variant in task.variants(protocol) if variant.ablation == MAIN)


def _one_run(
    experiment: Experiment,
    variant: Variant,
    seed: int,
    settings: RunSettings,
    out: Path,
    file: Path,
    tick: Tick,
) -> None:
    def note(fraction: float, inner: Message) -> None:
        tick(fraction, message("progress.run", variant=variant.name, seed=seed, doing=inner))

    result, line = run_variant(experiment, variant, seed, settings, folder=out / RUNS, tick=note)
    if distributed.rank() > 0:
        return
    for name, predictions in result.predictions.items():
        if name not in ("train", "valid"):
            results.write_predictions(
                _table(out, experiment.key(variant, seed, settings.protocol), name), predictions
            )
    results.append(file, line)


def _look_at_videos(
    experiment: Experiment, videos: Path, settings: RunSettings, file: Path, tick: Tick
) -> None:
    """A line for the weights in use: what they say of real sessions, which no accuracy can be told of."""
    from gaitviewer.inference.models import open_model
    from gaitviewer.research.training.real_videos import compare_videos

    model = open_model(experiment.task.name)
    started = time.monotonic()
    device = own_device(settings.device)
    rows = compare_videos(model, videos, device=device, tick=tick)
    line = ResultLine(
        task=experiment.task.name,
        variant=model.id,
        seed=int(model.card.training.get("seed", 0)),
        protocol=settings.protocol,
        task_version=experiment.task.version,
        data=experiment.data,
        data_digest=experiment.digest,
        others=experiment.other_digests,
        what="weights in use",
        ablation="in use",
        metrics={},
        leakage="",
        synthetic=model.synthetic,
        seconds=time.monotonic() - started,
        device=device,
        program=__version__,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        extras={"real_videos": rows, "weights": model.digest},
    )
    results.append(file, line)


def _table(out: Path, key: str, name: str) -> Path:
    return out / "predictions" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}-{name}.csv"


@dataclass(frozen=True, slots=True)
class _Reference:
    """A finished run whose cases others answer: its line, and its predictions by set."""

    line: ResultLine
    sets: Mapping[str, Predictions]


def _references(
    experiment: Experiment, seeds: int, settings: RunSettings, out: Path, file: Path
) -> list[_Reference]:
    """Of each seed the first variant that left its cases: the main one, if it was run.

    Raises:
        SettingsError: a seed has none.
    """
    done = {line.key: line for line in results.read(file)}
    found = []
    for seed in range(seeds):
        for variant in experiment.task.variants(settings.protocol):
            key = experiment.key(variant, seed, settings.protocol)
            places = {name: _table(out, key, name) for name in ("test", *experiment.others)}
            sets = {name: results.read_predictions(path) for name, path in places.items() if path.is_file()}
            if key in done and sets:
                found.append(_Reference(done[key], sets))
                break
        else:
            raise SettingsError(message("error.research.no_finished_run", seed=seed, folder=out))
    return found


def _judge_outside(table: Path, answers: Answers, references: Sequence[_Reference], file: Path) -> None:
    """Scores another method's answers on the test cases of each seed, and the run's own on the same cases."""
    for one in references:
        theirs = {name: results.outside_predictions(answers, held) for name, held in one.sets.items()}
        judged = {name: held for name, held in theirs.items() if held is not None}
        if not judged:
            continue
        same = {name: results.same_cases(one.sets[name], held) for name, held in judged.items()}
        line = replace(
            one.line,
            variant=f"outside: {table.stem}",
            what=f"answers in {table.name}",
            ablation="outside",
            metrics={name: metrics.score(held) for name, held in judged.items()},
            seconds=0.0,
            device="",
            program=__version__,
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            extras={
                "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
                "compared": {
                    "variant": one.line.variant,
                    "answers": {
                        name: [int((held.target >= 0).sum()), int((one.sets[name].target >= 0).sum())]
                        for name, held in same.items()
                    },
                    "mean": {name: metrics.score(held)["mean"] for name, held in same.items()},
                },
            },
        )
        results.append(file, line)
