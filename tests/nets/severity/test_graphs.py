"""The partition against a construction of its own, straight from the definition."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.errors import SettingsError
from gaitviewer.nets.severity.graphs import (
    BODY_FEET_25,
    COCO_17,
    OPENPOSE_18,
    Layout,
    get_layout,
    hop_distances,
    spatial_partition,
)

# OpenPose's own numbers, written out: the graph of the published network.
OPENPOSE_EDGES = [
    (4, 3), (3, 2), (7, 6), (6, 5), (13, 12), (12, 11), (10, 9), (9, 8), (11, 5), (8, 2), (5, 1), (2, 1),
    (0, 1), (15, 0), (14, 0), (17, 15), (16, 14),
]  # fmt: skip


def by_hand(count: int, edges: list[tuple[int, int]], centre: int, *, cut: bool) -> np.ndarray:
    """Loops and powers of the adjacency, as the definition reads."""
    linked = np.eye(count)
    for i, j in edges:
        linked[i, j] = linked[j, i] = 1
    power, distance = np.eye(count), np.full(count, np.inf)
    for hop in range(2 if cut else count):
        reached = power[:, centre] > 0
        distance[reached & np.isinf(distance)] = hop
        power = power @ linked
    column = linked.sum(axis=0)
    parts = np.zeros((3, count, count))
    for i in range(count):
        for j in range(count):
            if not linked[j, i]:
                continue
            value = linked[j, i] / column[i]
            if i == j:
                parts[0, j, i] = value
            elif distance[j] >= distance[i]:
                parts[1, j, i] = value
            else:
                parts[2, j, i] = value
    return parts


@pytest.mark.parametrize("hops", ["published", "true"])
def test_openpose_partition_is_exact(hops: str) -> None:
    wanted = by_hand(18, OPENPOSE_EDGES, 1, cut=hops == "published")
    np.testing.assert_array_equal(spatial_partition(OPENPOSE_18, hops=hops), wanted.astype(np.float32))


def test_openpose_edges_are_those_of_openpose() -> None:
    ours = {frozenset(edge) for edge in OPENPOSE_18.edges}
    assert ours == {frozenset(edge) for edge in OPENPOSE_EDGES}
    assert OPENPOSE_18.joints[1] == "neck"


def test_published_distances_differ_from_true_ones() -> None:
    published = spatial_partition(OPENPOSE_18, hops="published")
    real = spatial_partition(OPENPOSE_18, hops="true")
    # the wrist sees the elbow as equally far in the published code, as nearer in truth
    assert published[1, 3, 4] > 0
    assert published[2, 3, 4] == 0
    assert real[2, 3, 4] > 0
    # "nearer" is known only of the centre and of those one hop from it
    nearer = {(1, 0), (1, 2), (1, 5), (0, 14), (0, 15), (2, 3), (2, 8), (5, 6), (5, 11)}
    assert {tuple(p) for p in np.argwhere(published[2] > 0).tolist()} == nearer


@pytest.mark.parametrize("layout", [OPENPOSE_18, COCO_17, BODY_FEET_25])
def test_slices_make_up_the_normalised_adjacency(layout: Layout) -> None:
    for hops in ("published", "true"):
        parts = spatial_partition(layout, hops=hops)
        np.testing.assert_allclose(parts.sum(axis=(0, 1)), 1.0, rtol=1e-6)
        assert not (parts > 0).sum(axis=0).max() > 1
    np.testing.assert_array_equal(
        spatial_partition(layout, hops="true"),
        by_hand(len(layout), list(layout.edges), layout.centre, cut=False).astype(np.float32),
    )


@pytest.mark.parametrize("layout", [OPENPOSE_18, COCO_17, BODY_FEET_25])
def test_layouts_are_connected_and_symmetric(layout: Layout) -> None:
    assert np.isfinite(hop_distances(layout)).all()
    flips = layout.flips
    edges = {frozenset(edge) for edge in layout.edges}
    assert {frozenset((flips[i], flips[j])) for i, j in layout.edges} == edges
    assert flips[layout.centre] == layout.centre


def test_our_layout_is_centred_on_the_pelvis() -> None:
    assert BODY_FEET_25.joints[BODY_FEET_25.centre] == "pelvis"
    assert len(BODY_FEET_25) == 25


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SettingsError, match="layout"):
        get_layout("kinect")
    with pytest.raises(SettingsError, match="published"):
        spatial_partition(COCO_17, hops="some")
