"""Gait Viewer: reads how children walk from two synchronised videos."""

__version__ = "0.1.0"
