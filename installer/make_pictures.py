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
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from gaitviewer.gui.shell.main_window import MainWindow

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
    """Library, review arrangement in light and dark up to 4K, an evidence jump, the preview of the report."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from gaitviewer.core.gait import Side, View
    from gaitviewer.gui.dialogs.report import PageView, ReportDialog
    from gaitviewer.gui.widgets import theme

    app, window = demo_window()
    desk, state = window.desk, window.state

    def settled() -> bool:
        canvases = desk.views.canvases_there
        return all(canvas.painted_frame == canvas.frame for canvas in canvases)

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


def scaled_picture(folder: Path) -> None:
    """The review arrangement on a screen at 200 %; the demo session is there already."""
    _, window = demo_window()
    window.desk.arrange("review")
    window.desk.player.go_to(1.4)
    canvases = window.desk.views.canvases_there
    wait(lambda: all(canvas.painted_frame == canvas.frame for canvas in canvases), "the pictures")
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
        # The scaling of a screen is read once, when the application begins: another process.
        scaled = {**os.environ, "QT_SCALE_FACTOR": "2"}
        subprocess.run([sys.executable, __file__, str(folder), SCALED], env=scaled, check=True)


if __name__ == "__main__":
    main()
