"""Nobody is in two sets, whatever the data."""

from __future__ import annotations

import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaitviewer.core.gait import BySide
from gaitviewer.core.learning import SessionLabels
from gaitviewer.core.splits import SHARES, assign_subjects, check_disjoint
from gaitviewer.errors import SettingsError
from gaitviewer.research.training.splits import split_examples, strata_of, stratum_of


@given(
    st.dictionaries(st.text(min_size=1, max_size=6), st.sampled_from("abc"), min_size=1, max_size=120),
    st.integers(0, 9),
)
def test_every_subject_gets_one_set_whatever_the_order(strata: dict[str, str], seed: int) -> None:
    found = assign_subjects(strata, seed=seed)
    assert set(found) == set(strata)
    assert found == assign_subjects(dict(reversed(strata.items())), seed=seed)
    counts = collections.Counter(found.values())
    for name, share in SHARES.items():
        assert abs(counts[name] - share * len(strata)) <= 1.0


def test_each_stratum_is_spread_in_proportion() -> None:
    strata = {f"S{n}": f"level {n % 4}" for n in range(400)}
    found = assign_subjects(strata, seed=1)
    for level in range(4):
        counts = collections.Counter(found[s] for s in strata if strata[s] == f"level {level}")
        assert abs(counts["train"] - 70) <= 2
        assert abs(counts["test"] - 15) <= 2


def test_another_seed_gives_another_split() -> None:
    strata = dict.fromkeys((f"S{n}" for n in range(100)), "")
    assert assign_subjects(strata, seed=1) != assign_subjects(strata, seed=2)


def test_a_subject_on_both_sides_is_an_error() -> None:
    with pytest.raises(SettingsError, match="Subject B is in both the train and the test set"):
        check_disjoint({"train": ["A", "B"], "test": ["B", "C"]})
    check_disjoint({"train": ["A", "A"], "test": ["C"]})


def test_all_sessions_of_a_subject_go_together_and_known_subjects_leave_further_sets() -> None:
    examples = [{"subject": f"S{n % 30}", "session": str(n)} for n in range(90)]
    further = [{"subject": f"S{n}", "session": f"x{n}"} for n in range(20, 40)]
    strata = dict.fromkeys((f"S{n}" for n in range(40)), "")
    sets, leakage = split_examples(examples, strata, seed=3, others={"shifted": further})
    groups = [{e["subject"] for e in held} for held in (sets.train, sets.valid, sets.test)]
    assert sum(map(len, groups)) == 30
    assert len(sets.train) + len(sets.valid) + len(sets.test) == 90
    known = groups[0] | groups[1]
    assert {e["subject"] for e in sets.others["shifted"]} == {f"S{n}" for n in range(20, 40)} - known
    assert leakage.dropped["shifted"] == len({f"S{n}" for n in range(20, 30)} & known)
    assert "left out" in str(leakage)


def test_too_few_subjects_are_told() -> None:
    with pytest.raises(SettingsError, match="too few to split"):
        split_examples([{"subject": "A", "session": "1"}], {"A": ""}, seed=0)


def test_strata_of_labels() -> None:
    assert stratum_of(SessionLabels(severity=2, asymmetry=False)) == "severity 2, asymmetry False"
    half = (1,) * 8 + (0,) * 9
    assert stratum_of(SessionLabels(evgs=BySide(half, half))) == "score 1"
    assert strata_of([("A", "severity 1"), ("A", "severity 3"), ("B", "")]) == {"A": "severity 3", "B": ""}
