"""The hand tool in use and what was measured with it in one view. No Qt."""

from __future__ import annotations

from collections.abc import Iterable

from gaitviewer.core.gait import View
from gaitviewer.gui.model.hit_testing import Xy, nearest_handle
from gaitviewer.gui.model.manual_tools import DrawnMeasurement, ToolKind, measure, moved


class Toolbox:
    """Turns presses, moves and releases into measurements.

    Points are set by clicks or by press, drag and release; corners of finished drawings can be dragged.

    Attributes:
        kind: the tool in hand, or None.
    """

    def __init__(self, view: View) -> None:
        """For one view."""
        self.view = view
        self.kind: ToolKind | None = None
        self._measures: list[DrawnMeasurement] = []
        self._set: list[Xy] = []
        self._cursor: Xy | None = None
        self._pressed: Xy | None = None
        self._frame = 0
        self._time_s = 0.0
        self._dragged: tuple[int, int] | None = None
        self._latest: int | None = None

    def take(self, kind: ToolKind | None) -> None:
        """Take a tool; a drawing that is not finished is given up."""
        self.kind = kind
        self.give_up()

    def give_up(self) -> None:
        """Forget the drawing that is not finished."""
        self._set.clear()
        self._cursor = self._pressed = self._dragged = None

    def forget(self) -> None:
        """Remove everything (another recording)."""
        self.give_up()
        self._measures.clear()
        self._latest = None

    @property
    def measures(self) -> tuple[DrawnMeasurement, ...]:
        """All finished measurements of this view."""
        return tuple(self._measures)

    @property
    def latest(self) -> DrawnMeasurement | None:
        """The one made or changed last."""
        return None if self._latest is None else self._measures[self._latest]

    def set_measures(self, measures: Iterable[DrawnMeasurement]) -> None:
        """Show these measurements; those of the other view are passed over."""
        self.give_up()
        self._measures = [done for done in measures if done.view is self.view]
        self._latest = None

    def of_frame(self, frame: int) -> tuple[DrawnMeasurement, ...]:
        """The measurements made on a frame."""
        return tuple(done for done in self._measures if done.frame == frame)

    def clear_frame(self, frame: int) -> int:
        """Remove the measurements of a frame; returns how many there were."""
        kept = [done for done in self._measures if done.frame != frame]
        removed = len(self._measures) - len(kept)
        self._measures = kept
        self._latest = None
        return removed

    @property
    def draft(self) -> tuple[Xy, ...]:
        """The points of the drawing that is not finished, the cursor last."""
        if not self._set:
            return ()
        return (*self._set, self._cursor) if self._cursor is not None else tuple(self._set)

    def press(self, at: Xy, frame: int, time_s: float, radius: float) -> bool:
        """A press on the picture; False if it is nobody's here (the canvas may pan).

        A corner of a finished drawing of this frame is taken hold of, with or without a tool in hand.
        """
        if not self._set:
            here = [number for number, done in enumerate(self._measures) if done.frame == frame]
            hit = nearest_handle([self._measures[number].points for number in here], at, radius)
            if hit is not None:
                self._dragged = (here[hit[0]], hit[1])
                return True
        if self.kind is None:
            return False
        if self._set and frame != self._frame:  # the picture changed under the drawing
            self.give_up()
        self._frame, self._time_s = frame, time_s
        self._set.append(at)
        self._pressed = at
        self._cursor = None
        return self._finish()

    def move(self, at: Xy) -> bool:
        """The cursor moved; True if there is something to paint."""
        if self._dragged is not None:
            number, corner = self._dragged
            self._measures[number] = moved(self._measures[number], corner, at)
            self._latest = number
            return True
        if self._set:
            self._cursor = at
            return True
        return False

    def release(self, at: Xy, radius: float) -> bool:
        """The button was released; True if a measurement was made or changed."""
        if self._dragged is not None:
            self._dragged = None
            return True
        pressed, self._pressed = self._pressed, None
        far = pressed is not None and max(abs(at[0] - pressed[0]), abs(at[1] - pressed[1])) > radius
        if self._set and far:  # dragged: the release sets the next point
            self._set.append(at)
            self._cursor = None
            return self._finish()
        return False

    def _finish(self) -> bool:
        if self.kind is None or len(self._set) < self.kind.corners:
            return False
        done = measure(
            self.kind,
            tuple(self._set),
            view=self.view,
            frame=self._frame,
            time_s=self._time_s,
        )
        self._measures.append(done)
        self._latest = len(self._measures) - 1
        self.give_up()
        return True
