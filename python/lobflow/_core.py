"""The C library as Python sees it: handles, texts, and errors as exceptions."""

from __future__ import annotations

import numbers
import os
from typing import Any

from lobflow._native import ffi, lib

__all__ = ["ffi", "lib"]


class LobflowError(Exception):
    """What the library refused, and why.

    Attributes
    ----------
    status : str
        Name of the library's status, such as ``"FORMAT"``.
    file : str or None
        The file that is at fault.
    line : int or None
        Its line, from 1.
    byte_offset : int or None
        Its byte, from 0.
    """

    status = "ERROR"

    def __init__(self, message: str, file: str | None = None, line: int | None = None,
                 byte_offset: int | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.byte_offset = byte_offset


class OutOfMemoryError(LobflowError, MemoryError):
    """Not enough memory."""

    status = "NOMEM"


class RangeError(LobflowError, ValueError):
    """An argument or option is outside its range."""

    status = "RANGE"


class IoError(LobflowError, OSError):
    """The system could not read or write."""

    status = "IO"


class FormatError(LobflowError, ValueError):
    """The input does not follow its format."""

    status = "FORMAT"


class DataError(LobflowError, ValueError):
    """The input is well formed but contradicts itself."""

    status = "DATA"


class NotFoundError(LobflowError, LookupError):
    """A named thing does not exist."""

    status = "NOT_FOUND"


class UnsupportedError(LobflowError, NotImplementedError):
    """The input uses a feature that this version does not read."""

    status = "UNSUPPORTED"


class DependencyError(LobflowError, ImportError):
    """An optional library is missing."""

    status = "DEPENDENCY"


class MismatchError(LobflowError, ValueError):
    """Two inputs do not belong together."""

    status = "MISMATCH"


class InvariantError(LobflowError, AssertionError):
    """An invariant of the ledger or the simulator broke: a fault of lobflow."""

    status = "INVARIANT"


class CancelledError(LobflowError):
    """The work was stopped by the caller."""

    status = "CANCELLED"


_KINDS: dict[str, type[LobflowError]] = {
    kind.status: kind
    for kind in (OutOfMemoryError, RangeError, IoError, FormatError, DataError, NotFoundError,
                 UnsupportedError, DependencyError, MismatchError, InvariantError, CancelledError)
}


def text(value: Any) -> str:
    """A C string; "" for NULL."""
    return "" if value == ffi.NULL else ffi.string(value).decode("utf-8", "replace")


def text_bytes(value: str | os.PathLike[str], what: str = "a text") -> bytes:
    """A text for C, which ends at the first NUL."""
    raw = os.fsencode(value)
    if b"\0" in raw:
        raise ValueError(f"{what} cannot hold a NUL character")
    return raw


def path_bytes(path: str | os.PathLike[str]) -> bytes:
    """A path as the system spells it."""
    return text_bytes(path, "a path")


def new_error() -> Any:
    """An lf_error for a call to fill."""
    return ffi.new("lf_error *")


def check(status: int, error: Any = None) -> None:
    """Raise what a status stands for; LF_OK passes."""
    if status == lib.LF_OK:
        return
    name = text(lib.lf_status_name(status))
    kind = _KINDS.get(name, LobflowError)
    message = text(error.message) if error is not None else ""
    if not message:
        raise kind(text(lib.lf_status_text(status)))
    raise kind(
        message,
        text(error.file) or None,
        error.line if error.line >= 0 else None,
        error.byte_offset if error.byte_offset >= 0 else None,
    )


def take_text(owned: Any) -> str:
    """A text of the library's, which is released."""
    try:
        return text(owned)
    finally:
        lib.lf_release(ffi.NULL, owned)


def date_text(date: Any) -> str:
    """YYYY-MM-DD of an lf_date."""
    out = ffi.new("char[11]")
    lib.lf_date_format(date, out)
    return text(out)


def plain(value: Any) -> Any:
    """A number or truth value of numpy's, or of any other kind, as Python's own; anything else as it is."""
    if getattr(getattr(value, "dtype", None), "kind", None) in ("b", "i", "u", "f") and getattr(value, "ndim", None) == 0:
        return value.item()
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


def duration_ns(value: str | int) -> int:
    """A duration such as "250ms" in ns; whole numbers are ns already."""
    value = plain(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    out = ffi.new("int64_t *")
    if not isinstance(value, str) or lib.lf_duration_parse(value.encode(), out) != lib.LF_OK:
        raise RangeError(f"{value!r} is no duration; write one such as '250ms', '10s' or '1min'")
    return int(out[0])


def state_count(value: Any) -> int:
    """How many numbers a function keeps."""
    found = plain(value)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise ValueError(f"state is {value!r}; it is a number of float64, 0 or more")
    return found
