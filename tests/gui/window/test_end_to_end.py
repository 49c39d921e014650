"""From the library to the PDF in a real window on a display of its own, by mouse and keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from gaitviewer.core.gait import Side
from gaitviewer.store import open_library
from tests.support import pdf

WALK = """
    import sys, time
    from pathlib import Path

    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from gaitviewer.core.gait import Side, View
    from gaitviewer.gui.shell.app import make_application
    from gaitviewer.gui.shell.main_window import MainWindow
    from gaitviewer.gui.panels.score.table import SIDES

    out = Path(sys.argv[1])
    app = make_application()
    assert app.platformName() == "xcb", app.platformName()
    faults = []

    def note(*caught):
        faults.append(caught)
        sys.__excepthook__(*caught)

    sys.excepthook = note
    window = MainWindow()
    window.resize(1366, 768)
    window.show()
    assert QTest.qWaitForWindowExposed(window, 10_000)
    window.activateWindow()  # there is no window manager to do it
    assert QTest.qWaitForWindowActive(window, 10_000)

    def wait(ready, what, seconds=90):
        end = time.monotonic() + seconds
        while not ready():
            app.processEvents()
            time.sleep(0.01)  # lets the jobs run; QTest.qWait would not
            assert time.monotonic() < end, what
        assert not faults, faults

    def focused_key(key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(QApplication.focusWidget() or window, key, modifier)

    # The library: search, Enter.
    wait(lambda: len(window.cards) == 2, "list")
    page = window.library_page
    QTest.mouseClick(page.search, Qt.MouseButton.LeftButton)
    QTest.keyClicks(page.search, "P001")
    assert page.ids() == ("walk1",)
    QTest.keyClick(page.search, Qt.Key.Key_Return)
    wait(lambda: window.reviewing, "desk")
    wait(lambda: window.state.measures is not None, "measures")
    desk, player = window.desk, window.desk.player

    # Play, pause, step.
    first = player.shown(View.SAGITTAL)
    focused_key(Qt.Key.Key_Space)
    wait(lambda: player.shown(View.SAGITTAL) > first + 5, "playing")
    focused_key(Qt.Key.Key_Space)
    assert not player.playing
    here = player.shown(View.SAGITTAL)
    focused_key(Qt.Key.Key_Right)
    assert player.shown(View.SAGITTAL) == here + 1

    def number_on_screen(view):
        shot = desk.views.frames.views[view].shot(player.shown(view))
        if shot is None:
            return -1
        image, scale = shot.image, shot.image.height() / 480
        places = [(int((80 * bit + 40) * scale), int(80 * scale)) for bit in range(10)]
        return sum(1 << bit for bit, at in enumerate(places) if image.pixelColor(*at).lightness() > 128)

    # Click an item with the mouse: both views show the right frames.
    table = desk.evgs.table
    chosen = [
        (row, side, measure)
        for side in (Side.RIGHT, Side.LEFT)
        for row, measure in enumerate(window.state.measures.evgs.measures[side])
        if measure.evidence and measure.item.view is View.SAGITTAL
    ][0]
    row, side, measure = chosen
    column = next(number for number, own in SIDES.items() if own is side)
    where = table.visualRect(table.model().index(row, column)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert (window.state.item, window.state.side) == (measure.item.number, side)
    evidence = window.state.evidence
    assert player.shown(evidence.view) == evidence.frame
    for view in View:
        wait(lambda: desk.views.canvases[view].painted_frame == player.shown(view), f"picture of {view}")
        assert number_on_screen(view) == player.shown(view)
    times = [player.track(view).own_time(player.shown(view)) for view in View]
    assert abs(times[1] - times[0] - player.offset_s) <= 0.021
    assert not desk.views.canvases[evidence.view].placement.fitted
    window.grab().save(str(out / "evidence.png"))

    # Grade it and the next one by keyboard; the first grade asks for a name.
    focused_key(Qt.Key.Key_2)
    QTest.keyClicks(QApplication.focusWidget(), "AB")
    focused_key(Qt.Key.Key_Return)
    focused_key(Qt.Key.Key_Return)
    focused_key(Qt.Key.Key_N)
    assert [grade.score for grade in window.state.document.grades] == [2, None]
    wait(lambda: window.state.is_saved, "saved")

    # Report: preview and PDF.
    focused_key(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: window.dialog is not None, "dialog")
    dialog = window.dialog
    wait(lambda: dialog.pages.pages, "pages")
    dialog.folder.selectAll()
    QTest.keyClicks(dialog.folder, str(out))
    QTest.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    wait(lambda: dialog.path is not None, "PDF")
    window.dialog.grab().save(str(out / "report.png"))
    focused_key(Qt.Key.Key_Escape)
    window.close()
    assert not faults, faults
    print("done", measure.item.number, side.value)
"""


@pytest.fixture
def display() -> Iterator[str]:
    """A virtual screen of its own."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("Xvfb is not installed")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", "1366x768x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            number = numbers.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


@pytest.mark.slow
def test_from_the_library_to_the_pdf(filled: Path, own_home: Path, tmp_path: Path, display: str) -> None:
    surroundings = {name: text for name, text in os.environ.items() if name not in ("WAYLAND_DISPLAY",)}
    surroundings |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "GAITVIEWER_HOME": str(own_home)}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(WALK), str(tmp_path)],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    item, side = done.stdout.split()[1:]
    assert len(pdf.page_texts(tmp_path / "P001-gait.pdf")) >= 5
    with open_library() as library:
        first = library.load_session("walk1").grades[0]
        assert (first.item, first.side, first.score) == (int(item), Side(side), 2)
        assert [row.path.name for row in library.outputs("walk1")] == ["P001-gait.pdf"]
