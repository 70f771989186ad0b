"""Records of the library as numpy sees them: events, trades, and what callbacks are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lobflow._core import ffi, lib

if TYPE_CHECKING:
    import numpy as np


def _levels() -> list[Any]:
    level = ("<i8", (lib.LF_LEVELS_MAX,))
    return [(name, *level) for name in ("bid_ticks", "bid_lots", "ask_ticks", "ask_lots")]


def event() -> np.dtype[Any]:
    """An lf_event."""
    import numpy as np

    out = np.dtype([
        ("ts_exchange_ns", "<i8"), ("ts_local_ns", "<i8"), ("order_id", "<u8"), ("price_units", "<i8"),
        ("size_lots", "<i8"), ("instrument", "<u4"), ("flags", "<u4"), ("trade_first", "<u4"),
        ("trade_count", "<u2"), ("kind", "u1"), ("side", "i1"), *_levels(),
    ])
    assert out.itemsize == ffi.sizeof("lf_event")
    return out


def trade() -> np.dtype[Any]:
    """An lf_trade."""
    import numpy as np

    out = np.dtype({"names": ["price_units", "size_lots", "sign", "hidden"],
                    "formats": ["<i8", "<i8", "i1", "?"], "offsets": [0, 8, 16, 17], "itemsize": 24})
    assert out.itemsize == ffi.sizeof("lf_trade")
    return out


def feature_view() -> np.dtype[Any]:
    """An lf_feature_view."""
    import numpy as np

    names = ("ts_ns", "start_ns", "session_open_ns", "session_close_ns", "tick_nano", "lot_nano", "mid2", "level_count")
    out = np.dtype([*((name, "<i8") for name in names), *_levels()])
    assert out.itemsize == ffi.sizeof("lf_feature_view")
    return out


def strategy_view() -> np.dtype[Any]:
    """An lf_strategy_view, its quotes laid flat."""
    import numpy as np

    kinds = {"long": "<i8", "int64_t": "<i8", "double": "<f8"}
    fields = [(name, kinds[f.type.cname]) for name, f in ffi.typeof("lf_strategy_view").fields if name != "quotes"]
    out = np.dtype([*fields, *_levels()])
    assert out.itemsize == ffi.sizeof("lf_strategy_view")
    return out


def action() -> np.dtype[Any]:
    """An lf_action."""
    import numpy as np

    out = np.dtype([(name, "<i8") for name in ("kind", "lots", "order_kind", "limit_ticks")])
    assert out.itemsize == ffi.sizeof("lf_action")
    return out
