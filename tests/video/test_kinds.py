"""Videos as they come: each kind of file that was misread once, made here, and the file it was found in."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from gaitviewer.core.timing import TONE_MAPPED
from gaitviewer.errors import VideoError
from gaitviewer.messages import message
from gaitviewer.video import index_video, open_video, write_video
from tests.support.said import codes


def _notes(path: Path, **options: Any) -> str:
    return "\n".join(map(str, index_video(path, **options).notes))


@pytest.fixture
def case_file() -> Callable[[str], Path]:
    """A file in which a kind was found; skips where it is absent."""

    def find(name: str) -> Path:
        path = Path(__file__).resolve().parents[3] / "shared" / "cases" / name
        if not path.is_file():
            pytest.skip(f"the file (../shared/cases/{name}) is not here")
        return path

    return find


def _is_exact(path: Path) -> None:
    """Frames in random order are, bit for bit, those of a run."""
    with open_video(path) as reader:
        run = {number: rgb for number, rgb in reader.frames(max_height=240)}
        assert list(run) == list(range(reader.info.frame_count))
    with open_video(path, cache_bytes=0) as reader:
        for number in np.random.default_rng(2).integers(0, len(run), 25).tolist():
            np.testing.assert_array_equal(reader.frame(number, max_height=240), run[number])


# --- fields ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mts", ".ts", ".mkv", ".mp4"])
@pytest.mark.parametrize("whole", [(), range(0, 40, 4)], ids=["fields only", "fields and frames"])
def test_two_fields_are_one_frame(
    tmp_path: Path, counter: Any, in_fields: Any, suffix: str, whole: range | tuple[()]
) -> None:
    path = tmp_path / f"camcorder{suffix}"
    in_fields(path, counter.pictures(40), rate_hz=30, whole=whole)
    with open_video(path) as reader:
        assert reader.info.frame_count == 40
        assert reader.info.rate_hz == pytest.approx(30, rel=1e-3)
        assert not reader.info.variable_rate
        assert not any(code.endswith("_announced") for code in codes(reader.info.notes))
        assert "note.video.interlaced" in codes(reader.info.notes)
        for number in (39, 0, 21, 20):
            shown, drawn = reader.frame(number), counter.picture(number).astype(int)
            assert counter.read(shown) == number
            assert np.abs(shown - drawn)[40:].mean() < 3  # both fields are there


def test_the_camcorder_file(case_file: Callable[[str], Path]) -> None:
    path = case_file("field_coded_60.mts")
    info = index_video(path)
    assert (info.frame_count, round(info.rate_hz, 6)) == (40, 30)
    assert "note.video.interlaced" in codes(info.notes)
    _is_exact(path)


# --- joined recordings -------------------------------------------------------------------------------------


def test_joined_streams_are_read_one_after_the_other(recording: Any) -> None:
    with open_video(recording.path) as reader:
        info = reader.info
        if "joined" not in recording.kind:
            assert not info.joined
            return
        assert info.joined
        assert not info.variable_rate
        assert np.diff(info.times)[49] == pytest.approx(2 + 1 / 30, abs=1e-3)
        assert any("another one begins at 3.67 s" in str(note) for note in info.notes)
        assert "note.video.rate_varies" not in codes(info.notes)


def test_the_pause_is_real_time_in_slow_motion(tmp_path: Path, counter: Any) -> None:
    for name in "ab":
        write_video(tmp_path / f"{name}.ts", counter.pictures(30), rate_hz=30, gop=12)
    path = tmp_path / "ab.ts"
    path.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    times = index_video(path, recorded_at_hz=240).times
    assert np.diff(times)[29] == pytest.approx(2 + 1 / 240, abs=1e-4)
    assert np.diff(times)[28] == pytest.approx(1 / 240, abs=1e-4)


def test_three_recordings_and_a_leap_ahead(tmp_path: Path, counter: Any) -> None:
    parts = []
    for name, start in (("a", 0.0), ("b", 0.0), ("c", 500.0)):
        times = start + np.arange(20) / 30
        write_video(tmp_path / f"{name}.ts", counter.pictures(20), times=times, gop=6, b_frames=2)
        parts.append((tmp_path / f"{name}.ts").read_bytes())
    path = tmp_path / "abc.ts"
    path.write_bytes(b"".join(parts))
    with open_video(path) as reader:
        assert np.flatnonzero(np.diff(reader.info.times) > 1).tolist() == [19, 39]
        assert reader.info.duration_s == pytest.approx(60 / 30 + 4, abs=0.01)
        assert [counter.read(reader.frame(number)) for number in (45, 3, 39, 40, 20, 59)] == [
            5,
            3,
            19,
            0,
            0,
            19,
        ]
    _is_exact(path)


def test_joined_recordings_of_different_sizes_are_refused(tmp_path: Path, counter: Any) -> None:
    write_video(tmp_path / "a.ts", counter.pictures(20), rate_hz=30)
    write_video(tmp_path / "b.ts", (counter.picture(n)[:64, :128] for n in range(20)), rate_hz=30)
    path = tmp_path / "ab.ts"
    path.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    with pytest.raises(VideoError, match=r"192 x 96 and 128 x 64.*files of their own"):
        index_video(path)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi"])
def test_what_players_read_in_part_is_refused(tmp_path: Path, counter: Any, suffix: str) -> None:
    for name in "ab":
        write_video(tmp_path / f"{name}{suffix}", counter.pictures(40), rate_hz=30)
    path = tmp_path / f"ab{suffix}"
    path.write_bytes(b"".join((tmp_path / f"{name}{suffix}").read_bytes() for name in "ab"))
    assert index_video(tmp_path / f"a{suffix}").frame_count == 40
    with pytest.raises(VideoError, match="two recordings in one file"):
        index_video(path)


def test_the_joined_clips_file(case_file: Callable[[str], Path]) -> None:
    path = case_file("joined_clips.mts")
    info = index_video(path)
    assert info.frame_count == 191
    assert np.flatnonzero(np.diff(info.times) > 1).tolist() == [95]
    _is_exact(path)


# --- tracks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("default", [True, False])
def test_the_preview_is_not_the_recording(
    tmp_path: Path, counter: Any, with_preview: Any, default: bool
) -> None:
    path = tmp_path / ("camera.mov" if default else "camera.mkv")  # a MOV file always has a usual track
    with_preview(path, counter.pictures(30), default=default)
    with open_video(path) as reader:
        assert (reader.info.width, reader.info.height) == (192, 96)
        assert counter.read(reader.frame(17)) == 17
        assert message("note.video.tracks", tracks=2, width=192, height=96) in reader.info.notes


def test_the_preview_file(case_file: Callable[[str], Path]) -> None:
    info = index_video(case_file("preview_track_first.mov"))
    assert (info.width, info.height, info.frame_count) == (1280, 720, 179)


# --- times in whole milliseconds ---------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [30, 30000 / 1001, 59.94, 120, 240])
@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".flv"])
def test_rounded_times_give_the_true_rate(tmp_path: Path, counter: Any, suffix: str, rate_hz: float) -> None:
    path = tmp_path / f"fast{suffix}"
    codec = "libvpx-vp9" if suffix == ".webm" else "libx264"
    write_video(path, counter.pictures(90), rate_hz=rate_hz, codec=codec, gop=24)
    info = index_video(path)
    assert info.rate_hz == pytest.approx(rate_hz, rel=1e-3)
    np.testing.assert_allclose(info.times, np.arange(90) / rate_hz, rtol=1e-3, atol=1e-6)
    assert "note.video.rate_announced" not in codes(info.notes)
    for recorded in (round(rate_hz), 240):
        slow = index_video(path, recorded_at_hz=recorded)
        np.testing.assert_allclose(slow.times, np.arange(90) / recorded, rtol=1e-3, atol=1e-6)


def test_dropped_frames_stay_dropped(tmp_path: Path, counter: Any) -> None:
    number = np.array([n for n in range(100) if n not in (20, 21, 50)])
    write_video(tmp_path / "gaps.mkv", counter.pictures(97), times=number / 120)
    info = index_video(tmp_path / "gaps.mkv")
    np.testing.assert_allclose(info.times, number / 120, rtol=1e-3, atol=1e-5)
    assert info.rate_hz == pytest.approx(120, rel=1e-3)
    assert info.variable_rate


def test_uneven_times_are_kept(tmp_path: Path, counter: Any) -> None:
    times = np.cumsum(np.random.default_rng(4).uniform(0.006, 0.012, 90))
    times = np.round((times - times[0]) * 1000) / 1000
    write_video(tmp_path / "uneven.mkv", counter.pictures(90), times=times)
    info = index_video(tmp_path / "uneven.mkv")
    np.testing.assert_allclose(info.times, times, atol=1e-6)
    # the rate of slow motion is that of all frames, not a whole number of milliseconds
    slow = index_video(tmp_path / "uneven.mkv", recorded_at_hz=240)
    gaps = np.diff(times)
    usual = gaps[np.abs(gaps / np.median(gaps) - 1) <= 0.25].mean()
    assert slow.times[-1] == pytest.approx(times[-1] * (1 / 240) / usual, rel=1e-6)


def test_the_120_hz_file(case_file: Callable[[str], Path]) -> None:
    path = case_file("rate_120.mkv")
    for recorded, rate_hz in ((None, 120), (120, 120), (240, 240)):
        info = index_video(path, recorded_at_hz=recorded)
        np.testing.assert_allclose(info.times, np.arange(90) / rate_hz, rtol=1e-3, atol=1e-6)
        assert info.rate_hz == pytest.approx(rate_hz, rel=1e-3)
    _is_exact(path)


# --- high dynamic range ------------------------------------------------------------------------------------

_TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
_WHITE_NITS = 203.0  # ITU-R BT.2408: where white paper lies in pictures of high dynamic range


def _pq(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = np.clip(nits / 10_000, 0, 1) ** m1
    return np.asarray(((c1 + c2 * power) / (1 + c3 * power)) ** m2)


def _hlg(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    """ITU-R BT.2100 on a display of 1000 nits."""
    luminance = np.maximum(nits @ np.array([0.2627, 0.6780, 0.0593]), 1e-6)[..., None] / 1000
    light = np.clip(nits / 1000 * luminance ** (1 / 1.2 - 1), 0, 1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    bright = a * np.log(np.maximum(12 * light - b, 1e-9)) + c
    return np.asarray(np.where(light <= 1 / 12, np.sqrt(3 * light), bright))


_CODES = {"PQ": (_pq, 16, "smpte2084"), "HLG": (_hlg, 18, "arib-std-b67")}


def _scene(number: int) -> NDArray[np.float64]:
    """Greys from black to white that move, over four colours; as an ordinary video shows them, 0..1."""
    picture = np.zeros((96, 192, 3))
    picture[:48] = np.roll(np.linspace(0.0, 1.0, 192), 4 * number)[None, :, None]
    for column, colour in enumerate(((0.8, 0.1, 0.1), (0.1, 0.7, 0.1), (0.1, 0.1, 0.8), (0.7, 0.5, 0.35))):
        picture[48:, 48 * column : 48 * column + 48] = colour
    return picture


def _write_hdr(path: Path, kind: str) -> None:
    code, transfer, name = _CODES[kind]
    words = f"log-level=none:colorprim=bt2020:transfer={name}:colormatrix=bt2020nc:range=limited:keyint=6"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx265", rate=30, options={"crf": "6", "x265-params": words})
        stream.width, stream.height, stream.pix_fmt = 192, 96, "yuv420p10le"
        stream.codec_context.color_trc, stream.codec_context.color_primaries = transfer, 9
        stream.codec_context.colorspace, stream.codec_context.color_range = 9, 1
        for number in range(20):
            stored = code(_WHITE_NITS * (_scene(number) ** 2.4 @ _TO_BT2020.T))
            frame = av.VideoFrame.from_ndarray(np.round(stored * 65535).astype(np.uint16), format="rgb48le")
            frame = frame.reformat(format="yuv420p10le", dst_colorspace="BT2020", dst_color_range=1)
            frame.pts, frame.time_base = number, Fraction(1, 30)
            frame.color_trc, frame.color_primaries = transfer, 9
            file.mux(stream.encode(frame))
        file.mux(stream.encode())


@pytest.mark.parametrize("kind", ["PQ", "HLG"])
def test_high_dynamic_range_is_shown_as_usual(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "phone.mov"
    _write_hdr(path, kind)
    with open_video(path) as reader:
        assert reader.info.tone_mapped
        assert message(TONE_MAPPED, tones=kind) in reader.info.notes
        shown = reader.frame(4).astype(float)
        wanted = 255 * _scene(4)
        assert np.abs(shown - wanted)[4:44, 30:].mean() < 4  # greys, away from the jump from white to black
        for column in range(4):
            patch = shown[60:90, 48 * column + 8 : 48 * column + 40].mean((0, 1))
            true = wanted[80, 48 * column + 20]
            assert np.argmax(patch) == np.argmax(true)
            assert np.abs(patch - true).max() < 40
        bgra = reader.frame(4, pixel_format="bgra")
        np.testing.assert_array_equal(bgra[..., 2::-1], reader.frame(4))
        assert (bgra[..., 3] == 255).all()
        assert reader.frame(4, max_height=48).shape == (48, 96, 3)
    _is_exact(path)


def test_ordinary_pictures_are_not_mapped(plain: Any) -> None:
    assert not index_video(plain.path).tone_mapped


def test_the_hdr_file(case_file: Callable[[str], Path]) -> None:
    with open_video(case_file("hdr_pq.mov")) as reader, open_video(case_file("control.mp4")) as control:
        assert reader.info.tone_mapped
        shown, true = (one.frame(60, max_height=360).astype(float) for one in (reader, control))
        assert shown.std() > 0.65 * true.std()  # 0.45 as it is stored
        assert np.corrcoef(shown.ravel(), true.ravel())[0, 1] > 0.97


# --- mirror images -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_mirrored_and_turned(tmp_path: Path, counter: Any, degrees: int) -> None:
    path = tmp_path / "selfie.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30)
        turned = degrees % 180 != 0
        stream.width, stream.height = (96, 192) if turned else (192, 96)
        stream.pix_fmt = "yuv420p"
        stream.set_display_rotation(degrees, hflip=True)
        for number in range(3):
            # shown = mirrored after turning to the left by so many degrees: so turn back what was mirrored
            stored = np.rot90(counter.picture(number)[:, ::-1], -(degrees // 90))
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(stored), format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    with open_video(path) as reader:
        assert reader.info.mirrored
        assert [counter.read(reader.frame(number)) for number in range(3)] == [0, 1, 2]


def test_the_mirror_file(case_file: Callable[[str], Path]) -> None:
    with open_video(case_file("mirror_matrix.mp4")) as reader, open_video(case_file("control.mp4")) as control:
        assert reader.info.mirrored
        assert not control.info.mirrored
        np.testing.assert_array_equal(reader.frame(20), control.frame(20)[:, ::-1])


# --- why a file is refused ---------------------------------------------------------------------------------


def _encrypted(path: Path, counter: Any) -> None:
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "ab" * 16, "encryption_kid": "cd" * 16}
    with av.open(str(path), "w", options=options) as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = counter.width_px, counter.height_px, "yuv420p"
        for picture in counter.pictures(30):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())


def test_encrypted_is_not_damaged(tmp_path: Path, counter: Any) -> None:
    _encrypted(tmp_path / "protected.mp4", counter)
    with pytest.raises(VideoError, match="encrypted or copy-protected") as caught:
        index_video(tmp_path / "protected.mp4")
    assert "damaged" not in str(caught.value)


def test_a_scrambled_broadcast_is_not_damaged(tmp_path: Path, counter: Any) -> None:
    write_video(tmp_path / "clear.ts", counter.pictures(30), rate_hz=30)
    data = bytearray((tmp_path / "clear.ts").read_bytes())
    noise = np.random.default_rng(3)
    for place in range(0, len(data), 188):
        if (data[place + 1] & 31) << 8 | data[place + 2] == 0x100:
            data[place + 3] |= 0x80
            start = place + 60  # behind adaptation field and time stamps
            data[start : place + 188] = noise.bytes(place + 188 - start)
    (tmp_path / "scrambled.ts").write_bytes(data)
    with pytest.raises(VideoError, match="encrypted or copy-protected"):
        index_video(tmp_path / "scrambled.ts")


@pytest.mark.parametrize(
    ("suffix", "codec", "unknown"),
    [(".mp4", b"avc1", b"qqq9"), (".avi", b"H264", b"QQ9Z"), (".mkv", b"V_MPEG4/ISO/AVC", b"V_QQQQQ/ISO/AVC")],
)
def test_an_unknown_coding_is_named_as_such(
    tmp_path: Path, counter: Any, suffix: str, codec: bytes, unknown: bytes
) -> None:
    write_video(tmp_path / f"known{suffix}", counter.pictures(30), rate_hz=30)
    data = (tmp_path / f"known{suffix}").read_bytes().replace(codec, unknown).replace(b"avcC", b"qqqC")
    (tmp_path / f"unknown{suffix}").write_bytes(data)
    with pytest.raises(VideoError, match="coded in a way that cannot be decoded here"):
        index_video(tmp_path / f"unknown{suffix}")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"\x89PNG\r\n\x1a\n", r"a picture \(PNG\)"),
        (b"\xff\xd8\xff\xe0", r"a picture \(JPEG\)"),
        (b"GIF89a", r"a picture \(GIF\)"),
        (b"PK\x03\x04", "must be unpacked first"),
        (bytes(128) + b"DICM", "a DICOM file"),
        (bytes(9000), "nothing but zeros"),
        (b"%PDF-1.7", "a PDF document"),
    ],
)
def test_what_is_no_video_is_named(tmp_path: Path, head: bytes, said: str) -> None:
    path = tmp_path / "given.mp4"
    path.write_bytes(head + b"\0" * 600)
    with pytest.raises(VideoError, match=said) as caught:
        index_video(path)
    assert "damaged" not in str(caught.value)


def test_a_stream_that_begins_in_the_middle_is_read_from_its_first_key_frame(
    tmp_path: Path, counter: Any
) -> None:
    write_video(tmp_path / "whole.ts", counter.pictures(60), rate_hz=30, gop=20, b_frames=2)
    data = (tmp_path / "whole.ts").read_bytes()
    (tmp_path / "later.ts").write_bytes(data[188 * 20 :])
    with open_video(tmp_path / "later.ts") as reader:
        shown = [counter.read(rgb) for _, rgb in reader.frames()]
        assert shown == list(range(20, 60))
        assert "note.video.headless" in codes(reader.info.notes)


def test_the_end_of_a_file_that_was_cut_off_is_left_out(tmp_path: Path, counter: Any) -> None:
    write_video(tmp_path / "whole.avi", counter.pictures(60), rate_hz=30, gop=12, b_frames=2)
    with av.open(str(tmp_path / "whole.avi")) as file:
        packet = [packet for packet in file.demux(video=0) if packet.size][40]
        assert packet.pos is not None
        stop = packet.pos + packet.size // 2
    path = tmp_path / "cut.avi"
    path.write_bytes((tmp_path / "whole.avi").read_bytes()[:stop])
    with open_video(path) as reader:
        assert [counter.read(rgb) for _, rgb in reader.frames()] == list(range(reader.info.frame_count))
        assert reader.info.frame_count == 40
        assert "note.video.end_missing" in codes(reader.info.notes)
    _is_exact(path)
