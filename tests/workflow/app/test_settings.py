from __future__ import annotations

import logging
from pathlib import Path

import pytest

from gaitviewer import paths
from gaitviewer.errors import OutputError, SettingsError
from gaitviewer.workflow.app import settings
from gaitviewer.workflow.app.settings import Settings


def test_without_a_file_there_are_defaults_and_no_file_appears() -> None:
    assert settings.load() == Settings()
    assert not settings.settings_file().exists()
    assert Settings().memory_mb == 1024


def test_settings_come_back(own_home: Path) -> None:
    report = {"report_anonymous": True, "report_left_out": ("method", "strides")}
    chosen = Settings("Letter", "#000000", "#00ff00", "Dr. Ö", 3, 2048, True, "dark", **report)
    settings.save(chosen)
    assert settings.load() == chosen
    assert settings.settings_file() == paths.config_dir() / "settings.toml"
    assert own_home in settings.settings_file().parents
    assert "version = 1" in settings.settings_file().read_text(encoding="utf-8")


def test_comments_and_what_newer_versions_wrote_stay(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('# mine\nversion = 7\npaper = "Letter" # ward\nhologram = true\n', encoding="utf-8")
    assert settings.load(path).paper == "Letter"
    settings.save(Settings(rater="A"), path)
    text = path.read_text(encoding="utf-8")
    assert "# mine" in text
    assert "hologram = true" in text
    assert "version = 7" in text
    assert settings.load(path) == Settings(rater="A")


@pytest.mark.parametrize(
    "content",
    [
        b"paper = ",
        b"\xff\xfe\x00",
        b"[[[",
        b'paper = "A4"\npaper = "A4"',
        b"memory_mb = " + b"7" * 5000,
        b"paper = " + b"[" * 5000 + b"]" * 5000,
        b"#" * 5_000_000,
    ],
    ids=["torn", "no text", "no TOML", "twice", "thousands of digits", "deep nesting", "too large"],
)
def test_an_unreadable_file_is_set_aside_and_never_fatal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(content)
    assert settings.load(path) == Settings()
    (aside,) = tmp_path.iterdir()
    assert aside.name.startswith("s.toml.broken-")
    assert aside.read_bytes() == content
    settings.save(Settings(paper="Letter"), path)
    assert settings.load(path).paper == "Letter"


@pytest.mark.parametrize("content", ["paper = ", "memory_mb = " + "7" * 5000, "x = " + "[" * 5000 + "]" * 5000])
def test_a_file_that_breaks_while_running_is_set_aside_on_saving(tmp_path: Path, content: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(content)
    settings.save(Settings(workers=2), path)
    assert settings.load(path).workers == 2
    assert len(list(tmp_path.glob("*.broken-*"))) == 1


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('paper = "A3"', "paper"),
        ("workers = true", "workers"),
        ("workers = -1", "workers"),
        ('left_colour = "red"', "left_colour"),
        ('theme = "pink"', "theme"),
        ('report_left_out = "review"', "report_left_out"),
        ("report_left_out = [1]", "report_left_out"),
        ("report_anonymous = 1", "report_anonymous"),
        ("memory_mb = 1.5", "memory_mb"),
        ("rater = 5", "rater"),
        ("paper = {a = 1}", "paper"),
    ],
)
def test_an_impossible_value_falls_back_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: str, name: str
) -> None:
    path = tmp_path / "s.toml"
    path.write_text(f'{line}\nright_colour = "#123456"\n')
    with caplog.at_level(logging.WARNING):
        loaded = settings.load(path)
    assert loaded == Settings(right_colour="#123456")
    assert f"the setting {name} is not" in caplog.text
    assert path.exists()


def test_changing_checks_name_and_value() -> None:
    assert settings.change(Settings(), workers=4).workers == 4
    with pytest.raises(SettingsError, match="no setting wrokers"):
        settings.change(Settings(), wrokers=4)
    with pytest.raises(SettingsError, match="from 0 to 64"):
        settings.change(Settings(), workers=400)
    with pytest.raises(SettingsError, match="paper"):
        settings.save(Settings(paper="A0"))


def test_an_unwritable_place_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        settings.save(Settings(), tmp_path / "file" / "s.toml")
    assert settings.load(tmp_path / "file" / "s.toml") == Settings()
