"""What a person does with keypoints in the window, as edits of the document."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu

from gaitviewer.analysis.correction import points as by_hand
from gaitviewer.analysis.correction.exchanges import suspected_exchanges
from gaitviewer.analysis.walking.trial import labelled_pose
from gaitviewer.core.corrections import POINTS
from gaitviewer.core.document import Document
from gaitviewer.core.gait import Side, View
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.errors import AnalysisError
from gaitviewer.gui.canvas.point_editor import PointEditor, PointMove, Reach
from gaitviewer.gui.canvas.two_views import TwoViews
from gaitviewer.gui.model.hit_testing import Xy
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.job_bar import Banner
from gaitviewer.gui.widgets.translation import say_sentence, translate_data


class PointCorrections(QObject):
    """Connects the point editors of both views with the document.

    Attributes:
        editors: one for each view, by view.

    Signals:
        follow_asked: a point is to be followed on through the video (view, frame, point).
    """

    follow_asked = Signal(object, int, int)

    def __init__(self, state: AppState, views: TwoViews, banner: Banner, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._views, self._banner = state, views, banner
        self.editors = {view: PointEditor(views.canvases[view]) for view in View}
        for view, editor in self.editors.items():
            editor.moved.connect(lambda move, view=view: self._move(view, move))
            editor.menu_asked.connect(lambda at, place, view=view: self._show_menu(view, at, place))
            editor.chosen.connect(lambda view=view: self._let_go_other(view))
            state.trial_changed.connect(lambda editor=editor: editor.choose(None))
            for signal in (views.player.time_changed, state.document_changed, state.measures_changed):
                signal.connect(lambda *_, editor=editor: editor.update())

    def _let_go_other(self, view: View) -> None:
        if self.editors[view].point is not None:
            for other, editor in self.editors.items():
                if other is not view:
                    editor.choose(None)

    def _shown(self, view: View) -> PoseSequence | None:
        """The keypoints as they are drawn."""
        return self._views.canvases[view].scene().content.pose

    def _edit(self, change: Callable[[Document], Document], title: str, *, merge: str = "") -> None:
        """One step; where it cannot be done, why."""
        document = self._state.document
        if document is None:
            return
        try:
            self._state.edit(change(document), title, merge=merge)
        except AnalysisError as error:
            self._banner.say("points", say_sentence(error.message))
        else:
            self._banner.forget("points")

    def _move(self, view: View, move: PointMove) -> None:
        trial, frame = self._state.trial_id, move.frame
        name = point_name(move.point)
        if move.reach is Reach.POINT:
            merge = f"point {trial} {view.value} {frame} {move.point}" if move.nudged else ""
            self._edit(
                lambda document: by_hand.place(document, trial, view, frame, {move.point: move.to}),
                self.tr("Move the {point}").format(point=name),
                merge=merge,
            )
            return
        limb = by_hand.limb_of(move.point) if move.reach is Reach.LIMB else by_hand.ALL_POINTS
        title = self.tr("Move a limb") if move.reach is Reach.LIMB else self.tr("Move the skeleton")
        shown = self._shown(view)
        self._edit(
            lambda document: by_hand.shift(document, trial, view, frame, limb, move.by, shown=shown), title
        )

    def take_followed(self, before: Document, after: Document) -> None:
        """Take over points that were followed while ``before`` was shown, unless it was edited meanwhile."""
        if self._state.document is before:
            self._edit(lambda _: after, self.tr("Follow a point"))
        else:
            words = self.tr("The session was changed while the point was followed: follow it again.")
            self._banner.say("points", words)

    # --- the menu ------------------------------------------------------------------------------------

    def _show_menu(self, view: View, at: QPoint, place: Xy) -> None:
        menu = self.menu(view, place)
        menu.exec(at)
        menu.deleteLater()

    def menu(self, view: View, place: Xy) -> QMenu:
        """What can be done with the chosen point, or at a place (source pixels) of this view."""
        menu = QMenu(self._views.canvases[view])
        frame, point = self._views.canvases[view].frame, self.editors[view].point
        if point is not None:
            self._add_of_point(menu, view, frame, point)
            menu.addSeparator()
        here = menu.addMenu(self.tr("Put here"))
        for side in (*Side, None):
            part = here.addMenu(translate_data(side.value)) if side is not None else here
            for number in range(POINTS):
                name = BODY_FEET_23.keypoints[number]
                if (side is None and not name.startswith(("left_", "right_"))) or (
                    side is not None and name.startswith(f"{side.value}_")
                ):
                    part.addAction(point_name(number)).triggered.connect(
                        lambda _=False, number=number: self._put(view, frame, number, place)
                    )
        self._add_exchanges(menu.addMenu(self.tr("Exchange left and right")), view, frame)
        return menu

    def _add_exchanges(self, menu: QMenu, view: View, frame: int) -> None:
        """In this frame, in its pass, and where the labels seem to be the wrong way round."""
        spans = [(frame, frame + 1, self.tr("In this frame"))]
        one = self._views.canvases[view].scene().content.pass_at(frame)
        if one is not None:
            spans += [
                (frame, one.stop, self.tr("From here to the end of the pass")),
                (one.start, frame + 1, self.tr("From the start of the pass to here")),
                (one.start, one.stop, self.tr("In the whole pass")),
            ]
        labelled = self._labelled(view)
        for start, stop in suspected_exchanges(labelled, view) if labelled is not None else ():
            words = self.tr("In frames {first} to {last}, where they seem exchanged")
            spans.append((start, stop, words.format(first=start, last=stop - 1)))
        for start, stop, words in spans:
            action = menu.addAction(words)
            action.setEnabled(labelled is not None)
            action.triggered.connect(
                lambda _=False, start=start, stop=stop: self._exchange(view, start, stop, labelled)
            )

    def _add_of_point(self, menu: QMenu, view: View, frame: int, point: int) -> None:
        trial, shown, name = self._state.trial_id, self._shown(view), point_name(point)
        corrections = self._state.trial.corrections[view] if self._state.trial is not None else None

        def add(title: str, step: str, change: Callable[[Document], Document], *, on: bool = True) -> None:
            action = menu.addAction(title)
            action.setEnabled(on)
            action.triggered.connect(lambda: self._edit(change, step))

        menu.addSection(name)
        for origin, title in (
            (Origin.HIDDEN, self.tr("Hidden by something")),
            (Origin.ABSENT, self.tr("Not in the picture")),
        ):
            add(
                title,
                f"{title}: {name}",
                lambda d, origin=origin: by_hand.deny(d, trial, view, [frame], [point], origin),  # type: ignore[misc]
            )
        add(
            self.tr("Restore the estimate"),
            self.tr("Restore the {point}").format(point=name),
            lambda d: by_hand.restore(d, trial, view, [frame], [point]),
            on=corrections is not None and frame * POINTS + point in corrections.cells,
        )
        for source, title in (
            (frame - 1, self.tr("As in the frame before")),
            (frame + 1, self.tr("As in the frame after")),
        ):
            add(
                title,
                f"{title}: {name}",
                lambda d, source=source: by_hand.copy_frame(  # type: ignore[misc]
                    d, trial, view, source, frame, [point], shown=shown
                ),
            )
        reach = by_hand.INTERPOLATED_FRAMES
        add(
            self.tr("Interpolate between corrected frames around here"),
            self.tr("Interpolate the {point}").format(point=name),
            lambda d: by_hand.interpolate(
                d, trial, view, max(0, frame - reach), frame + reach + 1, [point], estimate=self._estimate(view)
            ),
        )
        follow = menu.addAction(self.tr("Follow on from here"))
        follow.triggered.connect(lambda: self.follow_asked.emit(view, frame, point))

    def _estimate(self, view: View) -> PoseSequence | None:
        """The estimate with left and right as they are shown."""
        data, document = self._state.trial, self._state.document
        corrections = data.corrections[view] if data is not None else None
        if document is None or corrections is None or corrections.estimate is None:
            return None
        return labelled_pose(corrections.estimate, view, None, mirrored=document.session.mirrored)

    def _put(self, view: View, frame: int, point: int, place: Xy) -> None:
        trial = self._state.trial_id
        self._edit(
            lambda document: by_hand.place(document, trial, view, frame, {point: place}),
            self.tr("Put the {point}").format(point=point_name(point)),
        )
        self.editors[view].choose(point)

    def _labelled(self, view: View) -> PoseSequence | None:
        """The keypoints as estimated or corrected, with left and right as they are shown."""
        data, document = self._state.trial, self._state.document
        pose = data.poses[view] if data is not None else None
        if data is None or document is None or pose is None:
            return None
        return labelled_pose(pose, view, data.corrections[view], mirrored=document.session.mirrored)

    def _exchange(self, view: View, start: int, stop: int, shown: PoseSequence | None) -> None:
        trial = self._state.trial_id
        self._edit(
            lambda document: by_hand.swap_sides(document, trial, view, start, stop, shown=shown),
            self.tr("Exchange left and right"),
        )


def point_name(point: int) -> str:
    """What people call a keypoint ("left knee")."""
    return translate_data(BODY_FEET_23.keypoints[point].replace("_", " "))
