"""MediaPipe's BlazePose as a pose estimator, with whichever of its landmark models is given.

The two halves of the usual solution are run as graphs of their own: the person detector, and the landmark
model on a square that the caller chooses. Thus nothing is smoothed with a lag, nobody else is picked up
between two frames, and a video can be walked through backwards.

Bazarevsky V et al., BlazePose: On-device Real-time Body Pose Tracking, arXiv:2006.10204.
"""

from __future__ import annotations

import hashlib
import math
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.remarks import RemarkKind
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.pose._cv import bare_package, load
from gaitviewer.pose.estimator import BodyCircle, Estimate
from gaitviewer.pose.models import PoseModel, mediapipe_root

K = Keypoint

_DETECTOR = "mediapipe/modules/pose_detection/pose_detection.tflite"
SQUARE_SCALE = 2.5  # BlazePose: the circle's diameter and a quarter

# BlazePose's index of each of our points; its "foot index" is the tip of the big toe.
BLAZE_INDEX: dict[K, int] = {
    K.NOSE: 0, K.LEFT_EYE: 2, K.RIGHT_EYE: 5, K.LEFT_EAR: 7, K.RIGHT_EAR: 8,
    K.LEFT_SHOULDER: 11, K.RIGHT_SHOULDER: 12, K.LEFT_ELBOW: 13, K.RIGHT_ELBOW: 14,
    K.LEFT_WRIST: 15, K.RIGHT_WRIST: 16, K.LEFT_HIP: 23, K.RIGHT_HIP: 24,
    K.LEFT_KNEE: 25, K.RIGHT_KNEE: 26, K.LEFT_ANKLE: 27, K.RIGHT_ANKLE: 28,
    K.LEFT_HEEL: 29, K.RIGHT_HEEL: 30, K.LEFT_BIG_TOE: 31, K.RIGHT_BIG_TOE: 32,
}  # fmt: skip

_DETECT = """
input_stream: "image"
output_stream: "detections"
num_threads: 1
node { calculator: "PoseDetectionCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:detections" }
"""

_LANDMARKS = """
input_stream: "image"
input_stream: "square"
input_side_packet: "with_mask"
input_side_packet: "complexity"
output_stream: "points"
output_stream: "circle"
output_stream: "mask"
num_threads: 1
node {
  calculator: "PoseLandmarkByRoiCpu"
  input_side_packet: "ENABLE_SEGMENTATION:with_mask"
  input_side_packet: "MODEL_COMPLEXITY:complexity"
  input_stream: "IMAGE:image"
  input_stream: "ROI:square"
  output_stream: "LANDMARKS:points"
  output_stream: "AUXILIARY_LANDMARKS:circle"
  output_stream: "SEGMENTATION_MASK:mask"
}
"""


def circle_to_body(centre: tuple[float, float], rim: tuple[float, float]) -> BodyCircle:
    """From BlazePose's hip centre and the point on the circle above it, pixels."""
    dx, dy = rim[0] - centre[0], rim[1] - centre[1]
    tilt = math.pi / 2 - math.atan2(-dy, dx)
    tilt = (tilt + math.pi) % (2 * math.pi) - math.pi
    return BodyCircle(centre[0], centre[1], math.hypot(dx, dy), tilt)


class _Graph:
    """A running MediaPipe graph that answers one picture at a time."""

    def __init__(self, text: str, *, outputs: tuple[str, ...], side: dict[str, Any], resources: Path) -> None:
        bindings = load("mediapipe.python._framework_bindings")
        config = load("mediapipe.framework.calculator_pb2").CalculatorGraphConfig()
        load("google.protobuf.text_format").Parse(text, config)
        bindings.resource_util.set_resource_dir(str(resources))
        self._make = load("mediapipe.python.packet_creator")
        self._srgb = bindings.image_frame.ImageFormat.SRGB
        self._graph = bindings.calculator_graph.CalculatorGraph(graph_config=config)
        self._out: dict[str, Any] = {}
        for name in outputs:
            self._graph.observe_output_stream(name, self._out.__setitem__, True)
        self._graph.start_run(side)
        self._graph.wait_until_idle()  # the model is read now: the resource folder holds for the whole process
        self._clock = 0

    def run(self, rgb: NDArray[np.uint8], **streams: Any) -> dict[str, Any]:
        """Packets by stream name; an empty answer is left out."""
        self._clock += 1
        self._out.clear()
        picture = self._make.create_image_frame(image_format=self._srgb, data=np.ascontiguousarray(rgb))
        self._graph.add_packet_to_input_stream("image", picture.at(self._clock))
        for name, message in streams.items():
            packet = self._make.create_proto(message)
            self._graph.add_packet_to_input_stream(name, packet.at(self._clock))
        self._graph.wait_until_idle()
        return {name: packet for name, packet in self._out.items() if not packet.is_empty()}

    def close(self) -> None:
        self._graph.close_all_packet_sources()
        self._graph.wait_until_done()


class PersonDetector:
    """Finds people in a picture, with where their hips are and how large they are."""

    def __init__(self) -> None:
        self._graph: _Graph | None = None

    def weights(self) -> bytes:
        """The file of its network."""
        return (mediapipe_root() / _DETECTOR).read_bytes()

    def start(self) -> None:
        """Start its graph."""
        bare_package("mediapipe")
        load("mediapipe.framework.formats.detection_pb2")  # packets of this kind are looked up by name
        self._get = load("mediapipe.python.packet_getter")
        self._graph = _Graph(_DETECT, outputs=("detections",), side={}, resources=mediapipe_root())

    def close(self) -> None:
        """End its graph."""
        if self._graph is not None:
            self._graph.close()
        self._graph = None

    def find_people(self, rgb: NDArray[np.uint8]) -> list[tuple[BodyCircle, float]]:
        """Everybody in a picture u8 [H, W, 3], with the detector's confidence."""
        assert self._graph is not None, "start() comes first"
        height, width = rgb.shape[:2]
        answer = self._graph.run(rgb)
        if "detections" not in answer:
            return []
        people = []
        for found in self._get.get_proto_list(answer["detections"]):
            centre, rim = found.location_data.relative_keypoints[:2]
            body = circle_to_body((centre.x * width, centre.y * height), (rim.x * width, rim.y * height))
            people.append((body, float(found.score[0])))
        return people


class MediaPipeEstimator:
    """BlazePose, keypoints and outline; see :class:`gaitviewer.pose.estimator.PoseEstimator`."""

    square_scale = SQUARE_SCALE
    looks_back = True
    limits: tuple[RemarkKind, ...] = ()

    def __init__(self, model: PoseModel) -> None:
        self._model = model
        self._detector = PersonDetector()
        self._landmarks: _Graph | None = None

    @property
    def name(self) -> str:
        """Name and version."""
        return f"MediaPipe {self._model.card.title} {metadata.version('mediapipe')}"

    @property
    def weights_digest(self) -> str:
        """SHA-256 over both model files."""
        return hashlib.sha256(self._detector.weights() + self._model.path.read_bytes()).hexdigest()

    def start(self) -> None:
        """Start both graphs."""
        self._detector.start()
        load("mediapipe.framework.formats.landmark_pb2")  # packets of this kind are looked up by name
        make = load("mediapipe.python.packet_creator")
        self._get = load("mediapipe.python.packet_getter")
        self._rect = load("mediapipe.framework.formats.rect_pb2").NormalizedRect
        self._landmarks = _Graph(
            _LANDMARKS,
            outputs=("points", "circle", "mask"),
            side={
                "with_mask": make.create_bool(True),
                "complexity": make.create_int(self._model.card.complexity),
            },
            resources=self._model.resource_root,
        )

    def reset(self) -> None:
        """Nothing to forget: no graph here carries anything from picture to picture."""

    def close(self) -> None:
        """End both graphs."""
        self._detector.close()
        if self._landmarks is not None:
            self._landmarks.close()
        self._landmarks = None

    def find_people(self, rgb: NDArray[np.uint8]) -> list[tuple[BodyCircle, float]]:
        """Everybody in a picture, with the detector's confidence."""
        return self._detector.find_people(rgb)

    def estimate(self, rgb: NDArray[np.uint8], body: BodyCircle) -> Estimate | None:
        """Keypoints of the person at ``body``; None = nobody there."""
        assert self._landmarks is not None, "start() comes first"
        height, width = rgb.shape[:2]
        side = SQUARE_SCALE * body.radius
        square = self._rect(
            x_center=body.x / width,
            y_center=body.y / height,
            width=side / width,
            height=side / height,
            rotation=body.tilt_rad,
        )
        answer = self._landmarks.run(rgb, square=square)
        if "points" not in answer or "circle" not in answer:
            return None
        xy = np.full((len(BODY_FEET_23), 2), np.nan, np.float32)
        score = np.zeros(len(BODY_FEET_23), np.float32)
        marks = self._get.get_proto(answer["points"]).landmark
        for point, index in BLAZE_INDEX.items():
            mark = marks[index]
            xy[point] = mark.x * width, mark.y * height
            score[point] = mark.visibility * mark.presence
        centre, rim = self._get.get_proto(answer["circle"]).landmark[:2]
        now = circle_to_body((centre.x * width, centre.y * height), (rim.x * width, rim.y * height))
        mask = None
        if "mask" in answer:
            mask = np.asarray(self._get.get_image(answer["mask"]).numpy_view()) > 0.5
        return Estimate(xy, score, now, None if mask is None else mask.reshape(height, width))
