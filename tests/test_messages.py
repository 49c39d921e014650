"""Messages: codes with values, and the catalogue that turns them into words."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from gaitviewer import messages
from gaitviewer.analysis.signal import prepared
from gaitviewer.core.gait import Direction, Side, View
from gaitviewer.core.measures import FindingSeverity
from gaitviewer.core.serialise import from_stored, to_stored
from gaitviewer.core.session import Footwear, Session, Subject, WalkingAid
from gaitviewer.messages import (
    NOTHING,
    Catalogue,
    as_written,
    codes_within,
    english,
    holes,
    load_catalogue,
    message,
    named,
    read_catalogue,
)

PACKAGE = Path(__file__).parents[1] / "gaitviewer"

CATALOGUE = """
as_written = "{text}"
[between]
comma = ", "
and = " and "
[leg]
left = "the left leg"
right = "the right leg"
[seen]
too_short = "{who} is seen for {seconds:.1f} s"
both = "{legs:and} are seen"
listed = "{legs} are seen"
strides = { one = "{count} stride", other = "{count} strides" }
done = "Nothing to be added."
"""


@pytest.fixture
def catalogue() -> Catalogue:
    return read_catalogue(CATALOGUE, "en")


def test_values_stand_in_their_places(catalogue: Catalogue) -> None:
    what = message("seen.too_short", who=message("leg.left"), seconds=1.26)
    assert catalogue.text(what) == "the left leg is seen for 1.3 s"
    assert catalogue.sentence(what) == "The left leg is seen for 1.3 s."
    assert what["seconds"] == 1.26
    assert list(codes_within(what)) == ["seen.too_short", "leg.left"]


def test_several_messages_are_joined_as_the_template_says(catalogue: Catalogue) -> None:
    legs = (message("leg.left"), message("leg.right"))
    assert catalogue.text(message("seen.both", legs=legs)) == "the left leg and the right leg are seen"
    assert catalogue.text(message("seen.listed", legs=legs)) == "the left leg, the right leg are seen"


@pytest.mark.parametrize(("count", "text"), [(0, "0 strides"), (1, "1 stride"), (2, "2 strides")])
def test_a_count_chooses_the_form(catalogue: Catalogue, count: int, text: str) -> None:
    assert catalogue.text(message("seen.strides", count=count)) == text


def test_what_a_person_wrote_stands_for_itself(catalogue: Catalogue) -> None:
    assert catalogue.text(as_written("He held {her} hand")) == "He held {her} hand"
    assert not as_written("")
    assert catalogue.text(NOTHING) == catalogue.sentence(NOTHING) == ""


def test_a_sentence_that_begins_with_a_name_keeps_its_letter(catalogue: Catalogue) -> None:
    assert catalogue.sentence(message("seen.too_short", who="side.mp4", seconds=1.0)).startswith("side.mp4 is")
    assert catalogue.sentence(as_written("he limps")) == "He limps."


def test_paths_and_names_are_values(catalogue: Catalogue) -> None:
    what = message("seen.both", legs=("a", message("leg.left")))
    assert catalogue.text(what) == "a and the left leg are seen"
    assert message("seen.listed", legs=Path("a.mp4"))["legs"] == "a.mp4"


def test_a_full_stop_is_not_doubled(catalogue: Catalogue) -> None:
    assert catalogue.sentence(message("seen.done")) == "Nothing to be added."


def test_a_translation_speaks_and_english_helps_out(catalogue: Catalogue) -> None:
    german = read_catalogue('[leg]\nleft = "das linke Bein"', "de", fallback=catalogue)
    what = message("seen.too_short", who=message("leg.left"), seconds=2.0)
    assert german.text(what) == "das linke Bein is seen for 2.0 s"
    assert german.knows("leg.left")
    assert not german.knows("leg.right")


def test_an_unknown_code_or_value_is_an_error(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError, match=r"leg\.middle"):
        catalogue.text(message("leg.middle"))
    with pytest.raises(KeyError, match="seconds"):
        catalogue.text(message("seen.too_short", who="she"))


def test_a_sentence_must_be_a_text() -> None:
    with pytest.raises(ValueError, match=r"leg\.left"):
        read_catalogue("[leg]\nleft = 3", "en")


def test_a_language_that_is_not_there_is_english() -> None:
    assert load_catalogue("xx") is english()


@pytest.mark.parametrize(("count", "text"), [(0, ""), (1, "a"), (2, "a and b"), (3, "a, b and c")])
def test_a_list_in_words(catalogue: Catalogue, count: int, text: str) -> None:
    listed = read_catalogue('all = "{words:list}"', "en", fallback=catalogue)
    words = tuple(as_written(word) for word in "abc"[:count])
    assert listed.text(message("all", words=words)) == text
    assert listed.sentence(message("all", words=words)) == (f"A{text[1:]}." if text else "")


def test_a_message_is_stored_as_a_text_and_an_old_sentence_stands_for_itself() -> None:
    coded = message(
        "reason.no_stride_counts_because",
        side=named(Side.LEFT),
        view=named(View.CORONAL),
        why=as_written("he {fell}"),
    )
    for what in (coded, as_written("a person's {own} words"), NOTHING):
        assert from_stored(to_stored(what)) == what
    assert to_stored(as_written("his words")) == "his words"
    assert from_stored("The file holds a single frame.") == as_written("The file holds a single frame.")


@pytest.mark.parametrize(
    "text",
    ['{"code": "of.a_later_version", "values": []}', '{"code": "note.stride_time", "values": []}', '{"code": '],
)
def test_what_cannot_be_said_stands_for_itself(text: str) -> None:
    assert from_stored(text) == as_written(text)


def test_another_language_needs_a_file_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "xx.toml").write_text(
        '[side]\nleft = "gauche"\n[view]\ncoronal = "vue de face"\n'
        '[finding.strides.few]\none = "{count} pas {side} compte ({view})"\n'
        'other = "{count} pas {side} comptent ({view})"\n'
        '[reason]\nno_stride_counts_because = "aucun pas {side} ne compte ({why})"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(messages, "resources", lambda: tmp_path)
    load_catalogue.cache_clear()
    try:
        other = load_catalogue("xx")
        left, front = named(Side.LEFT), named(View.CORONAL)
        assert (
            other.sentence(message("finding.strides.few", count=1, side=left, view=front))
            == "1 pas gauche compte (vue de face)."
        )
        assert (
            other.text(message("finding.strides.few", count=2, side=named(Side.RIGHT), view=front))
            == "2 pas right comptent (vue de face)"
        )
        why = message("reason.unsteady", percent=41.4)
        said = other.text(message("reason.no_stride_counts_because", side=left, view=front, why=why))
        assert (
            said == "aucun pas gauche ne compte (the subject starts, stops or turns (speed 41 % of the pass))"
        )
    finally:
        load_catalogue.cache_clear()


def test_names_of_everything_that_is_measured_are_there() -> None:
    """Codes that are made from data: of enumerations, angles, units, the score sheet, parts of the body."""
    from gaitviewer.analysis.evgs.sheet import load_items, load_rules
    from gaitviewer.analysis.kinematics.definitions import load_angles
    from gaitviewer.analysis.outcomes.norms import GROUPS
    from gaitviewer.analysis.outcomes.spatiotemporal import parameters

    english_has = english().sentences
    for kind in (Side, View, Direction, Footwear, WalkingAid, FindingSeverity):
        for member in kind:
            assert str(named(member)) == VIEWS.get(member.value, member.value)
    for angle in load_angles():
        assert english_has[f"angle.{angle.name}"] == angle.title.lower()
    rows = parameters((), Session("s", Subject("P")))
    assert len(rows) == 13
    assert all(str(row.title) for row in rows)
    units = (
        {item.unit for item in load_items()}
        | {angle.unit for angle in load_angles()}
        | {row.unit for row in rows}
    )
    assert {f"unit.{unit}" for unit in units - {""}} <= set(english_has)
    for rule in load_rules().values():
        assert all(not said or str(said) for said in (rule.reason, rule.remark))
    assert {f"speed_group.{group}" for group in GROUPS} <= set(english_has)
    assert {f"cue.{cue}" for cue in ("scores", "floor_line", "size", "order")} <= set(english_has)
    names = {name for name, _ in prepared._PARTS}
    assert {f"part.{name}" for name in names} <= set(english_has)


VIEWS = {"sagittal": "side view", "coronal": "front or back view"}


class Said(NamedTuple):
    """A call of ``message``: the codes it may have, what it gives (None: passed on as a table), and where."""

    codes: re.Pattern[str]
    given: frozenset[str | None]
    where: str


def read_calls() -> list[Said]:
    """Each call in the source whose code stands there, wholly or with parts to be filled in."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (
                isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "message"
            ):
                continue
            code = call.args[0]
            parts = code.values if isinstance(code, ast.JoinedStr) else [code]
            if not any(isinstance(part, ast.Constant) for part in parts):
                continue  # a code that is made elsewhere: see above
            texts = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\w+" for p in parts]
            given = frozenset(keyword.arg for keyword in call.keywords)
            found.append(Said(re.compile("".join(texts)), given, f"{path.name}:{call.lineno}"))
    return found


def test_every_code_of_the_program_has_a_sentence_with_just_its_values() -> None:
    sentences, calls = english().sentences, read_calls()
    assert len(calls) > 300
    for call in calls:
        codes = [code for code in sentences if call.codes.fullmatch(code)]
        assert codes, f"{call.where}: no sentence {call.codes.pattern}"
        for code in codes:
            if None not in call.given:  # values passed on as a table are checked where they are made
                assert holes(sentences[code]) == call.given, f"{call.where}: {code}"


@pytest.mark.parametrize("table", ["error", "progress", "recording", "finding", "topic"])
def test_no_sentence_is_left_over(table: str) -> None:
    calls = read_calls()
    codes = [code for code in english().sentences if code.startswith(f"{table}.")]
    assert codes
    assert [code for code in codes if not any(call.codes.fullmatch(code) for call in calls)] == []
