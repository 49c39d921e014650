"""OpenCV and MediaPipe, imported so that Qt still finds its own plugins afterwards.

OpenCV's wheel points ``QT_QPA_PLATFORM_PLUGIN_PATH`` at its own copy of Qt when it is imported, and
MediaPipe imports OpenCV; the window would then fail to start. Import both from here only.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
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


def bare_package(name: str) -> None:
    """Make the modules of a package importable without running its ``__init__``.

    MediaPipe's own loads matplotlib's plotting and a sound library, over half a second in each worker for
    nothing. A package that is imported already is left alone.
    """
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    sys.modules[name] = importlib.util.module_from_spec(spec)
