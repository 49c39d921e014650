"""One module per exchange format behind a flat facade."""

from gaitviewer.formats.assessment import (
    assessment_text,
    parse_assessment,
    read_assessment,
    write_assessment,
)
from gaitviewer.formats.events import read_events, write_events
from gaitviewer.formats.explanations import explanation_arrays, read_explanations, write_explanations
from gaitviewer.formats.keypoints import read_keypoints, write_keypoints
from gaitviewer.formats.kinematics import read_kinematics, write_kinematics

__all__ = [
    "assessment_text",
    "explanation_arrays",
    "parse_assessment",
    "read_assessment",
    "read_events",
    "read_explanations",
    "read_keypoints",
    "read_kinematics",
    "write_assessment",
    "write_events",
    "write_explanations",
    "write_keypoints",
    "write_kinematics",
]
