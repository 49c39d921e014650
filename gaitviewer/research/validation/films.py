"""Both films of a body that is drawn on motion capture; cached by all that they are drawn from."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer import paths
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.serialise import canonical_digest
from gaitviewer.messages import message
from gaitviewer.research.spoiling import Spoiling
from gaitviewer.research.validation.body import DrawnBody
from gaitviewer.research.validation.projection import place_cameras, resample
from gaitviewer.research.validation.scenes import Scene
from gaitviewer.synthesis.filming.cameras import Camera
from gaitviewer.synthesis.filming.pixels import render_pose
from gaitviewer.synthesis.filming.room import paint
from gaitviewer.util import private

_MOST_FOLDERS = 200  # of films in the cache; noisy ones have 12 MB


def film_folder(drawn: DrawnBody, scene: Scene) -> Path:
    """Where the cache keeps the films of this very walk and scene; made if it is not there.

    The folders that were asked for longest ago are removed.
    """
    folder = paths.cache_dir() / "films" / _digest(drawn, scene)
    private.make_folder(folder)
    folder.touch()
    newest = sorted(folder.parent.iterdir(), key=lambda one: one.stat().st_mtime)
    for old in newest[:-_MOST_FOLDERS]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def film_body(drawn: DrawnBody, scene: Scene, folder: Path, *, tick: Tick = no_progress) -> ByView[Path]:
    """Both videos of the walk in ``folder``; frame 0 is the first sample of the motion capture.

    The same walk and scene give the very same files; one that is there already is left.

    Raises:
        VideoError: a video cannot be written.
    """
    from gaitviewer.video import write_video

    times, points = resample(drawn.body, scene.options.rate_hz)
    cameras = place_cameras(drawn.body, scene.options)
    films = []
    for number, view in enumerate(View):
        path = folder / f"{view.value}.mp4"
        films.append(path)
        if path.exists():  # whole, or it would not have its name
            continue
        inner = subprogress(tick, number / 2, (number + 1) / 2)
        pictures = _pictures(drawn, scene, _even(cameras[view]), points, inner)
        if scene.spoiling is not None:
            pictures = _spoiled(pictures, scene.spoiling, np.random.default_rng([*scene.chance, number]))
        write_video(path, pictures, times=times, gop=30)
    return ByView(films[0], films[1])


def _digest(drawn: DrawnBody, scene: Scene) -> str:
    """Of all that the pictures are made from, the code that draws them included."""
    body, gait, options = drawn.body, drawn.gait, scene.options
    # The last bits of what is computed differ from run to run; a micrometre is not seen.
    points, times, height, foot, hips = (
        np.round(one, 6) + 0.0
        for one in (body.points, body.times, gait.height_m, gait.proportions.foot, gait.proportions.hip_width)
    )
    proportions = replace(gait.proportions, foot=float(foot), hip_width=float(hips))
    cameras = replace(options, bodies=0, seed=0, subject="", pose_model="", use_cache=True)
    return canonical_digest(
        (
            _drawing_code(), points, times, float(height), proportions, body.near, cameras,
            scene.look, scene.room, scene.spoiling, scene.chance,
        )
    )  # fmt: skip


@cache
def _drawing_code() -> str:
    """SHA-256 of the modules that make the pictures."""
    package = Path(__file__).resolve().parents[2]
    here = Path(__file__)
    cameras, spoiling = here.with_name("projection.py"), package / "research" / "spoiling.py"
    writer, synthesis = package / "video" / "writer.py", sorted((package / "synthesis").rglob("*.py"))
    total = hashlib.sha256()
    for path in (here, cameras, spoiling, writer, *synthesis):
        total.update(path.read_bytes())
    return total.hexdigest()


def _even(camera: Camera) -> Camera:
    """Videos have even sizes."""
    return replace(camera, width=camera.width // 2 * 2, height=camera.height // 2 * 2)


def _pictures(
    drawn: DrawnBody, scene: Scene, camera: Camera, points: NDArray[np.float64], tick: Tick
) -> Iterator[NDArray[np.uint8]]:
    backdrop = paint(scene.room, camera)
    for number, moment in enumerate(points):
        tick(
            number / len(points),
            message("progress.filming", name=drawn.body.name, frames=number, total=len(points)),
        )
        if np.isfinite(moment).all():
            yield render_pose(moment, camera, backdrop=backdrop, gait=drawn.gait, look=scene.look).rgb
        else:
            yield backdrop.rgb


def _spoiled(
    pictures: Iterator[NDArray[np.uint8]], spoiling: Spoiling, random: np.random.Generator
) -> Iterator[NDArray[np.uint8]]:
    for picture in pictures:
        yield spoiling.apply(picture, random)
