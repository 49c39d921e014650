"""The one place where the program starts processes.

Whatever is started here takes no code from the working folder (see :mod:`gaitviewer.util.startup`), finds this
package wherever the program found it, and, if it is a worker, does not outlive the process that started it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext
from typing import IO, Any

from gaitviewer.util.startup import OFFLINE, SAFE_PATH, search_path

Child = subprocess.Popen[bytes]


def start_module(
    module: str,
    arguments: Sequence[str],
    *,
    output: int | IO[bytes] = subprocess.PIPE,
    environment: Mapping[str, str] | None = None,
) -> Child:
    """Start ``python -m module arguments``; nothing to read on its standard input, its errors are not kept.

    Args:
        module: to run, with its package.
        arguments: of the command line.
        output: where its standard output goes.
        environment: variables beside those of this process.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        env=child_environment() | dict(environment or {}),
    )


def run_module(module: str, arguments: Sequence[str], *, timeout_s: float) -> tuple[int, bytes]:
    """Run ``python -m module arguments`` to its end.

    Returns:
        Its exit code and what it wrote to its standard output.

    Raises:
        TimeoutError: it took longer, and was ended.
    """
    child = start_module(module, arguments)
    try:
        said, _ = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{module} took longer than {timeout_s:g} s") from error
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
    return child.returncode, said


def child_environment() -> dict[str, str]:
    """The variables of this process, made safe for a child."""
    return {
        **os.environ,
        **OFFLINE,
        SAFE_PATH: "1",
        "PYTHONPATH": search_path(os.environ.get("PYTHONPATH", "")),
    }


def worker_context() -> SpawnContext:
    """How worker processes are made: anew, not as a copy of this one, which may hold threads and locks.

    The worker's interpreter is started with the variables of this process: from here on they keep every child
    from searching the working folder.
    """
    os.environ[SAFE_PATH] = "1"
    return multiprocessing.get_context("spawn")


def worker_pool(workers: int, start: Any = None, arguments: tuple[Any, ...] = ()) -> ProcessPoolExecutor:
    """A pool of worker processes that end with this process.

    Args:
        workers: how many.
        start: called once in each worker with ``arguments``, if given.
        arguments: for ``start``.
    """
    return ProcessPoolExecutor(workers, worker_context(), _begin, (start, arguments))


def settle_in(*, nice: int = 5) -> None:
    """Make this worker humble: it ends with its parent, is deaf to Ctrl-C, and gives way to others.

    Args:
        nice: by how much its priority is lower, as Unix counts it.
    """
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops it
    with contextlib.suppress(Exception):
        import psutil

        psutil.Process().nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", nice))  # the name is Windows' only


def end_with_parent() -> None:
    """Make this worker end as soon as its parent is gone, whatever it is doing then; returns at once.

    A worker of a pool otherwise waits for work for ever when its parent was killed.
    """
    threading.Thread(target=_watch, name="watch parent", daemon=True).start()


def _begin(start: Any, arguments: tuple[Any, ...]) -> None:
    end_with_parent()
    if start is not None:
        start(*arguments)


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
