"""Which keypoints there are, how they are joined and how they mirror.

The layout is COCO-17 followed by six foot points, as in the ChildGait-Video data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Keypoint(IntEnum):
    """Index of each keypoint in the 23-point layout."""

    NOSE = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LEFT_EAR = 3
    RIGHT_EAR = 4
    LEFT_SHOULDER = 5
    RIGHT_SHOULDER = 6
    LEFT_ELBOW = 7
    RIGHT_ELBOW = 8
    LEFT_WRIST = 9
    RIGHT_WRIST = 10
    LEFT_HIP = 11
    RIGHT_HIP = 12
    LEFT_KNEE = 13
    RIGHT_KNEE = 14
    LEFT_ANKLE = 15
    RIGHT_ANKLE = 16
    LEFT_BIG_TOE = 17
    LEFT_SMALL_TOE = 18
    LEFT_HEEL = 19
    RIGHT_BIG_TOE = 20
    RIGHT_SMALL_TOE = 21
    RIGHT_HEEL = 22


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A keypoint layout.

    Attributes:
        name: identifier written to files.
        keypoints: name of each point, in order.
        edges: pairs of indices that are drawn as bones.
        flips: for each point the index of its mirror image (itself for points in the middle).
    """

    name: str
    keypoints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    flips: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.keypoints)
        if sorted(self.flips) != list(range(count)):
            raise ValueError(f"skeleton {self.name}: flips is not a permutation")
        if any(self.flips[self.flips[i]] != i for i in range(count)):
            raise ValueError(f"skeleton {self.name}: flipping twice is not the identity")

    def __len__(self) -> int:
        return len(self.keypoints)


def _mirror(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name[5:]
    if name.startswith("right_"):
        return "left_" + name[6:]
    return name


_NAMES = tuple(point.name.lower() for point in Keypoint)
_K = Keypoint

BODY_FEET_23 = Skeleton(
    name="coco17+feet6",
    keypoints=_NAMES,
    edges=(
        (_K.NOSE, _K.LEFT_EYE), (_K.NOSE, _K.RIGHT_EYE),
        (_K.LEFT_EYE, _K.LEFT_EAR), (_K.RIGHT_EYE, _K.RIGHT_EAR),
        (_K.LEFT_SHOULDER, _K.RIGHT_SHOULDER), (_K.LEFT_HIP, _K.RIGHT_HIP),
        (_K.LEFT_SHOULDER, _K.LEFT_HIP), (_K.RIGHT_SHOULDER, _K.RIGHT_HIP),
        (_K.LEFT_SHOULDER, _K.LEFT_ELBOW), (_K.LEFT_ELBOW, _K.LEFT_WRIST),
        (_K.RIGHT_SHOULDER, _K.RIGHT_ELBOW), (_K.RIGHT_ELBOW, _K.RIGHT_WRIST),
        (_K.LEFT_HIP, _K.LEFT_KNEE), (_K.LEFT_KNEE, _K.LEFT_ANKLE),
        (_K.RIGHT_HIP, _K.RIGHT_KNEE), (_K.RIGHT_KNEE, _K.RIGHT_ANKLE),
        (_K.LEFT_ANKLE, _K.LEFT_HEEL), (_K.LEFT_HEEL, _K.LEFT_BIG_TOE),
        (_K.LEFT_ANKLE, _K.LEFT_BIG_TOE), (_K.LEFT_HEEL, _K.LEFT_SMALL_TOE),
        (_K.RIGHT_ANKLE, _K.RIGHT_HEEL), (_K.RIGHT_HEEL, _K.RIGHT_BIG_TOE),
        (_K.RIGHT_ANKLE, _K.RIGHT_BIG_TOE), (_K.RIGHT_HEEL, _K.RIGHT_SMALL_TOE),
    ),
    flips=tuple(_NAMES.index(_mirror(name)) for name in _NAMES),
)  # fmt: skip
