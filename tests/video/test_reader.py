"""Every frame is the one that was asked for: forward, backward and at random."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gaitviewer.errors import VideoError
from gaitviewer.video import open_video, write_video
from gaitviewer.video._decoder import Decoder
from gaitviewer.video.index import build_index
from gaitviewer.video.reader import Converters


def test_times_and_count_are_those_of_the_frames(recording: Any) -> None:
    with open_video(recording.path) as reader:
        assert reader.info.frame_count == recording.times.size
        # containers round times to their own ticks, Matroska to milliseconds
        np.testing.assert_allclose(reader.info.times, recording.times, atol=0.0011)


def test_forward(recording: Any, counter: Any) -> None:
    with open_video(recording.path) as reader:
        shown = [(index, counter.read(rgb)) for index, rgb in reader.frames()]
    assert shown == [(i, recording.first + i) for i in range(recording.times.size)]


def test_backward(recording: Any, counter: Any) -> None:
    with open_video(recording.path) as reader:
        for index in reversed(range(recording.times.size)):
            assert counter.read(reader.frame(index)) == recording.first + index


@pytest.mark.parametrize("cache_bytes", [0, 300_000, 1 << 28])
def test_at_random(recording: Any, counter: Any, cache_bytes: int) -> None:
    order = np.random.default_rng(3).integers(0, recording.times.size, size=120)
    with open_video(recording.path, cache_bytes=cache_bytes) as reader:
        for index in map(int, order):
            assert counter.read(reader.frame(index)) == recording.first + index


def test_ranges_and_steps(recording: Any, counter: Any) -> None:
    with open_video(recording.path) as reader:
        for start, stop, step in ((0, None, 7), (30, 50, 1), (5, 1000, 30), (70, 20, 1)):
            wanted = list(range(recording.times.size))[start:stop:step]
            run = list(reader.frames(start, stop, step=step))
            assert [index for index, _ in run] == wanted
            assert [counter.read(rgb) for _, rgb in run] == [recording.first + i for i in wanted]


def test_pictures_are_upright_and_in_colour(recording: Any, counter: Any) -> None:
    with open_video(recording.path) as reader:
        rgb = reader.frame(17)
        assert rgb.shape == (reader.info.height, reader.info.width, 3)
    assert rgb.shape == (counter.height_px, counter.width_px, 3)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    assert rgb.flags.writeable
    expected = counter.picture(recording.first + 17).astype(int)
    assert np.abs(rgb.astype(int) - expected).mean() < 8
    np.testing.assert_allclose(rgb[8:24, 168:184].reshape(-1, 3).mean(0), (200, 30, 30), atol=14)


def test_scaling_keeps_shape_and_never_enlarges(recording: Any, counter: Any) -> None:
    with open_video(recording.path) as reader:
        index, small = next(reader.frames(40, max_height=48))
        assert small.shape == (48, 96, 3)
        assert counter.read(small) == recording.first + index
        assert reader.frame(40, max_height=48).shape == (48, 96, 3)
        assert next(reader.frames(max_height=4000))[1].shape == (96, 192, 3)


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_rotation_is_applied_once(tmp_path: Path, counter: Any, rotation_deg: int) -> None:
    turns = rotation_deg // 90
    stored = (np.rot90(picture, turns) for picture in counter.pictures(3))
    write_video(tmp_path / "turned.mp4", stored, rate_hz=30, rotation_deg=rotation_deg)
    with open_video(tmp_path / "turned.mp4") as reader:
        assert reader.info.rotation_deg == rotation_deg
        assert (reader.info.width, reader.info.height) == (counter.width_px, counter.height_px)
        assert [counter.read(reader.frame(i)) for i in range(3)] == [0, 1, 2]


def test_returned_pictures_belong_to_the_caller(plain: Any, counter: Any) -> None:
    with open_video(plain.path) as reader:
        reader.frame(5)[:] = 0
        assert counter.read(reader.frame(5)) == 5


def test_the_cache_stays_within_its_bytes(plain: Any) -> None:
    limit = 6 * 192 * 96 * 3 // 2
    with open_video(plain.path, cache_bytes=limit) as reader:
        most = 0
        for index in [*range(90), *reversed(range(90))]:
            reader.frame(index)
            most = max(most, reader.cached_bytes)
        assert 0.5 * limit < most <= limit
        reader.close()
        assert reader.cached_bytes == 0


def test_stepping_back_decodes_each_frame_about_once(plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from gaitviewer.video._decoder import FrameCache

    decoded: list[int] = []
    put = FrameCache.put

    def counting(self: FrameCache, index: int, frame: Any) -> None:
        decoded.append(index)
        put(self, index, frame)

    monkeypatch.setattr(FrameCache, "put", counting)
    with open_video(plain.path) as reader:
        for index in reversed(range(90)):
            reader.frame(index)
    assert len(decoded) <= 130


def test_two_readers_and_one_shared_reader_in_threads(plain: Any, counter: Any) -> None:
    wrong: list[str] = []
    with open_video(plain.path) as shared:

        def work(seed: int) -> None:
            try:
                order = np.random.default_rng(seed).integers(0, 90, size=40)
                with open_video(plain.path) as own:
                    for index in map(int, order):
                        for reader in (own, shared):
                            if counter.read(reader.frame(index)) != index:
                                wrong.append(f"{index}")
                    for index, rgb in own.frames(max_height=48):
                        if counter.read(rgb) != index:
                            wrong.append(f"{index} in a row")
            except Exception as error:
                wrong.append(repr(error))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert wrong == []


def test_a_run_may_be_left_early_and_two_runs_may_interleave(plain: Any, counter: Any) -> None:
    with open_video(plain.path) as reader:
        first, second = reader.frames(), reader.frames(60)
        for offset in range(10):
            assert counter.read(next(first)[1]) == offset
            assert counter.read(next(second)[1]) == 60 + offset
            assert counter.read(reader.frame(30)) == 30


def test_outside_the_video(plain: Any) -> None:
    with open_video(plain.path) as reader:
        for index in (-1, 90):
            with pytest.raises(IndexError):
                reader.frame(index)
        for wrong in ({"step": 0}, {"start": -1}, {"max_height": 0}):
            with pytest.raises(ValueError):
                reader.frames(**wrong)


def test_a_closed_reader_says_so(plain: Any) -> None:
    reader = open_video(plain.path)
    reader.close()
    reader.close()
    with pytest.raises(VideoError, match="closed"):
        reader.frame(0)
    with pytest.raises(VideoError, match="closed"):
        reader.frames()


@pytest.fixture
def shown(tmp_path: Path, plain: Any) -> Path:
    """A video of its own that a test may spoil."""
    path = tmp_path / "walk.mp4"
    path.write_bytes(plain.path.read_bytes())
    return path


SPOILT = ("cut", "zeros", "other", "removed", "touched")


def _spoil(path: Path, how: str, other: Path) -> None:
    data = path.read_bytes()
    if how == "cut":
        path.write_bytes(data[: len(data) // 3])
    elif how == "zeros":
        path.write_bytes(bytes(len(data)))
    elif how == "other":
        part = path.with_name("part")
        part.write_bytes(other.read_bytes())
        part.replace(path)
    elif how == "removed":
        path.unlink()
    else:
        os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("how", SPOILT)
def test_a_file_that_is_touched_while_it_is_read_gives_no_more_pictures(
    shown: Path, recording: Any, how: str
) -> None:
    with open_video(shown, cache_bytes=0) as reader:
        last = reader.info.frame_count - 1
        reader.frame(0)
        reader.frame(last)
        run = reader.frames()
        next(run)
        assert not reader.is_changed
        _spoil(shown, how, recording.path)
        assert reader.is_changed
        for index in (0, last, 0, last // 2):  # once and again: a decoder that could not open it stays whole
            with pytest.raises(VideoError, match=r"walk\.mp4 (was changed|is gone)"):
                reader.frame(index)
        with pytest.raises(VideoError, match=r"walk\.mp4"):
            list(run)
        with pytest.raises(VideoError, match=r"walk\.mp4"):
            list(reader.frames())


def test_what_was_decoded_before_it_was_touched_is_not_given_either(shown: Path) -> None:
    """It may have been decoded in the moment in which the file was overwritten."""

    class GivenUpError(Exception):
        pass

    def give_up(number: int) -> None:
        os.utime(shown, ns=(1, 1))
        raise GivenUpError

    with open_video(shown) as reader:
        with pytest.raises(GivenUpError):
            reader.frame(3, passing=give_up)
        with pytest.raises(VideoError, match="was changed"):
            reader.frame(0)


def test_a_decoder_whose_file_could_not_be_opened_anew_goes_on_when_it_can(shown: Path, counter: Any) -> None:
    decoder = Decoder(shown, build_index(shown), threading="SLICE")
    aside = shown.with_name("aside")
    shown.rename(aside)
    for _ in range(2):
        with pytest.raises(VideoError, match="There is no file"):
            decoder._reopen()
        with pytest.raises(VideoError, match="There is no file"):
            decoder.fetch(5)
    aside.rename(shown)
    converter = Converters(build_index(shown))
    assert counter.read(converter.convert(decoder.fetch(5), None, "rgb24")) == 5
    decoder.close()
    decoder.close()


_MEASURE_MEMORY = """
import sys, psutil
from gaitviewer.video import open_video
path, cache_bytes = sys.argv[1], int(sys.argv[2])
memory = lambda: psutil.Process().memory_info().rss
with open_video(path, cache_bytes=cache_bytes) as reader:
    reader.frame(0)
    before = most = memory()
    for index in (*range(120), *range(119, 60, -1)):
        reader.frame(index)
        most = max(most, memory())
    print(most - before)
"""


def test_memory_of_the_process_stays_near_the_cache(tmp_path: Path) -> None:
    still = np.full((720, 1280, 3), 90, np.uint8)  # 1.4 MB a decoded frame, 166 MB for all 120
    write_video(tmp_path / "large.mp4", (still for _ in range(120)), rate_hz=30, gop=60)
    grown_mb = {}
    for cache_mb in (20, 300):
        run = subprocess.run(
            [sys.executable, "-c", _MEASURE_MEMORY, str(tmp_path / "large.mp4"), str(cache_mb << 20)],
            capture_output=True,
            check=True,
        )
        grown_mb[cache_mb] = int(run.stdout) / 2**20
    assert grown_mb[20] < 80
    assert grown_mb[300] > 100  # so the bound above is the cache's doing


def test_pixels_for_the_screen_are_the_same_picture(recording: Any) -> None:
    with open_video(recording.path) as reader:
        for index in (0, 31):
            rgb, bgra = reader.frame(index), reader.frame(index, pixel_format="bgra")
            assert bgra.shape == (*rgb.shape[:2], 4)
            assert np.abs(bgra[..., 2::-1].astype(int) - rgb).max() <= 2
            assert (bgra[..., 3] == 255).all()


def test_late_frames_need_not_be_converted(plain: Any, counter: Any) -> None:
    with open_video(plain.path) as reader:
        run = reader.decoded(40)
        seen = [frame for frame, _ in zip(run, range(20), strict=False)]
        run.close()
        assert [frame.number for frame in seen] == list(range(40, 60))
        assert counter.read(seen[-1].pixels(max_height=48)) == 59
        with pytest.raises(ValueError):
            reader.decoded(-1)


def test_giving_up_on_the_way_keeps_the_reader_usable(plain: Any, counter: Any) -> None:
    class GivenUpError(Exception):
        pass

    def passing(number: int) -> None:
        if number == 20:
            raise GivenUpError

    with open_video(plain.path) as reader:
        with pytest.raises(GivenUpError):
            reader.frame(23, passing=passing)
        held = reader.cached_bytes
        assert held > 0
        assert [counter.read(reader.frame(number)) for number in (20, 21, 23, 5)] == [20, 21, 23, 5]


def test_key_frames_are_known(plain: Any) -> None:
    with open_video(plain.path) as reader:
        assert reader.key_frames.tolist()[0] == 0
        assert np.diff(reader.key_frames).max() <= 24


@pytest.mark.parametrize("cache_bytes", [0, 1 << 28])
def test_in_a_hurry_every_pixel_is_the_same_whatever_follows(
    recording: Any, counter: Any, cache_bytes: int
) -> None:
    """Jumps in a hurry between ordinary steps, giving up on the way now and then."""

    class GivenUpError(Exception):
        pass

    rng = np.random.default_rng(5)
    count = recording.times.size
    with open_video(recording.path) as reader:
        truth = [rgb for _, rgb in reader.frames()]
    with open_video(recording.path, cache_bytes=cache_bytes) as reader:
        for number, hurry in zip(rng.integers(0, count, 80).tolist(), rng.random(80) < 0.7, strict=True):
            if rng.random() < 0.3:
                left = int(rng.integers(0, 9))
                reached: list[int] = []

                def passing(
                    passed: int, left: int = left, wanted: int = number, reached: list[int] = reached
                ) -> None:
                    reached.append(passed)
                    if passed < wanted and len(reached) > left:
                        raise GivenUpError

                try:
                    reader.frame(number, hurry=True, passing=passing)
                except GivenUpError:
                    np.testing.assert_array_equal(reader.frame(reached[-1]), truth[reached[-1]])
            for near in (number, number - 1, number + 1):
                if 0 <= near < count:
                    shown = reader.frame(near, hurry=bool(hurry))
                    assert counter.read(shown) == recording.first + near
                    np.testing.assert_array_equal(shown, truth[near])


def test_a_hurry_leaves_out_what_nothing_depends_on(plain: Any) -> None:
    def passed(hurry: bool) -> list[int]:
        numbers: list[int] = []
        with open_video(plain.path) as reader:
            reader.frame(47, passing=numbers.append, hurry=hurry)
        return numbers

    whole, hurried = passed(False), passed(True)
    assert whole == list(range(24, 48))
    assert hurried[-7:] == list(range(41, 48))
    assert len(hurried) <= 0.8 * len(whole)


def test_in_a_hurry_the_last_frame_of_a_group_does_not_wait_for_the_next_key_frame(
    plain: Any, counter: Any
) -> None:
    with open_video(plain.path) as reader:
        key = int(reader.key_frames[2])
    with open_video(plain.path, cache_bytes=0) as reader:
        assert counter.read(reader.frame(key - 1, hurry=True)) == key - 1
        decoder = next(iter(reader._decoders.values()))
        assert decoder._emptied
        assert not decoder.reaches(key)
        for number, hurry in (
            (key, True),
            (key + 1, False),
            (key - 2, True),
            (key - 1, False),
            (key + 3, True),
        ):
            assert counter.read(reader.frame(number, hurry=hurry)) == number
