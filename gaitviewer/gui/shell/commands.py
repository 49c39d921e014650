"""Every command of the window: a small function with its name, when it can be done, and whether it is on.

Keys, titles and groups are data (``resources/keys.toml``); a name that is in only one of the two is an error.
What a command needs of a session is imported in its function: all commands are there before a session is open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QSlider

from gaitviewer.gui.model.choices import keep_settings
from gaitviewer.gui.widgets import theme_choice

if TYPE_CHECKING:
    from gaitviewer.gui.shell.main_window import MainWindow as Window


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: as in the table of keys.   run: what it does.   icon: name of its icon, "" for none.
        when: whether it can be done now.   on: whether it is on (None: not a switch).
        repeats: whether a key held down repeats it.
        enters: whether what is typed in a field but not yet entered is taken over first.
        titles: of the steps that it goes through, the next first; the menu names that (None: it has none).
    """

    name: str
    run: Callable[[Window], object]
    icon: str
    when: Callable[[Window], bool]
    on: Callable[[Window], bool] | None
    repeats: bool
    enters: bool
    titles: Callable[[Window], Sequence[str]] | None = None


COMMANDS: dict[str, Command] = {}
_Function = TypeVar("_Function", bound=Callable[..., object])


def _always(window: Window) -> bool:
    return True


def command(
    name: str,
    /,
    icon: str = "",
    *,
    when: Callable[[Window], bool] = _always,
    on: Callable[..., bool] | None = None,
    repeats: bool = False,
    enters: bool = False,
    titles: Callable[[Window], Sequence[str]] | None = None,
    **values: object,
) -> Callable[[_Function], _Function]:
    """Make a function a command; ``values`` are its arguments after the window, and those of ``on``.

    Raises:
        ValueError: there is a command of this name.
    """

    def register(function: _Function) -> _Function:
        if name in COMMANDS:
            raise ValueError(f"two commands are called {name}")
        run, is_on = partial(function, **values), None if on is None else partial(on, **values)
        COMMANDS[name] = Command(name, run, icon, when, is_on, repeats, enters, titles)
        return function

    return register


# --- when -------------------------------------------------------------------------------------------------


def _reviewing(window: Window) -> bool:
    return window.reviewing


def _in_library(window: Window) -> bool:
    return not window.reviewing


def _with_video(window: Window) -> bool:
    return window.reviewing and bool(window.desk.player.views)


def _with_events(window: Window) -> bool:
    return _with_video(window) and window.state.motion is not None


def _two_views(window: Window) -> bool:
    return window.reviewing and len(window.desk.player.views) == 2


def _offset_set(window: Window) -> bool:
    """Whether a person set the offset of the views."""
    data = window.state.trial
    return _two_views(window) and data is not None and data.trial.sync is not None


def _two_trials(window: Window) -> bool:
    document = window.state.document
    return window.reviewing and document is not None and len(document.trials) > 1


def _selected(window: Window) -> bool:
    return window.reviewing and window.state.item is not None and window.state.side is not None


def _measured(window: Window) -> bool:
    return window.reviewing and window.state.measures is not None and not window.state.is_partial


def _model_graded(window: Window) -> bool:
    return window.reviewing and window.state.answers.get("evgs") is not None


def _unsaved(window: Window) -> bool:
    return window.reviewing and not window.state.is_saved


# --- playback ---------------------------------------------------------------------------------------------


@command("player.play", "play", when=_with_video, on=lambda w: w.desk.player.playing)
def play(window: Window) -> None:
    window.desk.player.toggle()


@command("player.step_back", "step_back", when=_with_video, repeats=True, frames=-1)
@command("player.step_forward", "step_forward", when=_with_video, repeats=True, frames=1)
def step(window: Window, frames: int) -> None:
    window.desk.player.step(frames)


@command("player.page_back", when=_with_video, repeats=True, pages=-1)
@command("player.page_forward", when=_with_video, repeats=True, pages=1)
def page(window: Window, pages: int) -> None:
    window.desk.player.page(pages)


@command("player.start", "to_start", when=_with_video)
def to_start(window: Window) -> None:
    window.desk.player.go_to(window.desk.player.start_s)


@command("player.end", "to_end", when=_with_video)
def to_end(window: Window) -> None:
    window.desk.player.go_to(window.desk.player.stop_s)


@command("player.rewind", when=_with_video, repeats=True, seconds=-0.5)
@command("player.skip", when=_with_video, repeats=True, seconds=0.5)
def skip(window: Window, seconds: float) -> None:
    window.desk.player.go_to(window.desk.player.time_s + seconds)


@command("player.faster", when=_with_video, steps=1)
@command("player.slower", when=_with_video, steps=-1)
def change_speed(window: Window, steps: int) -> None:
    window.desk.player.change_speed(steps)


@command("player.normal_speed", "speed", when=_with_video)
def normal_speed(window: Window) -> None:
    window.desk.player.set_speed(1.0)


@command("player.every_frame", "every_frame", when=_with_video, on=lambda w: w.desk.player.every_frame)
def every_frame(window: Window) -> None:
    window.desk.player.every_frame = not window.desk.player.every_frame


@command("player.loop", "loop", when=_with_video, on=lambda w: w.desk.player.loop is not None)
def loop(window: Window) -> None:
    player = window.desk.player
    stride = window.desk.stride_at(player.time_s)
    if player.loop is not None:
        player.set_loop(None)
    elif stride is None:
        player.set_loop(player.start_s, player.stop_s)
    else:
        player.set_loop(*player.clock.span(stride))


@command("player.loop_start", when=_with_video)
def loop_from_here(window: Window) -> None:
    player = window.desk.player
    stop_s = player.stop_s if player.loop is None else player.loop.stop_s
    if stop_s > player.time_s:
        player.set_loop(player.time_s, stop_s)


@command("player.loop_stop", when=_with_video)
def loop_up_to_here(window: Window) -> None:
    player = window.desk.player
    start_s = player.start_s if player.loop is None else player.loop.start_s
    if player.time_s > start_s:
        player.set_loop(start_s, player.time_s)


@command("player.cycle_back", when=_with_events, repeats=True, by=QSlider.SliderAction.SliderPageStepSub)
@command("player.cycle_on", when=_with_events, repeats=True, by=QSlider.SliderAction.SliderPageStepAdd)
def move_in_cycle(window: Window, by: QSlider.SliderAction) -> None:
    window.desk.transport.cycle.triggerAction(by)


# --- jumps ------------------------------------------------------------------------------------------------


@command("player.previous_event", "previous_event", when=_with_events, repeats=True, direction=-1)
@command("player.next_event", "next_event", when=_with_events, repeats=True, direction=1)
def jump_event(window: Window, direction: int) -> None:
    from gaitviewer.gui.model.strides import event_times

    player = window.desk.player
    player.jump(event_times(window.state.motion, player.clock), direction)


@command("player.previous_stride", when=_with_events, repeats=True, direction=-1)
@command("player.next_stride", when=_with_events, repeats=True, direction=1)
def jump_stride(window: Window, direction: int) -> None:
    from gaitviewer.gui.model.strides import stride_starts

    player = window.desk.player
    player.jump(stride_starts(window.state.motion, player.clock), direction)


@command("player.previous_key_image", when=_with_video, direction=-1)
@command("player.next_key_image", when=_with_video, direction=1)
def jump_key_image(window: Window, direction: int) -> None:
    from gaitviewer.gui.model.strides import key_image_times

    state, player = window.state, window.desk.player
    player.jump(key_image_times(state.document, state.trial_id, player.clock), direction)


@command("player.add_key_image", "key_image", when=_with_video)
def add_key_image(window: Window) -> None:
    window.desk.add_key_image()


# --- views ------------------------------------------------------------------------------------------------


@command("player.sync_point", "sync", when=_two_views)
def sync_point(window: Window) -> None:
    window.desk.set_sync_point()


@command("player.use_estimate", when=_offset_set)
def use_estimate(window: Window) -> None:
    window.desk.use_estimate()


@command("view.superpose", "view_one", when=_two_views)
def one_view(window: Window) -> None:
    window.desk.views.toggle_only()


@command("view.other", when=_two_views)
def other_view(window: Window) -> None:
    from gaitviewer.core.gait import View

    desk = window.desk
    other = View.CORONAL if desk.active_view is View.SAGITTAL else View.SAGITTAL
    desk.views.set_active_view(other)
    desk.views.canvases[other].setFocus()


@command("view.fit", "fit", when=_reviewing)
def fit(window: Window) -> None:
    for canvas in window.desk.views.canvases_there:
        canvas.fit()


@command("view.full_size", "full_size", when=_reviewing)
def full_size(window: Window) -> None:
    window.desk.canvas.full_size()


@command("view.zoom_in", "zoom_in", when=_reviewing, repeats=True, steps=1)
@command("view.zoom_out", "zoom_out", when=_reviewing, repeats=True, steps=-1)
def zoom(window: Window, steps: int) -> None:
    window.desk.canvas.zoom(steps)


def _is_shown(window: Window, overlay: str) -> bool:
    return overlay in window.desk.overlays


@command("overlay.skeleton", "skeleton", when=_reviewing, on=_is_shown, overlay="skeleton")
@command("overlay.angles", "angles", when=_reviewing, on=_is_shown, overlay="angles")
@command("overlay.trails", "trails", when=_reviewing, on=_is_shown, overlay="trails")
@command("overlay.posture", "posture", when=_reviewing, on=_is_shown, overlay="posture")
@command("overlay.events", "event", when=_reviewing, on=_is_shown, overlay="events")
@command("overlay.mask", "mask", when=_reviewing, on=_is_shown, overlay="mask")
@command("overlay.evidence", "evidence", when=_reviewing, on=_is_shown, overlay="evidence")
@command("overlay.saliency", "saliency", when=_reviewing, on=_is_shown, overlay="saliency")
@command("overlay.attention", "attention", when=_reviewing, on=_is_shown, overlay="attention")
@command("overlay.occlusion", "attention", when=_reviewing, on=_is_shown, overlay="occlusion")
@command("overlay.feature", "knowledge_map", when=_reviewing, on=_is_shown, overlay="feature")
@command("overlay.caption", "caption", when=_reviewing, on=_is_shown, overlay="caption")
def toggle_overlay(window: Window, overlay: str) -> None:
    window.desk.toggle_overlay(overlay)


@command("overlay.none", "eye_off", when=_reviewing, on=lambda w: w.desk.bare)
def bare_picture(window: Window) -> None:
    window.desk.toggle_bare()


# --- measuring by hand ------------------------------------------------------------------------------------


def _is_in_hand(window: Window, kind: str) -> bool:
    tool = window.desk.hand.tool
    return tool is not None and tool.value == kind


@command("tool.goniometer", "goniometer", when=_with_video, on=_is_in_hand, kind="goniometer")
@command("tool.vertical", "vertical", when=_with_video, on=_is_in_hand, kind="vertical")
@command("tool.distance", "distance", when=_with_video, on=_is_in_hand, kind="distance")
def take_tool(window: Window, kind: str) -> None:
    from gaitviewer.gui.model.manual_tools import ToolKind

    window.desk.hand.toggle(ToolKind(kind))


@command("tool.take_over", "pin", when=_selected)
def keep_measurement(window: Window) -> None:
    window.desk.hand.take_over()


@command("tool.clear", "clear_tools", when=_with_video)
def clear_measurements(window: Window) -> None:
    window.desk.hand.clear()


@command("tool.none", when=_reviewing)
def put_tool_away(window: Window) -> None:
    window.desk.hand.put_away()


# --- grading ----------------------------------------------------------------------------------------------


@command("grade.0", when=_selected, score=0)
@command("grade.1", when=_selected, score=1)
@command("grade.2", when=_selected, score=2)
@command("grade.not_assessable", when=_selected, score=None)
def grade(window: Window, score: int | None) -> None:
    window.desk.evgs.grade(score)


@command("grade.by_hand", when=_selected)
def grade_by_hand(window: Window) -> None:
    window.desk.evgs.detail.by_hand.take()


@command("grade.remove", when=_selected)
def remove_grade(window: Window) -> None:
    window.desk.evgs.remove_grade()


@command("grade.next", "down", when=_reviewing, limbs=1)
@command("grade.previous", "up", when=_reviewing, limbs=-1)
def next_limb(window: Window, limbs: int) -> None:
    window.desk.evgs.next_limb(limbs)


@command("grade.other_side", when=_selected)
def other_side(window: Window) -> None:
    window.desk.evgs.other_side()


@command("grade.next_apart", when=_model_graded, step=1)
@command("grade.previous_apart", when=_model_graded, step=-1)
def next_apart(window: Window, step: int) -> None:
    if not window.desk.evgs.next_apart(step):
        words = QCoreApplication.translate("Commands", "The model disagrees with no score that may be seen.")
        window.statusBar().showMessage(words, 4000)


def _undone(window: Window) -> Sequence[str]:
    return window.state.history.undo_titles if window.reviewing else ()


def _redone(window: Window) -> Sequence[str]:
    return window.state.history.redo_titles if window.reviewing else ()


@command("edit.undo", "undo", when=lambda w: bool(_undone(w)), titles=_undone)
def undo(window: Window) -> None:
    window.state.undo()


@command("edit.redo", "redo", when=lambda w: bool(_redone(w)), titles=_redone)
def redo(window: Window) -> None:
    window.state.redo()


# --- sessions ---------------------------------------------------------------------------------------------


@command("session.next", "next", enters=True, sessions=1)
@command("session.previous", "previous", enters=True, sessions=-1)
def open_neighbour(window: Window, sessions: int) -> None:
    document, page = window.state.document, window.library_page
    name = page.current_id() if document is None else page.neighbour(document.session.id, sessions)
    if name:
        window.services.sessions.open(name)
    elif document is not None:
        words = QCoreApplication.translate("Commands", "There is no further session in the list.")
        window.statusBar().showMessage(words, 4000)


@command("session.next_trial", "video", when=_two_trials, trials=1)
@command("session.previous_trial", when=_two_trials, trials=-1)
def next_trial(window: Window, trials: int) -> None:
    window.state.next_trial(trials)


@command("session.library", "library", when=_reviewing, enters=True)
@command("window.close", "close", when=_reviewing, enters=True)
def show_library(window: Window) -> None:
    window.show_library()


@command("session.new", "new_session", enters=True)
def new_session(window: Window) -> None:
    window.dialogs.new_session()


@command("session.demo", "video", enters=True)
def demo(window: Window) -> None:
    window.services.sessions.make_demo()


@command("session.analyse", "analyse", when=_reviewing, enters=True)
def analyse(window: Window) -> None:
    window.services.analysis.analyse()


# --- models -----------------------------------------------------------------------------------------------


def _can_ask(window: Window) -> bool:
    return _measured(window) or _in_library(window)


@command("models.ask", "models", when=_can_ask, enters=True)
def ask_models(window: Window) -> None:
    if window.reviewing:
        window.services.inference.ask_open()
    else:
        window.ask_about((window.library_page.current_id(),))


@command("models.ask_severity", when=_measured, enters=True, task="severity")
@command("models.ask_evgs", when=_measured, enters=True, task="evgs")
@command("models.ask_scoliosis", when=_measured, enters=True, task="scoliosis")
def ask_model(window: Window, task: str) -> None:
    window.services.inference.ask_open((task,))


@command(
    "models.ask_again", when=lambda w: _measured(w) and bool(w.services.inference.out_of_date), enters=True
)
def ask_again(window: Window) -> None:
    window.services.inference.ask_again()


@command("models.ask_listed", when=_in_library, enters=True)
def ask_listed(window: Window) -> None:
    window.ask_about(window.library_page.ids())


@command("models.after_analysis", on=lambda w: w.state.settings.ask_after_analysis)
def ask_after_analysis(window: Window) -> None:
    keep_settings(window.state, ask_after_analysis=not window.state.settings.ask_after_analysis)


@command("models.manage")
def manage_models(window: Window) -> None:
    window.dialogs.show_models()


@command(
    "session.find_video",
    when=lambda w: w.reviewing and bool(w.desk.views.gone_views),
    enters=True,
)
def find_video(window: Window) -> None:
    window.missing.ask_first()


@command("session.delete", when=_in_library, enters=True)
def delete(window: Window) -> None:
    chosen = window.library_page.current_id()
    window.dialogs.ask_delete(next((card for card in window.cards if card.id == chosen), None))


@command("session.deleted", when=_in_library, enters=True)
def deleted(window: Window) -> None:
    window.services.listing.list_deleted(window.dialogs.show_deleted)


@command("session.save", "save", when=_unsaved, enters=True)
def save(window: Window) -> None:
    window.services.saving.when_saved(lambda: None)


@command("session.report", "report", when=_measured, enters=True)
def report(window: Window) -> None:
    window.dialogs.show_report()


@command("session.sign", "sign", when=_measured, enters=True)
def sign(window: Window) -> None:
    window.dialogs.ask_signature()


@command("session.find", "search", enters=True)
def find(window: Window) -> None:
    if window.reviewing:
        window.show_library()
    window.library_page.search.setFocus()
    window.library_page.search.selectAll()


# --- the window -------------------------------------------------------------------------------------------


@command("view.full_screen", "full_screen", enters=True)
def full_screen(window: Window) -> None:
    window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)


@command("window.review", "arrange_review", when=_reviewing, arrangement="review")
@command("window.grade", "arrange_grade", when=_reviewing, arrangement="grade")
@command("window.models", "arrange_models", when=_reviewing, arrangement="models")
def arrange(window: Window, arrangement: str) -> None:
    window.desk.arrange(arrangement)


@command("window.settings", "settings", enters=True)
def settings(window: Window) -> None:
    window.dialogs.show_settings()


@command("window.theme", "theme", enters=True)
def next_theme(window: Window) -> None:
    keep_settings(window.state, theme=theme_choice.next_theme(window.state.settings))


@command("window.help", "help", enters=True)
def all_keys(window: Window) -> None:
    window.dialogs.show_help()


@command("window.about", "info", enters=True)
def about(window: Window) -> None:
    window.dialogs.show_about()


@command("window.quit", enters=True)
def quit_program(window: Window) -> None:
    window.close()
