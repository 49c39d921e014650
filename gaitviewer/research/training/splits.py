"""Examples by set, split by subject."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gaitviewer.core.learning import SessionLabels
from gaitviewer.core.splits import TEST, TRAIN, VALID, assign_folds, assign_subjects, check_disjoint
from gaitviewer.errors import SettingsError
from gaitviewer.formats.splits import read_split
from gaitviewer.messages import message
from gaitviewer.research.training.task import Example, ExampleSets

LEAST_FOLDS = 3  # one to judge, one to choose by, the rest to learn


@dataclass(frozen=True, slots=True)
class Split:
    """How people are divided into those who learn, those chosen by, and those judged; by default drawn by seed.

    Attributes:
        folds: of a cross-validation by person, the seed is the fold that is judged; 0 = none.
        sets: from a file, the set or the fold ("fold 1") by name of a subject, a session or a clip.
        name: in words, and the content of the file; "" = drawn by seed.
    """

    folds: int = 0
    sets: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    @classmethod
    def read(cls, file: Path | None = None, folds: int = 0) -> Split:
        """From a file (:mod:`gaitviewer.formats.splits`), or so many folds; else drawn by seed.

        Raises:
            FormatError: the file holds no split.
            SettingsError: too few folds, or folds and a file.
        """
        if file is not None and folds:
            raise SettingsError(message("error.research.split.both"))
        if file is not None:
            sets = read_split(file)
            folds = len({one for one in sets.values() if one.startswith("fold")})
            digest = hashlib.sha256(repr(sorted(sets.items())).encode()).hexdigest()
            name = f"split of {file.name} ({digest[:12]})"
        else:
            sets, name = {}, f"{folds} folds by person" if folds else ""
        if folds and folds < LEAST_FOLDS:
            raise SettingsError(message("error.research.split.few_folds", folds=folds, least=LEAST_FOLDS))
        return cls(folds, sets, name)

    def assign(self, strata: Mapping[str, str], names: Mapping[str, str], *, seed: int) -> dict[str, str]:
        """The set of each subject; those whom the file does not name are left out.

        Args:
            strata: of every subject.
            names: the subject that each name of a subject, a session or a clip belongs to.
            seed: of what is drawn; the fold that is judged.

        Raises:
            SettingsError: the file names nobody of these, or one person in two sets.
        """
        if not self.name:
            return assign_subjects(strata, seed=seed)
        if not self.sets:
            fold_of = assign_folds(strata, self.folds)
            return {subject: self._role(fold, seed) for subject, fold in fold_of.items()}
        said: dict[str, tuple[str, str]] = {}
        for name, chosen in self.sets.items():
            subject = names.get(name)
            if subject is None or subject not in strata:
                continue
            other, first = said.setdefault(subject, (chosen, name))
            if other != chosen:
                raise SettingsError(
                    message(
                        "error.research.split.leakage",
                        subject=subject,
                        one=first,
                        one_set=other,
                        other=name,
                        other_set=chosen,
                    )
                )
        if not said:
            raise SettingsError(
                message("error.research.split.nobody", split=self.name, name=next(iter(self.sets)))
            )
        if self.folds:
            order = sorted(set(self.sets.values()), key=lambda one: int(one.split()[1]))
            return {subject: self._role(order.index(fold), seed) for subject, (fold, _) in said.items()}
        found = {subject: chosen for subject, (chosen, _) in said.items()}
        if VALID not in self.sets.values():  # some of those who learn
            drawn = assign_subjects({one: strata[one] for one in found if found[one] == TRAIN}, seed=seed)
            found |= {subject: VALID for subject, chosen in drawn.items() if chosen == VALID}
        return found

    def _role(self, fold: int, seed: int) -> str:
        if fold == seed % self.folds:
            return TEST
        return VALID if fold == (seed + 1) % self.folds else TRAIN


@dataclass(frozen=True, slots=True)
class Leakage:
    """What the check found.

    Attributes:
        subjects: how many by set.
        dropped: of each further test set, subjects left out because the model learned from them or was
            chosen by them.
        unnamed: subjects whom the file of the split does not name.
    """

    subjects: Mapping[str, int]
    dropped: Mapping[str, int]
    unnamed: int = 0

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in self.subjects.items())
        words = f"No subject is in two sets (checked); subjects: {counts}."
        for name, count in self.dropped.items():
            if count:
                words += f" {count} subjects of the {name} set were left out, as they are known from training."
        if self.unnamed:
            words += f" {self.unnamed} subjects were left out, as the split does not name them."
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
    split: Split | None = None,
    names: Mapping[str, str] | None = None,
) -> tuple[ExampleSets, Leakage]:
    """Splits by subject, and takes known subjects out of the further test sets.

    Args:
        examples: each with its "subject".
        strata: of every subject.
        seed: of the split.
        others: further test sets by name.
        split: how people are divided; None = drawn by seed.
        names: the subject of each name that a split may use.

    Raises:
        SettingsError: a set would be empty, or (a fault of this program) somebody is in two sets.
    """
    everyone = {subject: strata[subject] for subject in _subjects(examples)}
    where = (split or Split()).assign(everyone, names or {}, seed=seed)
    sets = {
        name: tuple(e for e in examples if where.get(e["subject"]) == name) for name in (TRAIN, VALID, TEST)
    }
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
    return ExampleSets(sets[TRAIN], sets[VALID], sets[TEST], further), Leakage(
        counts, dropped, len(everyone) - len(where)
    )


def _subjects(examples: Sequence[Example]) -> set[str]:
    return {str(example["subject"]) for example in examples}
