"""The Edinburgh Visual Gait Score: items, measured values, a person's grades.

Read HS et al., Edinburgh visual gait score for use in cerebral palsy, J Pediatr Orthop 2003;23:296-301.
The items and their bands are data (``resources/evgs``), read by :mod:`gaitviewer.analysis.evgs.score`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gaitviewer.core.gait import BySide, Side, View
from gaitviewer.messages import NOTHING, Message


@dataclass(frozen=True, slots=True)
class Band:
    """One band of an item: values ``low..high`` (whole numbers or categories) have ``score``.

    Attributes:
        score: 0, 1 or 2.
        low, high: both ends included, None is open; both None for a category.
        label: the words of the score sheet.
    """

    score: int
    low: int | None
    high: int | None
    label: str


@dataclass(frozen=True, slots=True)
class EvgsItem:
    """One of the 17 items.

    Attributes:
        number: 1..17.      code: short name, e.g. "KFX".      name: in words.
        view: the camera that shows it.      phase: when it is read.
        quantity: what is measured, in words.      unit: "deg", "mm", "" for categories.
        bands: its bands, highest value first.
        sigma: standard error of the measurement in ``unit`` (event error not included).
        unit_means: what the unit counts, where the sign alone does not say it.
    """

    number: int
    code: str
    name: str
    view: View
    phase: str
    quantity: str
    unit: str
    bands: tuple[Band, ...]
    sigma: float
    unit_means: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The picture that a grade rests on.

    Attributes:
        trial, view: the recording.
        frame: frame number in that view's video.
        time_s: its presentation time, seconds.
        keypoints: names of the points that the value was computed from.
        stride: key of the stride it was read in (:attr:`Stride.key`).
        angle: which angle to draw there ("knee_flexion", ...; "" if none).
        value: the value in this very frame, in the item's unit (NaN for categories).
    """

    trial: str
    view: View
    frame: int
    time_s: float
    keypoints: tuple[str, ...]
    stride: str = ""
    angle: str = ""
    value: float = float("nan")


@dataclass(frozen=True, slots=True)
class EvgsMeasure:
    """What the program measured for one item of one limb.

    Attributes:
        item, side: which.
        value: median over strides, in the item's unit; None for not assessable (and for pure categories,
            where ``category`` says what was seen).
        category: label of the band that was met, "" if not assessable.
        score: 0, 1, 2, or None = not assessable.
        probabilities: P(score = 0, 1, 2) given measurement and event error; None if not assessable.
        edge_distance: distance from the value to the next band edge, in the unit; None for categories.
        borderline: within one standard error of a band edge.
        spread: standard deviation over strides (None for a single stride).
        strides: keys of the strides used.
        evidence: the frame that shows it best, then those of the other strides: strides that have the score
            by themselves first, then by distance to the median.
        reason: why it is not assessable; NOTHING if it is.
        remarks: limits of this value (``remark.far_limb``, ``remark.assumed_pelvic_tilt``).
        sigma: standard error of ``value``, event error included; None where there is none.
    """

    item: EvgsItem
    side: Side
    value: float | None
    category: str
    score: int | None
    probabilities: tuple[float, float, float] | None
    edge_distance: float | None
    borderline: bool
    spread: float | None
    strides: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    reason: Message = NOTHING
    remarks: tuple[Message, ...] = ()
    sigma: float | None = None

    def __post_init__(self) -> None:
        if (self.score is None) != bool(self.reason):
            raise ValueError(f"{self.item.code}: a reason goes with 'not assessable', and only with it")

    @property
    def assessable(self) -> bool:
        """Whether there is a score."""
        return self.score is not None


@dataclass(frozen=True, slots=True)
class EvgsTotal:
    """A partial total that says what it is made of: "x of y (n items seen)"."""

    score: int
    maximum: int
    items_seen: int
    items: int = 17


@dataclass(frozen=True, slots=True)
class EvgsSheet:
    """All 17 items of both limbs, in item order."""

    measures: BySide[tuple[EvgsMeasure, ...]]

    def total(self, side: Side) -> EvgsTotal:
        """Sum over the items that could be assessed, with their own maximum."""
        scores = [m.score for m in self.measures[side] if m.score is not None]
        tops = [max(b.score for b in m.item.bands) for m in self.measures[side] if m.assessable]
        return EvgsTotal(sum(scores), sum(tops), len(scores), len(self.measures[side]))

    def get(self, number: int, side: Side) -> EvgsMeasure:
        """The measure of item ``number`` (1..17)."""
        return next(m for m in self.measures[side] if m.item.number == number)


@dataclass(frozen=True, slots=True)
class Grade:
    """A person's own grade of one item; never overwrites the measurement.

    Attributes:
        item: item number.   side: limb.   score: 0, 1, 2 or None for "not assessable".
        rater, when: who, and ISO 8601 UTC time.   note: why.
    """

    item: int
    side: Side
    score: int | None
    rater: str
    when: str
    note: str = ""
