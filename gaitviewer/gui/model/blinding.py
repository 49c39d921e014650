"""What is kept from a rater until there is a grade: measured and model values would lead the eye."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gaitviewer.core.document import Document
from gaitviewer.core.edits import grade_of
from gaitviewer.core.evgs import EvgsItem
from gaitviewer.core.gait import Side
from gaitviewer.core.measures import Measures

if TYPE_CHECKING:
    from gaitviewer.workflow.app.settings import Settings


def is_hidden(document: Document | None, settings: Settings, item: int, side: Side) -> bool:
    """Whether measured and model values of this item are kept from the rater until there is a grade."""
    return settings.hide_until_graded and grade_of(document, item, side, settings.rater) is None


def waiting_for(
    document: Document | None, settings: Settings, items: Iterable[EvgsItem], side: Side
) -> tuple[str, ...]:
    """Codes of the items of a limb that must be graded before what they rest on is shown."""
    if not settings.hide_until_graded:
        return ()
    return tuple(item.code for item in items if is_hidden(document, settings, item.number, side))


def hides_answers(document: Document | None, settings: Settings, measures: Measures | None) -> bool:
    """Whether everything that learned models say is kept from the rater: until all items are graded."""
    if not settings.hide_until_graded:
        return False
    return measures is None or is_any_hidden(document, settings, measures)


def is_any_hidden(document: Document | None, settings: Settings, measures: Measures) -> bool:
    """Whether an item of either limb is still hidden: then no angle is written, any may belong to it."""
    return any(
        is_hidden(document, settings, measure.item.number, side)
        for side in Side
        for measure in measures.evgs.measures[side]
    )
