"""Examples by set, split by subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gaitviewer.core.learning import SessionLabels
from gaitviewer.core.splits import TEST, TRAIN, VALID, assign_subjects, check_disjoint
from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.research.training.task import Example, ExampleSets


@dataclass(frozen=True, slots=True)
class Leakage:
    """What the check found.

    Attributes:
        subjects: how many by set.
        dropped: of each further test set, subjects left out because the model learned from them or was
            chosen by them.
    """

    subjects: Mapping[str, int]
    dropped: Mapping[str, int]

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in self.subjects.items())
        words = f"No subject is in two sets (checked); subjects: {counts}."
        for name, count in self.dropped.items():
            if count:
                words += f" {count} subjects of the {name} set were left out, as they are known from training."
        return words


def stratum_of(labels: SessionLabels) -> str:
    """What a split keeps in balance: severity and asymmetry; else how much the Edinburgh score says."""
    if labels.severity is None and labels.asymmetry is None:
        scores = [score for side in labels.evgs for score in side if score is not None]
        return f"score {round(3 * sum(map(bool, scores)) / len(scores))}" if scores else ""
    return f"severity {labels.severity}, asymmetry {labels.asymmetry}"


def strata_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One stratum for each subject out of (subject, stratum of a session): the highest in the alphabet."""
    found: dict[str, str] = {}
    for subject, stratum in pairs:
        found[subject] = max(found.get(subject, ""), stratum)
    return found


def split_examples(
    examples: Sequence[Example],
    strata: Mapping[str, str],
    *,
    seed: int,
    others: Mapping[str, Sequence[Example]] | None = None,
) -> tuple[ExampleSets, Leakage]:
    """Splits by subject, and takes known subjects out of the further test sets.

    Args:
        examples: each with its "subject".
        strata: of every subject.
        seed: of the split.
        others: further test sets by name.

    Raises:
        SettingsError: a set would be empty, or (a fault of this program) somebody is in two sets.
    """
    where = assign_subjects({subject: strata[subject] for subject in _subjects(examples)}, seed=seed)
    sets = {name: tuple(e for e in examples if where[e["subject"]] == name) for name in (TRAIN, VALID, TEST)}
    for name, held in sets.items():
        if not held:
            raise SettingsError(message("error.research.too_few_subjects", count=len(where), set=name))
    known = _subjects(sets[TRAIN]) | _subjects(sets[VALID])
    further = {
        name: tuple(e for e in held if e["subject"] not in known) for name, held in (others or {}).items()
    }
    dropped = {name: len(_subjects(held) & known) for name, held in (others or {}).items()}
    check_disjoint({name: _subjects(held) for name, held in sets.items()})
    for name, held in further.items():
        check_disjoint({"learning": known, name: _subjects(held)})
    counts = {name: len(_subjects(held)) for name, held in {**sets, **further}.items()}
    return ExampleSets(sets[TRAIN], sets[VALID], sets[TEST], further), Leakage(counts, dropped)


def _subjects(examples: Sequence[Example]) -> set[str]:
    return {str(example["subject"]) for example in examples}
