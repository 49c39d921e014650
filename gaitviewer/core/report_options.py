"""What a person may choose of the printed report: paper, names or none, sections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message

# In the order of printing. Front page, provenance and the footer of every page are no choice: they say whose
# report it is, what it was made from, and what it must not be used for.
SECTIONS: dict[str, str] = {
    "quality": "Quality of the recording",
    "parameters": "Time and distance",
    "movement": "Movement analysis and pattern",
    "curves": "Joint angles over the gait cycle",
    "strides": "Every stride",
    "scores": "Edinburgh Visual Gait Score",
    "evidence": "The frames behind the scores",
    "key_frames": "Key frames over the gait cycle",
    "review": "Texts and grades by a person",
    "models": "Model answers",
    "saliency": "Saliency of the severity model",
    "knowledge_map": "Knowledge map",
    "doubts": "Why you should doubt this",
    "method": "Method, limits and references",
}
# What learned models say: printed only where somebody asks for it, and never called left out.
MODEL_SECTIONS = frozenset({"models", "saliency", "knowledge_map", "doubts"})
USUAL_SECTIONS = frozenset(SECTIONS) - MODEL_SECTIONS
PAPERS = ("A4", "Letter")


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How a report is printed.

    Attributes:
        paper: one of :data:`PAPERS`.
        anonymous: skeletons instead of pictures; pseudonym, diagnosis, days and months, notes, texts, key
            images and names of raters are left out.
        sections: names of :data:`SECTIONS` to print; the front page says which usual ones were left out.

    Raises:
        SettingsError: the paper or a section is not known.
    """

    paper: str = PAPERS[0]
    anonymous: bool = False
    sections: frozenset[str] = USUAL_SECTIONS

    def __post_init__(self) -> None:
        if self.paper not in PAPERS:
            raise SettingsError(message("error.core.report.paper_size", paper=self.paper, papers=tuple(PAPERS)))
        unknown = sorted(self.sections - SECTIONS.keys())
        if unknown:
            raise SettingsError(
                message("error.core.report.no_such_section", section=unknown[0], sections=tuple(SECTIONS))
            )

    def __contains__(self, section: str) -> bool:
        """Whether a section is printed."""
        return section in self.sections

    @property
    def left_out(self) -> tuple[str, ...]:
        """Titles of the usual sections that are not printed, in the order of printing."""
        return tuple(SECTIONS[name] for name in SECTIONS if name in USUAL_SECTIONS - self.sections)

    @property
    def shows_models(self) -> bool:
        """Whether something is printed that learned models say."""
        return bool(self.sections & MODEL_SECTIONS)


WHOLE_REPORT = ReportOptions()


def parse_sections(text: str) -> frozenset[str]:
    """The sections named in a list with commas, e.g. "quality,scores".

    Raises:
        SettingsError: no section is named, or one that there is not.
    """
    names: Iterable[str] = [name for part in text.split(",") if (name := part.strip())]
    if not names:
        raise SettingsError(message("error.core.report.no_section", sections=tuple(SECTIONS)))
    return ReportOptions(sections=frozenset(names)).sections
