"""Which subjects learn and which are kept to judge: nobody is on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message

TRAIN, VALID, TEST = "train", "valid", "test"
SHARES: Mapping[str, float] = {TRAIN: 0.70, VALID: 0.15, TEST: 0.15}


def assign_subjects(strata: Mapping[str, str], *, seed: int) -> dict[str, str]:
    """A set for each subject; each stratum is spread over the sets in proportion to ``SHARES``.

    Subjects are ordered by stratum and, inside one, by a hash of the seed and their pseudonym; then each goes
    to the set that lags furthest behind its share. The order in which they are given does not matter.

    Args:
        strata: by subject, e.g. "level 2, no asymmetry".
        seed: another seed gives another split.
    """
    counts = dict.fromkeys(SHARES, 0)
    found: dict[str, str] = {}
    for subject in _spread(strata, seed):
        due = {name: share * (len(found) + 1) - counts[name] for name, share in SHARES.items()}
        chosen = max(due, key=due.__getitem__)
        counts[chosen] += 1
        found[subject] = chosen
    return found


def assign_folds(strata: Mapping[str, str], folds: int) -> dict[str, int]:
    """A fold from 0 for each subject; each stratum is spread over the folds, which differ by one at most."""
    return {subject: number % folds for number, subject in enumerate(_spread(strata, 0))}


def _spread(strata: Mapping[str, str], seed: int) -> list[str]:
    """Subjects by stratum and, inside one, by a hash."""

    def place(subject: str) -> str:
        return hashlib.sha256(f"{seed}/{subject}".encode()).hexdigest()

    return sorted(strata, key=lambda name: (strata[name], place(name)))


def check_disjoint(sets: Mapping[str, Iterable[str]]) -> None:
    """Makes sure that no subject is in two sets.

    Raises:
        SettingsError: somebody is; a result on such sets would say nothing.
    """
    seen: dict[str, str] = {}
    for name, subjects in sets.items():
        for subject in set(subjects):
            other = seen.setdefault(subject, name)
            if other != name:
                raise SettingsError(
                    message("error.core.subject_in_two_sets", subject=subject, other=other, this=name)
                )
