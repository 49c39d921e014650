"""What would be learned from some data, and what not, and why; told before anything is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaitviewer.analysis.knowledge_map.features import load_map_features
from gaitviewer.core.gait import View
from gaitviewer.core.learning import LabelledSession
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.core.serialise import to_plain
from gaitviewer.core.splits import TEST, TRAIN, VALID
from gaitviewer.errors import FormatError, UserError
from gaitviewer.messages import message
from gaitviewer.research.training.data import DataNotes, names_of, notes_of, open_data
from gaitviewer.research.training.prepare import prepare_all
from gaitviewer.research.training.registry import TASKS
from gaitviewer.research.training.splits import Split, strata_of, stratum_of

_NAMED = 5  # of a list


@dataclass(frozen=True, slots=True)
class Learned:
    """A session that a system would learn from: whose, its stratum in a split, and what is known of it."""

    subject: str
    stratum: str
    known: tuple[str, ...]


@dataclass(slots=True)
class SystemFacts:
    """What one learned system gets.

    Attributes:
        sessions: that would be learned from.   left_out: the others, by reason.
        sets: subjects by set.   refused: why it could not be trained, "" = it could.
    """

    sessions: dict[str, Learned] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    sets: Counter[str] = field(default_factory=Counter)
    refused: str = ""

    @property
    def subjects(self) -> set[str]:
        """Whom it learns from."""
        return {one.subject for one in self.sessions.values()}

    @property
    def classes(self) -> dict[str, int]:
        """How often each label is known."""
        return dict(sorted(Counter(word for one in self.sessions.values() for word in one.known).items()))


@dataclass(slots=True)
class DatasetReport:
    """What data hold.

    Attributes:
        name: of the data.   synthetic: made by the program's walker.
        notes: what belongs to nothing.
        visits: sessions with labels by subject.   trials: recordings of each session.
        views: recordings by view.   pictures: recordings with a video.   masks: those with masks as files.
        systems: by name.   problems: what stops any training.
    """

    name: str
    synthetic: bool
    notes: DataNotes
    visits: Counter[str] = field(default_factory=Counter)
    trials: dict[str, tuple[str, ...]] = field(default_factory=dict)
    views: Counter[str] = field(default_factory=Counter)
    pictures: int = 0
    masks: int = 0
    systems: dict[str, SystemFacts] = field(default_factory=lambda: {name: SystemFacts() for name in TASKS})
    problems: list[str] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether no training at all could begin."""
        return bool(self.problems) or all(facts.refused for facts in self.systems.values())

    def table(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "synthetic": self.synthetic,
            "sessions": self.visits.total(),
            "subjects": len(self.visits),
            "subjects_with_several_visits": sorted(name for name, count in self.visits.items() if count > 1),
            "recordings": dict(self.views),
            "with_video": self.pictures,
            "with_masks": self.masks,
            "systems": {
                name: {
                    "sessions": len(facts.sessions),
                    "subjects": len(facts.subjects),
                    "classes": facts.classes,
                    "left_out": facts.left_out,
                    "subjects_by_set": dict(facts.sets),
                    "refused": facts.refused,
                }
                for name, facts in self.systems.items()
            },
            **to_plain(self.notes),
            "problems": self.problems,
        }


def check_dataset(
    path: Path,
    *,
    labels: Path | None = None,
    split: Split | None = None,
    examples: bool = False,
    workers: int = 2,
    tick: Tick,
) -> DatasetReport:
    """Look at some data; nothing is written but, if asked for, examples into the cache.

    Args:
        path: as :func:`gaitviewer.research.training.data.open_data` takes it.
        labels: table of labels.
        split: how people would be divided.
        examples: measure the sessions, too: what gives no example then is known for certain.
        workers: processes for that.
        tick: progress; raises Cancelled.

    Raises:
        FormatError: nothing can be learned from it.
    """
    try:
        data = open_data(path, labels)
    except FormatError as problem:
        if problem.message.code == "error.research.data.wrong_kind":
            raise FormatError(
                message("error.research.data.holds", path=path, found=_endings(path))
            ) from problem
        raise
    report = DatasetReport(data.name, data.synthetic, notes_of(data))
    names = names_of(data)
    ids = data.session_ids()
    share = 0.2 if examples else 1.0
    for number, name in enumerate(ids):
        tick(share * number / len(ids), message("progress.looking", session=name))
        try:
            session = data.read(name)
        except UserError as problem:
            report.problems.append(str(problem))
            continue
        names |= {name: session.subject, session.subject: session.subject}
        _add(report, session)
    if examples:
        for number, system in enumerate(TASKS):
            part = subprogress(tick, 0.2 + 0.8 * number / len(TASKS), 0.2 + 0.8 * (number + 1) / len(TASKS))
            _add_examples(report, system, path, labels, workers, part)
    for one, other in report.notes.twice:
        report.problems.append(str(message("error.research.split.twice", one=one, other=other)))
    for system, facts in report.systems.items():
        _divide(report, system, facts, split or Split(), names)
    return report


def _divide(
    report: DatasetReport, system: str, facts: SystemFacts, split: Split, names: Mapping[str, str]
) -> None:
    """Who of those that a system learns from would be in which set."""
    if not facts.sessions:
        facts.refused = "there is nobody to learn from"
        return
    try:
        strata = strata_of((one.subject, one.stratum) for one in facts.sessions.values())
        facts.sets = Counter(split.assign(strata, names, seed=0).values())
    except UserError as problem:
        facts.refused = str(problem)
        if facts.refused not in report.problems and problem.message.code != "error.research.split.nobody":
            report.problems.append(facts.refused)
        return
    empty = [name for name in (TRAIN, VALID, TEST) if not facts.sets[name]]
    if empty:
        count = facts.sets.total()
        facts.refused = str(message("error.research.too_few_subjects", count=count, set=empty[0]))


def _add(report: DatasetReport, session: LabelledSession) -> None:
    report.visits[session.subject] += 1
    report.trials[session.id] = tuple(one.trial.id for one in session.document.trials)
    for trial in session.document.trials:
        report.views.update(view.value for view in View if trial.poses[view] is not None)
    report.pictures += len(session.pictures)
    report.masks += sum(getattr(one, "masks", None) is not None for one in session.pictures.values())
    for name, look in _LOOKS.items():
        facts, (reason, known) = report.systems[name], look(session)
        if reason:
            facts.left_out.setdefault(reason, []).append(session.id)
        else:
            facts.sessions[session.id] = Learned(session.subject, stratum_of(session.labels), tuple(known))


def _severity(session: LabelledSession) -> tuple[str, list[str]]:
    level = session.labels.severity
    return ("no GMFCS level of 0 to IV", []) if level is None else ("", [f"level {level}"])


def _evgs(session: LabelledSession) -> tuple[str, list[str]]:
    answers = sum(score is not None for limb in session.labels.evgs for score in limb)
    if not answers:
        return "no Edinburgh grade", []
    if not session.pictures:
        return "no video", []
    atypical = sum(bool(score) for limb in session.labels.evgs for score in limb)
    return "", ["normal"] * (answers - atypical) + ["atypical"] * atypical


def _scoliosis(session: LabelledSession) -> tuple[str, list[str]]:
    if session.labels.asymmetry is None:
        return "no Cobb angle", []
    seconds = load_map_features().clip.span_s
    seen = [pose for one in session.document.trials if (pose := one.poses.coronal) is not None]
    if not seen:
        return "no front or back view", []
    if all(pose.times[-1] - pose.times[0] < seconds - 1e-6 for pose in seen):
        return f"no front or back view of {seconds:.1f} s", []
    return "", ["asymmetry" if session.labels.asymmetry else "none"]


_LOOKS: Mapping[str, Callable[[LabelledSession], tuple[str, list[str]]]] = {
    "severity": _severity,
    "evgs": _evgs,
    "scoliosis": _scoliosis,
}


def _add_examples(
    report: DatasetReport, system: str, path: Path, labels: Path | None, workers: int, tick: Tick
) -> None:
    """Puts what measuring found in place of what was expected."""
    facts = report.systems[system]
    if not facts.sessions:
        return
    try:
        prepared = prepare_all(system, path, labels=labels, tick=tick, workers=workers)
    except UserError:  # a damaged recording, which is named already
        return
    for one in prepared:
        if one.session in facts.sessions and not one.examples:
            del facts.sessions[one.session]
            reason = one.reason.removeprefix(f"{system}: session {one.session} ")
            for trial in report.trials[one.session]:
                reason = reason.replace(f" {trial} ", " ")  # the same of several recordings is said once
            facts.left_out.setdefault(reason, []).append(one.session)


def _endings(path: Path) -> tuple[str, ...]:
    if not path.is_dir():
        return (path.name,)
    counts = Counter(one.suffix.lower() or "without ending" for one in path.rglob("*") if one.is_file())
    return tuple(f"{count} {ending}" for ending, count in counts.most_common(_NAMED)) or ("no file",)


def report_lines(report: DatasetReport) -> list[str]:
    """The report for people."""
    several = sum(count > 1 for count in report.visits.values())
    lines = [
        f"{report.name}: {_many(len(report.visits), 'subject')}, "
        f"{_many(report.visits.total(), 'visit')} with labels"
        + (f"; {several} came several times: on one side of every split" if several else ""),
        f"  recordings: {_counts(report.views) or 'none'}; with video: {report.pictures}, with masks as files: "
        f"{report.masks}",
    ]
    for name, facts in report.systems.items():
        known, sets = _counts(facts.classes), _counts(facts.sets)
        lines.append(
            f"{name}: learns from {_many(len(facts.sessions), 'visit')} "
            f"of {_many(len(facts.subjects), 'subject')}"
            + (f" ({known})" if known else "")
            + (f"; subjects by set: {sets}" if sets else "")
        )
        if left_out := len(facts.subjects) - facts.sets.total() if sets else 0:
            lines.append(f"  {_many(left_out, 'subject')} in no set of the split")
        if facts.refused and facts.refused not in report.problems:
            lines.append(f"  cannot be trained: {facts.refused}")
        lines += [f"  not from {_names(names)}: {reason}" for reason, names in facts.left_out.items()]
    for words, names in (
        ("match no label", report.notes.unlabelled),
        ("labels are of nobody in the data", report.notes.unmatched),
        ("videos have no keypoints; `gaitviewer analyze` makes them in a library", report.notes.videos_alone),
    ):
        if names:
            lines.append(f"not learned from: {len(names)} {words}: {_names(names, count=False)}")
    return [*lines, *(f"must be put right: {problem}" for problem in report.problems)]


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


def _many(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def _names(names: list[str] | tuple[str, ...], *, count: bool = True) -> str:
    more = len(names) - _NAMED
    words = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{len(names)} ({words})" if count else words
