"""What a person may ask for, and what is refused in one clear sentence."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gaitviewer.cli import commands, main
from gaitviewer.cli.arguments import build_parser, decimal
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.core.session import Affected
from gaitviewer.errors import SettingsError
from gaitviewer.workflow.analysis.request import (
    AnalyzeRequest,
    make_session,
    pair_recordings,
    parse_date,
    parse_length_m,
    session_id,
)

S, C = View.SAGITTAL, View.CORONAL


def _pairs(*given: tuple[View, str]) -> list[tuple[str | None, str | None]]:
    trials = pair_recordings([(view, Path(name)) for view, name in given])
    return [(t.sagittal and t.sagittal.name, t.coronal and t.coronal.name) for t in trials]


def test_equal_counts_pair_in_order() -> None:
    assert _pairs((S, "a"), (S, "b"), (C, "x"), (C, "y")) == [("a", "x"), ("b", "y")]


def test_unequal_counts_pair_with_the_neighbour() -> None:
    assert _pairs((S, "a"), (S, "b"), (C, "y")) == [("a", None), ("b", "y")]
    assert _pairs((C, "x"), (S, "a"), (S, "b")) == [("a", "x"), ("b", None)]


def test_single_views_stand_alone() -> None:
    assert _pairs((S, "a"), (S, "b")) == [("a", None), ("b", None)]


def test_the_same_file_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match="named twice"):
        _pairs((S, "a"), (C, "a"))


@pytest.mark.parametrize(
    ("text", "metres"), [("1.35", 1.35), ("1,35 m", 1.35), ("135cm", 1.35), ("135", 1.35), (" 68 cm ", 0.68)]
)
def test_lengths(text: str, metres: float) -> None:
    assert parse_length_m(text, what="The height") == pytest.approx(metres)


@pytest.mark.parametrize("text", ["", "tall", "13.5", "-1.3", "1350", "0", "nan", "1.35 ft"])
def test_implausible_lengths_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="not plausible"):
        parse_length_m(text, what="The height")


def test_dates() -> None:
    assert parse_date("2026-03-09", what="The date") == date(2026, 3, 9)
    with pytest.raises(SettingsError, match="year-month-day"):
        parse_date("9.3.2026", what="The date")


def test_age_comes_from_the_birth_date_and_contradictions_are_refused() -> None:
    session = make_session("P1", birth=date(2016, 1, 1), when=date(2026, 1, 1))
    assert session.age_years == pytest.approx(10.0, abs=0.01)
    with pytest.raises(SettingsError, match="contradict"):
        make_session("P1", birth=date(2016, 1, 1), when=date(2026, 1, 1), age_years=4)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"pseudonym": "  "}, "needs a pseudonym"),
        ({"pseudonym": "x" * 81}, "80 characters"),
        ({"pseudonym": "P", "age_years": -3.0}, "age"),
        ({"pseudonym": "P", "height_m": 1.3, "leg_length_m": 1.2}, "check both"),
    ],
)
def test_impossible_facts_are_refused(facts: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        make_session(**facts)  # type: ignore[arg-type]


def test_session_id_is_stable_and_depends_on_the_videos() -> None:
    session = make_session("P1")
    assert session_id(session, ["a", "b"]) == session_id(session, ["a", "b"])
    assert session_id(session, ["a", "b"]) != session_id(session, ["a", "c"])


def test_a_request_needs_a_video_and_a_plausible_rate(tmp_path: Path) -> None:
    nothing = (ByView[Path | None](None, None),)
    with pytest.raises(SettingsError, match="no video"):
        AnalyzeRequest(nothing, make_session("P"), tmp_path)
    one = (ByView[Path | None](Path("a.mp4"), None),)
    with pytest.raises(SettingsError, match="240"):
        AnalyzeRequest(one, make_session("P"), tmp_path, recorded_at_hz=2.0)


def test_a_request_for_an_unknown_section_is_refused(tmp_path: Path) -> None:
    one = (ByView[Path | None](Path("a.mp4"), None),)
    scores = ReportOptions(sections=frozenset({"scores"}))
    assert AnalyzeRequest(one, make_session("P"), tmp_path, report=scores).report.sections == {"scores"}
    with pytest.raises(SettingsError, match="no section “scoring”"):
        ReportOptions(sections=frozenset({"scoring"}))


@pytest.mark.parametrize(
    ("given", "affected"),
    [((), "not stated"), *(((f"--affected={side}",), side) for side in ("left", "right", "both", "none"))],
)
def test_sides_affected_of_the_command_line(given: tuple[str, ...], affected: str) -> None:
    options = build_parser().parse_args(
        ["analyze", "--subject", "P1", "--sagittal", "a.mp4", "--out", "o", *given]
    )
    assert commands._session(options).subject.affected is Affected(affected)


def test_sections_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["analyze", "--sagittal", "a.mp4", "--subject", "P", "--out", str(tmp_path / "out")]
    assert build_parser().parse_args([*given, "--sections", "quality,scores"]).sections == "quality,scores"
    assert build_parser().parse_args(given).sections is None
    assert main([*given, "--no-library", "--sections", "quality,scoring"]) != 0
    demo = ["demo", "--out", str(tmp_path / "demo"), "--no-library"]
    assert build_parser().parse_args([*demo, "--sections", "scores"]).sections == "scores"
    assert main([*demo, "--sections", "quality,scoring"]) != 0  # before anything is rendered
    assert not (tmp_path / "demo").exists()
    assert "no section “scoring”" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


ANALYZE = ["analyze", "--sagittal", "a.mp4", "--subject", "P1", "--out", "o"]
VALIDATE = ["validate", "a.c3d"]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        *((ANALYZE, name) for name in ("age", "offset", "recorded-at", "foot-zero-left", "foot-zero-right")),
        *((VALIDATE, name) for name in ("rate", "noise", "yaw", "pixels-per-metre")),
    ],
)
def test_numbers_take_a_decimal_comma(
    command: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, value in (("7,5", 7.5), ("7.5", 7.5), ("-1,2", -1.2), ("-,5", -0.5), ("3", 3.0)):
        options = build_parser().parse_args([*command, f"--{option}", text])
        assert getattr(options, option.replace("-", "_")) == value
    for text in ("7,5,1", "1.234,5", "seven", "nan", "inf"):
        with pytest.raises(SystemExit) as stop:
            build_parser().parse_args([*command, f"--{option}", text])
        assert stop.value.code == 2
        assert (
            f"argument --{option}: {text!r} is not a number; write it like 7.5 or 7,5"
            in capsys.readouterr().err
        )


def test_no_number_of_the_command_line_is_read_otherwise() -> None:
    """Every option that takes a number with decimals has the one type that understands commas."""

    def actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
        for action in parser._actions:
            yield action
            if isinstance(action, argparse._SubParsersAction):
                for inner in action.choices.values():
                    yield from actions(inner)

    types = {action.type for action in actions(build_parser())}
    assert decimal in types
    assert float not in types


def test_names_with_commas_stay_as_they_are() -> None:
    options = build_parser().parse_args(["validate", "-", "a,b.c3d", "--subject", "Doe, J"])
    assert (options.files, options.subject) == ([Path("-"), Path("a,b.c3d")], "Doe, J")
