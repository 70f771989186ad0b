"""Trading on paper: backtests, the whole line, what latency costs, and reports."""

from __future__ import annotations

import html
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from lobflow._arguments import suggesting
from lobflow._config import Config
from lobflow._core import check, duration_ns, ffi, lib, new_error, path_bytes, plain, take_text, text
from lobflow._progress import Progress
from lobflow.data import Days, Job, Path
from lobflow.model import Model, _find_lightgbm, add_users
from lobflow.strategy import Call, Strategy
from lobflow.table import Table
from lobflow.user import Feature

_TABLES = ("orders", "fills", "trades", "equity")
_HORIZON = {"horizon": "signal.horizon"}


class Run:
    """A run folder, read back.

    Parameters
    ----------
    path
        The folder that `run`, `backtest` or the program wrote.
    """

    def __init__(self, path: Path) -> None:
        self.path = pathlib.Path(path)
        out, error = ffi.new("lf_report_folder **"), new_error()
        check(lib.lf_report_folder_open(ffi.NULL, path_bytes(path), out, error), error)
        self._folder = ffi.gc(out[0], lib.lf_report_folder_close)

    @property
    def metrics(self) -> dict[str, Any]:
        """The numbers of ``metrics.json``: ``signal execution pnl risk costs meta``."""
        return dict(json.loads(text(lib.lf_report_folder_metrics(self._folder))))

    def _table(self, name: str) -> Table:
        return Table.read(self.path / f"{name}.parquet")

    @property
    def orders(self) -> Table:
        """One row for each order."""
        return self._table("orders")

    @property
    def fills(self) -> Table:
        """One row for each fill."""
        return self._table("fills")

    @property
    def trades(self) -> Table:
        """One row for each round trip."""
        return self._table("trades")

    @property
    def equity(self) -> Table:
        """One row for each grid time of the session."""
        return self._table("equity")

    @property
    def predictions(self) -> Table:
        """One row for each row time that was traded."""
        return self._table("predictions")

    @property
    def page(self) -> pathlib.Path:
        """The report as one page for a browser."""
        return self.path / "report.html"

    def text(self) -> str:
        """The report as text."""
        out, error = ffi.new("char **"), new_error()
        metrics = lib.lf_report_folder_metrics(self._folder)
        check(lib.lf_report_text(ffi.NULL, metrics, out, error), error)
        return take_text(out[0])

    def __repr__(self) -> str:
        m = self.metrics
        return f"<lobflow.Run {self.path}: net {m['pnl']['net']:.2f}, {m['pnl']['trades']} trades, {m['meta']['days']} days>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text())}</pre>"


def _users_of(model: Model | None, given: Sequence[Feature]) -> Sequence[Feature]:
    """Features of one's own for a call: those given, else those that the model brings."""
    return given or (model.user_features if model is not None else ())


@suggesting
def backtest(data: Days | Path | Sequence[Path], folder: Path, *, model: Model | Path | None = None,
             predictions: Any = None, strategy: Any = None, in_sample: bool = False, horizon: str | None = None,
             entry: str | None = None, hold: str | None = None, order_size: int | None = None,
             jobs: int | None = None, user_features: Sequence[Feature] = (), config: Config = None,
             progress: Progress = None, **keywords: Any) -> Run:
    """Trade days with one model, predictions of your own or a strategy of your own, and write a run folder.

    Parameters
    ----------
    data
        `Days`, or paths of them.
    folder
        For the run; made when it is not there.
    model
        What foretells.
    predictions
        Instead of a model: a table, data frame or mapping with ``ts_event`` (row times: every
        ``step`` from the session's opening), ``p_up_1min`` or ``p_up_5min``, ``ret_1min_bps`` for the cost
        gate, and ``symbol`` where there are several. They alone decide, unless ``signal.ofi_threshold``
        asks for flow too. That none knew what came after its row is for you to see to.
    strategy
        Decides instead of the rules of ``[signal]``, with the model, with the predictions, or on book and
        features alone: a function of a `View` that answers with a `Target`, an `Order`, a `Cancel` or None;
        a class, of which each symbol-day gets an object to call; or a compiled `Strategy`. Risk rules,
        latencies and venue are those of every backtest. What it raises ends the run and is raised here, and
        nothing is left of the run. One in Python costs some 10 us a row, and its days are traded one
        after the other.
    in_sample
        Also trade days that the model was trained on; the report says so.
    horizon
        Which probability decides, ``"1min"`` or ``"5min"``.
    entry
        ``"marketable"`` or ``"passive"``.
    hold
        How long a position is held.
    order_size
        Lots.
    jobs
        Days traded at once; by default one a processor. Results do not depend on it.
    user_features
        Features of your own that the model was trained with; by default the model's `user_features`.
    config, **keywords
        More keys; see `config_keys`.

    Returns
    -------
    Run

    Raises
    ------
    MismatchError
        A day touches the training span and `in_sample` is False; a prediction lies at no row time; a
        feature of the model is neither built in nor among `user_features`.
    """
    if model is not None and predictions is not None:
        raise TypeError("backtest() takes a model or predictions, not both")
    if model is None and predictions is None and strategy is None:
        raise TypeError("backtest() takes a model or predictions, one of them, or a strategy")
    given = {"horizon": horizon, "entry": entry, "hold": hold, "order_size": order_size, **keywords}
    loaded = model if isinstance(model, Model) or model is None else Model(model)
    # A copy: the library may change kinds of columns.
    own = predictions.to_arrow() if isinstance(predictions, Table) else predictions
    table = Table.of(own, "the predictions") if predictions is not None else None
    out, error = ffi.new("char **"), new_error()
    with Job(data, config, given, progress, _HORIZON, _jobs(strategy, jobs), _users_of(loaded, user_features)) as job:
        call = _use(job, strategy, table is not None)
        if loaded is not None:
            check(lib.lf_run_backtest(job.job, loaded._model, in_sample, path_bytes(folder), out, error), error)
        elif table is not None:
            check(lib.lf_run_backtest_predictions(job.job, table._frame, path_bytes(folder), out, error), error)
        else:
            check(lib.lf_run_backtest_strategy(job.job, path_bytes(folder), out, error), error)
        del call
    take_text(out[0])
    return Run(folder)


def _jobs(strategy: Any, jobs: int | None) -> int | None:
    """Days of a strategy in Python are traded one after the other unless more are asked for."""
    return 1 if jobs is None and strategy is not None and not isinstance(strategy, Strategy) else jobs


def _use(job: Job, strategy: Any, has_rows: bool) -> Call | None:
    """Let a strategy decide in a call; what is handed back must live as long as the call."""
    if strategy is None:
        return None
    call = Call(strategy, job.users.features, has_rows, job.watch)
    job.job.strategy = call.native
    return call


def _word(value: Any) -> str:
    """A value as the program's flags have it."""
    value = plain(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


@suggesting
def sweep(data: Days | Path | Sequence[Path], folder: Path, keys: Mapping[str, Sequence[Any]], *, model: Model | Path,
          in_sample: bool = False, jobs: int | None = None, config: Config = None, progress: Progress = None,
          **keywords: Any) -> Table:
    """Trade days with every combination of values, in one pass over events and predictions.

    Parameters
    ----------
    keys
        Values of keys of ``[signal]``, ``[execution]`` and ``[risk]``, such as
        ``{"risk.hold": ["30s", "1min"], "signal.p_long": [0.55, 0.6]}``.
    model, in_sample, jobs, config, progress, **keywords
        As in `backtest`.

    Returns
    -------
    Table
        A row for each set: the values, then what came of them. Each set is recorded as a trial, so that
        the deflated Sharpe ratio knows how often one has looked.
    """
    if not keys or any(isinstance(values, str) or not len(values) for values in keys.values()):
        raise TypeError("keys is a mapping of keys to lists of values, such as {'risk.hold': ['30s', '1min']}")
    loaded = model if isinstance(model, Model) else Model(model)
    words = ";".join(f"{key}={','.join(_word(v) for v in values)}" for key, values in keys.items())
    whole = {**keywords, "sweep": words}
    out, error = ffi.new("char **"), new_error()
    users = loaded.user_features
    with Job(data, config, whole, progress, {**_HORIZON, "sweep": "sweep.keys"}, jobs, users) as job:
        check(lib.lf_run_sweep(job.job, loaded._model, in_sample, path_bytes(folder), out, error), error)
    take_text(out[0])
    return Table.read(pathlib.Path(folder) / "sweep.csv")


@suggesting
def run(data: Days | Path | Sequence[Path], folder: Path, *, horizon: str | None = None, entry: str | None = None,
        hold: str | None = None, order_size: int | None = None, preset: str | None = None, jobs: int | None = None,
        user_features: Sequence[Feature] = (), strategy: Any = None, config: Config = None,
        progress: Progress = None, **keywords: Any) -> Run:
    """The whole line: features, walk forward, backtest of what no model has seen, report.

    Parameters are those of `backtest` and `train`; models lie in ``folder/models``.

    Returns
    -------
    Run
    """
    _find_lightgbm()
    given = {"horizon": horizon, "entry": entry, "hold": hold, "order_size": order_size, "preset": preset, **keywords}
    out, error = ffi.new("char **"), new_error()
    with Job(data, config, given, progress, _HORIZON, _jobs(strategy, jobs), user_features) as job:
        call = _use(job, strategy, False)
        add_users(job)
        check(lib.lf_run_line(job.job, path_bytes(folder), out, error), error)
        del call
    take_text(out[0])
    return Run(folder)


@suggesting
def latency(data: Days | Path | Sequence[Path], folder: Path, *, model: Model | Path | None = None,
            latencies: Sequence[str | int] = (), in_sample: bool = False,
            user_features: Sequence[Feature] = (), config: Config = None, progress: Progress = None, **keywords: Any) -> dict[str, Any]:
    """What each delay costs, alone and all together.

    Parameters
    ----------
    model
        What foretells; None: days are walked forward as by `run`.
    latencies
        Delays to try, ascending, such as ``["1ms", "50ms"]``; by default eight from 10 us to 500 ms.

    Returns
    -------
    dict
        The surface, as ``latency.json`` in the folder has it: ``cells``, ``summary``, ``measured``.
    """
    _find_lightgbm()
    loaded = Model(model) if model is not None and not isinstance(model, Model) else model
    handle = loaded._model if isinstance(loaded, Model) else ffi.NULL
    delays = ffi.new("int64_t[]", [duration_ns(d) for d in latencies] or [0])
    options = ffi.new("lf_run_latency_options *")
    options.latencies_ns, options.latency_count = delays, len(latencies)
    out, error = ffi.new("char **"), new_error()
    users = _users_of(loaded, user_features)
    with Job(data, config, keywords, progress, users=users) as job:
        if loaded is None:
            add_users(job)
        check(lib.lf_run_latency(job.job, handle, in_sample, options, path_bytes(folder), out, error), error)
    return dict(json.loads(take_text(out[0])))


@suggesting
def report(run: Run | Path, output: Path | None = None) -> str:
    """The report of a run, as text; with `output` also as a file.

    Parameters
    ----------
    output
        A name ending in .html, .json or .txt.
    """
    read = run if isinstance(run, Run) else Run(run)
    if output is not None:
        path, error = pathlib.Path(output), new_error()
        metrics = lib.lf_report_folder_metrics(read._folder)
        if path.suffix == ".html":
            whole = lib.lf_report_folder_run(read._folder)
            check(lib.lf_report_html(whole, metrics, path_bytes(path), error), error)
        elif path.suffix in (".json", ".txt"):
            body = (text(metrics) if path.suffix == ".json" else read.text()).encode()
            check(lib.lf_file_write_atomic(path_bytes(path), body, len(body), error), error)
        else:
            raise ValueError(f"{path}: the report can be .html, .json or .txt")
    return read.text()
