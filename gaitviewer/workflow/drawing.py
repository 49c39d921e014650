"""How an angle is drawn on a picture: one construction for the printed page and the window."""

from gaitviewer.report.geometry import Body, Construction, construct, crop_box

__all__ = ["Body", "Construction", "construct", "crop_box"]
