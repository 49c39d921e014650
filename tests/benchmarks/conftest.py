"""Benchmarks run only when asked for: ``pytest tests/benchmarks -m benchmark``."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "benchmark" in config.getoption("markexpr", default=""):
        return
    skip = pytest.mark.skip(reason="measures speed; ask for it with -m benchmark")
    for item in items:
        if item.get_closest_marker("benchmark") is not None:
            item.add_marker(skip)
