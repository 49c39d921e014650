"""OpenCV and MediaPipe, imported so that Qt still finds its own plugins afterwards.

OpenCV's wheel points ``QT_QPA_PLATFORM_PLUGIN_PATH`` at its own copy of Qt when it is imported, and
MediaPipe imports OpenCV; the window would then fail to start. Import both from here only.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import warnings
from collections.abc import Iterator
from typing import Any

_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


@contextlib.contextmanager
def _keep_qt_variables() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _VARIABLES}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def load(module: str) -> Any:
    """Import ``module`` (cv2, or anything that imports it) and restore Qt's variables."""
    with _keep_qt_variables(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the libraries are not ours to mend
        return importlib.import_module(module)
