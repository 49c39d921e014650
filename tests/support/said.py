"""What was said, as codes: tests about findings and reasons compare these, not sentences."""

from __future__ import annotations

from collections.abc import Iterable

from gaitviewer.core.measures import QualityFinding
from gaitviewer.messages import Message, codes_within


def codes(messages: Iterable[Message]) -> list[str]:
    """The code of each message."""
    return [one.code for one in messages]


def topics(findings: Iterable[QualityFinding]) -> list[str]:
    """What each finding is about: "frame_rate", "far_limb", ..."""
    return [finding.topic.code.removeprefix("topic.") for finding in findings]


def is_within(code: str, what: Message) -> bool:
    """Whether a message, or one among its values, has this code."""
    return code in codes_within(what)
