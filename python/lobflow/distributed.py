"""Many days on many processes or machines, with the results of one.

One task is one symbol-day with the small record of what crosses its border. A task writes one file, whole or
not at all, so a worker that dies costs its task and nothing else. With a ``dask.distributed`` client its workers do
the tasks and its dashboard shows them; without one, processes of this machine do. Workers must see the folder under the
same path. Data and folder may be addresses of fsspec, such as ``s3://bucket/days``: days are brought to a folder of
each machine that needs them, results are made in a folder here and taken there when they are whole.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import pathlib
import pickle
import shutil
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lobflow import _config, _remote
from lobflow._arguments import suggesting, whole
from lobflow._config import Config, names
from lobflow._core import CancelledError, check, ffi, lib, new_error, path_bytes, take_text, text
from lobflow._progress import LobflowNote, Progress, Watch
from lobflow.data import Days, Job, Path, days_of
from lobflow.data import open as _open
from lobflow.model import Model, _find_lightgbm
from lobflow.study import _specs, feature_list
from lobflow.table import Table
from lobflow.trade import _HORIZON, Run
from lobflow.trade import backtest as _backtest

__all__ = ["backtest", "features", "open", "table", "train"]

# A worker that dies is replaced, and its task tried again.
_RETRIES = 3


# Days as something that travels: their sources, how many, their options, where they came from. Every task gets the list
# of all days, so it is packed: 2 kB a day are 50 bytes then.
_Frozen = bytes


def _frozen(days: Days) -> _Frozen:
    whole = bytes(ffi.buffer(days._sources)), len(days), days._options, days._origins
    return zlib.compress(pickle.dumps(whole), 1)


def _thawed(frozen: _Frozen, wanted: range | None = None) -> Days:
    """The days again; files of those that are wanted, if this machine does not have them, are brought first."""
    raw, count, options, origins = pickle.loads(zlib.decompress(frozen))  # noqa: S301 - made by _frozen()
    sources = ffi.new("lf_source[]", max(count, 1))
    ffi.memmove(sources, raw, len(raw))
    for i in (range(count) if wanted is None else wanted) if origins else ():
        for path in (text(sources[i].path), text(sources[i].path2)):
            if path:
                _remote.refetch(path, origins)
    return Days(sources, count, options)._from(sources, count, origins)


@suggesting
def open(url: str, *, cache: Path | None = None, **options: Any) -> Days:  # noqa: A001 - the verb's name
    """Find the symbol-days behind an address of fsspec.

    Parameters
    ----------
    url
        Such as ``"s3://bucket/days"``: a folder, searched as `lobflow.open` does, or a file.
    cache
        Folder for the files on each machine that reads them; by default one below the system's for temporary files.
        What lies there, of the same size, is not brought again.
    **options
        As in `lobflow.open`.

    Returns
    -------
    Days
        Workers that do not have their files bring them again.
    """
    path, origins = _remote.fetch(url, cache)
    found = _open(path, **options)
    return found._from(found._sources, len(found), origins)


def _days(data: Days | Path | Sequence[Path]) -> Days:
    return open(data) if isinstance(data, str) and _remote.is_remote(data) else days_of(data)


def _worker_count(workers: int | None) -> int:
    return len(os.sched_getaffinity(0)) if workers is None else whole("workers", workers, 1)


def _on_processes(task: Callable[..., Any], calls: Sequence[tuple[Any, ...]], workers: int | None) -> Iterator[Any]:
    """Results as they come; tasks of a process that died are given to new ones."""
    count = _worker_count(workers)
    left = dict(enumerate(calls))
    for attempt in range(_RETRIES + 1):
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(count, context) as pool:
            futures = {pool.submit(task, *call): number for number, call in left.items()}
            try:
                for future in concurrent.futures.as_completed(futures):
                    result = future.result()
                    del left[futures[future]]
                    yield result
                return
            except concurrent.futures.process.BrokenProcessPool as broken:
                if attempt == _RETRIES:
                    raise concurrent.futures.process.BrokenProcessPool(
                        f"processes of this machine ended {_RETRIES + 1} times before their work was done. Were they killed for lack "
                        "of memory? Fewer workers need less. Or is this a script without `if __name__ == \"__main__\":`? "
                        "Workers import it, and a script from the standard input cannot be imported.") from broken
            except BaseException:
                for future in futures:
                    future.cancel()
                raise


def _on_cluster(client: Any, task: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    import dask.distributed

    as_completed: Any = dask.distributed.as_completed
    futures = [client.submit(task, *call, retries=_RETRIES, pure=False) for call in calls]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        client.cancel(futures)


def _all(client: Any, task: Callable[..., Any], calls: Sequence[tuple[Any, ...]], workers: int | None,
         progress: Progress, stage: str) -> list[Any]:
    results = _on_processes(task, calls, workers) if client is None else _on_cluster(client, task, calls)
    out = []
    with Watch(progress, stage) as watch:
        for result in results:
            out.append(result)
            if not watch.step(stage, len(out) / len(calls)):
                raise CancelledError("Stopped.")
    return out


# ---- features -------------------------------------------------------------------------------


def _carries(symbol: str, frozen: _Frozen, config: Config,
             keywords: dict[str, Any]) -> tuple[str, list[bytes]]:
    """What lies before each day of a symbol, with the symbol: results come in any order."""
    days = _thawed(frozen)
    out, error = ffi.new("lf_feature_carry[]", max(len(days), 1)), new_error()
    with Job(days, config, keywords, False) as job:
        check(lib.lf_run_carries(job.job, out, error), error)
    return symbol, [bytes(ffi.buffer(ffi.addressof(out, i))) for i in range(len(days))]


def _before(days: Days, client: Any, workers: int | None, config: Config, keywords: dict[str, Any],
            progress: Progress) -> dict[int, bytes]:
    """What lies before each day: one pass over the trades of each symbol, then every day is on its own."""
    symbols = list(dict.fromkeys(days.symbols))
    places = {s: [i for i, name in enumerate(days.symbols) if name == s] for s in symbols}
    calls = [(s, _frozen(days._take(places[s])), config, keywords) for s in symbols]
    passes = _all(client, _carries, calls, workers, progress, "carry")
    return {place: carry for s, found in passes for place, carry in zip(places[s], found, strict=True)}


def _feature_day(frozen: _Frozen, carry: bytes, labels: str | Sequence[str], each_event: bool,
                 config: Config, keywords: dict[str, Any], path: str) -> str:
    day = _thawed(frozen)
    specs, count = _specs(labels)
    held = ffi.new("lf_feature_carry *")
    ffi.memmove(held, carry, len(carry))
    options, error = ffi.new("lf_run_features_options *"), new_error()
    options.labels, options.label_count, options.each_event, options.carries = specs, count, each_event, held
    with Job(day, config, keywords, False) as job:
        check(lib.lf_run_features(job.job, options, path_bytes(path), error), error)
    return path


@suggesting
def features(data: Days | Path | Sequence[Path], folder: Path, *, client: Any = None, workers: int | None = None,
             set: str | None = None, step: str | None = None, labels: str | Sequence[str] = (),  # noqa: A002
             each_event: bool = False, ending: str = "parquet", scratch: Path | None = None, config: Config = None,
             progress: Progress = None, **keywords: Any) -> Sequence[Path]:
    """Feature rows, one file for each symbol-day: the rows of `lobflow.features`, to the bit.

    Parameters
    ----------
    data
        `Days`, or paths of them, which the workers must see.
    folder
        For ``SYMBOL_DATE.parquet``; made when it is not there.
    client
        A ``dask.distributed.Client``; None: processes of this machine.
    workers
        Processes without a client; by default one a processor.
    set, step, labels, each_event, config, **keywords
        As in `lobflow.features`. Fitted features, which need all earlier days at once, are refused.
    ending
        ``"parquet"``, ``"arrow"`` or ``"csv"``.
    scratch
        For a `folder` that is an address: where the files are made, which the workers must see; by default a new folder for
        temporary files of this machine.

    Returns
    -------
    list of path
        In the order of the days; addresses when `folder` is one.
    """
    days = _days(data)
    given = {"set": set, "step": step, **keywords}
    words = text(_config.make(config, given).set).split(",")
    if "fitted" in words or any(f["name"] in words for f in feature_list() if f["is_fitted"]):
        raise ValueError("fitted features need all earlier days at once; make them with lobflow.features()")
    _worker_count(workers)
    files = [f"{s}_{d}.{ending}" for s, d in zip(days.symbols, days.dates, strict=True)]
    with _remote.target(folder, scratch) as target:
        target.mkdir(parents=True, exist_ok=True)
        before = _before(days, client, workers, config, given, progress)
        calls = [(_frozen(days[i]), before[i], labels, each_event, config, given, str(target / files[i]))
                 for i in range(len(days))]
        _all(client, _feature_day, calls, workers, progress, "features")
    if isinstance(folder, str) and _remote.is_remote(folder):
        return [f"{folder.rstrip('/')}/{name}" for name in files]
    return [target / name for name in files]


def table(paths: Sequence[Path]) -> Table:
    """The files of `features` as one table, in their order; those behind addresses are brought here first."""
    import pyarrow as pa

    parts = []
    for path in paths:
        if not isinstance(path, str) or not _remote.is_remote(path):
            parts.append(Table.read(path).to_arrow())
            continue
        here = _remote.fetch_anew(path)
        parts.append(Table.read(here).to_arrow())
        shutil.rmtree(here.parent)
    return Table.of(pa.concat_tables(parts))


# ---- backtests ------------------------------------------------------------------------------


def _trade_days(frozen: _Frozen, model: str, in_sample: bool, folder: str, first: int, count: int,
                config: Config, keywords: dict[str, Any]) -> int:
    loaded, error = Model(model), new_error()
    with Job(_thawed(frozen, range(first + count)), config, keywords, False, _HORIZON, 1) as job:
        check(lib.lf_run_backtest_part(job.job, loaded._model, in_sample, path_bytes(folder), first, count, error), error)
    return first


@suggesting
def backtest(data: Days | Path | Sequence[Path], folder: Path, *, model: Model | Path, client: Any = None,
             workers: int | None = None, in_sample: bool = False, scratch: Path | None = None, config: Config = None,
             progress: Progress = None, **keywords: Any) -> Run:
    """Trade days with one model, a task for each symbol-day; the run of `lobflow.backtest`, to the byte.

    Parameters
    ----------
    data, model, folder
        As in `lobflow.backtest`; the workers must see all three.
    client, workers, scratch
        As in `features`.
    in_sample, config, **keywords
        As in `lobflow.backtest`.

    Returns
    -------
    Run
        Read from `scratch` when `folder` is an address.
    """
    days = _days(data)
    lies = model.path if isinstance(model, Model) else model
    is_far = isinstance(lies, str) and _remote.is_remote(lies)
    path = str(_remote.fetch_anew(str(lies)) if is_far else pathlib.Path(lies).resolve())
    with _remote.target(folder, scratch) as where:
        place, whole = str(where.resolve()), _frozen(days)
        calls = [(whole, path, in_sample, place, i, 1, config, keywords) for i in range(len(days))]
        _all(client, _trade_days, calls, workers, progress, "backtest")
        with warnings.catch_warnings():
            # That the days had been finished before is what was asked for.
            warnings.filterwarnings("ignore", "[0-9]+ of [0-9]+ days had been finished", LobflowNote)
            return _backtest(days, place, model=path, in_sample=in_sample, config=config, progress=progress, **keywords)


# ---- training -------------------------------------------------------------------------------

# One model is fitted by one processor: the tasks are many. The bytes do not depend on it.
_THREADS = {"threads": "model.threads", "horizon": "labels.horizon"}


def _train_rows(frozen: _Frozen, day: int, carry: bytes, folder: str, config: Config,
                keywords: dict[str, Any]) -> int:
    held, error = ffi.new("lf_feature_carry *"), new_error()
    ffi.memmove(held, carry, len(carry))
    with Job(_thawed(frozen, range(day, day + 1)), config, keywords, False, _THREADS, 1) as job:
        check(lib.lf_run_train_rows(job.job, day, held, path_bytes(folder), error), error)
    return day


def _train_fold(frozen: _Frozen, number: int, folder: str, config: Config,
                keywords: dict[str, Any]) -> int:
    _find_lightgbm()
    error = new_error()
    with Job(_thawed(frozen, range(0)), config, keywords, False, _THREADS, 1) as job:
        check(lib.lf_run_train_fold(job.job, path_bytes(folder), number, error), error)
    return number


@suggesting
def train(data: Days | Path | Sequence[Path], folder: Path, *, client: Any = None, workers: int | None = None,
          preset: str | None = None, kind: str | None = None, horizon: str | None = None, scratch: Path | None = None,
          config: Config = None, progress: Progress = None, **keywords: Any) -> Model:
    """Walk forward over days, a task for each symbol-day's rows and for each model: `lobflow.train`, to the byte.

    Parameters
    ----------
    data, folder
        As in `lobflow.train`; the workers must see both. Rows and models on the way lie in ``folder/.parts``, some
        14 MB for a symbol-day of 1-s rows, and are removed at the end.
    client, workers, scratch
        As in `features`.
    preset, kind, horizon, config, **keywords
        As in `lobflow.train`. A search over parameters and permutations, when they are asked for, are made by the
        calling process.

    Returns
    -------
    Model
        Read from `scratch` when `folder` is an address.

    Notes
    -----
    Each task fits one fold's model by one thread (``model.threads`` in the configuration sets another number). The last
    model has all rows and takes longest, so it is begun first. The calling process then scores the folds.
    """
    days = _days(data)
    _find_lightgbm()
    _worker_count(workers)
    given = {"preset": preset, "kind": kind, "horizon": horizon, **keywords}
    with _remote.target(folder, scratch) as place:
        _train(days, place.resolve(), client, workers, config, given, progress)
    return Model(place)


def _train(days: Days, target: pathlib.Path, client: Any, workers: int | None, config: Config, given: dict[str, Any],
           progress: Progress) -> None:
    apart = given if names(config, "model.threads") else {**given, "threads": 1}
    parts = target / ".parts"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(parents=True)
    try:
        whole, place = _frozen(days), str(parts)
        before = _before(days, client, workers, config, given, progress)
        _all(client, _train_rows, [(whole, i, before[i], place, config, given) for i in range(len(days))], workers,
             progress, "features")
        count, out, error = ffi.new("size_t *"), ffi.new("char **"), new_error()
        with Job(days, config, given, progress, _THREADS) as job:
            check(lib.lf_run_train_fold_count(job.job, path_bytes(place), count, error), error)
        # The longest first.
        order = [0, *range(count[0] - 1, 0, -1)]
        _all(client, _train_fold, [(whole, number, place, config, apart) for number in order], workers, progress, "train")
        with Job(days, config, given, progress, _THREADS) as job:
            check(lib.lf_run_train_parts(job.job, path_bytes(place), path_bytes(target), out, error), error)
        take_text(out[0])
    finally:
        shutil.rmtree(parts, ignore_errors=True)
