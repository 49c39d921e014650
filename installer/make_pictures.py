"""Make the README's pictures from the program itself: the window and the report on the demo session.

    QT_QPA_PLATFORM=offscreen .venv/bin/python installer/make_pictures.py [FOLDER]

Everything happens in a home of its own; the pictures go to ``resources/pictures``, or to FOLDER.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from gaitviewer.gui.shell.main_window import MainWindow
    from gaitviewer.synthesis.gait.model import WalkerGait

SCALED = "--at-200-percent"
COLOURS = 256  # enough for a screenshot, and a third of the size


def rest(milliseconds: int) -> None:
    """Let the window work for a while (QTest's own waiting would keep other threads from working)."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait(ready: Callable[[], bool], what: str, seconds: float = 300.0) -> None:
    """Let the window work until something is so."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        rest(50)


def is_analysed(window: MainWindow) -> bool:
    """Whether the session was measured and nothing is still at work on it (views come one by one)."""
    return window.state.measures is not None and not window.services.jobs.active


def is_open(window: MainWindow, session_id: str) -> bool:
    """Whether this session is open."""
    document = window.state.document
    return document is not None and document.session.id == session_id


def is_painted(window: MainWindow) -> bool:
    """Whether the frames that are wanted are on the screen."""
    return all(canvas.painted_frame == canvas.frame for canvas in window.desk.views.canvases_there)


def shoot(widget: object, path: Path) -> None:
    """A picture of a widget as it stands."""
    from PIL import Image
    from PySide6.QtWidgets import QWidget

    assert isinstance(widget, QWidget)
    rest(600)
    widget.grab().save(str(path))
    picture = Image.open(path).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path)


def demo_window() -> tuple[QApplication, MainWindow]:
    """The light window on the analysed demo session."""
    from gaitviewer.gui.shell.app import make_application
    from gaitviewer.gui.shell.main_window import MainWindow
    from gaitviewer.gui.widgets import theme

    app = make_application()
    window = MainWindow()
    theme.apply(app, theme.Choice.LIGHT)
    window.resize(1366, 768)
    window.show()
    window.services.sessions.make_demo()
    wait(lambda: is_analysed(window), "the demo session")
    return app, window


def window_pictures(folder: Path) -> None:
    """Library, arrangements in light and dark up to 4K, an evidence jump, the preview of the report."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from gaitviewer.core.gait import Side, View
    from gaitviewer.gui.dialogs.report import PageView, ReportDialog
    from gaitviewer.gui.widgets import theme

    app, window = demo_window()
    desk, state = window.desk, window.state

    settled = partial(is_painted, window)

    def show(time_s: float) -> None:
        desk.player.go_to(time_s)
        wait(settled, "the pictures")

    window.resize(3840, 2160)
    desk.arrange("review")
    show(1.4)
    shoot(window, folder / "review_light_3840.png")
    window.resize(1366, 768)
    desk.arrange("review")
    for scheme in (theme.Choice.DARK, theme.Choice.LIGHT):
        theme.apply(app, scheme)
        for size in ((1920, 1080), (1366, 768)):
            window.resize(*size)
            show(1.4)
            shoot(window, folder / f"review_{scheme.value}_{size[0]}.png")
    state.select(11, Side.LEFT)
    wait(settled, "the evidence")
    shoot(window, folder / "evidence.png")
    assert desk.player.shown(View.SAGITTAL) == state.evidence.frame

    def shoot_preview() -> None:
        dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, ReportDialog))
        pages = dialog.findChild(PageView)
        assert pages is not None
        wait(lambda: bool(pages.pages), "the preview", 120)
        dialog.folder.setText("Documents")  # not the folder of whoever makes the pictures
        shoot(dialog, folder / "report_preview.png")
        dialog.reject()

    QTimer.singleShot(500, shoot_preview)
    window.actions_by_name["session.report"].trigger()
    window.actions_by_name["session.library"].trigger()
    wait(lambda: len(window.cards) == 1, "the list")
    shoot(window, folder / "library.png")
    window.close()


def patients() -> dict[str, WalkerGait]:
    """Walkers of whom models have something to say: a jump gait with a stiff knee, and a bent trunk."""
    import numpy as np

    from gaitviewer.core.gait import Side
    from gaitviewer.synthesis.gait.asymmetry import bend, draw_curvature
    from gaitviewer.synthesis.gait.model import normal_gait
    from gaitviewer.synthesis.gait.patterns import add_pattern

    jump = add_pattern(normal_gait(), Side.RIGHT, "jump", 1.0)
    return {
        "severity": add_pattern(jump, Side.RIGHT, "stiff_knee", 1.2),
        "asymmetry": bend(normal_gait(), draw_curvature(np.random.default_rng(3), positive=True)),
    }


def analyse_patient(name: str, gait: WalkerGait, folder: Path) -> None:
    """Film somebody in both views and put the analysed session into the library."""
    import numpy as np

    from gaitviewer.core.gait import View
    from gaitviewer.synthesis.filming.film import film_trial
    from gaitviewer.video import write_video

    scene = film_trial(gait, np.random.default_rng(3), rate_hz=30.0)
    command = [sys.executable, "-m", "gaitviewer", "analyze", "--subject", name, "--out", str(folder / "out")]
    for view in View:
        filmed, path = scene.views[view], folder / f"{view.value}.mp4"
        write_video(path, (frame.rgb for frame in filmed.frames()), times=filmed.times, gop=30)
        command += [f"--{view.value}", str(path)]
    subprocess.run(command, check=True)


def model_pictures(folder: Path) -> None:
    """What models say of walkers with planted faults, in light and dark; the dialog of the models."""
    from gaitviewer.gui.shell.app import make_application
    from gaitviewer.gui.shell.main_window import MainWindow
    from gaitviewer.gui.widgets import theme

    with tempfile.TemporaryDirectory() as name:
        videos = Path(name)
        for subject, gait in patients().items():
            (videos / subject).mkdir()
            analyse_patient(subject, gait, videos / subject)
        app = make_application()
        window = MainWindow()
        window.resize(1366, 768)
        window.show()
        wait(lambda: len(window.cards) >= len(patients()), "the list")
        state, desk = window.state, window.desk

        def answered() -> bool:
            return len(state.answers.all) == 3 and not window.services.inference.asking

        for session in [card for card in window.cards if card.subject in patients()]:
            window.services.sessions.open(session.id)
            wait(partial(is_open, window, session.id), "the session")
            wait(lambda: is_analysed(window), "its measures")
            window.actions_by_name["models.ask"].trigger()
            wait(answered, "the models")
            desk.arrange("models")
            for scheme in (theme.Choice.DARK, theme.Choice.LIGHT):
                theme.apply(app, scheme)
                desk.player.go_to(2.0)
                wait(partial(is_painted, window), "the pictures")
                shoot(window, folder / f"{session.subject}_{scheme.value}_1366.png")
        window.dialogs.show_models()
        wait(lambda: window.dialogs.current is not None, "the dialog of the models")
        assert window.dialogs.current is not None
        shoot(window.dialogs.current, folder / "models_dialog.png")
        window.dialogs.current.reject()
        window.close()


def scaled_picture(folder: Path) -> None:
    """The review arrangement on a screen at 200 %; the demo session is there already."""
    _, window = demo_window()
    window.desk.arrange("review")
    window.desk.player.go_to(1.4)
    wait(partial(is_painted, window), "the pictures")
    shoot(window, folder / "review_light_1366_200.png")
    window.close()


def main() -> None:
    """Make them all."""
    if SCALED in sys.argv:
        scaled_picture(Path(sys.argv[1]))
        return
    root = Path(__file__).resolve().parents[1]
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "resources" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["GAITVIEWER_HOME"] = home
        window_pictures(folder)
        model_pictures(folder)
        # The scaling of a screen is read once, when the application begins: another process.
        scaled = {**os.environ, "QT_SCALE_FACTOR": "2"}
        subprocess.run([sys.executable, __file__, str(folder), SCALED], env=scaled, check=True)


if __name__ == "__main__":
    main()
