"""On a screen of 200 % pictures, drawings and plots have all the pixels that the screen has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QToolButton
from gaitviewer.core.gait import View
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.canvas.video_canvas import VideoCanvas

app = QApplication(sys.argv)
theme.apply(app, "light")


class Frames:
    times = np.arange(4.0)
    height = 0

    class info:
        width, height = 1920, 1080

    def set_height(self, rows):
        self.height = rows

    def nearest(self, index):
        return None

    def shot(self, index):
        return None


canvas, frames = VideoCanvas(View.SAGITTAL), Frames()
canvas.resize(480, 270)
canvas.set_frames(frames)
picture = canvas.grab()
assert picture.devicePixelRatio() == 2.0, picture.devicePixelRatio()
assert picture.width() == 960, picture.width()
assert frames.height == 540, frames.height
canvas.zoom(6)
assert frames.height == 1080, frames.height

button = QToolButton()
button.setIconSize(QSize(17, 17))
theme.set_icon(button, "play")
icon = button.icon().pixmap(QSize(17, 17), 2.0)
assert icon.width() == 34, icon.width()
assert button.grab().devicePixelRatio() == 2.0
print("sharp")
"""


@pytest.mark.parametrize("scale", ["2"])
def test_canvas_and_icons_use_every_pixel(scale: str, tmp_path: Path) -> None:
    env = {**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
    env["GAITVIEWER_HOME"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "sharp", done.stderr
