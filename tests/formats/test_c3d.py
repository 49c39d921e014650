"""Reading C3D files, whole and damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.gait import EventKind, Side
from gaitviewer.errors import FormatError
from gaitviewer.formats._child import run_reader
from gaitviewer.formats.c3d import read_c3d


def write_c3d(path: Path, *, points: int = 300, frames: int = 20, first_frame: int = 50) -> Path:
    """A small C3D file whose point i stands at (i, 2 i, 3 i + frame) mm; the last two are outputs."""
    import ezc3d

    file = ezc3d.c3d()
    labels = [f"P{i}" for i in range(points - 2)] + ["LKneeAngles", "LKneeMoment"]
    parameters = file["parameters"]
    parameters["POINT"]["LABELS"]["value"] = labels
    parameters["POINT"]["RATE"]["value"] = [100.0]
    parameters["POINT"]["UNITS"]["value"] = ["mm"]
    file.add_parameter("POINT", "ANGLES", ["LKneeAngles"])
    file.add_parameter("POINT", "MOMENTS", ["LKneeMoment"])
    file.add_parameter("EVENT", "CONTEXTS", ["Left", "Right", "General"])
    file.add_parameter("EVENT", "LABELS", ["Foot Strike", "Foot Off", "Event"])
    file.add_parameter("EVENT", "TIMES", np.array([[0.0, 0.0, 1.0], [0.60, 0.55, 1.0]]))
    file.add_parameter("PROCESSING", "Height", [1450.0])
    file.add_parameter("PROCESSING", "LLegLength", [740.0])
    data = np.ones((4, points, frames))
    index = np.arange(points)[:, None]
    data[0], data[1] = index, 2 * index
    data[2] = 3 * index + np.arange(frames)
    data[:3, 7, 5] = np.nan
    file["data"]["points"] = data
    file["header"]["points"]["first_frame"] = first_frame
    file.write(str(path))
    return path


def test_points_are_metres_and_go_on_in_the_second_list_of_labels(tmp_path: Path) -> None:
    trial = read_c3d(write_c3d(tmp_path / "made.c3d"))
    assert len(trial.labels) == 298
    assert trial.points.shape == (20, 298, 3)
    assert trial.marker("P290")[4] == pytest.approx([0.290, 0.580, 0.874])
    assert np.isnan(trial.marker("P7")[5]).all()
    assert np.isfinite(trial.marker("P7")[6]).all()
    assert np.isnan(trial.marker("none of these")).all()


def test_model_outputs_are_kept_apart_and_unscaled(tmp_path: Path) -> None:
    trial = read_c3d(write_c3d(tmp_path / "made.c3d"))
    assert trial.output_labels == ("LKneeAngles", "LKneeMoment")
    angles = trial.output("LKneeAngles")
    assert angles is not None
    assert angles[0] == pytest.approx([298.0, 596.0, 894.0])
    assert trial.output("RKneeAngles") is None


def test_events_count_from_the_first_sample(tmp_path: Path) -> None:
    trial = read_c3d(write_c3d(tmp_path / "made.c3d"))
    off, strike, other = trial.events
    assert (off.side, off.kind) == (Side.RIGHT, EventKind.TOE_OFF)
    assert (strike.side, strike.kind) == (Side.LEFT, EventKind.INITIAL_CONTACT)
    assert off.time_s == pytest.approx(0.05, abs=1e-6)
    assert strike.time_s == pytest.approx(0.10, abs=1e-6)
    assert (other.side, other.kind) == (None, None)
    assert other.time_s == pytest.approx(60.5, abs=1e-5)


def test_body_measures_are_metres_or_absent(tmp_path: Path) -> None:
    body = read_c3d(write_c3d(tmp_path / "made.c3d")).body
    assert body.height_m == pytest.approx(1.45)
    assert body.leg_length_m == pytest.approx(0.74)
    assert body.right_leg_length_m is None
    assert body.mass_kg is None


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"hello" * 300, "is not a C3D"), (b"\x02\x50short", "is not a C3D")],
)
def test_what_is_no_c3d_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bad.c3d"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words):
        read_c3d(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        read_c3d(tmp_path / "none.c3d")
    with pytest.raises(FormatError, match="cannot be opened"):
        read_c3d(tmp_path)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    whole = write_c3d(tmp_path / "made.c3d").read_bytes()
    path = tmp_path / "cut.c3d"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FormatError, match=r"cut\.c3d"):
        read_c3d(path)


def test_random_damage_never_escapes(tmp_path: Path) -> None:
    """Each damaged copy is read or refused in words; the process survives all of them."""
    whole = np.frombuffer(write_c3d(tmp_path / "made.c3d").read_bytes(), np.uint8)
    rng = np.random.default_rng(1)
    path = tmp_path / "damaged.c3d"
    outcomes = []
    for _ in range(24):
        damaged = whole.copy()
        at = np.r_[rng.integers(2, 512, 4), rng.integers(512, min(whole.size, 8192), 60)]
        damaged[at] = rng.integers(0, 256, at.size)
        path.write_bytes(damaged.tobytes())
        try:
            read_c3d(path, timeout_s=20, memory_mb=512)
            outcomes.append("read")
        except FormatError as error:
            outcomes.append(str(error))
    refusals = [words for words in outcomes if words != "read"]
    assert refusals
    assert all("damaged.c3d" in words for words in refusals)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.abort()", "is damaged"),
        ("import time; time.sleep(60)", "took longer than 0.5 s"),
        ("b = []\nwhile True: b.append(bytearray(2**20 * 16))\n", "(needs more than|is damaged)"),
        (
            """print('{"code": "error.format.c3d.no_markers", "values": []}'); raise SystemExit(3)""",
            "cannot be read: it holds no marker data",
        ),
        ("print('it is upside down'); raise SystemExit(3)", "is damaged"),
        ("pass", "is damaged"),
    ],
)
def test_a_child_that_dies_hangs_or_swells_costs_only_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    (tmp_path / "bad_reader.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    timeout_s = 0.5 if "sleep" in code else 30
    with pytest.raises(FormatError, match=words):
        run_reader(
            "bad_reader", tmp_path / "some.c3d", tmp_path / "out.npz", timeout_s=timeout_s, memory_mb=200
        )


def test_the_eight_children_are_read(shared_data: Path) -> None:
    names = ("LFEP", "RFEP", "LFEO", "RFEO", "LTIO", "RTIO", "LTOO", "RTOO", "LHEE", "RHEE")
    files = sorted((shared_data / "c3d").glob("*.c3d"))
    assert len(files) == 8
    for path in files:
        trial = read_c3d(path)
        assert trial.rate_hz == 100
        assert trial.body.height_m is not None
        assert 1.2 < trial.body.height_m < 1.75
        for name in names:
            assert np.isfinite(trial.marker(name)).all(axis=1).mean() > 0.4, (path.name, name)
        for name in ("LKneeAngles", "RAnkleAngles"):
            assert trial.output(name) is not None
        strikes = [e for e in trial.events if e.kind is EventKind.INITIAL_CONTACT]
        assert len(strikes) >= 4
        assert all(0 < e.time_s < trial.times[-1] for e in trial.events)


def test_heel_markers_are_low_at_the_foot_strikes(shared_data: Path) -> None:
    """Events moved by the start of the capture would not find the heel near its lowest point."""
    trial = read_c3d(shared_data / "c3d" / "HC030A05.c3d")
    for event in trial.events:
        if event.kind is EventKind.INITIAL_CONTACT:
            heel = trial.marker("LHEE" if event.side is Side.LEFT else "RHEE")[:, 2]
            at = heel[round(event.time_s * trial.rate_hz)]
            assert at - np.nanmin(heel) < 0.2 * (np.nanmax(heel) - np.nanmin(heel))


def test_half_of_one_file_is_gaps(shared_data: Path) -> None:
    trial = read_c3d(shared_data / "c3d" / "HC040A14.c3d")
    knee = trial.marker("LFEO")
    assert 0.4 < np.isfinite(knee).all(axis=1).mean() < 0.6
    assert not (knee == 0).any()
