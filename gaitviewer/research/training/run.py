"""Trains the variant that is shipped and writes its model folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer import __version__, paths
from gaitviewer.core.output import statement_of
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.core.splits import TRAIN
from gaitviewer.errors import OutputError, SettingsError, reason_of
from gaitviewer.inference.abstention import too_few
from gaitviewer.messages import message
from gaitviewer.nets.card import CARD, Card, write_model
from gaitviewer.research.training import distributed, saved_runs
from gaitviewer.research.training.evaluate import RUNS, main_variant
from gaitviewer.research.training.experiment import (
    Experiment,
    RunSettings,
    open_experiment,
    run_folder,
    run_variant,
)
from gaitviewer.research.training.registry import open_task
from gaitviewer.research.training.results import ResultLine
from gaitviewer.research.training.splits import Split
from gaitviewer.research.training.task import ExampleSets, RunResult, Variant

TITLES = {
    "severity": "Motor severity of cerebral palsy in four levels, from skeleton clips and gait features",
    "evgs": "Edinburgh Visual Gait Score, 17 items and two limbs, from video",
    "scoliosis": "Scoliosis-like asymmetry, from the knowledge map, video and text",
}
USE = "Research and teaching: a second opinion beside a person's own reading, never in its place."
LIMITS = (
    "Not a medical device and no diagnosis.",
    "Says nothing of recordings unlike those that it learned from; then it gives no opinion.",
)
SYNTHETIC_LIMITS = (
    "All of its figures were measured on synthetic gait; how well it does on patients was not measured.",
    "Labels and gait features come from related formulas, so part of the accuracy is by construction.",
)
FEW_LIMIT = "It learned from few people: another selection of them may well give other answers."


def train_model(
    task_name: str,
    source: Path,
    settings: RunSettings,
    *,
    seed: int = 0,
    out: Path | None = None,
    shifted: Path | None = None,
    judged: Path | None = None,
    checkpoint: Path | None = None,
    labels: Path | None = None,
    split: Split | None = None,
    tick: Tick,
) -> Card | None:
    """Trains the main variant of a task and writes ``weights.safetensors`` and ``card.toml``.

    Args:
        task_name: the learned system.
        source: data to learn from.
        settings: protocol, device, workers.
        seed: of split, first weights and order.
        out: the model folder; its name becomes the id. None = the next free one of the user's models.
        shifted: a further test set for the card.
        judged: folder of the pages of an evaluation; the same run is taken from there, if it is found.
        checkpoint: weights file of others to start from.
        labels: table of labels.
        split: how people are divided; None = drawn by seed.
        tick: progress.

    Returns:
        The card; None in processes other than the first.

    Raises:
        SettingsError: impossible settings, or ``out`` holds a model already.
        OutputError: the folder cannot be written.
    """
    folder = out if out is not None else _next_folder(task_name)
    if (folder / CARD).exists():
        raise SettingsError(message("error.research.model_there", folder=folder))
    if checkpoint is not None:  # told at once, not after the examples are made
        open_task(task_name).check_checkpoint(checkpoint, settings.protocol)
    share = subprogress(tick, 0.0, 0.3)
    experiment = open_experiment(
        task_name, source, settings, shifted=shifted, labels=labels, split=split, tick=share
    )
    variant = main_variant(experiment.task, settings.protocol)
    if checkpoint is not None:
        variant = _started(variant, checkpoint)
    known = None
    if judged is not None:
        place = run_folder(experiment, variant, seed, settings, folder=judged / RUNS)
        known = saved_runs.load_run(place, experiment.key(variant, seed, settings.protocol))
    if known is None:
        runs = paths.cache_dir() / "training"
        known = run_variant(experiment, variant, seed, settings, folder=runs, tick=subprogress(tick, 0.3, 0.98))
    result, line = known
    if result.state is None:
        raise ValueError(f"the main variant of {task_name} has no weights")
    if distributed.rank() > 0:
        return None
    card = _card(folder.name, experiment, result, line, seed, settings)
    try:
        written = write_model(folder, result.state, card, extra=_familiar(experiment, seed))
    except OSError as error:
        raise OutputError(
            message("error.research.model_not_written", folder=folder, reason=reason_of(error))
        ) from error
    tick(1.0, message("progress.model_written", model=folder.name))
    return written


def _started(variant: Variant, checkpoint: Path) -> Variant:
    """The variant that starts from a weights file, known by its content."""
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    name = f"{variant.name} from {checkpoint.name} ({digest[:12]})"
    return replace(variant, name=name, settings={**variant.settings, "checkpoint": str(checkpoint)})


def _card(
    name: str,
    experiment: Experiment,
    result: RunResult,
    line: ResultLine,
    seed: int,
    settings: RunSettings,
) -> dict[str, Any]:
    test = result.predictions["test"]
    sets, leakage = experiment.sets(seed)
    synthetic = experiment.synthetic
    few = too_few(leakage.subjects[TRAIN])
    return {
        "id": name,
        "task": experiment.task.name,
        "title": TITLES.get(experiment.task.name, experiment.task.name),
        "synthetic": synthetic,
        "statement": statement_of(synthetic=synthetic, few=few),
        "outputs": list(test.outputs),
        "classes": list(test.classes),
        "licence": "Apache-2.0",
        "intended_use": USE,
        "limits": [*LIMITS, *(SYNTHETIC_LIMITS if synthetic else ()), *([FEW_LIMIT] if few else ())],
        "data": {
            "name": experiment.data,
            "digest": experiment.digest,
            "sessions": len(experiment.prepared),
            "subjects": dict(leakage.subjects),
            "examples": len(sets.train),
            "check": str(leakage),
            **({"split": experiment.split.name} if experiment.split.name else {}),
            "further": dict(experiment.other_names),
        },
        "training": {
            "variant": line.variant,
            "protocol": settings.protocol,
            "seed": seed,
            "program": __version__,
            "code": code_version(),
            "task_version": experiment.task.version,
            "device": line.device,
            "seconds": round(line.seconds, 1),
            "finished": line.when,
        },
        "metrics": {name: _means(scores) for name, scores in line.metrics.items()} | _as_used(result),
        "settings": dict(result.settings),
    }


def _as_used(result: RunResult) -> dict[str, dict[str, int]]:
    """Of a system that gives levels: sessions by what is true and what was said, its own gates included."""
    return {
        f"as used, {name}": {f"{true} -> {said}": n for true, row in table.items() for said, n in row.items()}
        for name, table in result.extras.get("as used", {}).items()
    }


def _means(scores: Mapping[str, Any]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in scores["mean"].items() if value is not None}


def _familiar(experiment: Experiment, seed: int) -> dict[str, Any]:
    """What the sessions looked like that were learned from, for the gate of strangers.

    Sessions that give no example are of a kind that the system does not learn from: they set no limit.
    """
    import torch

    from gaitviewer.inference.abstention import learn_distribution

    sets, _ = experiment.sets(seed)
    learned = _subjects(sets)
    known = [one for one in experiment.prepared if one.examples and one.description.size]
    inside = [one.description for one in known if one.subject in learned]
    outside = [one.description for one in known if one.subject not in learned]
    if len(inside) < 2 or not outside:
        return {}
    familiar = learn_distribution(inside, outside)
    values = {"mean": familiar.mean, "covariance": familiar.covariance, "limit": np.asarray(familiar.limit)}
    return {f"familiar.{name}": torch.from_numpy(np.array(value)) for name, value in values.items()}


def _subjects(sets: ExampleSets) -> set[str]:
    return {str(example["subject"]) for example in getattr(sets, TRAIN)}


def _next_folder(task: str) -> Path:
    from gaitviewer.inference.models import list_models, user_folder

    taken = [re.fullmatch(rf"{re.escape(task)}-(\d+)", entry.id) for entry in list_models()]
    last = max((int(found.group(1)) for found in taken if found), default=0)
    return user_folder() / f"{task}-{last + 1}"


def code_version() -> str:
    """The program's own source in 12 digits: SHA-256 over its modules and data files."""
    total = hashlib.sha256()
    package = Path(__file__).resolve().parents[2]
    for root, pattern in ((package, "*.py"), (paths.resources(), "*.toml")):
        for path in sorted(root.rglob(pattern)):
            total.update(path.relative_to(root).as_posix().encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:12]
