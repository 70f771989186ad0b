"""Strategies of one's own: easy ones in Python, fast ones compiled by numba or in C."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from lobflow import _records
from lobflow._core import ffi, lib, plain, state_count, text
from lobflow._progress import Watch
from lobflow.user import Feature, Raised, _numba, address_of

_KINDS = {"marketable": 0, "passive": 1}


@dataclass(frozen=True)
class Target:
    """Be at a position.

    Attributes
    ----------
    lots : int
        The position, long above 0; cut to ``risk.max_position``. A passive order that leads elsewhere is
        taken back first, and the next decision goes on.
    kind : str or None
        ``"marketable"`` or ``"passive"``; None: ``execution.entry``.
    limit_ticks : int or None
        The order's price in ticks; None: passive at the touch, marketable as ``execution.limit_ticks``.
    """

    lots: int
    kind: str | None = None
    limit_ticks: int | None = None


@dataclass(frozen=True)
class Order:
    """Send an order; passed over while another one works.

    Attributes
    ----------
    lots : int
        To buy above 0, to sell below; cut so that ``risk.max_position`` holds.
    kind, limit_ticks
        As in `Target`.
    """

    lots: int
    kind: str | None = None
    limit_ticks: int | None = None


@dataclass(frozen=True)
class Cancel:
    """Take back the passive order that works."""


@dataclass(frozen=True)
class Working:
    """An order that works.

    Attributes
    ----------
    lots : int
        What is left of it: to buy above 0, to sell below.
    kind : str
        ``"marketable"`` or ``"passive"``.
    limit_ticks : int or None
        Its price in ticks; None: any.
    sent_ns : int
        When it was sent, ns since 1970 UTC.
    cancelling : bool
        A cancel is on its way.
    """

    lots: int
    kind: str
    limit_ticks: int | None
    sent_ns: int
    cancelling: bool


# The numbers of a view; its quotes have properties of their own.
_FIELDS = tuple(name for name, _ in ffi.typeof("lf_strategy_view").fields if name != "quotes")


class View:
    """What a strategy sees at a decision: the past, on its own clock.

    Attributes
    ----------
    ts_ns, session_open_ns, session_close_ns, flatten_ns, opened_ns : int
        Time of the decision; the session; from when on nothing is opened; the position's first fill. ns
        since 1970 UTC.
    mid2, spread_ticks, level_count, tick_nano, lot_nano : int
        Best bid + best ask, and best ask - best bid, in ticks; levels; tick and lot in 1e-9.
    position_lots, max_position, net_nano : int
        The position, the largest one that is allowed, the day's profit after fees in 1e-9 of the currency.
    is_leaving : int
        1 while a rule of ``[risk]`` closes the position; what is asked for then is passed over.
    p_up_1min, p_up_5min, ret_1min_bps, ofi_norm_1min, ofi_1min, depth_imbalance_l1 : float
        Predictions and flow of the row; NaN where undefined.
    ofi_threshold, ofi_extreme, median_spread_ticks : float
        Of the model that the row belongs to.
    """

    __slots__ = ("_features", "_names", "_view")

    def __init__(self, view: Any, features: Any, names: Sequence[str]) -> None:
        self._view = ffi.new("lf_strategy_view *", view[0])
        self._names = names
        self._features = None if features == ffi.NULL else ffi.unpack(features, len(names))

    def __getattr__(self, name: str) -> Any:
        # The quotes are memory of the view, which may be gone before them.
        if name not in _FIELDS:
            raise AttributeError(f"a strategy's view has no {name!r}")
        return getattr(self._view, name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_FIELDS]

    def __reduce__(self) -> Any:
        raise TypeError("a strategy's view cannot be copied or pickled; it is one's own and does not change")

    @property
    def bid_ticks(self) -> list[int]:
        """Prices of the bids, the best first, in ticks; levels that are not there have 0 lots."""
        return list(self._view.quotes.bid_ticks)

    @property
    def bid_lots(self) -> list[int]:
        """Sizes of the bids."""
        return list(self._view.quotes.bid_lots)

    @property
    def ask_ticks(self) -> list[int]:
        """Prices of the asks, the best first, in ticks."""
        return list(self._view.quotes.ask_ticks)

    @property
    def ask_lots(self) -> list[int]:
        """Sizes of the asks."""
        return list(self._view.quotes.ask_lots)

    @property
    def features(self) -> dict[str, float]:
        """The row by name, features of one's own included; empty when predictions were given."""
        return {} if self._features is None else dict(zip(self._names, self._features, strict=True))

    @property
    def working(self) -> Working | None:
        """The order that works."""
        v = self._view
        if v.working_lots == 0:
            return None
        price = None if v.working_price_ticks == _price_none() else v.working_price_ticks
        kind = "passive" if v.working_kind == _KINDS["passive"] else "marketable"
        return Working(v.working_lots, kind, price, v.working_sent_ns, bool(v.working_cancel))

    def __repr__(self) -> str:
        return f"<lobflow.View: position {self.position_lots}, mid {self.mid2 / 2} ticks, p_up_1min {self.p_up_1min:.3f}>"


def _price_none() -> int:
    return -(1 << 63)


class Strategy:
    """A compiled strategy, for the keyword ``strategy`` of `backtest` and `run`.

    Parameters
    ----------
    decide
        ``decide(view, features, state, action)``, called at each row that may be traded. A Python function,
        compiled by numba; or a compiled one of the type ``lf_strategy_decide`` (``lobflow/pipeline.h``): a
        function of ctypes or cffi, or its address.
        For Python: ``view`` has the fields of `View`, and ``bid_ticks bid_lots ask_ticks ask_lots`` of
        shape (10,); ``features`` is the row, shape (features,), in the order of `feature_list`, features of
        one's own behind (shape (0,) when predictions were given); ``state`` has shape (state,); ``action``
        is written to: ``action.kind`` 1 with ``action.lots`` the position to be at, 2 with an order to buy
        (above 0) or sell, 3 a cancel; ``action.order_kind`` 0 marketable, 1 passive;
        ``action.limit_ticks``. Arrays know their bounds, and an exception ends the run with a ``RuntimeError``.
    state
        Numbers (float64) that are kept for each symbol-day; 0 at first.
    """

    def __init__(self, decide: Any, *, state: int = 0) -> None:
        self.decide, self.state = decide, state_count(state)
        self._address = address_of(decide)
        if self._address is None and not inspect.isfunction(decide):
            raise TypeError(f"{decide!r} is no function, address or compiled function")
        self._compiled: dict[int, Any] = {}
        self.raised = Raised(f"the strategy {getattr(decide, '__name__', decide)!r}")

    def _address_for(self, width: int) -> int:
        if self._address is not None:
            return self._address
        if width not in self._compiled:
            self._compiled[width] = _compile(self.decide, self.state, width, self.raised)
        return int(self._compiled[width].address)


def _compile(function: Callable[..., Any], state: int, width: int, raised: Raised) -> Any:
    numba = _numba()
    inner, carray = numba.njit(function, error_model="numpy", boundscheck=True), numba.carray
    told, going_on, ended = raised.told, int(lib.LF_OK), int(lib.LF_CANCELLED)
    pointer, types = numba.types.CPointer, numba.types
    view_type, action_type = numba.from_dtype(_records.strategy_view()), numba.from_dtype(_records.action())
    kind = types.int32(types.voidptr, pointer(types.float64), pointer(view_type), pointer(types.float64),
                       pointer(action_type))

    @numba.cfunc(kind)  # type: ignore[untyped-decorator,unused-ignore]
    def decide(context: Any, kept: Any, view: Any, features: Any, action: Any) -> int:
        now = carray(view, 1)[0]
        try:
            inner(now, carray(features, width), carray(kept, state), carray(action, 1)[0])
        except Exception:  # noqa: BLE001 - numba knows no other
            told(now.ts_ns)
            return ended
        return going_on

    return decide


class Call:
    """One call's strategy as the library takes it."""

    def __init__(self, strategy: Any, features: Sequence[Feature], has_rows: bool, watch: Watch) -> None:
        self.watch = watch
        self.names = [text(lib.lf_feature_at(i).name) for i in range(lib.lf_feature_count_all())]
        self.names += [f.name for f in features]
        self.function = strategy
        self.made: dict[int, Any] = {}
        self.numbers = itertools.count(1)
        self.handle = ffi.new_handle(self)
        self.native = ffi.new("lf_run_strategy *")
        if isinstance(strategy, Strategy):
            address = strategy._address_for(0 if has_rows else len(self.names))
            self.native.decide = ffi.cast("lf_strategy_decide", address)
            self.watch.checks.append(strategy.raised.check())
            self.native.state_bytes = 8 * strategy.state
        elif callable(strategy):
            self.native.decide = lib.lobflow_on_decide
            self.native.context = self.handle
            self.native.state_bytes = 8
            self.native.alone = True
        else:
            raise TypeError(f"strategy is {strategy!r}; a function of a view, a class of them, or a lobflow.Strategy is needed")

    def decide(self, state: Any, view: Any, features: Any, action: Any) -> None:
        """Ask the Python function, or this symbol-day's object of the class."""
        function = self.function
        if inspect.isclass(function):
            number = ffi.cast("int64_t *", state)
            if number[0] == 0:
                # Days side by side may be here at once.
                own = next(self.numbers)
                self.made[own] = function()
                number[0] = own
            function = self.made[number[0]]
        _write(function(View(view, features, self.names)), action)


def _write(answer: Any, action: Any) -> None:
    if answer is None:
        return
    if isinstance(answer, Cancel):
        action.kind = lib.LF_ACTION_CANCEL
        return
    if not isinstance(answer, Target | Order):
        raise TypeError(f"a strategy answers with None, a Target, an Order or a Cancel, not {answer!r}")
    if answer.kind is not None and answer.kind not in _KINDS:
        raise ValueError(f"kind is {answer.kind!r}; it is marketable or passive")
    action.kind = lib.LF_ACTION_TARGET if isinstance(answer, Target) else lib.LF_ACTION_ORDER
    action.lots = plain(answer.lots)
    if answer.kind is not None:
        action.order_kind = _KINDS[answer.kind]
    if answer.limit_ticks is not None:
        action.limit_ticks = plain(answer.limit_ticks)


def _failed(kind: type[BaseException], value: BaseException, trace: TracebackType) -> None:
    """What the function raised ends the run, which raises it again."""
    frame = trace.tb_frame if trace is not None else None
    context = frame.f_locals.get("context") if frame is not None else None
    if context is not None and context != ffi.NULL:
        ffi.from_handle(context).watch.fail(value)


@ffi.def_extern(error=lib.LF_CANCELLED, onerror=_failed)  # type: ignore[untyped-decorator,unused-ignore]
def lobflow_on_decide(context: Any, state: Any, view: Any, features: Any, action: Any) -> int:
    ffi.from_handle(context).decide(state, view, features, action)
    return int(lib.LF_OK)
