"""The one clock of a trial, and the way between it and the time of each video."""

from __future__ import annotations

from dataclasses import dataclass

from gaitviewer.core.gait import Stride, View


@dataclass(frozen=True, slots=True)
class TrialClock:
    """Seconds of the sagittal video; the coronal video shows the same moment at that time plus ``offset_s``.

    Attributes:
        offset_s: coronal time minus sagittal time, as in :class:`~gaitviewer.core.session.Sync`.
    """

    offset_s: float = 0.0

    def shift_s(self, view: View) -> float:
        """What to add to the trial's time for the time of a view's own video, seconds."""
        return self.offset_s if view is View.CORONAL else 0.0

    def from_view(self, time_s: float, view: View) -> float:
        """The trial's time of a moment in a view's own video."""
        return time_s - self.shift_s(view)

    def to_view(self, time_s: float, view: View) -> float:
        """The time in a view's own video of a moment of the trial."""
        return time_s + self.shift_s(view)

    def span(self, stride: Stride) -> tuple[float, float]:
        """Start and end of a stride, the trial's time."""
        return self.from_view(stride.start_s, stride.view), self.from_view(stride.stop_s, stride.view)

    def percent(self, stride: Stride, time_s: float) -> float:
        """Per cent of the gait cycle at a moment of the trial; outside 0..100 where it is not in the stride."""
        return stride.percent_at(self.to_view(time_s, stride.view))

    def time_at(self, stride: Stride, percent: float) -> float:
        """The moment of the trial at a per cent of the gait cycle."""
        return self.from_view(stride.time_at(percent), stride.view)
