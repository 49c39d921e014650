"""What a cohort holds: who, how severe, and how often each item is atypical."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from gaitviewer.analysis.evgs.sheet import load_items
from gaitviewer.core.learning import ITEMS, LabelledSession, LearningData
from gaitviewer.research.cohort.labels import label_table


@dataclass(frozen=True, slots=True)
class ItemShare:
    """How often an item is scored 1 or 2, limb by limb.

    Attributes:
        number, code: which item.
        patients, others: share of atypical limbs; None where none is labelled.
        published: share among patients in the literature.
        labelled: share of all limbs that have a score.
    """

    number: int
    code: str
    patients: float | None
    others: float | None
    published: float
    labelled: float


@dataclass(frozen=True, slots=True)
class CohortSummary:
    """Counts and shares.

    Attributes:
        name, digest: of the cohort.
        kinds, levels, patterns: how many subjects.
        asymmetric: subjects with a Cobb angle of 10 degrees or more, and all that have a Cobb angle.
        items: the 17 items.
        total_of_level: mean total score of a limb at each severity.
    """

    name: str
    digest: str
    kinds: dict[str, int]
    levels: dict[int, int]
    patterns: dict[str, int]
    asymmetric: tuple[int, int]
    items: tuple[ItemShare, ...]
    total_of_level: dict[int, float]

    def table(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name, "digest": self.digest, "kinds": self.kinds,
            "severity": {str(level): count for level, count in self.levels.items()},
            "patterns": self.patterns,
            "asymmetric": {"positive": self.asymmetric[0], "of": self.asymmetric[1]},
            "total_of_level": {str(level): round(total, 2) for level, total in self.total_of_level.items()},
            "items": [
                {"number": i.number, "code": i.code, "patients": i.patients, "others": i.others,
                 "published": i.published, "labelled": i.labelled}
                for i in self.items
            ],
        }  # fmt: skip


def summarise(cohort: LearningData) -> CohortSummary:
    """Read every subject once and count."""
    sessions = [cohort.read(name) for name in cohort.session_ids()]
    levels = [s.labels.severity for s in sessions if s.labels.severity is not None]
    patterns = Counter(
        str(s.facts[f"pattern_{side}"]) for s in sessions for side in ("left", "right") if "pattern" in s.facts
    )
    judged = [s.labels.asymmetry for s in sessions if s.labels.asymmetry is not None]
    return CohortSummary(
        cohort.name,
        cohort.digest,
        dict(sorted(Counter(str(s.facts.get("kind", "?")) for s in sessions).items())),
        dict(sorted(Counter(levels).items())),
        dict(patterns.most_common()),
        (sum(judged), len(judged)),
        tuple(_item(sessions, number) for number in range(1, ITEMS + 1)),
        {
            level: _mean_total([s for s in sessions if s.labels.severity == level])
            for level in sorted(set(levels))
        },
    )


def _scores(sessions: list[LabelledSession], number: int) -> list[int | None]:
    return [limb[number - 1] for session in sessions for limb in session.labels.evgs]


def _share(scores: list[int | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return round(float(np.mean([score > 0 for score in known])), 3) if known else None


def _item(sessions: list[LabelledSession], number: int) -> ItemShare:
    patients = _scores([s for s in sessions if s.labels.severity], number)
    others = _scores([s for s in sessions if not s.labels.severity], number)
    known = [score is not None for score in patients + others]
    code = next(item.code for item in load_items() if item.number == number)
    published = label_table().prevalence.atypical[number - 1]
    return ItemShare(
        number, code, _share(patients), _share(others), published, round(float(np.mean(known or [False])), 3)
    )


def _mean_total(sessions: list[LabelledSession]) -> float:
    totals = [sum(score or 0 for score in limb) for session in sessions for limb in session.labels.evgs]
    return float(np.mean(totals))


def summary_lines(summary: CohortSummary) -> list[str]:
    """For the terminal."""
    lines = [f"{summary.name}, digest {summary.digest[:16]}"]
    lines.append("subjects: " + ", ".join(f"{count} {kind}" for kind, count in summary.kinds.items()))
    lines.append(
        "severity: "
        + ", ".join(
            f"level {level}: {count} (mean limb total {summary.total_of_level[level]:.1f})"
            for level, count in summary.levels.items()
        )
    )
    positive, judged = summary.asymmetric
    lines.append(f"scoliosis-like asymmetry: {positive} of {judged} subjects without cerebral palsy")
    lines.append("patterns of limbs: " + ", ".join(f"{n} {name}" for name, n in summary.patterns.items()))
    lines.append("")
    lines.append("share of limbs scored 1 or 2  patients published    others  labelled")
    for item in summary.items:
        values = (item.patients, item.published, item.others, item.labelled)
        shares = ("   -" if share is None else f"{share:4.2f}" for share in values)
        lines.append(f"{item.number:5d} {item.code:22s}" + "".join(f"{share:>10s}" for share in shares))
    lines.append("")
    lines.append("Synthetic gait; nothing here is validated on patients.")
    return lines
