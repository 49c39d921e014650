"""Gait Viewer: reads how children walk from two synchronised videos."""

from gaitviewer.util.startup import stay_offline as _stay_offline

__version__ = "0.1.0"

_stay_offline()  # before any library is imported, in every process: each imports this package first
