"""Features of one's own: functions compiled by numba, or of C, by their address."""

from __future__ import annotations

import ctypes
import hashlib
import inspect
import textwrap
import types
from collections.abc import Callable, Sequence
from typing import Any

from lobflow import _records
from lobflow._core import DependencyError, check, duration_ns, ffi, lib, new_error, plain, state_count, text

_MIRRORS = {"even": 0, "odd": 1, "swap": 2, "swap_minus": 3, "inverse": 4}


def _numba() -> Any:
    try:
        import numba  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        raise DependencyError("a Python function becomes a feature by numba, which is not installed: pip install numba; "
                              "or give the address of a compiled function") from None
    return numba


def address_of(function: Any) -> int | None:
    """Where a compiled function lies: an address, or a cfunc of numba, a function of ctypes or of cffi."""
    function = plain(function)
    if isinstance(function, int) and not isinstance(function, bool):
        return function
    if isinstance(getattr(function, "address", None), int):
        return int(function.address)
    if type(function).__module__.startswith(("ctypes", "_ctypes")) or hasattr(function, "restype"):
        return ctypes.cast(function, ctypes.c_void_p).value
    if isinstance(function, ffi.CData):
        return int(ffi.cast("intptr_t", function))
    return None


def _names_in(code: types.CodeType) -> set[str]:
    """Names that a function looks up outside, in the functions inside it too."""
    inside = [one for one in code.co_consts if isinstance(one, types.CodeType)]
    return set(code.co_names).union(*map(_names_in, inside))


def _hash_value(state: Any, value: Any, seen: set[Any]) -> None:
    """Put a value into a hash: numbers, texts, arrays, and functions by what they say."""
    function = getattr(value, "py_func", value)
    if inspect.isfunction(function):
        if function not in seen:
            seen.add(function)
            _hash_function(state, function, seen)
    elif isinstance(value, tuple):
        for one in value:
            _hash_value(state, one, seen)
    elif hasattr(value, "tobytes") and hasattr(value, "dtype"):
        state.update(f"{value.dtype}{value.shape}".encode() + value.tobytes())
    elif isinstance(value, int | float | str | bytes | bool):
        state.update(repr(value).encode())


def _hash_function(state: Any, function: Any, seen: set[Any]) -> None:
    try:
        state.update(textwrap.dedent(inspect.getsource(function)).encode())
    except (OSError, TypeError):
        state.update(function.__code__.co_code + repr(function.__code__.co_consts).encode())
    names = _names_in(function.__code__)
    outside = {name: function.__globals__[name] for name in names if name in function.__globals__}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            outside[name] = cell.cell_contents
        except ValueError:
            pass  # not set yet
    for name, value in sorted(outside.items()):
        state.update(f"{name}=".encode())
        _hash_value(state, value, seen)
    _hash_value(state, function.__defaults__ or (), seen)


def code_hash(*functions: Any) -> str:
    """A name for what functions say: their text, the values that they take from outside, and the functions they call."""
    state, seen = hashlib.sha256(), set[Any]()
    for function in functions:
        _hash_value(state, function, seen)
    return state.hexdigest()[:32]


class Raised:
    """What a function compiled by numba raises: it cannot leave the function, so it is told here."""

    def __init__(self, what: str) -> None:
        self.what, self.count, self.first_ns = what, 0, 0
        self.told = ctypes.CFUNCTYPE(None, ctypes.c_int64)(self._note)

    def _note(self, ts_ns: int) -> None:
        if self.count == 0:
            self.first_ns = ts_ns
        self.count += 1

    def check(self) -> Callable[[], None]:
        """A function that raises what was told from now on."""
        self.count = 0

        def raise_it() -> None:
            if self.count > 0:
                time = ffi.new("char[32]")
                lib.lf_time_format(self.first_ns, time)
                raise RuntimeError(f"{self.what} raised an exception at {text(time)}, such as for an index out of bounds; "
                                   "compiled code does not tell which: call the function from Python to see it")

        return raise_it


def _compile_value(function: Callable[..., Any], state: int, raised: Raised) -> Any:
    numba = _numba()
    inner, carray = numba.njit(function, error_model="numpy", boundscheck=True), numba.carray
    told, nothing = raised.told, float("nan")
    width = lib.lf_feature_count()
    view_type, real = numba.from_dtype(_records.feature_view()), numba.types.float64
    pointer = numba.types.CPointer

    @numba.cfunc(real(pointer(view_type), pointer(real), pointer(real)))  # type: ignore[untyped-decorator,unused-ignore]
    def value(view: Any, row: Any, kept: Any) -> Any:
        now = carray(view, 1)[0]
        try:
            return inner(now, carray(row, width), carray(kept, state))
        except Exception:  # noqa: BLE001 - numba knows no other
            told(now.ts_ns)
        return nothing

    return value


def _compile_take(function: Callable[..., Any], state: int, raised: Raised) -> Any:
    numba = _numba()
    inner, carray = numba.njit(function, error_model="numpy", boundscheck=True), numba.carray
    told = raised.told
    event_type, trade_type = numba.from_dtype(_records.event()), numba.from_dtype(_records.trade())
    pointer, real = numba.types.CPointer, numba.types.float64
    kind = numba.types.void(pointer(event_type), pointer(trade_type), pointer(real))

    @numba.cfunc(kind)  # type: ignore[untyped-decorator,unused-ignore]
    def take(event: Any, trades: Any, kept: Any) -> None:
        one = carray(event, 1)[0]
        try:
            inner(one, carray(trades, one.trade_count), carray(kept, state))
        except Exception:  # noqa: BLE001 - numba knows no other
            told(one.ts_exchange_ns)

    return take


class Feature:
    """A feature of one's own, for the keyword ``user_features`` of the verbs.

    Parameters
    ----------
    name
        Of the column: letters a-z, digits and "_".
    value
        ``value(view, row, state)`` gives the number at a row. A Python function, compiled by numba; or a
        compiled one of the type ``lf_feature_value`` (``lobflow/feature.h``): a cfunc of numba, a function
        of ctypes or cffi, or its address. ``view`` has ``ts_ns start_ns session_open_ns session_close_ns
        tick_nano lot_nano mid2 level_count`` (ns, 1e-9 of the currency and of the unit, ticks) and
        ``bid_ticks bid_lots ask_ticks ask_lots`` of shape (10,), a level that is not there with 0 lots.
        ``row`` holds the built-in features, shape (64,), in the order of `feature_list`; ``state`` is
        described below and may only be read.
    mirror
        What it becomes when bid and ask, buyers and sellers change places: ``"even"`` x, ``"odd"`` -x,
        ``"inverse"`` 1/x, or ``"swap"`` and ``"swap_minus"``, x and -x of the `partner`. Models of the
        preset ``symmetric`` see each row both ways round, so a wrong rule makes a wrong model.
    take
        ``take(event, trades, state)`` sees each event of the session before the row, in order, and may
        write the state; as `value`, of the type ``lf_feature_take``. ``event`` and ``trades`` have the
        fields of `Days.events`; a trade's sign of 2 is unknown.
    partner
        Name of the feature that it changes places with.
    state
        Numbers (float64) that are kept for it, each symbol-day its own; 0 at the session's first event
        and after every reset. Shape (state,) for functions of Python.
    unit, formula
        For tables of features.
    warmup
        NaN until so long after the session's first event or the last reset.
    version
        What a model is held to. By default a hash of the functions' text and of the plain values that
        they take from outside; for compiled ones "", so give your own.

    Notes
    -----
    Look-ahead is impossible: the functions see the state at the row and the events before, on the
    clock of the rows. A value that is not finite is undefined (NaN). Arrays of functions that numba compiles here
    know their bounds, and an exception in one, which cannot leave it, stops the call with a ``RuntimeError``.
    """

    def __init__(self, name: str, value: Any, *, mirror: str, take: Any = None, partner: str | None = None,
                 state: int = 0, unit: str = "-", formula: str = "", warmup: str | int = "0s",
                 version: str | None = None) -> None:
        if mirror not in _MIRRORS:
            raise ValueError(f"mirror is {mirror!r}; it is one of {', '.join(_MIRRORS)}")
        state = state_count(state)
        self.name, self.mirror, self.partner = name, mirror, partner
        self.unit, self.formula, self.state = unit, formula, state
        self.warmup_ns = duration_ns(warmup)
        written = [f for f in (value, take) if f is not None and address_of(f) is None]
        for function in written:
            if not inspect.isfunction(function):
                raise TypeError(f"{name}: {function!r} is no function, address or compiled function")
        self.version = version if version is not None else code_hash(*written) if written else ""
        # The compiled functions live as long as the feature.
        self.raised = Raised(f"the feature {name!r}")
        self._value = _compile_value(value, state, self.raised) if value in written else value
        self._take = _compile_take(take, state, self.raised) if take in written else take
        self.value_address = address_of(self._value)
        self.take_address = address_of(self._take) if self._take is not None else 0

    def __repr__(self) -> str:
        return f"<lobflow.Feature {self.name}: {self.mirror}, {self.unit}>"


def feature(name: str | None = None, *, mirror: str, **more: Any) -> Callable[[Callable[..., Any]], Feature]:
    """A decorator that makes a `Feature` of a function ``value(view, row, state)``.

    Parameters
    ----------
    name
        By default the function's.
    mirror, **more
        As in `Feature`.

    Example
    -------
    >>> @lf.feature(mirror="odd", unit="lots")
    ... def lean(view, row, state):
    ...     return float(view.bid_lots[0] - view.ask_lots[0])
    >>> rows = lf.features(days, set="ofi_1min,lean", user_features=[lean])
    """
    def make(function: Callable[..., Any]) -> Feature:
        return Feature(name or function.__name__, function, mirror=mirror, **more)

    return make


class Users:
    """An lf_feature_users made of features, with all that it refers to."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)
        self.handle: Any = ffi.NULL
        for one in self.features:
            if not isinstance(one, Feature):
                raise TypeError(f"user_features holds {one!r}; lobflow.Feature is needed, as the decorator lobflow.feature makes")
        if not self.features:
            return
        items = ffi.new("lf_feature_user[]", len(self.features))
        kept = []
        for item, one in zip(items, self.features, strict=True):
            for field in ("name", "unit", "formula", "version", "partner"):
                words = getattr(one, field)
                if words is not None:
                    kept.append(ffi.new("char[]", str(words).encode()))
                    setattr(item, field, kept[-1])
            item.mirror, item.warmup_ns, item.state_bytes = _MIRRORS[one.mirror], one.warmup_ns, 8 * one.state
            item.value = ffi.cast("lf_feature_value", one.value_address)
            item.take = ffi.cast("lf_feature_take", one.take_address)
        out, error = ffi.new("lf_feature_users **"), new_error()
        check(lib.lf_feature_users_create(ffi.NULL, items, len(self.features), out, error), error)
        self.handle = ffi.gc(out[0], lib.lf_feature_users_destroy)
