"""What the words in motion capture files mean."""

from __future__ import annotations

import pytest

from gaitviewer.core.gait import EventKind, Side
from gaitviewer.formats.vocabulary import metres_per_unit, read_event, split_owners

IC, TO = EventKind.INITIAL_CONTACT, EventKind.TOE_OFF
L, R = Side.LEFT, Side.RIGHT


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("mm", 1e-3), (" MM ", 1e-3), ("mm\0", 1e-3), ("[mm]", 1e-3), ("millimetres", 1e-3), ("mill", 1e-3),
        ("cm", 1e-2), ("Centimeter", 1e-2), ("m", 1.0), ("M", 1.0), ("meter", 1.0), ("mete", 1.0),
        ("metr", 1.0),
        ("in", 0.0254), ("inches", 0.0254), ("feet", 0.3048),
        ("", None), ("furlong", None), ("me", None), ("kg", None), ("meterstick", None),
    ],
)  # fmt: skip
def test_units_are_understood(text: str, metres: float | None) -> None:
    assert metres_per_unit(text) == metres


@pytest.mark.parametrize(
    ("label", "context", "side", "kind"),
    [
        ("Foot Strike", "Left", L, IC), ("Foot Off", "RIGHT", R, TO), ("foot strike", "", None, IC),
        ("Left Foot Strike", "", L, IC), ("RightFootOff", "", R, TO), ("Foot Off - Right", "", R, TO),
        ("left_heel_strike", "", L, IC), ("Initial Contact L", "", L, IC), ("Toe-Off (right)", "", R, TO),
        ("LHS", "", L, IC), ("RHS", "", R, IC), ("LTO", "", L, TO), ("RTO2", "", R, TO), ("HS_L", "", L, IC),
        ("ICR", "", R, IC), ("LON", "", L, IC), ("ROFF", "", R, TO), ("LFC", "", L, IC),
        ("rt toe off", "", R, TO),
        ("HS", "L", L, IC), ("LHS", "Left", L, IC), ("LHS", "Right", None, IC),
        ("Event", "General", None, None), ("Trigger On", "", None, None), ("on", "", None, None),
        ("off", "Right", R, TO), ("Heel Off", "Left", L, None), ("", "", None, None), ("Lost", "", None, None),
    ],
)  # fmt: skip
def test_events_are_understood(label: str, context: str, side: Side | None, kind: EventKind | None) -> None:
    assert read_event(label, context) == (side, kind)


def test_a_colon_names_the_subject() -> None:
    labels = ["Patient3:LTIO", "*12", "A:B:C7"]
    assert split_owners(labels) == [("Patient3", "LTIO"), ("", "*12"), ("A:B", "C7")]


@pytest.mark.parametrize("mark", ["_", "."])
def test_a_beginning_that_all_share_names_the_subject(mark: str) -> None:
    labels = [f"Anna{mark}{name}" for name in ("LTIO", "RTIO", "L_ankle", "r.ASIS", "C7")]
    assert split_owners([*labels, "*3"]) == [
        ("Anna", "LTIO"), ("Anna", "RTIO"), ("Anna", "L_ankle"), ("Anna", "r.ASIS"), ("Anna", "C7"), ("", "*3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "labels",
    [
        ["L_ankle", "L_knee", "L_hip", "L_toe"],
        ["left_ankle", "left_knee", "left_hip", "left_toe"],
        ["L.ASIS", "r.ASIS", "C7", "r_knee"],
        ["Anna_LTIO", "Anna_RTIO", "LHEE", "RHEE"],
        ["Anna_LTIO"],
        [],
    ],
)
def test_other_beginnings_stay(labels: list[str]) -> None:
    assert split_owners(labels) == [("", label) for label in labels]
