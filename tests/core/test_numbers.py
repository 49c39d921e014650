"""Numbers as people write them."""

from __future__ import annotations

import pytest

from gaitviewer.core.numbers import column_mark, parse_decimal


@pytest.mark.parametrize(
    ("text", "value"),
    [("7.5", 7.5), ("7,5", 7.5), (" -1,2 ", -1.2), ("+,25", 0.25), ("3", 3.0),
     ("3,", 3.0), ("1e-3", 1e-3), ("1,5E2", 150)],
)  # fmt: skip
def test_points_and_commas_part_the_decimals(text: str, value: float) -> None:
    assert parse_decimal(text) == value


@pytest.mark.parametrize(
    "text", ["", ",", "1,234.5", "1.234,5", "1,2,3", "nan", "inf", "1e999", "1_0", "²", "0x1", "7 5"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        parse_decimal(text)


def test_columns_are_parted_by_what_the_first_line_holds() -> None:
    assert column_mark("a;b\n1,5;2") == ";"
    assert column_mark("a,b\n1;5,2") == ","
    assert column_mark("a,b;c\n") == ","
    assert column_mark("a") == ","
