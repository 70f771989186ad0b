"""Progress of long work, and the wish to stop it."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any

from lobflow._core import CancelledError, ffi, lib

Progress = bool | Callable[[str, float], object] | None


class _Bar:
    """A bar on a terminal or in a notebook, drawn by tqdm where that is installed."""

    def __init__(self) -> None:
        self._stage = ""
        self._drawn = 0.0
        self._bar: Any = None
        try:
            from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]

            self._tqdm: Any = tqdm
        except ImportError:
            self._tqdm = None

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        if stage == self._stage and now - self._drawn < 0.1 and share < 1:
            return
        self._drawn = now
        if self._tqdm is None:
            full = round(40 * min(max(share, 0), 1))
            sys.stderr.write(f"\r{stage:<10} [{'#' * full}{'.' * (40 - full)}] {share:4.0%}")
            sys.stderr.flush()
        else:
            if stage != self._stage:
                self.close()
                self._bar = self._tqdm(total=100, desc=stage, leave=False, bar_format="{desc} {bar} {n:.0f} %")
            self._bar.update(100 * share - self._bar.n)
        self._stage = stage

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        elif self._stage and self._tqdm is None:
            sys.stderr.write("\r" + " " * 64 + "\r")
        self._stage = ""


def _wants_bar() -> bool:
    """On a terminal and in a notebook, unless LOBFLOW_PROGRESS is 0."""
    if os.environ.get("LOBFLOW_PROGRESS") == "0":
        return False
    return sys.stderr.isatty() or "ipykernel" in sys.modules


class Watch:
    """Hands progress and sentences of one call to Python, and the caller's wish to stop to C.

    An exception out of the callback, Ctrl-C among them, stops the work and is raised again.
    """

    def __init__(self, progress: Progress, stage: str = "") -> None:
        self._bar: _Bar | None = None
        self._stage = stage
        self._failure: BaseException | None = None
        self._call: Callable[[str, float], object] | None = None
        self.checks: list[Callable[[], None]] = []
        if progress is True or (progress is None and _wants_bar()):
            self._bar = _Bar()
            self._call = self._bar
        elif callable(progress):
            self._call = progress
        elif progress not in (None, False):
            raise TypeError(f"progress is {progress!r}; it is True, False, None or a function of stage and share")
        self.handle = ffi.new_handle(self)

    def step(self, stage: str, share: float) -> bool:
        """Told where the work stands; False: stop it."""
        try:
            for check in self.checks:
                check()
            return self._call is None or self._call(stage or self._stage, share) is not False
        except BaseException as failure:  # noqa: BLE001 - raised again by finish()
            self._failure = failure
            return False

    def fail(self, failure: BaseException) -> None:
        """Keep what was raised on the way here."""
        self._failure = self._failure or failure

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()
        try:
            for check in self.checks:
                check()
        except RuntimeError as told:
            self.fail(told)
        if self._failure is not None and (value is None or isinstance(value, CancelledError)):
            failure, self._failure = self._failure, None
            raise failure


def _failed(kind: type[BaseException], value: BaseException, trace: TracebackType) -> None:
    """Ctrl-C may come before the callback's first line is reached."""
    frame = trace.tb_frame if trace is not None else None
    context = frame.f_locals.get("context") if frame is not None else None
    if context is not None and context != ffi.NULL:
        ffi.from_handle(context).fail(value)


@ffi.def_extern(error=False, onerror=_failed)  # type: ignore[untyped-decorator,unused-ignore]
def lobflow_on_progress(context: Any, stage: Any, share: float) -> bool:
    return bool(ffi.from_handle(context).step(ffi.string(stage).decode(), share))


@ffi.def_extern(error=False, onerror=_failed)  # type: ignore[untyped-decorator,unused-ignore]
def lobflow_on_share(context: Any, share: float) -> bool:
    return bool(ffi.from_handle(context).step("", share))


@ffi.def_extern(error=False, onerror=_failed)  # type: ignore[untyped-decorator,unused-ignore]
def lobflow_on_day(context: Any, day: int, share: float) -> bool:
    watch = ffi.from_handle(context)
    return bool(watch.step("", (day + share) / watch.days))


@ffi.def_extern(onerror=_failed)  # type: ignore[untyped-decorator,unused-ignore]
def lobflow_on_sentence(context: Any, sentence: Any) -> None:
    warnings.warn(ffi.string(sentence).decode(), LobflowNote, stacklevel=2)


class LobflowNote(UserWarning):
    """A sentence that the library says beside its result."""


on_progress = lib.lobflow_on_progress
on_share = lib.lobflow_on_share
on_day = lib.lobflow_on_day
on_sentence = lib.lobflow_on_sentence
