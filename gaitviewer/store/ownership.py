"""Who has the library open on a network drive, where SQLite's own locks cannot be trusted.

A file beside the library names the owner and is touched every few seconds. An owner that stopped
touching it (crashed, lost the network) is replaced. Ages are differences between times that the same
file server wrote, so clocks of different machines do not matter.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from pathlib import Path

from gaitviewer.errors import StoreError, reason_of
from gaitviewer.messages import message
from gaitviewer.util import private

BEAT_S = 5.0
STALE_S = 30.0


class Ownership:
    """The claim of this process on one library file; call :meth:`release` when done."""

    def __init__(self, library: Path, *, beat_s: float = BEAT_S, stale_s: float = STALE_S) -> None:
        self.path = library.with_name(library.name + ".owner")
        self._library = library
        self._beat_s = beat_s
        self._stale_s = stale_s
        self._token = secrets.token_hex(8)
        self._stop = threading.Event()
        self._lost = False
        self._claim()
        self._thread = threading.Thread(target=self._beat, name="library owner", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raises StoreError if another program took the library over meanwhile."""
        if self._lost or self._read().get("token") != self._token:
            self._lost = True
            raise StoreError(message("error.store.taken_over", library=self._library))

    def release(self) -> None:
        """Gives the library up."""
        self._stop.set()
        self._thread.join()
        if self._read().get("token") == self._token:
            self.path.unlink(missing_ok=True)

    def _claim(self) -> None:
        facts = {"token": self._token, "host": socket.gethostname(), "pid": os.getpid()}
        for _ in range(2):
            try:
                descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, private.FILE_MODE)
                # Whoever may open the library must be able to read who has it.
                private.restrict(self.path, like=self._library)
            except FileExistsError:
                self._remove_stale()
                continue
            except OSError as error:
                raise StoreError(
                    message("error.store.not_claimed", library=self._library, reason=reason_of(error))
                ) from error
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(facts, file)
            return
        raise self._taken(self._read())

    def _remove_stale(self) -> None:
        """Removes a claim whose owner is gone; raises StoreError if it is alive."""
        owner = self._read()
        if not self._is_gone(owner):
            raise self._taken(owner)
        aside = self.path.with_name(f"{self.path.name}.{self._token}")
        try:
            self.path.replace(aside)
        except FileNotFoundError:
            return
        # Between looking and moving somebody else may have claimed it: give that claim back.
        moved = _read_json(aside)
        if moved.get("token") != owner.get("token"):
            aside.replace(self.path)
            raise self._taken(moved)
        aside.unlink()

    def _is_gone(self, owner: dict[str, object]) -> bool:
        import psutil

        pid = owner.get("pid")
        here = owner.get("host") == socket.gethostname()
        if here and isinstance(pid, int) and not psutil.pid_exists(pid):
            return True
        try:
            return self._server_now() - self.path.stat().st_mtime > self._stale_s
        except FileNotFoundError:
            return True

    def _server_now(self) -> float:
        probe = self.path.with_name(f"{self.path.name}.{self._token}.now")
        try:
            probe.write_bytes(b"")
            return probe.stat().st_mtime
        finally:
            probe.unlink(missing_ok=True)

    def _taken(self, owner: dict[str, object]) -> StoreError:
        return StoreError(
            message(
                "error.store.open_elsewhere",
                library=self._library,
                host=str(owner.get("host") or "") or message("error.store.unknown_host"),
                pid=str(owner.get("pid") or "") or message("error.store.unknown_process"),
                seconds=self._stale_s,
            )
        )

    def _read(self) -> dict[str, object]:
        return _read_json(self.path)

    def _beat(self) -> None:
        while not self._stop.wait(self._beat_s):
            if self._read().get("token") != self._token:
                self._lost = True
                return
            try:
                os.utime(self.path)
            except OSError:  # the server is away for a moment; check() decides when it matters
                continue


def _read_json(path: Path) -> dict[str, object]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
