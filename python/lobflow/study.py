"""Features, labels, and how order flow moves prices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lobflow import _config
from lobflow._arguments import suggesting
from lobflow._config import Config
from lobflow._core import CancelledError, RangeError, check, duration_ns, ffi, lib, new_error, text
from lobflow._progress import Progress, Watch
from lobflow.data import Days, Feed, Job, Path, days_of, instrument_dict
from lobflow.table import Table
from lobflow.user import Feature

if TYPE_CHECKING:
    from lobflow.model import Model

_MINUTE = 60_000_000_000


def feature_list() -> list[dict[str, Any]]:
    """All features.

    Returns
    -------
    list of dict
        ``name group unit formula source warmup_ns is_fitted is_scale_free`` of each, in the order of
        a row; fitted features, whose parameters come from earlier days, are last.
    """
    out = []
    for i in range(lib.lf_feature_count_all()):
        info = lib.lf_feature_at(i)
        out.append({
            "name": text(info.name), "group": text(info.group), "unit": text(info.unit),
            "formula": text(info.formula), "source": text(info.source), "warmup_ns": info.warmup_ns,
            "is_fitted": info.is_fitted, "is_scale_free": info.is_scale_free,
        })
    return out


def _specs(labels: str | Sequence[str]) -> tuple[Any, int]:
    if not isinstance(labels, str):
        if not isinstance(labels, Iterable):
            raise TypeError(f"labels is {labels!r}; a text such as '1min,5min' or a list of such words is needed")
        labels = list(labels)
        for word in labels:
            if not isinstance(word, str):
                raise TypeError(f"labels holds {word!r}; a label is a text such as '1min' or 'barrier:1min'")
    words = labels if isinstance(labels, str) else ",".join(labels)
    specs, count, error = ffi.new("lf_label_spec[]", 64), ffi.new("size_t *"), new_error()
    if words:
        check(lib.lf_label_parse(words.encode(), specs, 64, count, error), error)
    return specs, count[0]


@suggesting
def features(data: Days | Path | Sequence[Path], *, set: str | None = None, step: str | None = None,  # noqa: A002
             labels: str | Sequence[str] = (), each_event: bool = False, model: Model | None = None,
             user_features: Sequence[Feature] = (), config: Config = None, progress: Progress = None,
             **keywords: Any) -> Table:
    """Feature rows of all days.

    Parameters
    ----------
    data
        `Days`, or paths of them.
    set
        Names and sets joined by commas: ``"default"`` (64), ``"scale_free"``, ``"fitted"``,
        ``"mlofi"``, ``"ofi_1min,vpin"``, ``"user"``.
    step
        Time between rows, ``"1s"`` by default, on a grid from the session's opening.
    labels
        What the mid does later: durations for ``ret_<h>`` (bps) and ``up_<h>``, such as
        ``["1min", "5min"]``, and ``"smooth:1min"``, ``"barrier:1min"``, ``"meta:1min"``,
        ``"weight:1min"``.
    each_event
        A row for each event time instead of each step.
    model
        Whose parameters fitted features are made with; by default those of all earlier days.
    user_features
        Features of your own (`Feature`): `set` may name them, or all as ``"user"``; by default they
        stand behind the 64.
    config, **keywords
        More keys; see `config_keys`. ``clock="local"`` gives rows as a strategy sees them.
    progress
        As in `inspect`.

    Returns
    -------
    Table
        ``ts_event symbol valid``, the features as float64 (NaN where undefined), the labels. Row i
        holds what was known at ``ts_event``, and nothing later.
    """
    specs, count = _specs(labels)
    options, out, error = ffi.new("lf_run_features_options *"), ffi.new("lf_frame **"), new_error()
    options.labels, options.label_count, options.each_event = specs, count, each_event
    options.model = model._model if model is not None else ffi.NULL
    if set is None and user_features and not _config.names(config, "features.set"):
        set = "default,user"
    with Job(data, config, {"set": set, "step": step, **keywords}, progress, users=user_features) as job:
        check(lib.lf_run_features_table(job.job, options, out, error), error)
    return Table(out[0])


@suggesting
def labels(data: Days | Path | Sequence[Path], horizons: str | Sequence[str] = ("1min", "5min"), *,
           step: str | None = None, config: Config = None, progress: Progress = None, **keywords: Any) -> Table:
    """Labels alone: what the mid does after each row.

    Parameters
    ----------
    horizons
        As `labels` of `features`.
    step, config, progress, **keywords
        As in `features`.

    Returns
    -------
    Table
        ``ts_event symbol valid`` and the labels; NaN where what follows is not known or connected.
    """
    if not horizons:
        raise RangeError("no label is named; write such as '1min' or 'barrier:1min'")
    rows = features(data, set="session_fraction", step=step, labels=horizons, config=config, progress=progress, **keywords)
    return rows.drop("session_fraction")


# ---- impact ---------------------------------------------------------------------------------

_RESULT = ("r2_ofi", "r2_trade_imbalance", "r2_both", "r2_ofi_no_price_change", "r2_next", "beta_mean", "depth_mean",
           "beta_depth2", "lambda", "c", "r2_depth_law", "auc_queue_imbalance", "auc_queue_imbalance_last",
           "logit_intercept", "logit_slope", "r2_is_best", "r2_is_ridge", "r2_is_integrated", "r2_oos_best",
           "r2_oos_ridge", "r2_oos_integrated", "pc1_share")
_BLOCK = ("alpha", "beta", "beta_se", "r2_ofi", "r2_trade_imbalance", "r2_both", "r2_ofi_no_price_change", "depth_mean",
          "r2_is_best", "r2_is_ridge", "r2_is_integrated", "r2_oos_best", "r2_oos_ridge", "r2_oos_integrated",
          "pc1_share")
_OF_LEVELS = ("r2_is_ridge", "r2_is_integrated", "r2_oos_ridge", "r2_oos_integrated", "pc1_share")


def _numbers(of: Any, names: Sequence[str], levels: int) -> dict[str, float]:
    return {n: math.nan if levels < 2 and n in _OF_LEVELS else getattr(of, n) for n in names}


def _impact_day(day: Days, window_ns: int, block_ns: int, whole: bool, watch: Watch, at: float,
                count: int) -> dict[str, Any]:
    error = new_error()
    with Feed(day) as feed:
        instrument = feed.instrument
        open_ns, close_ns = instrument.session_open_ns, instrument.session_close_ns
        # The first and the last half hour are a market of their own, where there is an open at all.
        cut = 30 * _MINUTE
        if whole or close_ns - open_ns < 2 * cut + block_ns or close_ns - open_ns >= 86400 * 10**9:
            cut = 0
        options, out = ffi.new("lf_study_options *"), ffi.new("lf_study **")
        options.window_ns, options.block_ns = window_ns, block_ns
        options.from_ns = open_ns + cut
        options.to_ns = close_ns - cut - (close_ns - open_ns - 2 * cut) % block_ns
        check(lib.lf_study_create(instrument, options, out, error), error)
        study = ffi.gc(out[0], lib.lf_study_destroy)
        for batch in feed:
            check(lib.lf_study_push(study, batch))
            if not watch.step("impact", (at + feed.share) / count):
                raise CancelledError("Stopped.")
        result, blocks = ffi.new("lf_study_result *"), ffi.new("lf_study_block **")
        check(lib.lf_study_finish(study, result, blocks, error), error)
        levels = result.level_count
        about = instrument_dict(instrument)
        return {
            **{k: about[k] for k in ("symbol", "date", "time_zone", "tick")},
            "window_ns": window_ns, "block_ns": block_ns, "levels": levels, "moves": result.move_count,
            **_numbers(result, _RESULT, levels),
            "r2_is_levels": list(result.r2_is_levels)[:levels],
            "r2_oos_levels": list(result.r2_oos_levels)[:levels],
            "halfhours": [
                {"begin_ns": blocks[0][i].begin_ns, "observations": blocks[0][i].observation_count,
                 **_numbers(blocks[0][i], _BLOCK, levels)}
                for i in range(result.block_count)
            ],
        }


@suggesting
def impact(data: Days | Path | Sequence[Path], *, window: str | int = "10s", block: str | int = "30min",
           whole_session: bool = False, progress: Progress = None) -> list[dict[str, Any]]:
    """How order flow imbalance moves the mid: Cont, Kukanov, Stoikov (2014), by half hour and day.

    Parameters
    ----------
    window
        Length of one observation; three or more make a block.
    block
        Observations of one regression.
    whole_session
        By default the session's first and last half hour are left out.

    Returns
    -------
    list of dict
        One for each day with the keys of ``lobflow impact --json``: ``r2_ofi``, ``beta_mean``,
        ``lambda``, ``auc_queue_imbalance``, ``r2_oos_integrated``, ... and ``halfhours``.
    """
    days = days_of(data)
    window_ns, block_ns = duration_ns(window), duration_ns(block)
    if window_ns < 1_000_000:
        raise RangeError(f"window is {window_ns} ns; it must be at least 1ms, such as '10s'")
    with Watch(progress) as watch:
        return [_impact_day(day, window_ns, block_ns, whole_session, watch, i, len(days)) for i, day in enumerate(days)]
