"""What is wrong with an argument, said kindly."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from lobflow._config import KEYWORDS
from lobflow._core import RangeError, plain

P = ParamSpec("P")
R = TypeVar("R")


def hint(word: str, words: Iterable[str]) -> str:
    """"; did you mean ...?", or nothing."""
    near = difflib.get_close_matches(word, list(words), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def suggesting(function: Callable[P, R]) -> Callable[P, R]:
    """Refuse a misspelt keyword with the one that was meant, before anything is done."""
    parameters = inspect.signature(function).parameters.values()
    known = [p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        known += KEYWORDS

    @functools.wraps(function)
    def call(*args: P.args, **keywords: P.kwargs) -> R:
        for word in keywords:
            if word not in known:
                raise TypeError(f"{function.__name__}() has no keyword {word!r}{hint(word, known)}")
        return function(*args, **keywords)

    return call


def whole(name: str, value: Any, least: int) -> int:
    """A whole number of at least so much."""
    value = plain(value)
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} is {value!r}; it is a whole number")
    number = int(value.__index__())
    if number < least or number > 2**31 - 1:
        raise RangeError(f"{name} is {number}; it is at least {least}" if number < least else f"{name} is {number}; that is too many")
    return number
