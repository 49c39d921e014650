"""The built-in estimator, its table, and the imports around it."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import SettingsError
from gaitviewer.pose.estimator import BodyCircle, make_estimator
from gaitviewer.pose.mediapipe_backend import BLAZE_INDEX, circle_to_body


def test_circle_gives_centre_radius_and_tilt():
    upright = circle_to_body((100, 200), (100, 120))
    assert (upright.x, upright.y, upright.radius) == (100, 200, 80)
    assert upright.tilt_rad == pytest.approx(0)
    leaning = circle_to_body((0, 0), (30, -30))
    assert leaning.tilt_rad == pytest.approx(math.pi / 4)


def test_left_and_right_points_are_neighbours_in_the_model():
    """BlazePose numbers left and right alternately: a mapping slip would break the pattern."""
    for point, index in BLAZE_INDEX.items():
        name = point.name
        if name.startswith("LEFT"):
            right = BLAZE_INDEX[Keypoint[name.replace("LEFT", "RIGHT")]]
            assert right - index == (3 if "EYE" in name else 1)
    missing = set(Keypoint) - set(BLAZE_INDEX)
    assert missing == {Keypoint.LEFT_SMALL_TOE, Keypoint.RIGHT_SMALL_TOE}


def test_an_estimator_names_its_model_and_weights_and_unknown_models_are_refused():
    estimator = make_estimator("full")
    assert estimator.name == f"MediaPipe BlazePose full {metadata.version('mediapipe')}"
    assert len(estimator.weights_digest) == 64
    with pytest.raises(SettingsError, match="crystal ball"):
        make_estimator("crystal ball")


def test_empty_picture_has_nobody():
    estimator = make_estimator("full")
    estimator.start()
    try:
        grey = np.full((240, 320, 3), 90, np.uint8)
        assert estimator.find_people(grey) == []
        assert estimator.estimate(grey, BodyCircle(160, 120, 80)) is None
    finally:
        estimator.close()


def test_qt_finds_its_own_plugins_after_opencv_was_imported():
    code = (
        "import os\n"
        "os.environ['QT_QPA_PLATFORM_PLUGIN_PATH'] = 'mine'\n"
        "os.environ.pop('QT_QPA_FONTDIR', None)\n"
        "from gaitviewer.pose._cv import load\n"
        "load('cv2'); load('mediapipe')\n"
        "print(os.environ['QT_QPA_PLATFORM_PLUGIN_PATH'], os.environ.get('QT_QPA_FONTDIR'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert done.stdout.split() == ["mine", "None"]


def test_importing_the_pose_layer_is_light():
    code = (
        "import sys, gaitviewer.pose\n"
        "heavy = {'mediapipe', 'cv2', 'scipy', 'torch', 'pandas', 'av'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
