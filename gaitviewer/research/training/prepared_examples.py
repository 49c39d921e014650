"""Examples on disk: one npz file a session, read again without unpickling anything."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.serialise import NPZ_DAMAGE
from gaitviewer.research.training.task import Example
from gaitviewer.util import atomic

LARGE_BYTES = 256 * 1024  # arrays above are read when asked for, so that films of many clips fit in memory
_META = "meta"


@dataclass(frozen=True, slots=True, eq=False)
class PreparedSession:
    """One session's examples.

    Attributes:
        session, subject, stratum: whose, and where a split puts it.
        examples: perhaps none; then ``reason`` says why.
        description: [D] gait values that tell whether other sessions are alike; empty without gait.
    """

    session: str
    subject: str
    stratum: str
    examples: tuple[Example, ...]
    reason: str
    description: NDArray[np.float64]


class StoredExample(Mapping[str, Any]):
    """An example whose large arrays stay on disk until they are asked for."""

    __slots__ = ("_large", "_number", "_path", "_small")

    def __init__(self, path: Path, number: int, small: dict[str, Any], large: tuple[str, ...]) -> None:
        self._path, self._number, self._small, self._large = path, number, small, large

    def __getitem__(self, key: str) -> Any:
        if key in self._small:
            return self._small[key]
        if key not in self._large:
            raise KeyError(key)
        with np.load(self._path, allow_pickle=False) as file:
            return file[f"{self._number}/{key}"]

    def __iter__(self) -> Iterator[str]:
        yield from self._small
        yield from self._large

    def __len__(self) -> int:
        return len(self._small) + len(self._large)


def write(path: Path, prepared: PreparedSession) -> None:
    """Writes one session in one step.

    Raises:
        TypeError: an example holds something other than arrays, strings, numbers and None.
    """
    arrays: dict[str, Any] = {"description": prepared.description}
    plain: list[dict[str, Any]] = []
    for number, example in enumerate(prepared.examples):
        simple: dict[str, Any] = {}
        for key, value in example.items():
            if isinstance(value, np.ndarray):
                if value.dtype.hasobject:
                    raise TypeError(f"{key} of an example is an array of objects")
                arrays[f"{number}/{key}"] = value
            elif isinstance(value, np.generic):
                simple[key] = value.item()
            elif value is None or isinstance(value, str | bool | int | float):
                simple[key] = value
            else:
                raise TypeError(f"{key} of an example is a {type(value).__name__}")
        plain.append(simple)
    meta = {
        "session": prepared.session,
        "subject": prepared.subject,
        "stratum": prepared.stratum,
        "reason": prepared.reason,
        "examples": plain,
    }
    arrays[_META] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    with atomic.replacing(path, durable=False) as part, part.open("wb") as file:
        np.savez(file, **arrays)


def read(path: Path) -> PreparedSession | None:
    """One session, or None where the file is missing or damaged."""
    try:
        # Opened here, as numpy leaves a damaged file open.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            meta = json.loads(file[_META].tobytes())
            keys = [name.partition("/") for name in file.files if "/" in name]
            sizes = _sizes(file.zip) if file.zip is not None else {}
            examples: list[Example] = []
            for number, simple in enumerate(meta["examples"]):
                mine = [key for index, _, key in keys if index == str(number)]
                large = tuple(key for key in mine if sizes.get(f"{number}/{key}", 0) > LARGE_BYTES)
                small = {key: file[f"{number}/{key}"] for key in mine if key not in large}
                examples.append(StoredExample(path, number, {**simple, **small}, large))
            return PreparedSession(
                meta["session"],
                meta["subject"],
                meta["stratum"],
                tuple(examples),
                meta["reason"],
                np.asarray(file["description"], np.float64),
            )
    except NPZ_DAMAGE:
        return None


def _sizes(archive: zipfile.ZipFile) -> dict[str, int]:
    return {entry.filename.removesuffix(".npy"): entry.file_size for entry in archive.infolist()}
