"""The PDF file: pages, words, fonts, links, and what happens when it cannot be written."""

from __future__ import annotations

import ctypes
import io
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gaitviewer.core.evgs import EvgsSheet
from gaitviewer.core.gait import BySide, Side, View
from gaitviewer.core.measures import FindingSeverity, Measures, QualityFinding
from gaitviewer.core.output import Signature, SignatureState
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.core.wording import total_words
from gaitviewer.errors import Cancelled, OutputError, SettingsError
from gaitviewer.messages import Message, as_written
from gaitviewer.report import frames_needed
from gaitviewer.report.content import sections
from gaitviewer.report.content.method import FOOTER
from gaitviewer.report.figures.style import register_fonts
from gaitviewer.report.preview import open_pdf
from tests.support import pdf

Build = Callable[..., Measures]


def page_texts(path: Path) -> list[str]:
    return [pdf.in_one_line(text) for text in pdf.page_texts(path)]


def flat(path: Path) -> str:
    return " ".join(page_texts(path))


@pytest.fixture(scope="module")
def full(build_measures: Build, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.pdf"
    pdf.write_report(path, build_measures(), **settings)
    return path


@pytest.mark.parametrize(("paper", "size"), [("A4", (595.28, 841.89)), ("Letter", (612.0, 792.0))])
def test_paper_size(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path, paper: str, size: tuple[float, float]
) -> None:
    path = tmp_path / "report.pdf"
    pdf.write_report(path, build_measures(), options=ReportOptions(paper), **settings)
    with pdf.opened(path) as document:
        assert 8 <= len(document) <= 14
        for page in document:
            assert page.get_size() == pytest.approx(size, abs=0.02)


def test_unknown_paper_is_refused(build_measures: Build, settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="A4 or Letter"):
        pdf.write_report(tmp_path / "report.pdf", build_measures(), options=ReportOptions("B5"), **settings)
    assert not list(tmp_path.iterdir())


def test_every_page_has_its_footer(full: Path) -> None:
    texts = page_texts(full)
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {len(texts)}" in text
        assert text.count(FOOTER) == 1
        assert "P001 · 2026-11-20 · gaitviewer" in text


def test_all_sections_are_there(full: Path) -> None:
    text = flat(full)
    for heading in (
        "Gait assessment from video", "Summary", "Quality of the recording", "Time and distance",
        "Movement analysis", "Sagittal pattern", "Joint angles over the gait cycle", "Every stride",
        "Edinburgh Visual Gait Score", "The frames behind the scores", "Key frames over the gait cycle",
        "Method", "Limits", "References", "Provenance",
    ):  # fmt: skip
        assert heading in text, heading


def test_outline_names_the_sections(full: Path) -> None:
    with pdf.opened(full) as document:
        titles = [item.get_title() for item in document.get_toc()]
        pages = [item.get_dest().get_index() for item in document.get_toc()]
    assert "Edinburgh Visual Gait Score" in titles
    assert pages == sorted(pages)
    assert len(set(pages)) > 4


def test_scores_values_and_totals(full: Path, build_measures: Build) -> None:
    text = flat(full)
    assert str(total_words(build_measures().evgs.total(Side.RIGHT))) in text
    assert "45° ± 2" in text
    assert "−7° ± 2" in text
    assert "KFX right: 45° at" in text
    assert "frame 42; score 1; side view" in text
    assert "far limb" in text
    assert "it is not a Gait Profile Score" in text


@pytest.mark.parametrize("above", range(0, 720, 24))
def test_the_line_to_sign_on_is_never_alone(
    build_measures: Build, settings: dict[str, Any], above: int
) -> None:
    from reportlab.platypus import SimpleDocTemplate, Spacer

    register_fonts()
    frame = sections.PageFrame(500.0, 740.0)
    last = sections.provenance(settings["provenance"], build_measures(), frame, "2026-01-01")
    out = io.BytesIO()
    page = SimpleDocTemplate(out, pagesize=(520, 752), leftMargin=4, rightMargin=4, topMargin=0, bottomMargin=0)
    page.build([Spacer(0, above), *last])
    with open_pdf(out.getvalue()) as document:
        texts = pdf.texts_of(document)
    assert "Signature" in texts[-1]
    assert "SHA-256" in texts[-1]


def test_each_reason_for_not_assessable_is_printed(full: Path, build_measures: Build) -> None:
    text = flat(full).lower()
    sheet = build_measures().evgs
    reasons = {str(m.reason).lower() for side in Side for m in sheet.measures[side] if m.reason}
    assert len(reasons) == 4
    for reason in reasons:
        assert text.count(reason) >= 2, reason  # on the quality page and below the sheet


def test_no_diagnosis_wording(full: Path) -> None:
    text = flat(full).replace(FOOTER, "").lower()
    allowed = text.replace("diagnosis, as given", "").replace("it is not a diagnosis", "")
    assert "diagnos" not in allowed
    assert "screening" not in allowed


def test_only_embedded_dejavu_fonts(full: Path) -> None:
    names: dict[str, bool] = {}
    with pdf.opened(full) as document:
        for page in document:
            for item in page.get_objects(filter=[pdf.raw().FPDF_PAGEOBJ_TEXT], max_depth=4):
                font = pdf.raw().FPDFTextObj_GetFont(item.raw)
                buffer = ctypes.create_string_buffer(128)
                pdf.raw().FPDFFont_GetBaseFontName(font, buffer, 128)
                names[buffer.value.decode()] = bool(pdf.raw().FPDFFont_GetIsEmbedded(font))
    assert names
    assert all(names.values()), names
    assert all("DejaVuSans" in name for name in names)
    assert b"/BaseFont /Helvetica" not in full.read_bytes()


def test_pictures_are_jpeg_and_plots_are_vectors(full: Path) -> None:
    kinds = []
    with pdf.opened(full) as document:
        for page in document:
            for item in page.get_objects(filter=[pdf.raw().FPDF_PAGEOBJ_IMAGE], max_depth=4):
                kinds.append(item.get_filters())
    assert len(kinds) == 26 + 16  # the assessed items of both limbs, eight phases of two strides
    assert all("DCTDecode" in kind for kind in kinds)
    number = next(n for n, text in enumerate(page_texts(full)) if "Joint angles" in text)
    with pdf.opened(full) as document:
        assert not list(document[number].get_objects(filter=[pdf.raw().FPDF_PAGEOBJ_IMAGE], max_depth=4))


def test_scores_link_to_their_pictures(full: Path) -> None:
    pages = page_texts(full)
    sheet = next(i for i, text in enumerate(pages) if "Item and normal band" in text)
    targets = []
    with pdf.opened(full) as document:
        page, link, position = document[sheet], pdf.raw().FPDF_LINK(), ctypes.c_int(0)
        while pdf.raw().FPDFLink_Enumerate(page.raw, position, link):
            where = pdf.raw().FPDFLink_GetDest(document.raw, link)
            targets.append(pdf.raw().FPDFDest_GetDestPageIndex(document.raw, where))
    assert len(targets) >= 26
    for target in targets:
        assert " at " in pages[target]
        assert "score" in pages[target]


def test_frames_are_asked_for_once_and_in_order(
    build_measures: Build, settings: dict[str, Any], room: Any, tmp_path: Path
) -> None:
    asked: list[tuple[str, View, int]] = []

    def listening(trial: str, view: View, frame: int) -> Any:
        asked.append((trial, view, frame))
        return room(trial, view, frame)

    measures = build_measures()
    pdf.write_report(tmp_path / "report.pdf", measures, **{**settings, "pictures": listening})
    assert tuple(asked) == frames_needed(measures)
    assert [a for a in asked if a[1] is View.CORONAL]


def test_without_pictures_skeletons_remain(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "report.pdf"
    pdf.write_report(path, build_measures(), **{**settings, "pictures": lambda trial, view, frame: None})
    assert b"DCTDecode" not in path.read_bytes()
    assert "KFX right: 45° at" in flat(path)


def test_anonymous_says_nothing_personal(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path
) -> None:
    def forbidden(*_args: Any) -> Any:
        raise AssertionError("an anonymous report asks for no picture")

    measures = build_measures()
    measures = replace(measures, session=replace(measures.session, note="lives near the harbour"))
    path = tmp_path / "report.pdf"
    pdf.write_report(
        path, measures, options=ReportOptions(anonymous=True), **{**settings, "pictures": forbidden}
    )
    text = flat(path)
    for secret in ("spastic", "harbour", "2026-", "2025-03-02", "sagittal.mp4"):
        assert secret not in text
    assert b"DCTDecode" not in path.read_bytes()


@pytest.mark.parametrize(
    "parts",
    [
        {"views": (View.SAGITTAL,)},
        {"views": (View.CORONAL,)},
        {"sides": (Side.LEFT,)},
        {"sides": (Side.RIGHT,), "views": (View.SAGITTAL,)},
        {"sides": ()},
    ],
    ids=["no coronal", "no sagittal", "left only", "right only, side view", "no strides"],
)
def test_missing_parts(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path, parts: dict[str, Any]
) -> None:
    path = tmp_path / "report.pdf"
    pdf.write_report(path, build_measures(**parts), **settings)
    text = flat(path)
    assert "not assessable" in text
    if "views" in parts and View.CORONAL not in parts["views"]:
        assert "there is no coronal view" in text.lower()
    if parts.get("sides") == (Side.LEFT,):
        assert "No right stride counts" in text
    if parts.get("sides") == ():
        assert "no item could be assessed" in text
        assert "No angle could be measured" in text


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_long_texts_do_not_overflow(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path, paper: str
) -> None:
    measures = build_measures()
    words = "a very long explanation <b>with & markup</b> that goes on, " * 25
    sheet = EvgsSheet(
        BySide(
            *(
                tuple(
                    replace(m, reason=as_written(f"{m.item.code}: {words}"))
                    if m.reason
                    else replace(m, remarks=(as_written(words), as_written(m.item.code)))
                    for m in measures.evgs.measures[side]
                )
                for side in Side
            )
        )
    )
    session = replace(
        measures.session,
        subject=replace(measures.session.subject, pseudonym="P" * 90, diagnosis="x" * 9000),
        note=words * 3,
    )
    found = tuple(
        QualityFinding(
            FindingSeverity.WARNING, as_written(f"topic {i}"), *(as_written(words),) * 2, ("IC",) * 17
        )
        for i in range(12)
    )
    path = tmp_path / "report.pdf"
    measures = replace(measures, session=session, evgs=sheet, quality=found)
    pdf.write_report(path, measures, options=ReportOptions(paper), **settings)
    assert "<b>with & markup</b>" in flat(path)
    with pdf.opened(path) as document:
        for page in document:
            width, height = page.get_size()
            for item in page.get_objects(filter=[pdf.raw().FPDF_PAGEOBJ_TEXT], max_depth=1):
                left, low, right, top = item.get_bounds()
                assert left >= 30
                assert right <= width - 30
                assert low >= 10
                assert top <= height - 25


def test_other_alphabets_are_printed(build_measures: Build, settings: dict[str, Any], tmp_path: Path) -> None:
    measures = build_measures()
    session = replace(measures.session, note="Ελένη · Анна · Łódź · 10 ± 2° → 5 ≥ 3")
    path = tmp_path / "report.pdf"
    pdf.write_report(path, replace(measures, session=session), **settings)
    assert "Ελένη · Анна · Łódź · 10 ± 2° → 5 ≥ 3" in flat(path)


def test_unwritable_place(build_measures: Build, settings: dict[str, Any], tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        pdf.write_report(blocker / "report.pdf", build_measures(), **settings)
    assert str(caught.value).count(".") <= str(blocker).count(".") + 2  # one sentence
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev/full")
def test_a_device_is_never_replaced(build_measures: Build, settings: dict[str, Any]) -> None:
    with pytest.raises(OutputError, match="not a file"):
        pdf.write_report(Path("/dev/full"), build_measures(), **settings)
    assert Path("/dev/full").is_char_device()


FULL_DISK = """
import resource, sys
from pathlib import Path
from gaitviewer.errors import OutputError
from gaitviewer.report.pdf import put_in_place
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    put_in_place(Path(sys.argv[1]), b"x" * 100_000)
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file size are a POSIX thing")
def test_full_disk_leaves_the_old_report(tmp_path: Path) -> None:
    old = tmp_path / "report.pdf"
    old.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(old)], capture_output=True, text=True, check=True
    )
    assert "disk is full" in done.stdout
    assert old.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.pdf"]


def test_a_locked_report_keeps_the_new_one_beside_it(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.pdf"
    target.write_bytes(b"open in a viewer")
    put = Path.replace

    def locked(self: Path, other: Path) -> Path:
        if Path(other) == target:
            raise PermissionError(13, "in use")
        return put(self, other)

    monkeypatch.setattr(Path, "replace", locked)
    with pytest.raises(OutputError, match=r"report-new\.pdf"):
        pdf.write_report(target, build_measures(), **settings)
    assert target.read_bytes() == b"open in a viewer"
    assert (tmp_path / "report-new.pdf").read_bytes().startswith(b"%PDF")
    assert len(list(tmp_path.iterdir())) == 2


def test_cancelled_leaves_nothing(build_measures: Build, settings: dict[str, Any], tmp_path: Path) -> None:
    def stop(fraction: float, _note: Message) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        pdf.write_report(tmp_path / "report.pdf", build_measures(), tick=stop, **settings)
    assert not list(tmp_path.iterdir())


def test_progress_never_goes_back(build_measures: Build, settings: dict[str, Any], tmp_path: Path) -> None:
    seen: list[float] = []
    pdf.write_report(tmp_path / "r.pdf", build_measures(), tick=lambda f, _n: seen.append(f), **settings)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_fast_enough(build_measures: Build, settings: dict[str, Any], tmp_path: Path) -> None:
    measures = build_measures()
    started = time.process_time()
    pdf.write_report(tmp_path / "report.pdf", measures, **settings)
    assert time.process_time() - started < 6.0


def test_the_facade_does_not_load_reportlab() -> None:
    code = "import gaitviewer.report, sys; print('reportlab' in sys.modules, 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_rendered_pages_are_not_empty(full: Path) -> None:
    with pdf.opened(full) as document:
        for page in document:
            grey = np.asarray(page.render(scale=0.5).to_pil().convert("L"), float)
            assert (grey < 200).mean() > 0.005


def test_recordings_and_views_are_called_as_in_the_window(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "report.pdf"
    pdf.write_report(path, build_measures(), **settings)
    text = flat(path)
    assert not re.findall(r"\bt1\b|\b[Tt]rial\b|sagittal view|coronal view", text)
    assert "Frame rate (recording 1, side view): 30 fps" in text
    assert "video of recording 1, side view" in text


def test_the_signature_stands_above_the_line_to_sign_on(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "report.pdf"
    signed = Signature("Dr. Adler", "2026-11-21T08:30:00+00:00")
    pdf.write_report(path, build_measures(), signed=signed, **settings)
    text = flat(path)
    words = "Signed in the program by Dr. Adler on 2026-11-21 08:30 UTC."
    assert text.index(words) < text.index("Reviewed by")
    pdf.write_report(path, build_measures(), signed=signed, options=ReportOptions(anonymous=True), **settings)
    assert "Adler" not in flat(path)


@pytest.mark.parametrize("state", [SignatureState.CHANGED, SignatureState.UNKNOWN, SignatureState.ALTERED])
def test_a_signature_that_does_not_stand_is_told_as_such(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path, state: SignatureState
) -> None:
    path = tmp_path / "report.pdf"
    signed = Signature("Dr. Adler", "2026-11-21T08:30:00+00:00", state, ("grades",))
    pdf.write_report(path, build_measures(), signed=signed, **settings)
    text = flat(path)
    assert "Signed in the program" not in text
    assert "Not signed: " in text
    assert "Dr. Adler" in text
