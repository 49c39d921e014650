"""A document for the window: its title, and what results of jobs change (a person's edits always stay)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gaitviewer.core.document import Document


def title_of(document: Document) -> str:
    """Title of a window for a session; Qt puts a star in place of "[*]" while edits are not saved."""
    session = document.session
    when = session.when.isoformat() if session.when else ""
    subject = " – ".join(part for part in (session.subject.pseudonym, when) if part)
    return f"{subject}[*] – GaitViewer"


def has_poses(document: Document) -> bool:
    """Whether any view has keypoints."""
    return any(pose is not None for d in document.trials for pose in (d.poses.sagittal, d.poses.coronal))


def with_poses_of(now: Document, found: Document) -> Document:
    """``now`` with the keypoints of the views in ``found``; all else, a person's edits included, stays."""
    from gaitviewer.core.edits import change_trials
    from gaitviewer.workflow.analysis.run_session import with_found

    new = {data.trial.id: data for data in found.trials}
    return change_trials(now, lambda data: with_found(data, new.get(data.trial.id, data)))


def same_poses(one: Document, other: Document) -> bool:
    """Whether two documents hold the very same keypoints."""
    return all(
        a.poses.sagittal is b.poses.sagittal and a.poses.coronal is b.poses.coronal
        for a, b in zip(one.trials, other.trials, strict=True)
    )


def report_name(document: Document, folder: Path, *, anonymous: bool) -> str:
    """A file name for a report; an anonymous one tells nobody, and is none that is there already."""
    if anonymous:
        try:
            there = {path.name for path in folder.iterdir()}
        except OSError:
            there = set()
        names = ("anonymous-gait.pdf", *(f"anonymous-gait-{n}.pdf" for n in range(2, len(there) + 3)))
        return next(name for name in names if name not in there)
    when = document.session.when
    parts = [document.session.subject.pseudonym, when.isoformat() if when else "", "gait"]
    safe = "-".join(part for part in parts if part)
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in safe) + ".pdf"
