"""The pose cache: by content, whole or not at all, never trusted blindly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.remarks import Light, Remark, RemarkKind, ViewRemarks
from gaitviewer.core.timing import TONE_MAPPED, VideoInfo
from gaitviewer.messages import Message, message
from gaitviewer.pose import cache
from gaitviewer.pose.cache import load_result, result_key, store_result
from gaitviewer.pose.masks import MaskSequence, SmallMask
from gaitviewer.pose.result import PoseResult
from gaitviewer.pose.runner import estimate_many
from gaitviewer.pose.source import FrameSource, VideoJob

INFO = VideoInfo(64, 48, 0, np.arange(5) / 30, 30.0, 5, "h264")
REMARKS = ViewRemarks(
    (Remark(RemarkKind.NOBODY_WALKS), Remark(RemarkKind.NOT_FOUND, ((1, 1), (3, 4)))),
    Light(0.4, 0.2),
    video="d",
)
FACTS = {"estimator": "E 1", "weights": "w", "settings": "s"}


def a_result() -> PoseResult:
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 40, (5, 23, 2)).astype(np.float32)
    xy[2] = np.nan
    score = np.where(np.isfinite(xy).all(axis=2), 0.5, 0)
    small = SmallMask(1, 2, 3, 2, np.packbits(np.array([1, 0, 1, 1, 1, 0], bool)))
    return PoseResult(
        PoseSequence(xy, score, INFO.times, 64, 48),
        MaskSequence.collect({3: small}, frames=5, width=64, height=48),
        Provenance("E 1", "w", "i", "0.1", "cpu", "2026-01-01T00:00:00+00:00", 1.5),
        REMARKS,
    )


def test_round_trip(tmp_path: Path):
    made = a_result()
    store_result(tmp_path, "k", made)
    again = load_result(tmp_path, "k", INFO)
    assert again is not None
    assert again.from_cache
    np.testing.assert_array_equal(again.pose.xy, made.pose.xy)
    np.testing.assert_array_equal(again.masks.at(3), made.masks.at(3))
    assert again.provenance == made.provenance
    assert again.remarks == REMARKS
    assert not list(tmp_path.rglob("*.part"))


def test_key_depends_on_everything(monkeypatch: pytest.MonkeyPatch):
    slow = VideoInfo(64, 48, 0, np.arange(5) / 240, 30.0, 5, "h264")
    keys = {
        result_key("d", INFO, **FACTS),
        result_key("e", INFO, **FACTS),
        result_key("d", slow, **FACTS),
        result_key("d", INFO, **{**FACTS, "estimator": "E 2"}),
        result_key("d", INFO, **{**FACTS, "weights": "v"}),
        result_key("d", INFO, **{**FACTS, "settings": "t"}),
    }
    monkeypatch.setattr(cache, "CODE_VERSION", cache.CODE_VERSION + 1)
    keys.add(result_key("d", INFO, **FACTS))
    assert len(keys) == 7


@pytest.mark.parametrize("damage", ["empty", "text", "half", "flipped", "wrong length"])
def test_damaged_files_are_ignored(tmp_path: Path, damage: str):
    store_result(tmp_path, "k", a_result())
    file = next(tmp_path.rglob("*.npz"))
    raw = bytearray(file.read_bytes())
    if damage == "empty":
        file.write_bytes(b"")
    elif damage == "text":
        file.write_text("not an archive")
    elif damage == "half":
        file.write_bytes(raw[: len(raw) // 2])
    elif damage == "flipped":
        raw[300] ^= 0xFF
        file.write_bytes(raw)
    info = VideoInfo(64, 48, 0, np.arange(6) / 30, 30.0, 6, "h264") if damage == "wrong length" else INFO
    assert load_result(tmp_path, "k", info) is None


def test_unwritable_cache_is_no_failure(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    store_result(blocked, "k", a_result())
    assert load_result(blocked, "k", INFO) is None


def test_known_video_is_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from gaitviewer.pose import runner

    monkeypatch.setattr(runner, "WorkerPool", None)  # starting a worker would fail
    job = VideoJob(FrameSource("nowhere:nothing"), INFO, "d", "x.mp4")
    monkeypatch.setattr(runner, "result_key", lambda *_, **__: "k")
    store_result(tmp_path, "k", a_result())
    said: list[Message] = []
    results = estimate_many({"a": job}, cache_dir=tmp_path, tick=lambda _, note: said.append(note))
    assert results["a"].from_cache
    assert said == [message("progress.pose_done")]


def test_each_pose_is_told_as_it_comes(tmp_path: Path):
    job = VideoJob(source=FrameSource("nowhere:nothing"), info=INFO, digest="d", name="a.mp4")
    found = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gaitviewer.pose.runner.load_result", lambda *_: a_result())
        told: list[str] = []
        found = estimate_many({"a": job, "b": job}, cache_dir=tmp_path, came=lambda key, _: told.append(key))
    assert told == ["a", "b"]
    assert list(found) == ["a", "b"]


def test_pictures_of_high_dynamic_range_have_a_key_of_their_own() -> None:
    """Poses that were estimated on them as they are stored are not taken for those on the mapped ones."""
    mapped = replace(INFO, notes=(message(TONE_MAPPED, tones="PQ"),))
    other = replace(INFO, notes=(message("note.video.interlaced"),))
    keys = [result_key("d", info, estimator="e", weights="w", settings="s") for info in (INFO, mapped, other)]
    assert keys[0] != keys[1]
    assert keys[0] == keys[2]
