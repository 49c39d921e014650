"""What learning needs of a session: the document, the labels, the pictures; wherever they come from.

A synthetic cohort, the program's own library and a folder of a public data set are all read as
:class:`LabelledSession`, so that training on other data is a change of one argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.document import Document
from gaitviewer.core.gait import BySide, View

ITEMS = 17


@dataclass(frozen=True, slots=True)
class SessionLabels:
    """What is known to be true of a session; None = not labelled.

    Attributes:
        evgs: per limb the 17 scores 0, 1, 2 in item order.
        merged: scores 1 and 2 were not told apart: 1 then means "1 or 2".
        severity: 0 = no deviation of the cerebral-palsy kind, 1..4 = level of motor severity.
        asymmetry: scoliosis-like asymmetry (Cobb angle of 10 degrees or more).
        cobb_deg: Cobb angle, degrees.
        gait_variable_score: per limb the sagittal 2D profile score of the true angles, degrees.
        source: who or what said so ("computed from the walker's own angles", "graded by people").
    """

    evgs: BySide[tuple[int | None, ...]] = BySide((None,) * ITEMS, (None,) * ITEMS)  # noqa: RUF009  frozen
    merged: bool = False
    severity: int | None = None
    asymmetry: bool | None = None
    cobb_deg: float | None = None
    gait_variable_score: BySide[float | None] = BySide(None, None)  # noqa: RUF009  frozen
    source: str = ""

    def __post_init__(self) -> None:
        if any(len(scores) != ITEMS for scores in self.evgs):
            raise ValueError(f"an Edinburgh score has {ITEMS} items a limb")


@dataclass(frozen=True, slots=True, eq=False)
class MaskedPicture:
    """One frame: rgb [H, W, 3] u8 upright, and the subject's mask [H, W] bool (None = no mask known)."""

    rgb: NDArray[np.uint8]
    mask: NDArray[np.bool_] | None


class MaskedPictures(Protocol):
    """The pictures of one view of one trial, in the pixel grid of its PoseSequence."""

    def read(self, frames: Sequence[int]) -> Iterator[MaskedPicture]:
        """Pictures of the given frame numbers, in their order (increasing)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSession:
    """A session with its labels.

    Attributes:
        document: poses and facts; everything the models see is computed from it.
        labels: the truth.
        pictures: by (trial id, view); empty where there are none.
        facts: how it was made or found ("pattern", "severity", "asymmetry_deg"); for analysis of results
            only, never an input of a model.
        synthetic: made by the program's own walker.
    """

    document: Document
    labels: SessionLabels
    pictures: Mapping[tuple[str, View], MaskedPictures] = field(default_factory=dict)
    facts: Mapping[str, float | str] = field(default_factory=dict)
    synthetic: bool = False

    @property
    def id(self) -> str:
        """Identifier of the session."""
        return self.document.session.id

    @property
    def subject(self) -> str:
        """Pseudonym of the subject: splits go by it."""
        return self.document.session.subject.pseudonym


class LearningData(Protocol):
    """A body of sessions that a model can learn from or be judged on."""

    @property
    def name(self) -> str:
        """Short name for tables."""
        ...

    @property
    def digest(self) -> str:
        """Identity of the data: another digest means other data."""
        ...

    @property
    def synthetic(self) -> bool:
        """Whether any of it was made by the walker."""
        ...

    def session_ids(self) -> tuple[str, ...]:
        """All sessions, in a stable order."""
        ...

    def read(self, session_id: str) -> LabelledSession:
        """One session."""
        ...
