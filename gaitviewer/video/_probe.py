"""Child process of :func:`gaitviewer.video.index.probe_safely`: index one file, print the result as JSON.

Usage: ``python -m gaitviewer.video._probe PATH MEMORY_MB RECORDED_AT_HZ`` (0 for an ordinary recording).
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from gaitviewer.errors import UserError
from gaitviewer.video._container import REFUSED


def _limit_memory(memory_mb: int) -> None:
    """Cap the address space, where the system knows such a cap (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = memory_mb << 20
    limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def main(arguments: list[str]) -> int:
    """Print the video's facts, or the message that says why there are none; return the exit code."""
    path, memory_mb, recorded_at_hz = Path(arguments[0]), int(arguments[1]), float(arguments[2])
    _limit_memory(memory_mb)
    from gaitviewer.video.index import index_video, info_to_json

    try:
        info = index_video(path, recorded_at_hz=recorded_at_hz or None)
    except UserError as error:
        print(json.dumps({"kind": type(error).__name__, "message": asdict(error.message)}))
        return REFUSED
    print(json.dumps(info_to_json(info)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
