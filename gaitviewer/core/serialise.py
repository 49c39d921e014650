"""Core values to plain data and back: the one converter for caches, digests, JSON and TOML.

Built on msgspec, which reads any frozen dataclass strictly by its annotations: nothing is coerced but whole
numbers to ``float``, lists to tuples, values to enumerations. Added here: arrays and paths, refusal of unknown
entries, sentences that name the entry, what was expected and what was found.

=====================  ==========================================  =============================
for                    written by                                  read by
=====================  ==========================================  =============================
people (JSON)          :func:`to_plain`                            :func:`from_plain`
JSON beside arrays     :func:`to_parts`                            :func:`from_parts`
caches, exact          :func:`pack`, :func:`seal`                  :func:`unseal`, :func:`unpack`
a message in a table   :func:`to_stored`                           :func:`from_stored`
digests                :func:`canonical_bytes`                     nobody
settings, cards, data  tomlkit where comments must stay            :func:`read_toml`
=====================  ==========================================  =============================
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from gaitviewer import paths
from gaitviewer.errors import SettingsError, reason_of, shorten
from gaitviewer.messages import AS_WRITTEN, Message, as_written, message

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")

LARGEST_TOML = 4_000_000  # bytes; the largest file that is shipped has about 50 kB
_LONGEST_QUOTE = 60
_DIGEST_BYTES = 32
_ARRAY = "array"
_GET_AGAIN = message("error.remedy.get_again")


class MalformedError(ValueError):
    """Data that is not what it should be.

    Attributes:
        key: the entry ("events.contact.heel"), "" for the whole.   problem: what is wrong with it.
        message: both.
    """

    def __init__(self, problem: Message, key: str = "") -> None:
        super().__init__(problem, key)
        self.key = key
        self.problem = problem
        self.message = message("error.data.entry", entry=key, problem=problem) if key else problem

    def __str__(self) -> str:
        return str(self.message)


def quote(value: object, longest: int = _LONGEST_QUOTE) -> str:
    """A value for a sentence: as Python writes it, cut in the middle where it is long.

    Args:
        value: anything; text is looked at only as far as it is shown.
        longest: characters of the answer, at least 20.
    """
    if isinstance(value, str) and len(value) > 2 * longest:
        value = value[:longest] + value[-longest:]
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply, or a number with thousands of digits
        text = f"<{type(value).__name__}>"
    return shorten(text, longest)


# --- plain data ----------------------------------------------------------------------------------------------


def to_plain(
    value: Any,
    *,
    decimals: int | None = None,
    refused: tuple[type, ...] = (),
    in_words: bool = False,
    arrays: list[NDArray[Any]] | None = None,
) -> Any:
    """A core value as plain JSON values: fields by name, arrays as lists, NaN and infinity as null.

    Args:
        value: dataclasses, enumerations, dates, paths, arrays, numbers, text, and containers of these.
        decimals: round floats to so many places.
        refused: types that must not be in it (paths tell names).
        in_words: messages as their English words, not as code and values.
        arrays: if given, arrays are added to it, and ``{"array": position}`` stands in their place.

    Raises:
        TypeError: something else is in it.
    """

    def plain(value: Any) -> Any:
        if arrays is not None and hasattr(value, "ndim") and value.ndim:
            arrays.append(value)
            return {_ARRAY: len(arrays) - 1}
        if in_words and isinstance(value, Message):
            return str(value)
        if isinstance(value, refused):
            raise TypeError(f"{type(value).__name__} has no place here")
        if isinstance(value, Enum):
            return value.value
        if value is None or isinstance(value, str | bool):
            return value
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            if not math.isfinite(value):
                return None
            return float(value) if decimals is None else round(float(value), decimals)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, Path):
            return str(value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        if isinstance(value, Mapping):
            return {str(key): plain(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [plain(inner) for inner in value]
        if hasattr(value, "tolist"):  # an array or a number of numpy, which need not be loaded for the rest
            return plain(value.tolist())
        raise TypeError(f"{type(value).__name__} cannot be written as plain data")

    return plain(value)


def to_parts(value: Any) -> tuple[Any, list[NDArray[Any]]]:
    """A core value as plain JSON values and its arrays; ``{"array": position}`` stands for each."""
    arrays: list[NDArray[Any]] = []
    return to_plain(value, arrays=arrays), arrays


def from_parts(raw: Any, arrays: Sequence[NDArray[Any]], kind: type[T]) -> T:
    """What :func:`to_parts` gave: null is NaN again where only a number may be. Unknown entries are ignored.

    Raises:
        MalformedError: it is not a ``kind``, or an array is missing or of another type.
    """
    try:
        return from_plain(_joined(raw, kind, arrays), kind, unknown="ignore")
    except (LookupError, TypeError) as error:
        raise MalformedError(reason_of(error)) from error


def _joined(raw: Any, hint: Any, arrays: Sequence[NDArray[Any]]) -> Any:
    if raw is None and hint is float:
        return math.nan
    if isinstance(raw, Mapping) and raw.keys() == {_ARRAY}:
        return arrays[raw[_ARRAY]]
    if isinstance(raw, Mapping):
        hints = _hints(hint)
        return {name: _joined(inner, hints.get(name), arrays) for name, inner in raw.items()}
    if isinstance(raw, list):
        kinds = get_args(hint) if get_origin(hint) is tuple else (None, ...)
        return [_joined(one, kinds[0 if kinds[-1] is ... else n], arrays) for n, one in enumerate(raw)]
    return raw


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind) if dataclasses.is_dataclass(kind) else {}


def from_plain(raw: Any, kind: type[T], *, unknown: str = "refuse") -> T:
    """A value of ``kind`` from plain data, strictly.

    Args:
        raw: what JSON or TOML gave.
        kind: a frozen dataclass, or any type built of those, containers, enumerations, arrays and numbers.
        unknown: "refuse" or "ignore" entries that ``kind`` does not have.

    Raises:
        MalformedError: an entry is missing, unknown, or of another type; it says which.
    """
    value = _converted(raw, kind)
    if unknown == "refuse":
        _refuse_unknown(raw, value, ())
    return value


def from_settings(raw: Any, kind: type[T], owner: str, *, unknown: str = "refuse") -> T:
    """Like :func:`from_plain`, for a table of settings, with errors for people.

    Args:
        raw: the table.
        kind: what it is to become.
        owner: whose settings these are, for the sentence ("The card of severity-3").
        unknown: "refuse" or "ignore" other entries.

    Raises:
        SettingsError: what is wrong with which entry.
    """
    try:
        return from_plain(raw, kind, unknown=unknown)
    except MalformedError as error:
        raise SettingsError(
            message("error.core.settings_unusable", owner=owner, reason=reason_of(error))
        ) from error


def parse_json(text: str | bytes) -> Any:
    """Plain data from JSON, with NaN as the standard library takes it.

    Raises:
        MalformedError: it is no JSON, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise MalformedError(message("error.data.too_deep")) from error
    except ValueError as error:  # no JSON, no text, or a number with thousands of digits
        raise MalformedError(reason_of(error)) from error


def parse_toml(text: str, kind: type[T], *, unknown: str = "refuse") -> T:
    """A value from the text of a TOML file.

    Raises:
        MalformedError: it is no TOML, or not what ``kind`` is.
    """
    import tomllib

    try:
        raw = tomllib.loads(text)
    except RecursionError as error:
        raise MalformedError(message("error.data.too_deep")) from error
    except ValueError as error:  # no TOML, or a number with thousands of digits
        raise MalformedError(reason_of(error)) from error
    return from_plain(raw, kind, unknown=unknown)


def load_toml(path: Path, kind: type[T], *, unknown: str = "refuse") -> T:
    """A value from a TOML file.

    Raises:
        OSError: the file cannot be opened.
        MalformedError: it is too large, no text, no TOML, or not what ``kind`` is.
    """
    with path.open("rb") as file:
        data = file.read(LARGEST_TOML + 1)
    if len(data) > LARGEST_TOML:
        raise MalformedError(message("error.data.too_large", largest_mb=LARGEST_TOML // 1000000))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(message("error.data.not_text")) from error
    return parse_toml(text.replace("\r\n", "\n"), kind, unknown=unknown)


def read_toml(path: Path, kind: type[T], *, unknown: str = "refuse", remedy: Message = _GET_AGAIN) -> T:
    """Like :func:`load_toml`, with errors for people.

    Raises:
        SettingsError: what is wrong with which entry of the file, and what to do (``remedy``).
    """
    try:
        return load_toml(path, kind, unknown=unknown)
    except OSError as error:
        raise SettingsError(
            message("error.core.file_not_opened", path=path, reason=reason_of(error), remedy=remedy)
        ) from error
    except MalformedError as error:
        raise SettingsError(
            message("error.core.file_unusable", path=path, reason=reason_of(error), remedy=remedy)
        ) from error


def read_resource(name: str, kind: type[T]) -> T:
    """A data file that is shipped with the program, e.g. ``evgs/evgs.toml``.

    Raises:
        SettingsError: somebody changed it, and what it has is not what the program needs.
    """
    remedy = message("error.remedy.install_again")
    return read_toml(paths.resources().joinpath(*name.split("/")), kind, remedy=remedy)


# --- messages as text ----------------------------------------------------------------------------------------


def to_stored(what: Message) -> str:
    """A message as a text for tables and files: a person's words as they are, else code and values in JSON."""
    return str(what) if what.code in ("", AS_WRITTEN) else json.dumps(to_plain(what), ensure_ascii=False)


def from_stored(text: str) -> Message:
    """What :func:`to_stored` wrote; a sentence of an earlier version, or anything else, stands for itself."""
    if not text.startswith('{"code": '):
        return as_written(text)
    try:
        found = from_plain(parse_json(text), Message)
        str(found)
    except (MalformedError, KeyError, ValueError):  # damaged, or a code of a later version
        return as_written(text)
    return found


# --- caches --------------------------------------------------------------------------------------------------


def pack(value: Any) -> bytes:
    """A core value as MessagePack: data only, exact to the bit, NaN included; see :func:`unpack`."""
    return msgspec.msgpack.encode(value, enc_hook=_packed)


def unpack(data: bytes, kind: type[T]) -> T:
    """What :func:`pack` wrote; arrays are read-only.

    Raises:
        MalformedError: it is not a ``kind``.
    """
    try:
        return msgspec.msgpack.decode(data, type=kind, dec_hook=_unpacked)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise MalformedError(reason_of(error)) from error


def seal(data: bytes) -> bytes:
    """Data with its SHA-256 in front."""
    return hashlib.sha256(data).digest() + data


def unseal(sealed: bytes) -> bytes:
    """What was sealed.

    Raises:
        MalformedError: it is not, bit for bit, what was sealed.
    """
    digest, data = sealed[:_DIGEST_BYTES], sealed[_DIGEST_BYTES:]
    if hashlib.sha256(data).digest() != digest:
        raise MalformedError(message("error.data.altered"))
    return data


# What a damaged npz file can raise: in zip, in the decompression and in the header of an array. Places in the
# file that cannot be gone to are OSErrors.
NPZ_DAMAGE: tuple[type[Exception], ...] = (
    OSError, ValueError, KeyError, TypeError, EOFError, OverflowError, MemoryError, RecursionError,
    RuntimeError, SyntaxError, NotImplementedError, zipfile.BadZipFile, zlib.error, struct.error,
    tokenize.TokenError,
)  # fmt: skip


def load_arrays(path: Path, *, largest_bytes: int) -> dict[str, NDArray[Any]]:
    """All arrays of an npz file by name; nothing is unpickled.

    Args:
        path: the file.
        largest_bytes: more, all arrays together and unpacked, is refused before anything is unpacked.

    Raises:
        OSError: the file cannot be opened.
        MalformedError: it is damaged, no npz file, or far too large.
    """
    import numpy as np

    # Opened here, as numpy leaves a damaged file open.
    with path.open("rb") as opened:
        try:
            with zipfile.ZipFile(opened) as archive:
                _check_sizes(archive, largest_bytes)
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except MalformedError:
            raise
        except NPZ_DAMAGE as error:
            raise MalformedError(reason_of(error) or as_written(type(error).__name__)) from error


def _check_sizes(archive: zipfile.ZipFile, largest_bytes: int) -> None:
    entries = archive.infolist()
    claimed, most = sum(entry.file_size for entry in entries), largest_bytes // 2**20
    if claimed > largest_bytes:
        raise MalformedError(message("error.data.unpacks_too_large", size_mb=claimed // 2**20, largest_mb=most))
    if any(_claimed_by_header(archive, entry) > entry.file_size for entry in entries):
        raise MalformedError(message("error.data.array_too_large"))


def _claimed_by_header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Bytes that the header of an array asks for; numpy takes them before it looks at what is there."""
    from numpy.lib import format

    npy: Any = format  # numpy leaves it without annotations
    with archive.open(entry) as file:
        header: Any = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = header(file)
    return int(math.prod(shape) * dtype.itemsize)


# --- digests -------------------------------------------------------------------------------------------------


def canonical_bytes(value: Any) -> bytes:
    """Bytes that are the same for the same content, for digests; nothing can be read back from them.

    What a class is called, how it prints, the order of its fields and fields that have their default do not
    count: a field that is added later leaves the digests of values without it alone. A whole number is the
    same as int and as float, as it comes back from a database. Arrays count bit for bit.

    Raises:
        TypeError: something is in it that is no data.
    """
    return msgspec.msgpack.encode(_canonical(value), order="sorted")


def canonical_digest(value: Any) -> str:
    """SHA-256 of :func:`canonical_bytes`, in hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Enum):
        return _canonical(value.value)
    if value is None or isinstance(value, str | bool | bytes):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 1 << 63 else str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return math.nan  # of the many bit patterns, one
        return int(value) if value.is_integer() and abs(value) < 1 << 53 else float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Message) and value.code in ("", AS_WRITTEN):
            return str(value)  # where there are messages now, there were texts once
        return {
            field.name: _canonical(inner)
            for field in dataclasses.fields(value)
            if not _is_default(field, inner := getattr(value, field.name))
        }
    if isinstance(value, Mapping):
        return {str(key): _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    if isinstance(value, Set):
        return sorted(canonical_bytes(inner) for inner in value)
    if hasattr(value, "tobytes"):
        if not value.ndim:
            return _canonical(value.item())
        little = value.astype(value.dtype.newbyteorder("<"))
        return [little.dtype.str, list(little.shape), little.tobytes()]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    if default is dataclasses.MISSING or hasattr(value, "tobytes"):
        return False
    # 1 == 1.0 == True, but only the numbers are the same content.
    return isinstance(default, bool) is isinstance(value, bool) and bool(default == value)


# --- what msgspec does not know by itself --------------------------------------------------------------------


def _packed(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tobytes"):
        return [value.dtype.str, list(value.shape), value.tobytes()] if value.ndim else value.item()
    raise NotImplementedError(f"{type(value).__name__} cannot be packed")


def _unpacked(kind: type[Any], raw: Any) -> Any:
    if kind is Path:
        return _path(raw)
    import numpy as np

    wanted = _dtype_of(kind)
    match raw:
        case [str(name), [*shape], bytes(data)]:
            dtype = np.dtype(name)
            if dtype != wanted or dtype.hasobject:
                raise ValueError(f"an array of {name}, expected {wanted}")
            return np.frombuffer(data, dtype).reshape(shape)
    raise ValueError("no array")


def _from_plain(kind: type[Any], raw: Any) -> Any:
    if kind is Path:
        return _path(raw)
    import numpy as np

    dtype = _dtype_of(kind)
    if isinstance(raw, np.ndarray) and raw.dtype == dtype:
        return raw
    if not isinstance(raw, list):
        raise ValueError(f"Expected `array`, got `{type(raw).__name__}`")
    array = np.array(raw, dtype)
    array.flags.writeable = False
    return array


def _path(raw: Any) -> Path:
    if not isinstance(raw, str) or "\0" in raw:
        raise ValueError(f"expected a path, found {quote(raw)}")
    return Path(raw)


def _dtype_of(kind: Any) -> Any:
    """The dtype of ``NDArray[dtype]``."""
    import numpy as np

    if get_origin(kind) is not np.ndarray:
        raise NotImplementedError(f"{kind} cannot be read")
    return np.dtype(get_args(get_args(kind)[1])[0])


def _converted(raw: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(raw, kind, dec_hook=_from_plain)
    except msgspec.ValidationError as error:
        raise _malformed(raw, kind, str(error)) from error
    except RecursionError as error:
        raise MalformedError(message("error.data.too_deep")) from error
    except (ValueError, TypeError, OverflowError) as error:  # of a check in __post_init__
        raise MalformedError(reason_of(error)) from error


Keys = tuple[str | int, ...]

_EXPECTED = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`$")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`$")
_KINDS = ("int", "float", "str", "bool", "array", "object", "null")


def _malformed(raw: Any, kind: type[Any], complaint: str) -> MalformedError:
    """The sentence for what msgspec says, with the exact entry and its value."""
    said, _, place = complaint.partition(" - at `")
    keys = _keys_of(place.removesuffix("`"), raw, lambda changed: _complaint(changed, kind) == complaint)
    if missing := _MISSING.match(said):
        return MalformedError(message("error.data.missing"), _written((*keys, missing["name"])))
    if wrong := _EXPECTED.match(said):
        named = [one.strip() for one in wrong["expected"].split("|")]
        expected = tuple(message(f"error.kind.{one}") if one in _KINDS else one for one in named)
        return MalformedError(
            message("error.data.expected", expected=expected, found=quote(_at(raw, keys))), _written(keys)
        )
    if said.startswith("Invalid enum value"):
        return MalformedError(message("error.data.not_allowed", found=quote(_at(raw, keys))), _written(keys))
    return MalformedError(as_written(shorten(said)), _written(keys))


def _complaint(raw: Any, kind: type[Any]) -> str:
    try:
        msgspec.convert(raw, kind, dec_hook=_from_plain)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _keys_of(place: str, raw: Any, is_it: Callable[[Any], bool]) -> Keys:
    """The keys to an entry from ``$.a[0][...]``; of a key that msgspec does not tell, which one it must be."""
    keys: Keys = ()
    for name, number, any_key in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])", place):
        if any_key:
            table = _at(raw, keys)
            if not isinstance(table, Mapping):
                return keys
            here = (key for key in table if is_it(_with(raw, keys, {key: table[key]})))
            keys = (*keys, next(here, "..."))
        else:
            keys = (*keys, int(number) if number else name)
    return keys


def _at(raw: Any, keys: Keys) -> Any:
    for key in keys:
        try:
            raw = raw[key]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def _with(raw: Any, keys: Keys, value: Any) -> Any:
    """``raw`` with another value at ``keys``."""
    if not keys:
        return value
    first, rest = keys[0], keys[1:]
    if isinstance(raw, Mapping):
        return {**raw, first: _with(raw[first], rest, value)}
    return [_with(inner, rest, value) if number == first else inner for number, inner in enumerate(raw)]


def _written(keys: Keys) -> str:
    """The entry as people write it: ``scan.rate_hz``, ``items[3].code`` (counted from 0)."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f"{'.' if text else ''}{_short(str(key))}"
    return text


def _short(key: str) -> str:
    return key if len(key) <= _LONGEST_QUOTE else quote(key)


def _refuse_unknown(raw: Any, value: Any, keys: Keys) -> None:
    """Entries of tables that no field has taken."""
    if dataclasses.is_dataclass(value) and isinstance(raw, Mapping):
        names = {field.name for field in dataclasses.fields(value)}
        for name in raw:
            if name not in names:
                raise MalformedError(message("error.data.unknown"), _written((*keys, str(name))))
            _refuse_unknown(raw[name], getattr(value, name), (*keys, name))
    elif isinstance(value, Mapping) and isinstance(raw, Mapping):
        for name, inner in raw.items():
            _refuse_unknown(inner, value.get(name), (*keys, name))
    elif isinstance(value, list | tuple) and isinstance(raw, list | tuple):
        for number, (inner, made) in enumerate(zip(raw, value, strict=True)):
            _refuse_unknown(inner, made, (*keys, number))
