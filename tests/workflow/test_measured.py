"""Measures that were computed before: the very same again, or computed anew."""

from __future__ import annotations

import os
import pickle
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gaitviewer import formats, paths
from gaitviewer.core.document import Document
from gaitviewer.core.gait import BySide, ByView, Side
from gaitviewer.core.measures import Measures
from gaitviewer.workflow.analysis import measures_cache
from gaitviewer.workflow.analysis.measure import core_provenance
from gaitviewer.workflow.analysis.measures_cache import cached_measures


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


def test_a_damaged_or_foreign_file_is_not_believed(
    walker_document: Document, counted: list[Document], tmp_path: Path
) -> None:
    cached_measures(walker_document)
    (path,) = files()
    whole = path.read_bytes()

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'harm'}",)

    for number, content in enumerate(
        (b"", whole[:1000], b"\x80\x05nonsense", pickle.dumps(Evil()), pickle.dumps(7))
    ):
        path.write_bytes(content)
        assert cached_measures(walker_document).evgs.total(Side.LEFT).items_seen >= 10
        assert len(counted) == number + 2
        assert path.read_bytes() == whole
    assert not (tmp_path / "harm").exists()


def test_reading_takes_a_fraction_of_measuring(walker_document: Document, counted: list[Document]) -> None:
    began = time.process_time()
    cached_measures(walker_document)
    measuring = time.process_time() - began
    began = time.process_time()
    cached_measures(walker_document)
    reading = time.process_time() - began
    assert reading < 0.5 * measuring
