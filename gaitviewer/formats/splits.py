"""Who learns and who is judged, from a file: that of a data set, or one's own.

JSON: names by set (``{"train": [...], "valid": [...], "test": [...]}``, also ``TRAIN_SET`` and the like), or
the set by name. CSV: columns ``subject`` (or ``session``, ``clip``, ``name``) and ``split``. ``fold_1``,
``fold_2``, ... in place of the sets are folds of a cross-validation. A name is a subject, a session or a clip
of the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gaitviewer.core.serialise import MalformedError, parse_json, quote
from gaitviewer.core.splits import TEST, TRAIN, VALID
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.formats._tables import read_table
from gaitviewer.formats._text import reading
from gaitviewer.messages import message

_SETS = {
    "train": TRAIN, "training": TRAIN, "valid": VALID, "val": VALID, "validation": VALID, "dev": VALID,
    "test": TEST, "testing": TEST,
}  # fmt: skip
_FOLD = re.compile(r"fold[ _-]?(\d{1,3})$")
_NAMES = ("subject", "session", "clip", "name")


def read_split(path: Path) -> dict[str, str]:
    """The set ("train", "valid", "test") or the fold ("fold 1") of every name.

    Raises:
        FormatError: no such file, a set that is none, a name in two sets, or nobody in it.
    """
    found: dict[str, str] = {}
    for name, word in _pairs(path):
        chosen = _set_of(word, path)
        if not isinstance(name, str | int) or isinstance(name, bool) or not str(name).strip():
            raise FormatError(message("error.format.split.name", file=path.name, found=quote(name)))
        key = Path(str(name).strip()).name.removesuffix(".mp4").removesuffix(".json")
        other = found.setdefault(key, chosen)
        if other != chosen:
            raise FormatError(
                message("error.format.split.twice", file=path.name, name=key, one=other, other=chosen)
            )
    folds = {one for one in found.values() if one.startswith("fold")}
    if not found or (folds and (len(folds) < 2 or folds != set(found.values()))):
        raise FormatError(message("error.format.split.incomplete", file=path.name))
    if not folds and not {TRAIN, TEST} <= set(found.values()):
        raise FormatError(message("error.format.split.incomplete", file=path.name))
    return found


def _pairs(path: Path) -> Iterable[tuple[Any, Any]]:
    if path.suffix.lower() == ".csv":
        rows = read_table(path, ("split",))
        column = next((name for name in _NAMES if rows and name in rows[0]), None)
        if column is None:
            raise FormatError(message("error.format.split.no_names", file=path.name, columns=_NAMES))
        return [(row[column], row["split"]) for row in rows if row["split"].strip()]
    try:
        with reading(path):
            raw = parse_json(path.read_bytes())
    except MalformedError as error:
        raise FormatError(
            message("error.format.split.not_json", file=path.name, reason=reason_of(error))
        ) from error
    if not isinstance(raw, Mapping):
        raise FormatError(message("error.format.split.not_sets", file=path.name))
    if all(isinstance(value, list) for value in raw.values()):
        return [(name, word) for word, names in raw.items() for name in names]
    return list(raw.items())


def _set_of(word: object, path: Path) -> str:
    text = str(word).strip().lower()
    if match := _FOLD.match(text):
        return f"fold {int(match[1])}"
    chosen = _SETS.get(text.removesuffix("_set"))
    if chosen is None:
        raise FormatError(message("error.format.split.set", file=path.name, found=quote(word)))
    return chosen
