"""Loaded by each Python process that finds it: any attempt to reach another computer is noted and refused."""

import os
import sys

_REACHING = {
    "socket.connect",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.getnameinfo",
    "urllib.Request",
    "http.client.connect",
    "ftplib.connect",
    "smtplib.connect",
}


def _note(line):
    with open(os.environ["GAITVIEWER_TEST_WATCH"], "a", encoding="utf-8") as file:  # noqa: PTH123
        file.write(line + "\n")


def _watch(event, arguments):
    if event not in _REACHING:
        return
    # Sockets in the file system, between processes of one computer, have a path for an address.
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and not isinstance(arguments[1], tuple):
        return
    _note(f"{event} {arguments!r} in {sys.argv!r}")
    raise PermissionError(f"{event}: this program stays offline")


if "GAITVIEWER_TEST_WATCH" in os.environ:
    _note("started " + " ".join(sys.orig_argv[1:3]))
    sys.addaudithook(_watch)
