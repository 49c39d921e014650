"""Protocols of a learned system: the tables of its data file, with what a protocol and a variant change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message

Tables = dict[str, Any]
BASE = "base"


def choose_protocol(protocols: Mapping[str, Any], name: str, *, system: str) -> Tables:
    """The tables of a protocol, filled up from "base".

    Args:
        protocols: tables by protocol.
        name: which.
        system: for the message ("severity", "the video model").

    Raises:
        SettingsError: there is no such protocol.
    """
    if name not in protocols or name == BASE:
        known = tuple(key for key in protocols if key != BASE)
        raise SettingsError(
            message("error.research.no_such_protocol_of", protocol=name, system=system, known=known)
        )
    return _merged(protocols[BASE], protocols[name])


def change_tables(tables: Tables, changes: Mapping[str, Any] | None, *, system: str) -> Tables:
    """The same tables after changes by "table.key" or "key"; ``system`` as in "severity".

    Raises:
        SettingsError: a change of something unknown.
    """
    for key, value in (changes or {}).items():
        table, _, last = key.rpartition(".")
        place = tables[table] if table else tables
        if last not in place:
            raise SettingsError(message("error.research.no_such_setting", system=system, setting=key))
        place[last] = value
    return tables


def _merged(base: Mapping[str, Any], changed: Mapping[str, Any]) -> Tables:
    found: Tables = {}
    for key in {**base, **changed}:
        old, new = base.get(key), changed.get(key)
        if isinstance(old, Mapping):
            found[key] = _merged(old, new or {})
        else:
            found[key] = old if new is None else new
    return found
