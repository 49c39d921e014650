"""Measures that were computed before: the very same again, or computed anew."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gaitviewer import formats, paths
from gaitviewer.core.document import Document
from gaitviewer.core.gait import BySide, ByView
from gaitviewer.core.measures import Measures
from gaitviewer.core.serialise import pack, seal
from gaitviewer.workflow.analysis import measures_cache
from gaitviewer.workflow.analysis.measure import core_provenance
from gaitviewer.workflow.analysis.measures_cache import cached_measures, forget_measures


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Document]:
    """Documents that were really measured."""
    done: list[Document] = []
    original = measures_cache.measure_document

    def measure(document: Document, **how: Any) -> Measures:
        done.append(document)
        return original(document, **how)

    monkeypatch.setattr(measures_cache, "measure_document", measure)
    return done


def text_of(measures: Measures, document: Document) -> str:
    core = replace(core_provenance(document, seconds=0), when="")
    text = formats.assessment_text(measures, document, core=core)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:+]+", "", text)  # when it was written


def files() -> list[Path]:
    return list((paths.cache_dir() / "measures").glob("*"))


def test_the_same_is_not_measured_twice(walker_document: Document, counted: list[Document]) -> None:
    first = cached_measures(walker_document)
    again = cached_measures(replace(walker_document))
    assert len(counted) == 1
    assert text_of(again, walker_document) == text_of(first, walker_document)
    for one, other in zip(first.curves, again.curves, strict=True):
        assert one.stride == other.stride
        np.testing.assert_array_equal(one.values, other.values)
    pose = again.motions[0].views.sagittal.pose
    np.testing.assert_array_equal(pose.xy, first.motions[0].views.sagittal.pose.xy)
    # As read-only as what was measured.
    assert not pose.xy.flags.writeable
    assert not again.means[0].mean.flags.writeable
    assert [path.suffix for path in files()] == [".measures"]


def _score(document: Document) -> Document:
    data = document.trials[0]
    pose = data.poses.sagittal
    score = pose.score.copy()
    score[5, 3] = 0.5
    return replace(
        document, trials=(replace(data, poses=ByView(replace(pose, score=score), data.poses.coronal)),)
    )


def _excluded(document: Document) -> Document:
    data = document.trials[0]
    return replace(document, trials=(replace(data, excluded_strides=(("t1/sagittal/0/left/1", "stumbled"),)),))


@pytest.mark.parametrize(
    "change",
    [
        _score,
        _excluded,
        lambda d: replace(d, foot_zero_deg=BySide(2.0, None)),
        lambda d: replace(d, session=replace(d.session, leg_length_m=0.7)),
    ],
)
def test_whatever_measures_depend_on_makes_them_new(
    walker_document: Document, counted: list[Document], change: Callable[[Document], Document]
) -> None:
    cached_measures(walker_document)
    cached_measures(change(walker_document))
    assert len(counted) == 2


def damaged(whole: bytes) -> Iterator[bytes]:
    """What can become of a file: nothing, cuts, single bits, other content with a digest that fits."""
    yield b""
    for length in (1, 31, 32, 33, 1000, len(whole) - 1):
        yield whole[:length]
    yield whole + b"\0"
    random = np.random.default_rng(11)
    for place in (0, 31, 32, 33, *random.integers(32, len(whole), 20)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(random.integers(8))
        yield bytes(flipped)
    content = whole[32:]
    # Written as it should be, but by somebody else: types, lengths and sizes are checked all the same.
    for other in (
        b"\x80\x05nonsense",
        pack(7),
        pack({"session": 3}),
        content[: len(content) // 2],
        b"\x91" * 100_000,
        b"\xdd\xff\xff\xff\xff",
        content.replace(b"<f8", b"|O8"),
        content.replace(b"<f4", b"<f8"),
    ):
        assert other != content
        yield seal(other)


def test_a_damaged_or_foreign_file_is_not_believed_and_removed(
    walker_document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    measures = cached_measures(walker_document)
    (path,) = files()
    whole = path.read_bytes()
    done: list[Document] = []

    def measure(document: Document, **how: Any) -> Measures:
        # The bad file is gone before the work begins: a program that is ended now does not meet it again.
        assert not path.exists()
        done.append(document)
        return measures

    monkeypatch.setattr(measures_cache, "measure_document", measure)
    for number, content in enumerate(damaged(whole), start=1):
        path.write_bytes(content)
        assert cached_measures(walker_document) is measures
        assert len(done) == number
        assert path.read_bytes() == whole
    assert number > 30
    assert cached_measures(walker_document) is not measures  # the good file is read again
    assert len(done) == number


def test_measures_are_forgotten_with_their_session(walker_document: Document) -> None:
    other = replace(walker_document, session=replace(walker_document.session, id="walk2"))
    cached_measures(walker_document)
    cached_measures(other)
    mark = hashlib.sha256(b"walk1").hexdigest()[:16]
    mine = [path for path in files() if path.name.startswith(f"{mark}-")]
    assert len(files()) == 2
    assert len(mine) == 1
    # Files of earlier versions do not tell whose they are; what was being written does.
    (mine[0].parent / f"{'ab' * 32}.measures").write_bytes(b"of an earlier version")
    (mine[0].parent / f".{mine[0].name}.12345678.part").write_bytes(b"half")
    forget_measures("walk1")
    assert [path.name.partition("-")[0] for path in files()] == [hashlib.sha256(b"walk2").hexdigest()[:16]]
    forget_measures("walk1")


def test_the_oldest_files_and_those_of_earlier_versions_go(
    walker_document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = paths.cache_dir() / "measures"
    folder.mkdir(parents=True)
    (folder / f"{'ab' * 32}.measures").write_bytes(b"of an earlier version")
    for number in range(3):
        (folder / f"old-{number}.measures").write_bytes(b"x")
        os.utime(folder / f"old-{number}.measures", (number, number))
    monkeypatch.setattr(measures_cache, "_MOST_FILES", 2)
    cached_measures(walker_document)
    mark = hashlib.sha256(b"walk1").hexdigest()[:16]
    assert sorted(path.name.partition("-")[0] for path in files()) == sorted([mark, "old"])


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_measures_are_for_their_owner_alone(walker_document: Document) -> None:
    cached_measures(walker_document)
    assert [path.stat().st_mode & 0o777 for path in files()] == [0o600]


def test_reading_takes_a_fraction_of_measuring(walker_document: Document, counted: list[Document]) -> None:
    began = time.process_time()
    cached_measures(walker_document)
    measuring = time.process_time() - began
    began = time.process_time()
    cached_measures(walker_document)
    reading = time.process_time() - began
    assert reading < 0.5 * measuring
