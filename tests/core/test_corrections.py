"""Points that persons set lie over the estimate, whatever that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.core.corrections import estimate_of, set_points, with_estimate
from gaitviewer.core.document import Document
from gaitviewer.core.edits import restore_poses
from gaitviewer.core.edits import set_points as set_points_of
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.pose import Corrections, Origin
from gaitviewer.workflow.analysis.run_session import with_found


@pytest.fixture
def found(walker_document: Document) -> Document:
    """The session as an analysis has found it."""
    return walker_document


@pytest.fixture
def bare(found: Document) -> Document:
    """The session before."""
    (data,) = found.trials
    return replace(found, trials=(replace(data, poses=ByView(None, None), provenance=ByView(None, None)),))


def test_a_correction_made_while_an_analysis_goes_on_is_kept_without_its_estimate(
    found: Document, bare: Document
) -> None:
    edited = set_points_of(found, "t1", View.SAGITTAL, [70], [[1, 2]], Origin.CORRECTED)
    kept = restore_poses(edited, found, bare).trials[0]
    assert estimate_of(kept, View.SAGITTAL) is None
    assert kept.poses.coronal is None
    pose = kept.poses.sagittal
    assert pose is not None
    assert pose.seen.sum() == 1
    settled = with_found(kept, found.trials[0])
    assert estimate_of(settled, View.SAGITTAL) is found.trials[0].poses.sagittal
    assert settled.poses.sagittal is not None
    assert settled.poses.sagittal.xy.reshape(-1, 2)[70].tolist() == [1, 2]
    assert with_found(settled, found.trials[0]) is settled


def test_corrections_beyond_the_end_of_another_estimate_are_kept_and_not_shown(found: Document) -> None:
    data = set_points(found.trials[0], View.SAGITTAL, [23 * 50, 23 * 5], [[1, 2], [3, 4]], Origin.CORRECTED)
    pose = found.trials[0].poses.sagittal
    assert pose is not None
    short = replace(
        pose, xy=pose.xy[:10], score=pose.score[:10], times=pose.times[:10], origin=pose.origin[:10]
    )
    cut = with_estimate(data, View.SAGITTAL, short)
    assert cut.poses.sagittal is not None
    assert (cut.poses.sagittal.origin == Origin.CORRECTED).sum() == 1
    again = with_estimate(cut, View.SAGITTAL, pose)
    assert again.poses.sagittal is not None
    assert (again.poses.sagittal.origin == Origin.CORRECTED).sum() == 2


def test_the_last_of_several_for_one_point_counts(found: Document) -> None:
    data = found.trials[0]
    twice = set_points(data, View.CORONAL, [5, 5], [[1, 1], [2, 2]], Origin.CORRECTED)
    assert twice.corrections.coronal is not None
    assert twice.corrections.coronal.xy.tolist() == [[2, 2]]
    assert set_points(twice, View.CORONAL, [5], [[2, 2]], Origin.CORRECTED) is twice
    assert set_points(twice, View.CORONAL, [5], [[0, 0]], Origin.ESTIMATED).poses.coronal is data.poses.coronal


def test_cells_are_in_order_and_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="increase"):
        Corrections(None, np.array([3, 3]), np.zeros((2, 2)), np.full(2, 2))
    one = Corrections(None, np.array([3]), np.zeros((1, 2)), np.full(1, 2))
    with pytest.raises(ValueError, match="read-only"):
        one.xy[0] = 1
