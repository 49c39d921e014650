"""Data, split and one run: what training and evaluation have in common."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gaitviewer import __version__
from gaitviewer.core.learning import LearningData
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.research.training import distributed, metrics, saved_runs
from gaitviewer.research.training.data import names_of, notes_of, open_data
from gaitviewer.research.training.prepare import prepare
from gaitviewer.research.training.prepared_examples import PreparedSession
from gaitviewer.research.training.registry import open_task
from gaitviewer.research.training.results import ResultLine, run_key
from gaitviewer.research.training.splits import Leakage, Split, split_examples, strata_of
from gaitviewer.research.training.task import ExampleSets, LearnedSystem, RunContext, RunResult, Variant

log = logging.getLogger(__name__)
PROTOCOLS = ("tiny", "small", "full")
MAIN = "main"  # the group of variants that are always run; the first of them is shipped


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How to run.

    Attributes:
        protocol: size of the networks and the training.
        device: "cpu", "cuda" or "auto".   workers: processes for preparing.   threads: of torch on a CPU.
        cache: folder of prepared examples; None = the user's.
    """

    protocol: str = "small"
    device: str = "auto"
    workers: int = 2
    threads: int = 2
    cache: Path | None = None

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise SettingsError(
                message("error.research.no_such_protocol", protocol=self.protocol, protocols=tuple(PROTOCOLS))
            )


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """A task with the examples that it learns from and is judged on.

    Attributes:
        task: the learned system.   data, digest: name and identity of the data learned from.
        synthetic: whether any of it, the further test sets included, is synthetic.
        prepared: its sessions.   others: sessions of further test sets by name.
        other_digests: their identities.   other_names: their names.
        split: how people are divided.
        names: the subject of each further name that a split may use (clips, subjects as the files call them).
    """

    task: LearnedSystem
    data: str
    digest: str
    synthetic: bool
    prepared: tuple[PreparedSession, ...]
    others: Mapping[str, tuple[PreparedSession, ...]]
    other_digests: Mapping[str, str]
    other_names: Mapping[str, str]
    split: Split = field(default_factory=Split)
    names: Mapping[str, str] = field(default_factory=dict)

    def sets(self, seed: int) -> tuple[ExampleSets, Leakage]:
        """Examples split by subject; another seed gives another split."""
        everyone = [*self.prepared, *(one for held in self.others.values() for one in held)]
        strata = strata_of((one.subject, one.stratum) for one in everyone)
        examples = [example for one in self.prepared for example in one.examples]
        others = {
            name: [example for one in held for example in one.examples] for name, held in self.others.items()
        }
        names = {name: one.subject for one in self.prepared for name in (one.session, one.subject)}
        return split_examples(
            examples, strata, seed=seed, others=others, split=self.split, names={**names, **self.names}
        )

    def key(self, variant: Variant, seed: int, protocol: str) -> str:
        """What makes two runs the same."""
        run = self.task.name, variant.name, seed, protocol, self.task.version
        return run_key(*run, self.digest, self.other_digests, self.split.name)


def open_experiment(
    task_name: str,
    source: Path,
    settings: RunSettings,
    *,
    shifted: Path | None = None,
    labels: Path | None = None,
    split: Split | None = None,
    tick: Tick,
) -> Experiment:
    """Opens the data and prepares all examples (those known already are read).

    Args:
        task_name: the learned system.
        source: what is learned from.
        settings: device, workers, cache.
        shifted: a further test set.
        labels: table of labels of ``source``.
        split: how people are divided; None = drawn by seed.
        tick: progress.

    Raises:
        FormatError: the data cannot be read.
        SettingsError: no such task, no session gives an example, or a child is there under two names.
    """
    task = open_task(task_name)
    sources = {"": source} | ({"shifted": shifted} if shifted is not None else {})
    held, opened = {}, {}
    with distributed.rank0_first(own_device(settings.device)):
        for number, (name, place) in enumerate(sources.items()):
            table = None if name else labels
            opened[name] = open_data(place, table)
            _tell_notes(opened[name])
            if not name and split is not None and (names := names_of(opened[""])):
                split.assign(
                    dict.fromkeys(names.values(), ""), names, seed=0
                )  # told before anything is measured
            share = subprogress(tick, number / len(sources), (number + 1) / len(sources))
            held[name] = prepare(
                task_name, place, labels=table, tick=share, workers=settings.workers, cache=settings.cache
            )
    return Experiment(
        task,
        opened[""].name,
        opened[""].digest,
        any(data.synthetic for data in opened.values()),
        held.pop(""),
        held,
        {name: data.digest for name, data in opened.items() if name},
        {name: data.name for name, data in opened.items() if name},
        split or Split(),
        names_of(opened[""]),
    )


def _tell_notes(data: LearningData) -> None:
    """Counts and names what is not learned from; a child under two names is no basis for anything."""
    notes = notes_of(data)
    for words, names in (
        ("match no label", notes.unlabelled),
        ("labels are of nobody in the data", notes.unmatched),
        ("videos have no keypoints", notes.videos_alone),
    ):
        if names:
            log.warning("%s: %d %s: %s", data.name, len(names), words, ", ".join(names))
    for one, other in notes.twice:
        raise SettingsError(message("error.research.split.twice", one=one, other=other))


def own_device(wanted: str) -> str:
    """The device to use; "auto" takes a GPU where there is one."""
    if wanted != "auto":
        from gaitviewer.inference.predict import check_device

        check_device(wanted, "fp32")
        return distributed.rank_device(wanted)
    import torch

    return distributed.rank_device("cuda" if torch.cuda.is_available() else "cpu")


def run_variant(
    experiment: Experiment, variant: Variant, seed: int, settings: RunSettings, *, folder: Path, tick: Tick
) -> tuple[RunResult, ResultLine]:
    """Trains and judges one variant; goes on where it was killed."""
    sets, leakage = experiment.sets(seed)
    device = own_device(settings.device)
    place = run_folder(experiment, variant, seed, settings, folder=folder)
    started = time.monotonic()
    with distributed.threads(settings.threads):
        result = experiment.task.run(
            variant, RunContext(sets, seed, settings.protocol, place, device, tick, settings.threads)
        )
    for name, held in result.predictions.items():
        _check_cases(name, held.subjects, sets)
    scores = {name: metrics.score(held) for name, held in result.predictions.items() if name != "train"}
    line = ResultLine(
        task=experiment.task.name,
        variant=variant.name,
        seed=seed,
        protocol=settings.protocol,
        task_version=experiment.task.version,
        data=experiment.data,
        data_digest=experiment.digest,
        others=experiment.other_digests,
        what=variant.what,
        ablation=variant.ablation,
        metrics=scores,
        leakage=str(leakage),
        synthetic=experiment.synthetic,
        seconds=round(time.monotonic() - started, 1),
        device=device_words(device, settings.threads),
        program=__version__,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        extras=result.extras,
        split=experiment.split.name,
    )
    for checkpoint in place.rglob("checkpoint.safetensors"):
        if distributed.rank() == 0:
            checkpoint.unlink(missing_ok=True)  # the run is done; its log stays
    if distributed.rank() == 0 and variant.ablation == MAIN:
        saved_runs.save_run(place, result, line)
    return result, line


def run_folder(
    experiment: Experiment, variant: Variant, seed: int, settings: RunSettings, *, folder: Path
) -> Path:
    """Where a run keeps its checkpoint, its log and, in the end, its weights."""
    key = experiment.key(variant, seed, settings.protocol)
    return folder / f"{_plain(variant.name)}-seed{seed}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _check_cases(name: str, subjects: Sequence[str], sets: ExampleSets) -> None:
    """A task must answer for the set that it says it answers for."""
    held = {"train": sets.train, "valid": sets.valid, "test": sets.test, **sets.others}.get(name)
    if held is None:
        raise ValueError(f"predictions for a set {name} that does not exist")
    strangers = set(subjects) - {str(example["subject"]) for example in held}
    if strangers:
        raise ValueError(
            f"predictions of the {name} set are of subjects of another set: {sorted(strangers)[:3]}"
        )


def device_words(device: str, threads: int) -> str:
    """A device as people know it."""
    import torch

    if device.startswith("cuda"):
        return f"{torch.cuda.get_device_name(device)} x {distributed.world_size()}"
    return f"CPU, {threads} thread{'s' if threads != 1 else ''}"


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_=+." else "-" for c in name)
