"""A session that is edited and saved edit by edit, as the window does; run as a program, until it is killed.

python tests/support/editor.py LIBRARY SEED
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from gaitviewer.core.document import Document
from gaitviewer.core.journal import Entry, History
from gaitviewer.store import Library, open_library

if __name__ == "__main__":  # its own folder is on the path, and another package of this name may be installed
    from random_edits import digests, random_edit
else:
    from tests.support.random_edits import digests, random_edit

ROOT = Path(__file__).parents[2]
WHEN = "2026-01-01T00:00:00.000+00:00"


class Editor:
    """A session that is edited and saved as the window does, edit by edit."""

    def __init__(
        self, library: Library, document: Document, revision: str, entries: tuple[Entry, ...] = ()
    ) -> None:
        self.library, self.document, self.revision = library, document, revision
        self.history = History(entries)
        self._saved = document

    @classmethod
    def load(cls, library: Library) -> Editor:
        return cls(library, *library.load_revision("s1"), library.journal("s1"))

    def edit(self, after: Document, title: str) -> None:
        if self.history.record(self.document, after, title, who="AB", when=WHEN):
            self.document = after

    def save(self) -> None:
        entries = self.history.pending
        self.revision = self.library.save_session(
            self.document, opened=self.revision, before=self._saved, entries=entries
        )
        self.history.mark_written(entries)
        self._saved = self.document


def digest_of(document: Document) -> str:
    return hashlib.sha256(json.dumps(digests(document), sort_keys=True).encode()).hexdigest()


def edit_for_ever(path: Path, seed: int) -> None:
    """Edit at random and say of each edit, once it is saved, its number and what the session is then."""
    rng = np.random.default_rng(seed)
    with open_library(path) as library:
        editor = Editor.load(library)
        print("ready", flush=True)
        while True:
            if editor.history.undo_titles and rng.random() < 0.2:
                editor.document = editor.history.undo(editor.document)
            else:
                editor.edit(random_edit(editor.document, rng)[1], "edit")
            if editor.history.pending:
                editor.save()
                # one string is one write: a kill leaves no half of a line
                said = f"{editor.history.entries[-1].number} {digest_of(editor.document)}\n"
                print(said, end="", flush=True)


def kill_while_editing(path: Path, rng: np.random.Generator) -> None:
    """Edit a library in another process, kill that at a random moment; all that it said must be there."""
    command = [sys.executable, __file__, str(path), str(int(rng.integers(2**31)))]
    # its own folder, too: it is not on the path where Python was told to take nothing from there
    found = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": found}, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    said = [process.stdout.readline() for _ in range(int(rng.integers(0, 12)))]
    time.sleep(float(rng.uniform(0, 0.02)))  # where between two edits the kill falls
    process.send_signal(signal.SIGKILL)
    said += process.stdout.read().splitlines()
    process.stdout.close()
    process.wait()
    with open_library(path) as library:
        assert library.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert not library.connection.execute("PRAGMA foreign_key_check").fetchall()
        editor = Editor.load(library)
        if said:
            number, total = said[-1].split()
            there = editor.history.entries[-1].number
            # one more may have been saved when there was no time left to say so
            assert int(number) <= there <= int(number) + 1
            assert there > int(number) or digest_of(editor.document) == total
        for _ in editor.history.undo_titles:  # what is there and the journal belong together
            editor.document = editor.history.undo(editor.document)


if __name__ == "__main__":
    edit_for_ever(Path(sys.argv[1]), int(sys.argv[2]))
