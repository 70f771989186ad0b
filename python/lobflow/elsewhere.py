"""Forecasts by models that were trained elsewhere: LightGBM's own, scikit-learn's, or of the same manner."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lobflow._arguments import suggesting
from lobflow._config import Config
from lobflow._core import MismatchError, RangeError
from lobflow._progress import LobflowNote, Progress
from lobflow.data import Days, Path, days_of
from lobflow.study import feature_list
from lobflow.study import features as _features
from lobflow.table import Table
from lobflow.user import Feature

if TYPE_CHECKING:
    import numpy as np


def _names_of(model: Any) -> list[str] | None:
    """Names of the columns that it was fitted on, where it knows them."""
    for attribute in ("feature_names_in_", "feature_name_", "feature_name"):
        found = getattr(model, attribute, None)
        if found is not None:
            return [str(name) for name in (found() if callable(found) else found)]
    return None


def _takes_missing(model: Any) -> bool:
    """Whether it makes something of NaN: LightGBM does, and those of scikit-learn that say so."""
    if type(model).__module__.startswith("lightgbm"):
        return True
    try:
        return bool(model.__sklearn_tags__().input_tags.allow_nan)
    except AttributeError:
        return False


def _probabilities(model: Any, rows: Any) -> np.ndarray[Any, Any]:
    """P(up): of the larger of two classes, or what a booster of probabilities says."""
    import numpy as np

    if not hasattr(model, "predict_proba"):
        return np.asarray(model.predict(rows), np.float64)
    found = np.asarray(model.predict_proba(rows), np.float64)
    classes = list(getattr(model, "classes_", (0, 1)))
    if found.ndim != 2 or found.shape[1] != 2 or len(classes) != 2:
        raise RangeError(f"{type(model).__name__} foretells {len(classes)} classes; P(up) needs two, such as 0 and 1")
    return found[:, int(np.argmax(np.asarray(classes)))]


def _of_names(model: Any, names: Sequence[str], columns: np.ndarray[Any, Any]) -> Any:
    """Rows as the model was fitted on: with names when it knows them."""
    if getattr(model, "feature_names_in_", None) is None:
        return columns
    try:
        import pandas as pd
    except ImportError:
        return columns
    return pd.DataFrame(columns, columns=list(names))


def _ask(name: str, model: Any, table: Table, names: Sequence[str], missing: str | None) -> np.ndarray[Any, Any]:
    """Its forecast at each row that it can be asked for; NaN at the others."""
    import numpy as np

    columns = table.to_numpy(names)
    asked = np.asarray(table["valid"], bool).copy()
    takes = _takes_missing(model) if missing is None else missing == "pass"
    if not takes:
        asked &= ~np.isnan(columns).any(axis=1)
    out = np.full(len(table), np.nan)
    if not asked.any():
        return out
    rows = _of_names(model, names, np.ascontiguousarray(columns[asked]))
    found = np.asarray(model.predict(rows), np.float64) if name == "ret_1min_bps" else _probabilities(model, rows)
    if found.shape != (int(asked.sum()),):
        raise RangeError(f"{name}: {type(model).__name__} gave shape {found.shape} for {int(asked.sum())} rows")
    if name != "ret_1min_bps" and (np.nanmin(found) < 0 or np.nanmax(found) > 1):
        raise RangeError(f"{name}: {type(model).__name__} gives {np.nanmin(found):.3g} to {np.nanmax(found):.3g}, which are no "
                         "probabilities; wrap it, or use it for ret_1min_bps")
    out[asked] = found
    return out


def _last_date(trained_on: Days | str | datetime.date) -> str:
    if isinstance(trained_on, Days):
        if len(trained_on) == 0:
            raise RangeError("trained_on names no day")
        return max(trained_on.dates)
    if isinstance(trained_on, datetime.datetime):
        return trained_on.date().isoformat()
    if isinstance(trained_on, datetime.date):
        return trained_on.isoformat()
    return datetime.date.fromisoformat(trained_on).isoformat()


def _check_unseen(days: Days, trained_on: Days | str | datetime.date | None, in_sample: bool) -> None:
    if trained_on is None:
        warnings.warn("trained_on= is not given, so nobody has checked that the model has not seen these days; what comes "
                      "of days that it has seen is no forecast", LobflowNote, stacklevel=3)
        return
    last = _last_date(trained_on)
    seen = [date for date in days.dates if date <= last]
    if seen and not in_sample:
        raise MismatchError(f"the model was trained on days up to {last}, and {seen[0]} is not later; forecast later days, or "
                            "ask for in_sample=True, which is no forecast")


def _chosen(models: Mapping[str, Any], names: Sequence[str] | None, users: Sequence[Feature]) -> list[str]:
    """Names of the columns for all models, which must agree."""
    known = {f["name"] for f in feature_list()} | {f.name for f in users}
    if names is None:
        found = {tuple(own) for own in map(_names_of, models.values()) if own is not None}
        if len(found) != 1:
            raise RangeError("the models know no names of features, or different ones; give features= in the order that they "
                             "were fitted on")
        names = list(found.pop())
    strange = [name for name in names if name not in known]
    if strange:
        raise RangeError(f"{strange[0]!r} is no feature; give features= in the order that the model was fitted on")
    return list(names)


def _set_of(names: Sequence[str]) -> str:
    """A set that holds all of them; the key takes no list of many names."""
    plain = {f["name"] for f in feature_list() if not f["is_fitted"]}
    short = ",".join(names)
    return short if len(short) < 1000 else ",".join(["default", *(name for name in names if name not in plain)])


@suggesting
def forecast(data: Days | Path | Sequence[Path], *, up_1min: Any = None, up_5min: Any = None, ret_1min: Any = None,
             features: Sequence[str] | None = None, trained_on: Days | str | datetime.date | None = None,
             in_sample: bool = False, missing: str | None = None, step: str | None = None, clock: str = "local",
             user_features: Sequence[Feature] = (), config: Config = None, progress: Progress = None,
             **keywords: Any) -> Table:
    """Forecasts of days by models that were trained elsewhere, for ``backtest(predictions=)``.

    Parameters
    ----------
    data
        `Days`, or paths of them.
    up_1min, up_5min
        Whatever has ``predict_proba(rows)`` of two classes, the larger one for up, or ``predict(rows)`` that
        gives P(up): a LightGBM ``Booster`` or ``LGBMClassifier``, a classifier or pipeline of scikit-learn.
    ret_1min
        Whatever has ``predict(rows)``: the expected 1-min return in bps.
    features
        Names of the columns of ``rows``, in order. By default those that the models were fitted on, where they know
        them (``feature_name()``, ``feature_names_in_``).
    trained_on
        What the models have seen, validation and choice of parameters included: `Days`, or the last date. Days up
        to then are refused; without it a warning says that nobody has checked.
    in_sample
        Forecast such days all the same. What comes of them is no forecast, and a backtest of it proves
        nothing.
    missing
        Rows with a missing feature: ``"pass"`` hands NaN over, ``"skip"`` leaves them without a forecast. By
        default ``"pass"`` for LightGBM and for what says of itself that it takes NaN.
    step, clock, user_features, config, progress, **keywords
        As in `features`; the clock is ``"local"``, whose rows are those that a strategy sees.

    Returns
    -------
    Table
        ``ts_event symbol`` and ``p_up_1min``, ``p_up_5min``, ``ret_1min_bps`` of what was given; NaN where the book
        is not valid.

    Raises
    ------
    MismatchError
        A day is not later than `trained_on`, and `in_sample` is False.

    Example
    -------
    >>> rows = lf.features(days[:4], labels=["1min"], clock="local")
    >>> good = rows["valid"] & ~np.isnan(rows["up_1min"])
    >>> names = ["ofi_norm_1min", "depth_imbalance_l1"]
    >>> booster = LGBMClassifier().fit(rows.to_numpy(names)[good], rows["up_1min"][good])
    >>> table = lf.forecast(days[4], up_1min=booster, features=names, trained_on=days[:4])
    >>> result = lf.backtest(days[4], "bt", predictions=table)
    """
    models = {name: model for name, model in
              (("p_up_1min", up_1min), ("p_up_5min", up_5min), ("ret_1min_bps", ret_1min)) if model is not None}
    for name, model in models.items():
        if not hasattr(model, "predict"):
            raise TypeError(f"{name}: {model!r} has no predict()")
    if not models:
        raise TypeError("forecast() takes a model: up_1min, up_5min or ret_1min")
    if missing not in (None, "pass", "skip"):
        raise ValueError(f"missing is {missing!r}; it is 'pass' or 'skip'")
    days = days_of(data)
    names = _chosen(models, features, user_features)
    _check_unseen(days, trained_on, in_sample)
    table = _features(days, set=_set_of(names), step=step, clock=clock, user_features=user_features, config=config,
                      progress=progress, **keywords)
    out: dict[str, Any] = {"ts_event": table["ts_event"], "symbol": table["symbol"]}
    for name, model in models.items():
        out[name] = _ask(name, model, table, names, missing)
    return Table.of(out)

