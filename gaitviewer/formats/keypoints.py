"""``keypoints.parquet``: one row for each frame and keypoint.

Columns: trial, view, pass (null outside the walking passes), frame, time_s, keypoint, x_px, y_px (null = not
seen; upright pixels, y down), score (0..1, the estimator's), origin ("estimated", "interpolated"; by hand:
"corrected", "spread", "exchanged", "hidden", "absent"; see ``gaitviewer.core.pose.Origin``). These are the
cleaned keypoints, left and right as in the body. The file's own metadata under ``gaitviewer`` says the
version of the layout, the keypoint layout's name and the picture size of each view.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import View
from gaitviewer.core.measures import Measures, ViewMotion
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.serialise import parse_json
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.messages import message
from gaitviewer.util import atomic, file_set

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
_META = b"gaitviewer"
_ORIGINS = tuple(origin.name.lower() for origin in Origin)
_NAMES = (
    "trial", "view", "pass", "frame", "time_s", "keypoint", "x_px", "y_px", "score", "origin"
)  # fmt: skip


def write_keypoints(path: Path, measures: Measures) -> None:
    """Writes the keypoints of all trials and views.

    Raises:
        OutputError: the file cannot be written; nothing was changed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables, pictures = [_empty()], []
    for trial, view, motion in _motions(measures):
        tables.append(_table(trial, view, motion))
        size = {"width": motion.pose.width, "height": motion.pose.height}
        pictures.append({"trial": trial, "view": view.value, **size})
    meta = {"version": VERSION, "skeleton": BODY_FEET_23.name, "pictures": pictures}
    table = pa.concat_tables(tables).replace_schema_metadata({_META: json.dumps(meta)})
    with atomic.output(path) as part:
        pq.write_table(table, part, compression="zstd")


def _motions(measures: Measures) -> Iterator[tuple[str, View, ViewMotion]]:
    for trial in measures.motions:
        for view in View:
            motion = trial.views[view]
            if motion is not None:
                yield trial.trial.id, view, motion


def _schema() -> pa.Schema:
    import pyarrow as pa

    word = pa.dictionary(pa.int16(), pa.string())
    kinds = (
        word,
        word,
        pa.int16(),
        pa.int32(),
        pa.float64(),
        word,
        pa.float32(),
        pa.float32(),
        pa.float32(),
        word,
    )
    return pa.schema(list(zip(_NAMES, kinds, strict=True)))


def _empty() -> pa.Table:
    return _schema().empty_table()


def _table(trial: str, view: View, motion: ViewMotion) -> pa.Table:
    import pyarrow as pa

    pose = motion.pose
    frames, points = pose.score.shape
    count = frames * points
    inside = np.full(frames, -1, np.int16)
    for index, walking_pass in enumerate(motion.passes):
        inside[walking_pass.start : walking_pass.stop] = index
    rows = np.repeat(inside, points)

    def word(codes: NDArray[Any], words: tuple[str, ...]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(codes.astype(np.int16), list(words))

    columns = [
        word(np.zeros(count), (trial,)),
        word(np.zeros(count), (view.value,)),
        pa.array(rows, mask=rows < 0),
        pa.array(np.repeat(np.arange(frames, dtype=np.int32), points)),
        pa.array(np.repeat(pose.times, points)),
        word(np.tile(np.arange(points), frames), pose.skeleton.keypoints),
        # Null, not NaN: most readers would count NaN as a value.
        pa.array(pose.xy[..., 0].ravel(), from_pandas=True),
        pa.array(pose.xy[..., 1].ravel(), from_pandas=True),
        pa.array(pose.score.ravel()),
        word(pose.origin.ravel(), _ORIGINS),
    ]
    return pa.table(columns, schema=_schema())


def read_keypoints(path: Path) -> dict[tuple[str, View], PoseSequence]:
    """The keypoints by (trial, view).

    Raises:
        FormatError: the file is missing, damaged, of a newer version, or not one of these.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file_set.settle(path)
    try:
        table = pq.read_table(path)
        meta = parse_json((table.schema.metadata or {})[_META])
        if meta["version"] > VERSION:
            raise FormatError(message("error.format.keypoints.newer", file=path.name))
        if meta["skeleton"] != BODY_FEET_23.name:
            raise FormatError(
                message("error.format.keypoints.other_layout", file=path.name, skeleton=meta["skeleton"])
            )
        return {
            (picture["trial"], View(picture["view"])): _pose(table, picture) for picture in meta["pictures"]
        }
    except FileNotFoundError as error:
        raise FormatError(message("error.format.missing", path=path)) from error
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise FormatError(
            message("error.format.keypoints.wrong_kind", file=path.name, reason=reason_of(error))
        ) from error


def _pose(table: pa.Table, picture: dict[str, Any]) -> PoseSequence:
    import pyarrow.compute as pc

    mine = pc.and_(pc.equal(table["trial"], picture["trial"]), pc.equal(table["view"], picture["view"]))
    rows = table.filter(mine)
    names = rows["keypoint"].to_pylist()
    points = len(BODY_FEET_23)
    if names != list(BODY_FEET_23.keypoints) * (len(names) // points):
        raise ValueError("keypoints are missing or in another order")

    def grid(column: str) -> NDArray[Any]:
        return np.asarray(rows[column].to_numpy()).reshape(-1, points)

    frames = grid("frame")
    if not np.array_equal(frames, np.arange(len(frames))[:, None] * np.ones(points, np.int32)):
        raise ValueError("frames are missing or in another order")
    origins = np.array([_ORIGINS.index(word) for word in rows["origin"].to_pylist()], np.uint8)
    return PoseSequence(
        xy=np.stack([grid("x_px"), grid("y_px")], axis=2),
        score=grid("score"),
        times=grid("time_s")[:, 0],
        width=int(picture["width"]),
        height=int(picture["height"]),
        origin=origins.reshape(-1, points),
    )
