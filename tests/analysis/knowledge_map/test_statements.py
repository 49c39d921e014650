"""Generated text: from a clip's own numbers against the group, and from nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.analysis.knowledge_map.features import load_map_features, mirror_values
from gaitviewer.analysis.knowledge_map.statements import (
    GroupStatistics,
    describe,
    group_statistics,
    joined_text,
    load_statements,
    mirrored_statements,
    statement_values,
)

TABLE = load_statements()
NONE = np.zeros(238, np.bool_)


def maps(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [rng.standard_normal((238, 1)) + 0.3 * rng.standard_normal((238, 96)) for _ in range(count)]


def test_every_statement_rests_on_rows_of_the_map() -> None:
    names = load_map_features().index
    assert all(row in names for one in TABLE.statement for row in one.rows)
    assert all(len(one.rows) == (2 if "difference" in one.summary else 1) for one in TABLE.statement)
    assert len({one.name for one in TABLE.statement}) == len(TABLE.statement) == 22


def test_the_text_says_what_deviates_and_how_far() -> None:
    count = len(TABLE.statement)
    group = GroupStatistics(np.zeros(count), np.ones(count))
    values = np.zeros(count)
    values[0], values[3] = 2.3, -1.1
    first, second = describe(values, group)
    assert first == "left shoulder carried higher than the right, strongly (d +2.5)"
    assert second == "trunk leaning to the right, clearly (d -1.0)"
    assert joined_text((first, second)).startswith("Compared with the group: left shoulder")
    assert describe(np.zeros(count), group) == (TABLE.text.ordinary,)
    assert joined_text((TABLE.text.ordinary,)) == TABLE.text.ordinary


def test_what_is_unknown_is_not_said() -> None:
    unknown = NONE.copy()
    unknown[load_map_features().index["shoulder_tilt"]] = True
    values = statement_values(maps(1)[0], unknown)
    assert np.isnan(values[0])
    group = GroupStatistics(np.full(len(values), -9.0), np.ones(len(values)))
    assert not any("left shoulder carried higher" in sentence for sentence in describe(values, group))


def test_a_text_is_never_longer_than_agreed() -> None:
    values = [statement_values(one, NONE) for one in maps(30)]
    group = group_statistics(values)
    texts = [describe(one, group) for one in values]
    assert max(map(len, texts)) == TABLE.text.most
    assert len({text for text in texts}) > 20
    away = [(one - group.mean) / group.sd for one in values]
    assert np.mean(away) == pytest.approx(0.0, abs=1e-9)


def test_the_numbers_of_the_mirrored_child_follow_from_the_table() -> None:
    for one in maps(5):
        by_map = statement_values(mirror_values(one), NONE)
        by_table = mirrored_statements(statement_values(one, NONE))
        np.testing.assert_allclose(by_map, by_table, atol=1e-9)
