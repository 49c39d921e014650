"""Worker processes that do not outlive the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """Make this worker end as soon as its parent is gone, whatever it is doing then; returns at once.

    A worker of a pool otherwise waits for work for ever when its parent was killed.
    """
    threading.Thread(target=_watch, name="watch parent", daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
