"""Values are kept from the rater in the picture, too, until there are grades."""

from __future__ import annotations

from typing import Any

import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side
from gaitviewer.gui.model import blinding
from gaitviewer.workflow.app.settings import Settings

BLIND = Settings(rater="AB", hide_until_graded=True)


def graded(rater: str) -> Document:
    from gaitviewer.core.session import Session, Subject

    grade = Grade(11, Side.RIGHT, 1, rater, "2026-01-01T00:00:00Z")
    return Document(Session("s1", Subject("P001")), (), grades=(grade,))


@pytest.mark.parametrize(
    ("settings", "rater", "item", "hidden"),
    [
        (BLIND, "AB", 11, False),
        (BLIND, "CD", 11, True),
        (BLIND, "AB", 12, True),
        (Settings(rater="AB"), "CD", 11, False),
    ],
)
def test_only_the_raters_own_grade_sets_a_value_free(
    settings: Settings, rater: str, item: int, hidden: Any
) -> None:
    assert blinding.is_hidden(graded(rater), settings, item, Side.RIGHT) is hidden
    assert blinding.is_hidden(None, settings, item, Side.RIGHT) is settings.hide_until_graded
