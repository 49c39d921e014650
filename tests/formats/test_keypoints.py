from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gaitviewer.core.gait import View
from gaitviewer.core.measures import Measures
from gaitviewer.errors import FormatError, OutputError
from gaitviewer.formats.keypoints import read_keypoints, write_keypoints


def test_keypoints_come_back_exactly(tmp_path: Path, measures: Measures) -> None:
    path = tmp_path / "größe" / "keypoints.parquet"
    write_keypoints(path, measures)
    back = read_keypoints(path)
    assert set(back) == {("t1", View.SAGITTAL), ("t1", View.CORONAL)}
    for (_, view), pose in back.items():
        motion = measures.motions[0].views[view]
        assert motion is not None
        for name in ("xy", "score", "origin", "times"):
            np.testing.assert_array_equal(getattr(pose, name), getattr(motion.pose, name))
        assert (pose.width, pose.height, pose.skeleton) == (1080, 1920, motion.pose.skeleton)


def test_what_was_not_seen_is_null_and_passes_are_marked(tmp_path: Path, measures: Measures) -> None:
    path = tmp_path / "keypoints.parquet"
    write_keypoints(path, measures)
    table = pq.read_table(path)
    assert table.num_rows == 2 * 30 * 23
    assert table["x_px"].null_count == table["y_px"].null_count == 2 * 3
    rows = {(row["view"], row["frame"], row["keypoint"]): row for row in table.to_pylist()}
    knee = rows["sagittal", 5, "left_knee"]
    assert knee["x_px"] is None
    assert knee["score"] == 0
    passes = {frame: rows["sagittal", frame, "left_knee"]["pass"] for frame in (1, 2, 14, 15, 27)}
    assert passes == {1: None, 2: 0, 14: 0, 15: None, 27: 1}


def test_no_view_at_all_is_an_empty_table(tmp_path: Path, measures: Measures) -> None:
    path = tmp_path / "keypoints.parquet"
    write_keypoints(path, dataclasses.replace(measures, motions=()))
    assert read_keypoints(path) == {}
    assert pq.read_table(path).column_names[:3] == ["trial", "view", "pass"]


def rewrite(path: Path, *, rows: slice | None = None, **meta: object) -> None:
    table = pq.read_table(path)
    known = json.loads(table.schema.metadata[b"gaitviewer"]) | meta
    if rows is not None:
        table = table.slice(rows.start, rows.stop)
    pq.write_table(table.replace_schema_metadata({b"gaitviewer": json.dumps(known)}), path)


def test_newer_damaged_and_foreign_files_are_refused(tmp_path: Path, measures: Measures) -> None:
    path = tmp_path / "keypoints.parquet"
    for change, words in (
        (lambda: rewrite(path, version=2), "newer version"),
        (lambda: rewrite(path, skeleton="body25"), "body25"),
        (lambda: rewrite(path, rows=slice(0, 700)), "missing or in another order"),
        (lambda: rewrite(path, rows=slice(23, 2000)), "frames are missing"),
        (lambda: path.write_bytes(path.read_bytes()[:-50]), "not a keypoint table"),
        (lambda: path.write_bytes(b""), "not a keypoint table"),
        (lambda: pq.write_table(pa.table({"a": [1]}), path), "not a keypoint table"),
        (lambda: path.unlink(), "does not exist"),
    ):
        write_keypoints(path, measures)
        change()
        with pytest.raises(FormatError, match=words):
            read_keypoints(path)


def test_a_full_disk_leaves_the_former_file(
    tmp_path: Path, measures: Measures, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keypoints.parquet"
    path.write_text("former")

    def full(table: pa.Table, where: Path, **_: object) -> None:
        where.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OutputError, match="no room left"):
        write_keypoints(path, measures)
    assert [p.name for p in tmp_path.iterdir()] == ["keypoints.parquet"]
    assert path.read_text() == "former"
