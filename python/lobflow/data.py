"""Market data: finding days, what is in them, their events, and simulated ones."""

from __future__ import annotations

import builtins
import html
import itertools
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lobflow import _config, _records
from lobflow._arguments import suggesting, whole
from lobflow._config import Config
from lobflow._core import (CancelledError, DataError, RangeError, check, date_text, duration_ns, ffi, lib, new_error,
                           path_bytes, plain, text, text_bytes)
from lobflow._progress import Progress, Watch, on_day, on_progress, on_sentence, on_share
from lobflow.user import Feature, Users

if TYPE_CHECKING:
    import numpy as np

Path = str | os.PathLike[str]

_KINDS = ("add", "cancel", "delete", "execute", "hidden", "cross", "halt", "quote", "trade", "other")


def _day_key(source: Any) -> tuple[str, str, str]:
    """What a day is known by, in the order of days."""
    return date_text(source.date), text(source.symbol), text(source.venue)


class Days:
    """Symbol-days that are there to be read, by date and then symbol.

    Made by `open`. A sequence: ``days[0]`` is the first one alone, ``days[-2:]`` the last two.
    Nothing is read before it is needed.
    """

    def __init__(self, sources: Any, count: int, options: Mapping[str, Any]) -> None:
        self._sources = sources
        self._count = count
        self._options = dict(options)
        self._origins: dict[str, str] = {}

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int | slice) -> Days:
        if not isinstance(index, slice) and not hasattr(index, "__index__"):
            raise TypeError(f"a day is taken by its number or a slice, such as days[0] or days[-2:], not by {index!r}")
        if not isinstance(index, slice) and not -self._count <= index < self._count:
            raise IndexError(f"there are {self._count} days, counted from 0; {index} is none of them")
        found = range(self._count)[index]
        return self._take([found] if isinstance(found, int) else list(found))

    def _take(self, chosen: list[int]) -> Days:
        sources = ffi.new("lf_source[]", max(len(chosen), 1))
        for i, k in enumerate(chosen):
            sources[i] = self._sources[k]
        return self._from(sources, len(chosen), self._origins)

    def _from(self, sources: Any, count: int, origins: Mapping[str, str]) -> Days:
        out = Days(sources, count, self._options)
        out._origins = dict(origins)
        return out

    def __iter__(self) -> Iterator[Days]:
        return (self[i] for i in range(self._count))

    def __add__(self, other: Days) -> Days:
        """Days of both, which must have been opened alike and share none."""
        if self._options != other._options:
            raise RangeError("days that were opened with other options cannot be put together")
        sources = ffi.new("lf_source[]", max(len(self) + len(other), 1))
        both = [self._sources[i] for i in range(len(self))] + [other._sources[i] for i in range(len(other))]
        both.sort(key=_day_key)
        for one, later in itertools.pairwise(both):
            if _day_key(one) == _day_key(later):
                raise RangeError(f"{text(one.symbol)} of {date_text(one.date)} is there twice: {text(one.path)} and {text(later.path)}; "
                                 "leave one out")
        for i, source in enumerate(both):
            sources[i] = source
        return self._from(sources, len(both), self._origins | other._origins)

    @property
    def symbols(self) -> list[str]:
        """Symbol of each day, in order."""
        return [text(self._sources[i].symbol) for i in range(self._count)]

    @property
    def dates(self) -> list[str]:
        """Trading day of each, YYYY-MM-DD, in order."""
        return [date_text(self._sources[i].date) for i in range(self._count)]

    @property
    def paths(self) -> list[str]:
        """Where each lies: an archive, a folder or its first file."""
        return [text(self._sources[i].path) for i in range(self._count)]

    @property
    def formats(self) -> list[str]:
        """Format of each, such as ``"lobster"``."""
        return [text(self._sources[i].format) for i in range(self._count)]

    def events(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """All events of one day, and their trades.

        Returns
        -------
        events : numpy structured array, shape (events,)
            ``ts_exchange_ns ts_local_ns order_id price_units size_lots instrument flags trade_first
            trade_count kind side`` and the ten best levels after the event: ``bid_ticks bid_lots
            ask_ticks ask_lots``, each of shape (10,). Prices are ticks, sizes lots. A level that is
            not there has size 0. ``trade_first`` counts in `trades`.
        trades : numpy structured array, shape (trades,)
            ``price_units size_lots sign hidden``.

        Notes
        -----
        376 bytes an event: a day of a million events takes 0.4 GB.
        """
        import numpy as np

        if self._count != 1:
            raise RangeError(f"events() reads one day; these are {self._count}; take one by its index")
        event, trade = _records.event(), _records.trade()
        events, trades, before = [], [], 0
        with Feed(self) as feed:
            for batch in feed:
                e = np.frombuffer(ffi.buffer(batch.events, batch.event_count * event.itemsize), event).copy()
                e["trade_first"] += before
                events.append(e)
                if batch.trade_count > 0:
                    trades.append(np.frombuffer(ffi.buffer(batch.trades, batch.trade_count * trade.itemsize), trade).copy())
                    before += batch.trade_count
        return (np.concatenate(events) if events else np.empty(0, event),
                np.concatenate(trades) if trades else np.empty(0, trade))

    @property
    def instrument(self) -> dict[str, Any]:
        """What one day's events are about.

        Returns
        -------
        dict
            ``symbol venue currency tick lot levels date time_zone session_open_ns session_close_ns``;
            tick and lot in currency and units, times in ns since 1970 UTC.
        """
        with Feed(self) as feed:
            return instrument_dict(feed.instrument)

    def __repr__(self) -> str:
        if self._count == 0:
            return "<lobflow.Days: none>"
        names = ", ".join(dict.fromkeys(self.symbols))
        dates = self.dates
        span = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
        return f"<lobflow.Days: {self._count} of {names}, {span}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(s)}</td><td>{d}</td><td>{f}</td><td>{html.escape(p)}</td></tr>"
            for s, d, f, p in list(zip(self.symbols, self.dates, self.formats, self.paths, strict=True))[:20]
        )
        more = f"<p>and {self._count - 20} more</p>" if self._count > 20 else ""
        return ("<table><thead><tr><th>symbol</th><th>date</th><th>format</th><th>path</th></tr></thead>"
                f"<tbody>{rows}</tbody></table>{more}")


class Feed:
    """One day being read, batch by batch; for use in a ``with`` statement."""

    def __init__(self, days: Days) -> None:
        if len(days) != 1:
            raise RangeError(f"one day is read at a time; these are {len(days)}")
        self._config = _config.make(None, days._options)
        self._source = days._sources
        self._feed: Any = ffi.NULL

    def __enter__(self) -> Feed:
        options, out, error = ffi.new("lf_feed_options *"), ffi.new("lf_feed **"), new_error()
        lib.lf_run_feed_options(self._config, options)
        check(lib.lf_feed_open(self._source, options, out, error), error)
        self._feed = out[0]
        return self

    def __exit__(self, *_: object) -> None:
        lib.lf_feed_close(self._feed)
        self._feed = ffi.NULL

    def __iter__(self) -> Iterator[Any]:
        batch, error = ffi.new("lf_batch *"), new_error()
        while True:
            check(lib.lf_feed_next(self._feed, batch, error), error)
            if batch.event_count == 0:
                return
            yield batch

    @property
    def instrument(self) -> Any:
        return lib.lf_feed_instrument(self._feed)

    @property
    def stats(self) -> Any:
        return lib.lf_feed_stats_of(self._feed)

    @property
    def share(self) -> float:
        """How much of the input has been read, 0 to 1."""
        stats = self.stats
        return float(stats.input_bytes / stats.input_bytes_total) if stats.input_bytes_total > 0 else 0.0


def instrument_dict(instrument: Any) -> dict[str, Any]:
    """An lf_instrument in plain words."""
    return {
        "symbol": text(instrument.symbol),
        "venue": text(instrument.venue),
        "currency": text(instrument.currency),
        "tick": instrument.tick_nano * 1e-9,
        "lot": instrument.lot_nano * 1e-9,
        "levels": instrument.level_count,
        "date": date_text(instrument.date),
        "time_zone": text(instrument.time_zone),
        "session_open_ns": instrument.session_open_ns,
        "session_close_ns": instrument.session_close_ns,
    }


@suggesting
def open(*paths: Path | Days, config: Config = None, **options: Any) -> Days:  # noqa: A001 - the verb's name
    """Find the symbol-days behind paths.

    Parameters
    ----------
    paths
        Archives, folders (searched two levels deep), files or pairs of files; `Days` are joined.
    config
        A configuration whose ``[data]`` and ``[instrument]`` say more; see `config_keys`.
    **options
        ``symbol``, ``date`` (YYYY-MM-DD), ``levels``, ``format``, ``tick``, ``lot``, ``strict``: what
        no file name tells, as the flags of the program.

    Returns
    -------
    Days

    Raises
    ------
    NotFoundError
        A path is not there, or holds no day.
    FormatError
        A file is of no format that lobflow reads.
    """
    for path in paths:
        if not isinstance(path, Days | str | os.PathLike):
            raise TypeError(f"a path is {path!r}; a text, a path or Days is needed")
    given = [p for p in paths if not isinstance(p, Days)]
    found = [p for p in paths if isinstance(p, Days)]
    options = {k: v for k, v in options.items() if v is not None}
    if config is not None:
        options = _data_of(config) | options
    if found and not given and not options:
        whole = found[0]
        for one in found[1:]:
            whole = whole + one
        return whole
    held = _config.make(None, options)
    words = [ffi.new("char[]", path_bytes(p)) for p in given]
    pointers = ffi.new("char *[]", words) if words else ffi.NULL
    listed, error = ffi.new("lf_source_list *"), new_error()
    check(lib.lf_run_find(held, ffi.cast("const char *const *", pointers), len(words), listed, error), error)
    sources = ffi.new("lf_source[]", max(listed.count, 1))
    ffi.memmove(sources, listed.sources, listed.count * ffi.sizeof("lf_source"))
    out = Days(sources, listed.count, options)
    lib.lf_source_list_clear(listed)
    for one in found:
        out = out + one
    return out


def _data_of(config: Config) -> dict[str, Any]:
    """The keywords of open() that a configuration sets."""
    names = {key: keyword for keyword, key in _config.KEYWORDS.items() if key.startswith(("data.", "instrument."))}
    return {names[k]: v for k, v in _config._flatten(_config._read(config)) if k in names and v not in ("", 0)}


def days_of(data: Days | Path | Sequence[Path]) -> Days:
    """What a verb was given, as days."""
    if isinstance(data, Days):
        return data
    if isinstance(data, str | os.PathLike):
        return open(data)
    if not isinstance(data, Sequence) or isinstance(data, bytes):
        raise TypeError(f"the days are {data!r}; Days, a path or a list of paths is needed")
    return open(*data)


class Job:
    """An lf_run_job: configuration, days and progress of one call."""

    def __init__(self, data: Days | Path | Sequence[Path], config: Config, keywords: Mapping[str, Any],
                 progress: Progress, more: Mapping[str, str] | None = None, jobs: int | None = None,
                 users: Sequence[Feature] = ()) -> None:
        self.days = days_of(data)
        merged = dict(keywords)
        for key, value in self.days._options.items():
            merged.setdefault(key, value)
        self.config = _config.make(config, merged, more)
        self.watch = Watch(progress)
        self.job = ffi.new("lf_run_job *")
        self.job.config = self.config
        self.job.sources = self.days._sources
        self.job.source_count = len(self.days)
        self.job.progress = on_progress
        self.job.progress_context = self.watch.handle
        self.job.jobs = len(os.sched_getaffinity(0)) if jobs is None else whole("jobs", jobs, 1)
        self.users = Users(users)
        self.watch.checks += [feature.raised.check() for feature in self.users.features]
        self.job.users = self.users.handle
        self.job.say = on_sentence
        self.job.say_context = self.watch.handle

    def __enter__(self) -> Job:
        self.watch.__enter__()
        return self

    def __exit__(self, *what: Any) -> None:
        self.watch.__exit__(*what)


# ---- inspect --------------------------------------------------------------------------------


class Finding(dict[str, Any]):
    """What one symbol-day is, and what is wrong with it; a dictionary with the keys of
    ``lobflow inspect --json``."""

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{html.escape(k)}</td><td>{html.escape(str(v))}</td></tr>" for k, v in self.items())
        return f"<table><tbody>{rows}</tbody></table>"


def _inspect_day(day: Days, watch: Watch, done: float, count: int) -> Finding:
    error = new_error()
    with Feed(day) as feed:
        out = ffi.new("lf_book_summarizer **")
        check(lib.lf_book_summarizer_create(ffi.NULL, feed.instrument, out, error), error)
        summarizer = ffi.gc(out[0], lib.lf_book_summarizer_destroy)
        for batch in feed:
            lib.lf_book_summarizer_push(summarizer, batch)
            if not watch.step("inspect", (done + feed.share) / count):
                raise CancelledError("Stopped.")
        book = ffi.new("lf_book_summary *")
        lib.lf_book_summarizer_get(summarizer, book)
        stats, instrument = feed.stats, feed.instrument
        if book.median_spread_ticks != book.median_spread_ticks:
            raise DataError(f"{day.paths[0]}: the book is never valid in {stats.event_count} events: no state has a bid "
                            "below an ask (trades alone make no book); is it the right orderbook file?", day.paths[0])
        return Finding({
            "format": day.formats[0],
            "symbol": text(instrument.symbol),
            "venue": text(instrument.venue),
            "date": date_text(instrument.date),
            "levels": day._sources[0].level_count,
            "tick": instrument.tick_nano * 1e-9,
            "lot": instrument.lot_nano * 1e-9,
            "events": stats.event_count,
            "trades_visible": book.trade_count - book.hidden_trade_count,
            "trades_hidden": book.hidden_trade_count,
            "crosses": book.cross_count,
            "halts": stats.halt_count,
            "mid_changes": book.mid_change_count,
            "crossed_states": book.crossed_count,
            "one_sided_states": book.one_sided_count,
            "gaps": stats.gap_count,
            "checks": stats.check_count,
            "violations": stats.violation_count,
            "stale": stats.stale_count,
            "skipped": stats.skipped_count,
            "unknown_orders": stats.unknown_order_count,
            "duplicate_orders": stats.duplicate_order_count,
            "overfills": stats.overfill_count,
            "broken_trades": stats.broken_count,
            "clock_shift_ns": stats.clock_shift_ns,
            "masked_share": book.masked_ns / book.session_ns if book.session_ns > 0 else 0.0,
            "first_ts": stats.first_ts_ns,
            "last_ts": stats.last_ts_ns,
            "median_spread_ticks": book.median_spread_ticks,
            "longest_silence_ns": book.longest_silence_ns,
            "kinds": {name: stats.kind_counts[i] for i, name in enumerate(_KINDS[:7])},
        })


@suggesting
def inspect(data: Days | Path | Sequence[Path], *, progress: Progress = None) -> list[Finding]:
    """What the data is, and what is wrong with it.

    Parameters
    ----------
    data
        `Days`, or paths of them.
    progress
        None: a bar on a terminal or in a notebook; True, False; or a function of stage and share
        (0 to 1) that may return False to stop.

    Returns
    -------
    list of Finding
        One for each day: counts of events, trades, halts, gaps, book violations and so on.
    """
    days = days_of(data)
    with Watch(progress) as watch:
        return [_inspect_day(day, watch, i, len(days)) for i, day in enumerate(days)]


# ---- convert --------------------------------------------------------------------------------

_SCHEMAS = {"mbo": 0, "mbp-10": 2, "trades": 4}


@suggesting
def convert(data: Days | Path | Sequence[Path], path: Path, *, schema: str = "mbp-10",
            progress: Progress = None) -> dict[str, int]:
    """Write days of one symbol as a file of Databento's format (DBN), or one day as NASDAQ ITCH.

    Parameters
    ----------
    data
        `Days` of one symbol, or paths of them.
    path
        Name of the file; DBN is compressed when it ends in ``.zst``, and ITCH is written when it ends
        in ``.itch``. It appears whole or not at all.
    schema
        Of DBN: ``"mbp-10"`` (ten levels after each message), ``"mbo"`` (single orders) or ``"trades"``.

    Returns
    -------
    dict
        Counts of what was written, and of what the format cannot say: ``event_count record_count
        plain_bytes hidden_count halt_count cross_count reset_count silent_count other_count
        repair_count local_count``.
    """
    if schema not in _SCHEMAS:
        raise RangeError(f"schema {schema!r}: mbp-10, mbo or trades")
    days = days_of(data)
    config = _config.make(None, days._options)
    feed, options = ffi.new("lf_feed_options *"), ffi.new("lf_convert_options *")
    lib.lf_run_feed_options(config, feed)
    sources, report, error = ffi.new("lf_source_list *"), ffi.new("lf_convert_report *"), new_error()
    sources.sources, sources.count = days._sources, len(days)
    with Watch(progress, "convert") as watch:
        options.feed, options.schema = feed, _SCHEMAS[schema]
        options.as_itch = os.fsdecode(path).endswith(".itch")
        options.progress, options.context = on_share, watch.handle
        check(lib.lf_feed_convert(sources, options, path_bytes(path), report, error), error)
    return {name: getattr(report, name) for name, _ in ffi.typeof("lf_convert_report").fields}


# ---- simulated days -------------------------------------------------------------------------


def _preset(name: str) -> int:
    presets = {"small_tick": lib.LF_SYNTH_SMALL_TICK, "large_tick": lib.LF_SYNTH_LARGE_TICK}
    if name not in presets:
        raise RangeError(f"preset {name!r}: small_tick or large_tick")
    return int(presets[name])


def _read_model(path: Path, numbers: Any) -> int:
    """Read a model that `synth` or the program has written; returns its preset."""
    with builtins.open(path, "rb") as file:
        section = tomllib.load(file).get("synth")
    if section is None:
        raise RangeError(f"{os.fspath(path)}: a model of a market is one section, [synth]")
    preset, error = _preset(section.pop("preset", "small_tick")), new_error()
    lib.lf_synth_model_default(preset, numbers)
    for key, value in section.items():
        values = value if isinstance(value, list) else [value]
        check(lib.lf_synth_model_set(numbers, key.encode(), values, len(values), error), error)
    return preset


def _facts(days: Days) -> Any:
    """lf_synth_facts of each day."""
    options, facts, error = ffi.new("lf_feed_options *"), ffi.new("lf_synth_facts[]", max(len(days), 1)), new_error()
    config = _config.make(None, days._options)
    lib.lf_run_feed_options(config, options)
    for i in range(len(days)):
        check(lib.lf_synth_check_source(days._sources + i, options, facts + i, error), error)
    return facts


def _fit(days: Days, options: Any, numbers: Any, watch: Any, levels: int | None) -> None:
    """Fit a market to days and put it into the options."""
    if len(set(days.symbols)) != 1:
        raise RangeError("like: days of one symbol")
    mean, error = ffi.new("lf_synth_facts *"), new_error()
    lib.lf_synth_facts_mean(_facts(days), len(days), mean)
    watch.days = 1
    check(lib.lf_synth_fit(ffi.NULL, mean, on_day, watch.handle, numbers, error), error)
    options.model, options.preset = numbers, lib.lf_synth_kind_of(mean)
    options.level_count = mean.level_count if levels is None else levels


def synth_check(data: Days | Path | Sequence[Path]) -> list[dict[str, float]]:
    """What days look like by the measures that simulators are judged by.

    Parameters
    ----------
    data
        `Days` of any feed, simulated or real, or paths of them.

    Returns
    -------
    list of dict
        For each day its measures by name, as ``lobflow synth --check --json`` has them; NaN where a day is too short.
    """
    days = days_of(data)
    facts, count = _facts(days), ffi.new("size_t *")
    measures = lib.lf_synth_measures(count)
    rows = [measures + k for k in range(count[0])]
    return [{text(m.name): lib.lf_synth_measure_of(facts + i, m) for m in rows} for i in range(len(days))]


@suggesting
def synth(folder: Path, *, days: int = 1, seed: int = 1, symbol: str | Sequence[str] = "SYN",
          first_date: str = "2024-01-02",
          preset: str | None = None, like: Days | Path | Sequence[Path] | None = None, model: Path | None = None,
          levels: int | None = None, alpha: float = 0.0, alpha_half_life: str | int = "1min",
          alpha_shock: float = 0.0, alpha_shock_rate: float = 0.02, activity: float = 1.0,
          correlation: float = 0.0, continuous: bool = False, jobs: int = 1, progress: Progress = None) -> Days:
    """Simulate days and write them as LOBSTER files.

    Parameters
    ----------
    folder
        For the days; made when it is not there.
    days, seed, symbol, first_date
        The same seed gives the same bytes.
    preset
        ``"small_tick"`` (None stands for it) or ``"large_tick"``.
    like
        Days of one symbol, of any feed, to which the market is fitted; ``model.toml`` in the folder then holds it.
    model
        A market that was fitted: such a file.
    levels
        Levels a side in the files, 1 to 10; None: ten, or as many as the days of ``like`` have.
    alpha
        Share of the variance of the latent 1-min return that past flow explains, 0 to 0.5.
    alpha_half_life
        How long a trade's sign, and a shock, keep pulling the price.
    alpha_shock
        News: ticks that the price has still to go after a trade that shows it, half of them within ``alpha_half_life``.
    alpha_shock_rate
        Of them a second, at activity 1.
    activity
        Factor on every rate.
    symbol
        A name, or several.
    correlation
        Of the latent returns of several symbols, through one common factor.
    continuous
        A day begins where the one before ended, after a night.
    jobs
        Symbol-days that are written at once; the bytes are the same.

    Returns
    -------
    Days
        Those in the folder that were written.
    """
    if (preset is not None) + (like is not None) + (model is not None) > 1:
        raise RangeError("preset, like and model: one of them")
    days, jobs, seed = whole("days", days, 1), whole("jobs", jobs, 1), plain(seed)
    levels = None if levels is None else whole("levels", levels, 1)
    options = ffi.new("lf_synth_options *")
    lib.lf_synth_options_default(options)
    names = [symbol] if isinstance(symbol, str) else list(symbol)
    options.correlation, options.is_continuous = correlation, bool(continuous)
    if lib.lf_date_parse(text_bytes(first_date, "first_date"), ffi.addressof(options, "first_date")) != lib.LF_OK:
        raise RangeError(f"first_date {first_date!r} is no date; write YYYY-MM-DD")
    options.day_count, options.seed, options.preset = days, seed, _preset(preset or "small_tick")
    options.level_count, options.alpha, options.activity = 10 if levels is None else levels, alpha, activity
    options.alpha_half_life_ns = duration_ns(alpha_half_life)
    options.alpha_shock_ticks, options.alpha_shock_rate = alpha_shock, alpha_shock_rate
    numbers, error = ffi.new("lf_synth_model *"), new_error()
    if model is not None:
        options.preset, options.model = _read_model(model, numbers), numbers
    with Watch(progress, "synth") as watch:
        if like is not None:
            _fit(days_of(like), options, numbers, watch, levels)
        watch.days = max(days * len(names), 1)  # type: ignore[attr-defined]
        texts = [ffi.new("char[]", text_bytes(name, "symbol")) for name in names]
        array, place = ffi.new("char *[]", texts), ffi.new("char[]", path_bytes(folder))
        writing = ffi.new("lf_synth_writing *", {"symbols": array, "symbol_count": len(names), "job_count": jobs,
                                                 "folder": place, "progress": on_day, "context": watch.handle})
        check(lib.lf_synth_write_symbols(options, writing, error), error)
    if options.model:
        note = f"Fitted to {days_of(like).symbols[0]}." if like is not None else "A market as it was given."
        path = path_bytes(os.path.join(folder, "model.toml"))
        check(lib.lf_synth_model_write(numbers, options.preset, note.encode(), path, error), error)
    found = open(folder)
    dates = sorted({d for n, d in zip(found.symbols, found.dates, strict=True) if n in names and d >= first_date})
    last = dates[:days][-1]
    return found._take([i for i, name in enumerate(found.symbols)
                        if name in names and first_date <= found.dates[i] <= last])
