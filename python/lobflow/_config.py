"""Configurations: the keys of the program, from keywords, dictionaries and TOML files."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from lobflow._core import RangeError, check, ffi, lib, new_error, plain, text, text_bytes

Config = Mapping[str, Any] | str | os.PathLike[str] | None

# Keywords that stand for keys, as the program's flags do.
KEYWORDS = {
    "set": "features.set",
    "step": "features.step",
    "clock": "features.clock",
    "vpin_bucket": "features.vpin_bucket",
    "preset": "model.preset",
    "kind": "model.kind",
    "trials": "model.trials",
    "permutations": "model.permutations",
    "validation": "train.validation",
    "holdout_days": "train.holdout_days",
    "holdout": "train.holdout",
    "label_delay": "labels.delay",
    "entry": "execution.entry",
    "hold": "risk.hold",
    "order_size": "risk.order_size",
    "title": "report.title",
    "format": "data.format",
    "symbol": "instrument.symbol",
    "date": "data.date",
    "levels": "instrument.levels",
    "strict": "data.strict",
    "tick": "instrument.tick",
    "lot": "instrument.lot",
}

# Gives other keys their defaults, and so comes first.
_FIRST = "model.preset"


def keys() -> list[dict[str, str]]:
    """All keys of the configuration.

    Returns
    -------
    list of dict
        ``name`` (``section.key``) and ``help`` of each, in the order of the file.
    """
    out = []
    for i in range(lib.lf_config_key_count()):
        key = lib.lf_config_key_at(i)
        out.append({"name": f"{text(key.section)}.{text(key.name)}", "help": text(key.help)})
    return out


def _flatten(config: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        whole = f"{above}.{name}" if above else str(name)
        if isinstance(value, Mapping):
            yield from _flatten(value, whole)
        else:
            yield whole, value


def _read(config: Config) -> Mapping[str, Any]:
    if config is None:
        return {}
    if isinstance(config, Mapping):
        return config
    with open(config, "rb") as file:
        try:
            return tomllib.load(file)
        except tomllib.TOMLDecodeError as fault:
            raise RangeError(f"{os.fspath(config)}: {fault}") from None


def names(config: Config, key: str) -> bool:
    """Whether a configuration sets a key."""
    return any(name == key for name, _ in _flatten(_read(config)))


def _set(out: Any, name: str, value: Any) -> None:
    section, _, key = name.partition(".")
    error = new_error()
    if not key:
        raise RangeError(f"{name!r} is no key; write section.key, such as 'risk.hold'")
    if isinstance(value, list | tuple):
        for one in value:
            _set(out, name, one)
        return
    value = plain(value)
    held = ffi.new("lf_config_value *")
    if isinstance(value, bool):
        held.kind, held.boolean = lib.LF_CONFIG_BOOL, value
    elif isinstance(value, int):
        held.kind, held.integer = lib.LF_CONFIG_INTEGER, value
    elif isinstance(value, float):
        held.kind, held.number = lib.LF_CONFIG_NUMBER, value
    elif isinstance(value, str | os.PathLike):
        kept = ffi.new("char[]", text_bytes(value, name))
        held.kind, held.text = lib.LF_CONFIG_TEXT, kept
    else:
        raise TypeError(f"{name}: a value of type {type(value).__name__} is none of a configuration")
    check(lib.lf_config_set(out, section.encode(), key.encode(), held, error), error)


def _key_of(keyword: str, names: Mapping[str, str]) -> str:
    if keyword in names:
        return names[keyword]
    near = difflib.get_close_matches(keyword, names, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise TypeError(f"unexpected keyword {keyword!r}{hint}")


def make(config: Config, keywords: Mapping[str, Any], more: Mapping[str, str] | None = None) -> Any:
    """A checked lf_config: the defaults, then the configuration, then the keywords.

    Parameters
    ----------
    config
        A dictionary, nested (``{"risk": {"hold": "2min"}}``) or flat (``{"risk.hold": "2min"}``),
        or the path of a TOML file.
    keywords
        Values of KEYWORDS; None is passed over.
    more
        Keywords that stand for other keys in this call.
    """
    names = KEYWORDS | dict(more or {})
    values = list(_flatten(_read(config)))
    values += [(_key_of(k, names), v) for k, v in keywords.items() if v is not None]
    values.sort(key=lambda pair: pair[0] != _FIRST)
    out = ffi.new("lf_config *")
    lib.lf_config_default(out)
    for name, value in values:
        _set(out, name, value)
    error = new_error()
    check(lib.lf_config_check(out, error), error)
    return out
