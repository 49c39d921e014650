"""The picture of a view and everything drawn over it."""

from gaitviewer.gui.canvas.overlays import OVERLAYS, Overlay
from gaitviewer.gui.canvas.scene import Content, EvidenceMark, MaskSource, content_of
from gaitviewer.gui.canvas.two_views import TwoViews, evidence_label
from gaitviewer.gui.canvas.video_canvas import VideoCanvas
from gaitviewer.gui.model.manual_tools import DrawnMeasurement, ToolKind

__all__ = [
    "OVERLAYS",
    "Content",
    "DrawnMeasurement",
    "EvidenceMark",
    "MaskSource",
    "Overlay",
    "ToolKind",
    "TwoViews",
    "VideoCanvas",
    "content_of",
    "evidence_label",
]
