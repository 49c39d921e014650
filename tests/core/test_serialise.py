"""The one converter: strict reading, exact caches, digests of content, damage of every kind as one error."""

from __future__ import annotations

import contextlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gaitviewer.core.gait import BySide, ByView, Side
from gaitviewer.core.serialise import (
    LARGEST_TOML,
    MalformedError,
    canonical_bytes,
    canonical_digest,
    from_parts,
    from_plain,
    load_arrays,
    load_toml,
    pack,
    parse_json,
    parse_toml,
    quote,
    read_toml,
    seal,
    to_parts,
    to_plain,
    unpack,
    unseal,
)
from gaitviewer.errors import FormatError, SettingsError, shorten
from gaitviewer.messages import Message, message


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    rate: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outer:
    count: int
    inner: Inner
    table: Mapping[str, Inner] = field(default_factory=dict)
    rows: tuple[Inner, ...] = ()
    pair: tuple[float, float] = (0.0, 1.0)
    sides: BySide[float | None] = BySide(None, None)  # noqa: RUF009  frozen
    colour: Colour = Colour.RED
    day: date | None = None
    path: Path = Path()
    flag: bool = False

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("nobody counts below zero")


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    values: NDArray[np.float32]
    numbers: ByView[NDArray[np.float64] | None]
    level: float = 0.0


def whole() -> Outer:
    return Outer(
        3,
        Inner(2.5, "a"),
        {"x": Inner(1.0)},
        (Inner(4.0),),
        (1.0, 2.0),
        BySide(1.5, None),
        Colour.RED,
        date(2024, 2, 29),
        Path("/a/b"),
        True,
    )


def test_what_is_written_for_people_is_read_back() -> None:
    plain = json.loads(json.dumps(to_plain(whole())))
    assert plain["sides"] == {"left": 1.5, "right": None}
    assert plain["day"] == "2024-02-29"
    assert from_plain(plain, Outer) == whole()
    # Whole numbers where fractions are expected become fractions; nothing else is coerced.
    assert isinstance(from_plain({"rate": 3}, Inner).rate, float)


@dataclass(frozen=True, slots=True, eq=False)
class WithMaps:
    maps: tuple[Arrays, ...]
    rows: tuple[tuple[str, float], ...]
    why: Message
    limit: float | None = None


def test_arrays_beside_json_come_back_with_what_is_not_known() -> None:
    values = Arrays(np.array([1.5, np.nan], np.float32), ByView(np.array([0.1]), None), math.nan)
    whole = WithMaps((values, values), (("a", math.nan), ("b", 2.0)), message("reason.few_angles"))
    plain, arrays = to_parts(whole)
    text = json.dumps(plain, allow_nan=False)
    assert plain["maps"][1]["values"] == {"array": 2}
    back = from_parts(json.loads(text), arrays, WithMaps)
    assert (back.why, back.limit, back.rows[1]) == (whole.why, None, ("b", 2.0))
    assert math.isnan(back.rows[0][1])
    assert math.isnan(back.maps[1].level)
    np.testing.assert_array_equal(back.maps[1].values, values.values)
    np.testing.assert_array_equal(back.maps[0].numbers.sagittal, [0.1])


@pytest.mark.parametrize("arrays", [[], [np.zeros(2)], [np.zeros(2, np.float32), "text"]])
def test_arrays_that_are_missing_or_of_another_type_are_refused(arrays: list[Any]) -> None:
    plain, _ = to_parts(Arrays(np.zeros(2, np.float32), ByView(np.zeros(1), None)))
    with pytest.raises(MalformedError):
        from_parts(plain, arrays, Arrays)


def test_numbers_that_json_lacks_are_null_for_people_and_exact_in_caches() -> None:
    values = Arrays(
        np.array([1.5, np.nan, -np.inf], np.float32), ByView(np.array([0.1, np.nan]), None), math.nan
    )
    assert to_plain(values) == {
        "values": [1.5, None, None],
        "numbers": {"sagittal": [0.1, None], "coronal": None},
        "level": None,
    }
    again = unpack(pack(values), Arrays)
    assert again.values.dtype == np.float32
    assert again.values.tobytes() == values.values.tobytes()
    assert again.numbers.sagittal is not None
    assert again.numbers.sagittal.tobytes() == values.numbers.sagittal.tobytes()
    assert not again.values.flags.writeable
    assert math.isnan(again.level)
    with pytest.raises(MalformedError, match="level: expected a number, found None"):
        from_plain(to_plain(values), Arrays)
    back = from_plain(to_plain(Arrays(values.values, values.numbers)), Arrays)
    np.testing.assert_array_equal(back.values, np.array([1.5, np.nan, np.nan], np.float32))
    assert to_plain(1 / 3, decimals=3) == 0.333
    with pytest.raises(TypeError, match="object"):
        to_plain(object())


def test_messages_with_messages_in_them_come_back() -> None:
    said = message("a", count=2, share=0.5, sure=True, of=message("b", name="c"), all=(message("d"),))
    assert unpack(pack(said), Message) == said
    assert from_plain(to_plain(said), Message) == said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": "3"}, "count: expected a whole number, found '3'"),
        ({"count": True}, "count: expected a whole number, found True"),
        ({"count": 2.5}, "count: expected a whole number, found 2.5"),
        ({"flag": 1}, "flag: expected true or false, found 1"),
        ({"inner": {"rate": "fast"}}, "inner.rate: expected a number, found 'fast'"),
        ({"inner": {}}, "inner.rate: is missing"),
        ({"inner": {"rate": 1.0, "nmae": "x"}}, "inner.nmae: is unknown"),
        ({"other": 1}, "other: is unknown"),
        (
            {"table": {"good": {"rate": 1}, "bad": {"rate": None}}},
            "table.bad.rate: expected a number, found None",
        ),
        ({"table": {"good": {"rate": 1}, "odd": {"rate": 1, "x": 2}}}, "table.odd.x: is unknown"),
        ({"rows": [{"rate": 1}, {"rate": []}]}, "rows[1].rate: expected a number, found []"),
        ({"rows": "rate"}, "rows: expected a list, found 'rate'"),
        ({"pair": [1, 2, 3]}, "pair: Expected `array` of length 2"),
        ({"sides": {"left": "x", "right": None}}, "sides.left: expected a number or nothing, found 'x'"),
        ({"colour": "blue"}, "colour: 'blue' is none of the values it may have"),
        ({"day": "yesterday"}, "day: Invalid"),
        ({"path": 5}, "path: expected a path, found 5"),
        ({"path": "a\0b"}, "path: expected a path"),
        ({"count": -1}, "nobody counts below zero"),
        ({"inner": {"rate": 10**400}}, "inner.rate: Number out of range"),
    ],
)
def test_an_error_names_the_entry_what_was_expected_and_what_was_found(
    change: dict[str, Any], words: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        from_plain({"count": 3, "inner": {"rate": 2.5}} | change, Outer)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300


def test_unknown_entries_may_be_ignored() -> None:
    raw = {"count": 3, "inner": {"rate": 2.5, "later": 1}, "new": {}}
    assert from_plain(raw, Outer, unknown="ignore") == Outer(3, Inner(2.5))


HOSTILE_TOML = {
    "thousands of digits": "count = " + "7" * 5000,
    "deep lists": "count = " + "[" * 5000 + "]" * 5000,
    "deep tables": "count = " + "{a=" * 5000 + "1" + "}" * 5000,
    "twice": "count = 1\ncount = 2",
    "torn": "count = ",
    "a control character": 'inner = "\x01"',
    "a long text": 'count = "' + "x" * 400_000 + '"',
}


@pytest.mark.parametrize("text", HOSTILE_TOML.values(), ids=HOSTILE_TOML.keys())
def test_hostile_settings_give_one_short_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_toml(path, Outer, remedy="write it again")
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith("write it again.")
    assert len(str(caught.value)) < 400 + len(str(path))
    assert "\n" not in str(caught.value)


def test_files_that_are_absent_too_large_or_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent.toml cannot be opened \(No such file"):
        read_toml(tmp_path / "absent.toml", Outer)
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(MalformedError, match="UTF-8"):
        load_toml(tmp_path / "a.toml", Outer)
    (tmp_path / "a.toml").write_bytes(b"#" * (LARGEST_TOML + 1))
    with pytest.raises(MalformedError, match="larger than 4 MB"):
        load_toml(tmp_path / "a.toml", Outer)
    assert parse_toml("rate = 2\nname = 'x'", Inner) == Inner(2.0, "x")


@pytest.mark.parametrize("text", ["[" * 100_000, "7" * 5000, "{", b"\xff\xfe\x00", '{"a": 1}}'])
def test_hostile_json_is_one_error(text: str | bytes) -> None:
    with pytest.raises(MalformedError):
        parse_json(text)


def test_one_flipped_bit_anywhere_breaks_the_seal() -> None:
    sealed = seal(pack(whole()))
    assert unpack(unseal(sealed), Outer) == whole()
    for place in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[place] ^= 1 << (place % 8)
        with pytest.raises(MalformedError, match="not what was written"):
            unseal(bytes(flipped))
        with pytest.raises(MalformedError):
            unseal(sealed[:place])


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for kind in (Outer, Arrays, Message):
        with contextlib.suppress(MalformedError):
            assert isinstance(unpack(data, kind), kind)


def test_arrays_of_another_kind_are_refused() -> None:
    numbers: Any = ByView(None, None)
    for values in (
        np.zeros(3),  # another dtype
        [["|O", [1], b"12345678"]],
        ["<f4", [2], b"123"],
        ["<f4", [-1, 3], b"12345678"],
        ["<f4", [2**62, 2**62], b"12345678"],
        ["no dtype", [1], b"1234"],
        [1.0, 2.0],
    ):
        with pytest.raises(MalformedError):
            unpack(pack({"values": values, "numbers": numbers}), Arrays)


# --- digests


def test_the_digest_follows_the_content_and_nothing_else() -> None:
    digest = canonical_digest(whole())
    assert canonical_digest(from_plain(to_plain(whole()), Outer)) == digest
    # What a class is called and what it prints does not count, nor a field that was added with its default.
    other = make_dataclass("Renamed", [("name", str), ("rate", float), ("later", int, 7)], repr=False)
    assert canonical_bytes(other("a", 2.5)) == canonical_bytes(Inner(2.5, "a"))
    assert canonical_bytes(other("a", 2.5, 8)) != canonical_bytes(Inner(2.5, "a"))
    assert canonical_bytes({"b": 1, "a": (2.0,)}) == canonical_bytes({"a": [2], "b": 1.0})
    assert canonical_bytes({Side.LEFT.value, "x"}) == canonical_bytes({"x", Side.LEFT.value})


def test_what_differs_has_another_digest() -> None:
    values = [
        None, True, 1, 2**70, -1, "1", "", b"1", 1.5, math.nan, math.inf, -math.inf,
        [1], [[1]], [], {}, {"1": 1}, np.float32([1]), np.float64([1]), np.float64([[1]]), np.float64([np.nan]),
        date(2024, 1, 1), Inner(1.0), Inner(1.0, "a"), ByView(1, 2), BySide(1, 2),
    ]  # fmt: skip
    assert len({canonical_bytes(value) for value in values}) == len(values)
    with pytest.raises(TypeError, match="no canonical form"):
        canonical_bytes(object())


def test_arrays_count_by_their_content_wherever_they_lie() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    strided = np.repeat(values, 2, axis=1)[:, ::2]
    for same in (values.copy(order="F"), values.astype(">f4"), strided):
        assert canonical_bytes(same) == canonical_bytes(values)
    assert canonical_bytes(np.float64(3)) == canonical_bytes(3)


# --- arrays in files


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_damaged_archives_are_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    good = npz(a=np.arange(500.0), b=np.arange(9, dtype=np.uint8))
    path.write_bytes(good)
    assert set(load_arrays(path, largest_bytes=10_000)) == {"a", "b"}
    random = np.random.default_rng(5)
    refused = 0
    for number in range(300):
        content = bytearray(good)
        for place in random.integers(0, len(good), 1 + number % 8):
            content[place] ^= 1 << int(random.integers(8))
        path.write_bytes(content[: len(good) - (number % 3) * int(random.integers(1, 200))])
        try:
            load_arrays(path, largest_bytes=10_000)
        except MalformedError:
            refused += 1
    assert refused > 200
    with pytest.raises(OSError, match="No such file"):
        load_arrays(tmp_path / "absent.npz", largest_bytes=1)


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.npz"
    path.write_bytes(npz(a=np.zeros(3_000_000), b=np.zeros(3_000_000)))
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(MalformedError, match="unpacks to 45 MB, more than the 10 MB"):
        load_arrays(path, largest_bytes=10 * 2**20)


def test_an_array_that_is_said_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**40,)})
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", header.getvalue() + b"\0" * 64)
    with pytest.raises(MalformedError, match="said to be larger than it is"):
        load_arrays(path, largest_bytes=10_000)


# --- words


def test_quotes_are_short_whatever_they_quote() -> None:
    assert quote("abc") == "'abc'"
    long = quote("x" * 400_000)
    assert len(long) <= 60
    assert "..." in long
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert quote(deep) == "<list>"
    assert quote(10**5000) == "<int>"
    assert shorten("a\n  b\r\n") == "a b"
    assert len(shorten("y" * 10**6)) <= 200
    long = message("error.format.table.not_number", file="a.csv", column="time", found="z" * 400_000 + "\nz")
    assert len(str(FormatError(long))) <= 500
    assert "\n" not in str(FormatError(long))
