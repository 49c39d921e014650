"""Whether the result files of an analysis still stand: the same inputs, the same program, the same files.

What an earlier run wrote is remembered in the cache by a digest of everything that it depended on. Nothing is
believed without a look at the files themselves.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gaitviewer import __version__, paths
from gaitviewer.core.gait import View
from gaitviewer.core.serialise import canonical_digest, parse_json
from gaitviewer.util import atomic, file_set
from gaitviewer.workflow.analysis.request import AnalyzeRequest


@dataclass(frozen=True, slots=True)
class CachedResults:
    """Results that still stand.

    Attributes:
        session: identifier in the library.      files: the files, unchanged since they were written.
        summary: what the run that made them said.
    """

    session: str
    files: tuple[Path, ...]
    summary: tuple[str, ...]


def find_cached_results(request: AnalyzeRequest) -> CachedResults | None:
    """The results of an earlier run that answers this very request; None if there are none.

    Raises:
        SettingsError: the pose model is not here.
        StoreError: the library cannot be read.
    """
    if not request.use_cache:
        return None
    file_set.settle(request.out / "assessment.json")
    try:
        noted = parse_json(_note(request).read_bytes())
        files = {Path(name): digest for name, digest in noted["files"].items()}
        if not files or any(_digest(path) != digest for path, digest in files.items()):
            return None
        standing = CachedResults(noted["session"], tuple(files), tuple(noted["summary"]))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None  # never written, deleted or damaged: the work is simply done again
    return standing if noted.get("saved") == _saved_utc(request, standing.session) else None


def remember(request: AnalyzeRequest, session: str, files: Sequence[Path], summary: Sequence[str]) -> None:
    """Note that these files answer this request; a cache that cannot be written is left out."""
    if not request.use_cache:
        return
    noted = {
        "session": session,
        "saved": _saved_utc(request, session),
        "files": {str(path.resolve()): _digest(path) for path in files},
        "summary": list(summary),
    }
    try:
        atomic.write_bytes(_note(request), json.dumps(noted).encode("utf-8"), durable=False)
    except OSError:
        return


def forget_standing(session: str) -> None:
    """Removes the notes on the results of a session; they name it, and its files."""
    for note in (paths.cache_dir() / "results").glob("*.json"):
        with contextlib.suppress(OSError):
            try:
                noted = json.loads(note.read_text(encoding="utf-8"))
                its = noted["session"] == session
            except (ValueError, KeyError, TypeError):
                its = True  # nothing to be used, and nobody knows whose
            if its:
                note.unlink(missing_ok=True)


def _saved_utc(request: AnalyzeRequest, session: str) -> str | None:
    """When the session was last saved in the library: whatever a person changed since, makes the files old."""
    if not request.keep:
        return ""
    from gaitviewer.store import open_library

    with open_library(request.library) as library:
        return next((row.saved_utc for row in library.list_sessions() if row.id == session), None)


def _note(request: AnalyzeRequest) -> Path:
    from gaitviewer.pose.models import choose_model

    facts = {
        "program": __version__,
        "code": code_stamp(),
        "videos": [
            [view.value, _digest(path)]
            for pair in request.recordings
            for view in View
            if (path := pair[view]) is not None
        ],
        "pairs": [[str(pair[view]) for view in View] for pair in request.recordings],
        "session": canonical_digest(request.session),
        "out": str(request.out.resolve()),
        "offset_s": request.offset_s,
        "recorded_at_hz": request.recorded_at_hz,
        "paper": request.report.paper,
        "anonymous": request.report.anonymous,
        "sections": sorted(request.report.sections),
        "library": str(request.library) if request.keep else "",
        "pose_model": choose_model(request.pose_model).digest,
        "foot_zero_deg": list(request.foot_zero_deg),
    }
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return paths.cache_dir() / "results" / f"{key}.json"


@lru_cache(maxsize=1)
def code_stamp() -> str:
    """Changes with every file of the program or its data (names, sizes and times)."""
    total = hashlib.sha256()
    for folder in (Path(__file__).resolve().parents[2], paths.resources()):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".toml", ".json"):
                stat = path.stat()
                total.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return total.hexdigest()


def _digest(path: Path) -> str:
    with path.expanduser().open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
