"""Skeleton graphs and their spatial partition, exactly as the published ST-GCN builds them.

Yan S, Xiong Y, Lin D. Spatial temporal graph convolutional networks for skeleton-based action recognition.
AAAI 2018. The published code computes hop distances only up to ``max_hop`` (1): every joint farther than one
hop from the centre then counts as infinitely far, and as equally far as its neighbours. Weights trained with
it need exactly that (``hops="published"``); ``hops="true"`` uses the real distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.errors import SettingsError
from gaitviewer.messages import message

HOPS = ("published", "true")
PARTITIONS = 3
MAX_HOP = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """A skeleton as a graph.

    Attributes:
        name: as in settings.   joints: V names.   edges: pairs of joints.
        centre: the joint that "towards" and "away" refer to.
        flips: for each joint its mirror image.
    """

    name: str
    joints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    centre: int

    def __len__(self) -> int:
        return len(self.joints)

    @property
    def flips(self) -> tuple[int, ...]:
        """For each joint the index of its mirror image (itself in the middle)."""
        return tuple(self.joints.index(_other_side(name)) for name in self.joints)


def _other_side(name: str) -> str:
    for one, other in (("left_", "right_"), ("right_", "left_")):
        if name.startswith(one):
            return other + name[len(one) :]
    return name


def _pairs(joints: Sequence[str], bones: str) -> tuple[tuple[int, int], ...]:
    """Edges from words such as "left_hip-left_knee"."""
    index = {name: number for number, name in enumerate(joints)}
    ends = (bone.split("-") for bone in bones.split())
    return tuple((index[one], index[other]) for one, other in ends)


_OPENPOSE = (
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow"),
    *("left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
)
_COCO = BODY_FEET_23.keypoints[:17]
_OURS = (*BODY_FEET_23.keypoints, "neck", "pelvis")

_ARMS = (
    "left_shoulder-left_elbow left_elbow-left_wrist right_shoulder-right_elbow right_elbow-right_wrist "
    "left_hip-left_knee left_knee-left_ankle right_hip-right_knee right_knee-right_ankle "
)
_HEAD = "nose-left_eye nose-right_eye left_eye-left_ear right_eye-right_ear "
_FEET = " ".join(
    f"{side}_ankle-{side}_heel {side}_ankle-{side}_big_toe {side}_big_toe-{side}_small_toe"
    for side in ("left", "right")
)

OPENPOSE_18 = Layout(
    "openpose-18",
    _OPENPOSE,
    _pairs(
        _OPENPOSE,
        _ARMS + _HEAD + "neck-nose neck-left_shoulder neck-right_shoulder "
        "left_shoulder-left_hip right_shoulder-right_hip",
    ),
    centre=1,
)
COCO_17 = Layout(
    "coco-17",
    _COCO,
    _pairs(
        _COCO,
        _ARMS + _HEAD + "nose-left_shoulder nose-right_shoulder "
        "left_shoulder-left_hip right_shoulder-right_hip",
    ),
    centre=0,
)
BODY_FEET_25 = Layout(
    "body-feet-25",
    _OURS,
    _pairs(
        _OURS,
        _ARMS + _HEAD + "pelvis-left_hip pelvis-right_hip pelvis-neck neck-nose "
        "neck-left_shoulder neck-right_shoulder " + _FEET,
    ),
    centre=24,
)
LAYOUTS = {layout.name: layout for layout in (OPENPOSE_18, COCO_17, BODY_FEET_25)}


def get_layout(name: str) -> Layout:
    """The layout of that name.

    Raises:
        SettingsError: there is none.
    """
    if name not in LAYOUTS:
        raise SettingsError(message("error.model.severity.layout", name=name, layouts=tuple(LAYOUTS)))
    return LAYOUTS[name]


def hop_distances(layout: Layout, *, limit: int | None = None) -> NDArray[np.float64]:
    """[V, V] number of edges between joints; infinite where there is no way, or beyond ``limit`` hops."""
    count = len(layout)
    distance = np.where(np.eye(count, dtype=bool), 0.0, np.inf)
    for one, other in layout.edges:
        distance[one, other] = distance[other, one] = 1.0
    for middle in range(count):
        distance = np.minimum(distance, distance[:, middle, None] + distance[None, middle])
    return distance if limit is None else np.where(distance <= limit, distance, np.inf)


@lru_cache(maxsize=16)
def spatial_partition(layout: Layout, *, hops: str = "published") -> NDArray[np.float32]:
    """The three adjacency matrices [3, V, V] of the spatial configuration.

    The adjacency with self loops is divided by its column sums. Slice 0 holds the joints themselves, slice 1
    the neighbours that lie as far from the centre as the joint or farther, slice 2 those that lie nearer.

    Args:
        layout: the graph.
        hops: "published" (distances to the centre only within one hop) or "true".

    Raises:
        SettingsError: ``hops`` is neither.
    """
    if hops not in HOPS:
        raise SettingsError(message("error.model.severity.hops", hops=hops))
    near = hop_distances(layout, limit=MAX_HOP)
    linked = np.isfinite(near).astype(np.float64)
    shares = linked / linked.sum(axis=0, keepdims=True)
    to_centre = (near if hops == "published" else hop_distances(layout))[:, layout.centre]
    nearer = to_centre[:, None] < to_centre[None, :]
    neighbours = near == MAX_HOP
    parts = (near == 0, neighbours & ~nearer, neighbours & nearer)
    stacked = np.stack([np.where(part, shares, 0.0) for part in parts])
    return np.asarray(
        readonly_array(stacked, np.float32, (PARTITIONS, len(layout), len(layout)), "adjacency"), np.float32
    )
