"""Networks of a person's own that find the keypoints of one person in an upright rectangle.

Where the person is comes from MediaPipe's person detector, as ever; here a rectangle around that place is cut
out, shown to the network, and what it answers is put back into the picture.

Li Y et al., SimCC: A Simple Coordinate Classification Perspective for Human Pose Estimation, ECCV 2022.
Zhang F et al., Distribution-Aware Coordinate Representation for Human Pose Estimation (DARK), CVPR 2020.
Huang J et al., The Devil is in the Details: Delving into Unbiased Data Processing (UDP), CVPR 2020.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.remarks import RemarkKind
from gaitviewer.core.serialise import canonical_bytes
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.pose._cv import load
from gaitviewer.pose.estimator import BodyCircle, Estimate, load_named
from gaitviewer.pose.mediapipe_backend import PersonDetector
from gaitviewer.pose.models import Network, PoseModel

Floats = NDArray[np.float32]
K = Keypoint

_PADDING = 1.25  # of the rectangle over the person, as these networks are trained
_SURE = 0.3  # from this score on a point counts for where the person is: COCO's usual threshold
_NOBODY = 0.15  # median score of trunk and legs below which nobody is there
_RADIUS_PER_ANKLE = 1.1  # body radius over the distance from the hips to the farther ankle
_BODY = [
    K.LEFT_SHOULDER, K.RIGHT_SHOULDER, K.LEFT_HIP, K.RIGHT_HIP, K.LEFT_KNEE, K.RIGHT_KNEE,
    K.LEFT_ANKLE, K.RIGHT_ANKLE,
]  # fmt: skip

_COCO = BODY_FEET_23.keypoints[:17]
ORDERS: Mapping[int, tuple[str, ...]] = {
    17: _COCO,
    26: (
        *_COCO, "head", "neck", "hip", "left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe",
        "left_heel", "right_heel",
    ),
    133: (
        *BODY_FEET_23.keypoints,
        *(f"face_{i}" for i in range(1, 69)),
        *(f"left_hand_{i}" for i in range(1, 22)),
        *(f"right_hand_{i}" for i in range(1, 22)),
    ),
}  # fmt: skip
"""What the points of a network are, by their number: COCO, Halpe-26, COCO-WholeBody, as they were published."""

Answer = tuple[Floats, Floats]
"""xy [K, 2], pixels of the network's picture; score [K], 0..1."""


class PointNetwork(Protocol):
    """A network that is loaded."""

    def run(self, picture: Floats) -> Answer:
        """Points in a picture f32 [3, H, W], already normalised."""
        ...


RUNNERS: Mapping[str, tuple[str, str]] = {
    "opencv": ("gaitviewer.pose.onnx_network:OpenCvNetwork", "opencv-contrib-python"),
    "onnxruntime": ("gaitviewer.pose.onnx_network:OnnxRuntimeNetwork", "onnxruntime"),
    "torch": ("gaitviewer.pose.vitpose:VitPoseNetwork", "torch"),
}
"""What runs the network of a card: "module:class" of a :class:`PointNetwork`, made from the network's file and
:class:`gaitviewer.pose.models.Network`; and the package that it rests on."""


def decode_simcc(x: Floats, y: Floats, bins: int) -> Answer:
    """Points from SimCC: one row of bins for each coordinate, the highest bin is the place.

    Args:
        x: [K, W * bins].
        y: [K, H * bins].
        bins: per pixel.

    Returns:
        xy [K, 2], pixels; score [K], the lower of both heights in 0..1 (0 where they are no numbers).
    """
    xy = np.stack([x.argmax(axis=1), y.argmax(axis=1)], axis=1).astype(np.float32) / np.float32(bins)
    return xy, _as_score(np.minimum(x.max(axis=1), y.max(axis=1)))


def decode_heatmaps(maps: Floats, width: int, height: int) -> Answer:
    """Points from heat maps, by a parabola through the logarithm around each peak (DARK), placed by UDP.

    Args:
        maps: [K, h, w].
        width: of the network's picture, pixels.
        height: likewise.

    Returns:
        xy [K, 2], pixels of that picture; score [K], height of the peak in 0..1.
    """
    cv2 = load("cv2")
    rows, columns = maps.shape[1:]
    xy = np.empty((len(maps), 2), np.float32)
    for number, one in enumerate(maps):
        row, column = divmod(int(np.argmax(one)), columns)
        blurred = cv2.GaussianBlur(one, (11, 11), 0)  # over the noise of a peak of 2 cells' breadth
        log = np.log(np.clip(np.pad(blurred, 1, mode="edge"), 1e-3, 50.0))
        around = log[row : row + 3, column : column + 3].astype(np.float64)
        xy[number] = np.array([column, row]) + _to_peak(around)
    scale = np.array([(width - 1) / (columns - 1), (height - 1) / (rows - 1)], np.float32)
    return xy * scale, _as_score(maps.reshape(len(maps), -1).max(axis=1))


def _to_peak(around: NDArray[np.float64]) -> NDArray[np.float64]:
    """(x, y) from the middle of [3, 3] values to the peak of their parabola; 0 where they show no near peak."""
    dx, dy = (around[1, 2] - around[1, 0]) / 2, (around[2, 1] - around[0, 1]) / 2
    dxx = around[1, 2] - 2 * around[1, 1] + around[1, 0]
    dyy = around[2, 1] - 2 * around[1, 1] + around[0, 1]
    dxy = (around[2, 2] - around[2, 0] - around[0, 2] + around[0, 0]) / 4
    curved = dxx * dyy - dxy * dxy
    if not (dxx < 0 and curved > 1e-12):
        return np.zeros(2)
    step = np.array([dxy * dy - dyy * dx, dxy * dx - dxx * dy]) / curved
    return step if np.abs(step).max() <= 2.0 else np.zeros(2)


def _as_score(peaks: Floats) -> Floats:
    sure = np.clip(np.nan_to_num(peaks, nan=0.0, posinf=0.0, neginf=0.0), 0.0, 1.0)
    return np.asarray(sure, np.float32)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """The part of a picture that a network sees: ``width`` x ``height`` pixels of its own, around a person.

    Attributes:
        x, y: its middle, pixels of the picture.      scale: the network's pixels per pixel.
        width, height: of the network's picture.
    """

    x: float
    y: float
    scale: float
    width: int
    height: int

    @classmethod
    def around(cls, body: BodyCircle, width: int, height: int) -> Rectangle:
        """As high as the body and a quarter more; these networks see their middle at half of (size - 1)."""
        return cls(body.x, body.y, (height - 1) / (2 * body.radius * _PADDING), width, height)

    def cut(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """That part of a picture u8 [H, W, 3], black outside it."""
        cv2 = load("cv2")
        left, top = ((self.width - 1) / 2, (self.height - 1) / 2)
        matrix = np.array(
            [[self.scale, 0, left - self.scale * self.x], [0, self.scale, top - self.scale * self.y]]
        )
        return np.asarray(
            cv2.warpAffine(rgb, matrix, (self.width, self.height), flags=cv2.INTER_LINEAR), np.uint8
        )

    def to_picture(self, xy: Floats) -> Floats:
        """Points [K, 2] of the network's picture in the picture."""
        middle = np.array([(self.width - 1) / 2, (self.height - 1) / 2])
        return np.asarray((xy - middle) / self.scale + (self.x, self.y), np.float32)


def load_network(file: Path, network: Network) -> PointNetwork:
    """A network, ready to run.

    Raises:
        SettingsError: its file is damaged, does not fit its card, or cannot be run here.
    """
    make: Callable[[Path, Network], PointNetwork] = load_named(RUNNERS[network.runner][0])
    return make(file, network)


class TopDownEstimator:
    """A network that a person added; see :class:`gaitviewer.pose.estimator.PoseEstimator`.

    Each picture is answered by itself, so looking at the video backward gives the same again.
    """

    square_scale = 2 * _PADDING
    looks_back = False

    def __init__(self, model: PoseModel) -> None:
        assert model.card.network is not None, "a card with a network"
        self._model = model
        self._card = model.card.network
        self._mean, self._std = np.array(self._card.mean, np.float32), np.array(self._card.std, np.float32)
        self._detector = PersonDetector()
        self._network: PointNetwork | None = None
        self._order = [
            (point, self._card.keypoints.index(name))
            for point, name in enumerate(BODY_FEET_23.keypoints)
            if name in self._card.keypoints
        ]

    @property
    def name(self) -> str:
        """Name and version."""
        package = RUNNERS[self._card.runner][1]
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            raise SettingsError(
                message("error.pose.no_runner", name=self._model.name, package=package)
            ) from None
        return f"{self._model.card.title} ({self._model.name}), {package} {version}"

    @property
    def weights_digest(self) -> str:
        """SHA-256 over the detector, the network's file and what its card says of running it."""
        # Whoever chose the model has compared the file with its card.
        facts = canonical_bytes([self._model.card.sha256, self._card])
        return hashlib.sha256(self._detector.weights() + facts).hexdigest()

    @property
    def limits(self) -> tuple[RemarkKind, ...]:
        """Nobody measured how far its points are off; feet are there or not."""
        feet = () if self._card.has_feet else (RemarkKind.NO_FEET,)
        return (RemarkKind.ERROR_UNKNOWN, *feet)

    def start(self) -> None:
        """Load the network; one thread for it, since there is one estimator for each core."""
        load("cv2").setNumThreads(1)
        self._detector.start()
        self._network = load_network(self._model.path, self._card)

    def reset(self) -> None:
        """Nothing to forget: each picture is answered by itself."""

    def close(self) -> None:
        """Free the network."""
        self._detector.close()
        self._network = None

    def find_people(self, rgb: NDArray[np.uint8]) -> list[tuple[BodyCircle, float]]:
        """Everybody in a picture, with the detector's confidence."""
        return self._detector.find_people(rgb)

    def estimate(self, rgb: NDArray[np.uint8], body: BodyCircle) -> Estimate | None:
        """Keypoints of the person at ``body``; None = nobody there. No outline."""
        assert self._network is not None, "start() comes first"
        part = Rectangle.around(body, self._card.width, self._card.height)
        picture = (part.cut(rgb).astype(np.float32) - self._mean) / self._std
        found, sure = self._network.run(np.ascontiguousarray(picture.transpose(2, 0, 1)))
        placed = part.to_picture(found)
        xy = np.full((len(BODY_FEET_23), 2), np.nan, np.float32)
        score = np.zeros(len(BODY_FEET_23), np.float32)
        for point, index in self._order:
            xy[point], score[point] = placed[index], sure[index]
        if float(np.median(score[_BODY])) < _NOBODY:
            return None
        return Estimate(xy, score, _body_of(xy, score, body), None)


def _body_of(xy: Floats, score: Floats, looked: BodyCircle) -> BodyCircle:
    """Where the person is by the points that are sure; by where it was looked for what they do not tell."""
    hips = [point for point in (K.LEFT_HIP, K.RIGHT_HIP) if score[point] >= _SURE]
    x, y = (float(v) for v in xy[hips].mean(axis=0)) if hips else (looked.x, looked.y)
    ankles = [point for point in (K.LEFT_ANKLE, K.RIGHT_ANKLE) if score[point] >= _SURE]
    if not (hips and ankles):
        return BodyCircle(x, y, looked.radius)
    reach = float(np.linalg.norm(xy[ankles] - (x, y), axis=1).max())
    low, high = 0.8 * looked.radius, 1.25 * looked.radius
    return BodyCircle(x, y, float(np.clip(_RADIUS_PER_ANKLE * reach, low, high)))
