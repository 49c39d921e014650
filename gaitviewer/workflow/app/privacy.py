"""Takes file paths and registered words out of texts that are kept in logs.

Paths of recordings often carry patients' names. Each is replaced by a short code that is the same for the
same path within one run of the program and says nothing outside it: the key is drawn at every start.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
import sysconfig
from pathlib import Path

_KEY = secrets.token_bytes(16)
_hidden: set[str] = set()

# Words of every log line, and of every recording's name.
_PLAIN_STEMS = frozenset(("sagittal", "coronal", "side", "front", "rear", "back", "left", "right")) | frozenset(
    ("video", "recording", "camera", "walk", "walking", "gait", "session", "trial")
)
# Words of the program's own before the name of a file; any other word there may be a part of the name.
_BEFORE_A_NAME = (
    "a|an|and|are|as|at|be|but|by|cannot|copy|could|damaged|data|do|does|done|estimating|exist|failed|file|files|"
    "for|from|had|has|have|in|into|is|it|its|made|make|measuring|model|nobody|not|of|on|onto|open|opened|opening|"
    "or|over|read|reading|report|results|saved|saving|see|session|set|than|that|the|then|there|this|to|took|"
    "using|video|videos|was|were|when|while|with|without|write|writing|written|wrote"
)
_DATA_ENDINGS = (
    "mp4|mov|avi|mkv|m4v|webm|mts|m2ts|wmv|3gp|mpg|mpeg|c3d|trc|mot|csv|tsv|json|parquet|pdf|toml|db|npz|npy|"
    "png|jpg|jpeg|dcm|txt|slp|h5|xlsx|zip"
)
# From the root of a path to its last separator on the line, then its last part with up to five more words
# when those end like a file name: names with blanks are common. Taking too much away is the safe side.
_ABSOLUTE = re.compile(
    r"""(?<![\w.<>])(?:file:/+|[A-Za-z]:[\\/]|\\\\|~?/(?=[^\s/]))     # where a path may begin
        (?:[^'"\n<>|]*[\\/])?[^\s'"<>|]*                              # folders, first word of the name
        (?:(?:[^\S\n]+[^\s'"<>|]+){0,5}?\.[A-Za-z]\w{1,4}\b)?         # rest of a name with blanks
    """,
    re.VERBOSE,
)
_FILE = re.compile(
    rf"""(?<![^\s'"<>|=(])                                            # where a word begins
         (?:(?!(?:{_BEFORE_A_NAME})[^\S\n])          # up to five words that may belong to it
             [^\s'"<>|=():;,]+[^\S\n]+){{0,5}}
         [^\s'"<>|=(]+\.(?:{_DATA_ENDINGS})\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SEPARATORS = re.compile(r"[\s_-]+")
_QUOTED = re.compile(rf"(['\"])([^'\"\n]*(?:[\\/][^'\"\n]*|\.(?:{_DATA_ENDINGS})))\1", re.IGNORECASE)


def hide(word: str | Path) -> None:
    """Registers a word (a pseudonym, a path as given) that must not appear in any log of this run.

    Nor may it in other letters (capitals, blanks for underscores), nor a part of it that could be a name.
    """
    text = str(word)
    if len(text) >= 2:
        _hidden.add(text)
    if isinstance(word, Path):
        _hidden.add(word.name)
        text = word.stem
        if len(text) >= 3 and text.lower() not in _PLAIN_STEMS:
            _hidden.add(text)
    for part in _SEPARATORS.split(text):
        if len(part) >= 3 and part.isalpha() and part.lower() not in _PLAIN_STEMS:
            _hidden.add(part)


def redact(text: str) -> str:
    """``text`` without paths, file names and registered words; the program's own files stay readable."""
    for folder, name in _own_folders():
        text = text.replace(folder, name)
    for word in sorted(_hidden, key=len, reverse=True):
        words = r"[\s_-]+".join(map(re.escape, _SEPARATORS.split(word)))
        written = re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE)
        text = written.sub(lambda match: _code(match[0].casefold()), text)
    text = _QUOTED.sub(lambda match: match[0] if _is_own(match[2]) else _code(match[2]), text)
    text = _ABSOLUTE.sub(lambda match: _code(match[0]), text)
    return _FILE.sub(lambda match: match[0] if _is_own(match[0]) else _code(match[0]), text)


def _code(text: str) -> str:
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), key=_KEY, digest_size=4).hexdigest()
    ending = re.search(rf"\.(?:{_DATA_ENDINGS})$", text, re.IGNORECASE)
    return f"<{digest}{' ' + ending[0][1:].lower() if ending else ''}>"


def _own_folders() -> list[tuple[str, str]]:
    """Folders of program code and the short names that stand for them, the longest first."""
    package = Path(__file__).resolve().parents[2]
    known = {str(package): "gaitviewer", sys.prefix: "python", sys.base_prefix: "python"}
    for kind in ("purelib", "platlib", "stdlib"):
        if folder := sysconfig.get_path(kind):
            known[folder] = "site-packages" if kind.endswith("lib") and kind != "stdlib" else "python"
    return sorted(known.items(), key=lambda pair: -len(pair[0]))


def _is_own(text: str) -> bool:
    return text.startswith(("gaitviewer/", "gaitviewer\\", "python/", "python\\", "site-packages"))
