"""How often a pose enters a file of :mod:`gaitviewer.analysis` on its way from the estimator to the score.

    PYTHONPATH=/path/to/a/checkout python tests/benchmarks/pose_stays.py

A stay begins when a function of one file calls a function of another with a pose (raw, prepared or smoothed)
among its arguments; what a cache answers counts. Counted for the side view of one pass of the demo's walk, with
keypoints as a camera would see them, and for the demo as a whole, both views and all passes. Runs in earlier
checkouts as well.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

POSES = ("PoseSequence", "PreparedView", "SmoothedView", "_Smoothed")
FOLDER = str(Path("gaitviewer", "analysis"))


def _file(code: CodeType) -> str:
    """The file within the package, "" for any other."""
    _, there, name = code.co_filename.partition(FOLDER)
    return name[1:] if there else ""


class Stays:
    """Entries of functions with a pose, by (file, function)."""

    def __init__(self) -> None:
        self.entries: Counter[tuple[str, str]] = Counter()
        self.cached: set[CodeType] = set()

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        """For :func:`sys.setprofile`."""
        code = frame.f_code
        if event == "call" and code not in self.cached and code.co_qualname == code.co_name and _file(code):
            given = [frame.f_locals.get(name) for name in inspect.getargs(code).args]
            self.enter(code, given, frame.f_back)

    def enter(self, code: CodeType, given: list[Any], caller: FrameType | None) -> None:
        """Count a call with these arguments if it comes from another file."""
        while caller is not None and not _file(caller.f_code):
            caller = caller.f_back
        elsewhere = caller is None or _file(caller.f_code) != _file(code)
        if elsewhere and any(type(one).__name__ in POSES for one in given):
            self.entries[_file(code), code.co_name] += 1

    def cache(self, *args: Any, **options: Any) -> Any:
        """:func:`functools.lru_cache` whose answers from memory count."""
        if args and callable(args[0]):
            return self.cache()(args[0])

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            answer = real_cache(*args, **options)(function)
            code = getattr(function, "__code__", None)
            if code is None or not _file(code):
                return answer
            self.cached.add(code)

            @functools.wraps(function)
            def call(*given: Any, **named: Any) -> Any:
                if sys.getprofile() is self:
                    self.enter(code, [*given, *named.values()], sys._getframe(1))
                return answer(*given, **named)

            return call

        return decorate


stays = Stays()
real_cache = functools.lru_cache
functools.lru_cache = stays.cache  # before the package is loaded

import gaitviewer  # noqa: E402
from gaitviewer.analysis.measure import measure_session  # noqa: E402
from gaitviewer.core.gait import ByView, View  # noqa: E402
from gaitviewer.core.session import Session, Subject, Trial  # noqa: E402
from gaitviewer.synthesis.demo import demo_scene  # noqa: E402

try:
    from gaitviewer.analysis.walking.trial import read_trial
except ImportError:
    from gaitviewer.analysis.motion import read_trial
try:
    from tests.support.walkers import observe
except ImportError:  # earlier checkouts have it in the package
    try:
        from gaitviewer.synthesis.filming.keypoints import observe
    except ImportError:
        from gaitviewer.synthesis.keypoints import observe


def poses_of_demo() -> ByView[Any]:
    """The demo's keypoints in both views, with half a pixel of noise."""
    scene = demo_scene(1)
    seen = (scene.views[view] for view in View)
    return ByView(
        *(observe(one.motion.points, one.camera, times=one.times, noise_px=0.5, seed=3) for one in seen)
    )


def count(poses: ByView[Any]) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Entries until the trial is read, and until all is measured."""
    stays.entries = Counter()
    sys.setprofile(stays)
    try:
        motion = read_trial(Trial("t1", ByView(None, None)), poses)
        reading = Counter(stays.entries)
        measure_session(Session("s1", Subject("P1"), height_m=1.3), (motion,))
    finally:
        sys.setprofile(None)
    return reading, stays.entries


def main() -> None:
    """Print the stays."""
    whole = poses_of_demo()
    side, rows = whole.sagittal, slice(len(whole.sagittal) // 2)
    arrays = {name: getattr(side, name)[rows] for name in ("xy", "score", "times", "origin")}
    one_pass = replace(side, **arrays)
    print(gaitviewer.__file__)
    for what, poses in (("one pass, side view", ByView(one_pass, None)), ("both views", whole)):
        for how, entries in zip(("read", "read and measured"), count(poses), strict=True):
            files = {file for file, _ in entries}
            stays_and_returns = 1 + 2 * entries.total()
            print(
                f"{what}, {how}: {entries.total()} stays ({stays_and_returns} if coming back is one, too) in "
                f"{len(entries)} functions of {len(files)} files"
            )
        for (file, name), times in sorted(entries.items()):
            print(f"  {times:4d} {file} {name}")


if __name__ == "__main__":
    main()
