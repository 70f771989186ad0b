"""lobflow: from limit order books to an honest profit and loss of order flow strategies.

Example
-------
>>> import lobflow as lf
>>> days = lf.synth("days", days=5, alpha=0.05)
>>> rows = lf.features(days, labels=["1min"])
>>> run = lf.run(days, "run")
>>> print(run.text())
"""

from lobflow._config import keys as config_keys
from lobflow._core import (CancelledError, DataError, DependencyError, FormatError, InvariantError, IoError,
                           LobflowError, MismatchError, NotFoundError, OutOfMemoryError, RangeError, UnsupportedError)
from lobflow._progress import LobflowNote
from lobflow.data import Days, Finding, convert, inspect, open, synth, synth_check  # noqa: A004
from lobflow.elsewhere import forecast
from lobflow.model import Model, train
from lobflow.strategy import Cancel, Order, Strategy, Target, View, Working
from lobflow.study import feature_list, features, impact, labels
from lobflow.table import Table
from lobflow.trade import Run, backtest, latency, report, run, sweep
from lobflow.user import Feature, feature

__version__ = "0.1.0"

__all__ = [
    "Cancel", "CancelledError", "DataError", "Days", "DependencyError", "Feature", "Finding", "FormatError",
    "InvariantError", "IoError", "LobflowError", "LobflowNote", "MismatchError", "Model", "NotFoundError", "Order",
    "OutOfMemoryError", "RangeError", "Run", "Strategy", "Table", "Target", "UnsupportedError", "View", "Working",
    "backtest", "config_keys", "convert", "feature", "feature_list", "features", "forecast", "impact", "inspect",
    "labels", "latency", "open", "report", "run", "sweep", "synth", "synth_check", "train",
]
