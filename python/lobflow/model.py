"""Models: training without fooling oneself, and exact predictions."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lobflow._arguments import suggesting
from lobflow._config import Config
from lobflow._core import RangeError, check, ffi, lib, new_error, path_bytes, take_text, text
from lobflow._progress import Progress
from lobflow.data import Days, Job, Path
from lobflow.table import Table
from lobflow.user import Feature

if TYPE_CHECKING:
    import numpy as np

_HEADS = ("up_1min", "up_5min", "ret_1min")
_OUTPUTS = ("p_up_1min", "p_up_5min", "ret_1min_bps")


def _find_lightgbm() -> None:
    """Tell the library where this Python's LightGBM lies, unless the user has said."""
    if os.environ.get("LOBFLOW_LIGHTGBM"):
        return
    spec = importlib.util.find_spec("lightgbm")
    for folder in spec.submodule_search_locations or [] if spec is not None else []:
        for found in sorted(pathlib.Path(folder).rglob("lib_lightgbm.so")):
            os.environ["LOBFLOW_LIGHTGBM"] = str(found)
            return


class Model:
    """A model folder, loaded.

    Parameters
    ----------
    path
        The folder that `train` or ``lobflow train`` wrote.
    user_features
        The features of your own that it was trained with, for `predict` and backtests; a model that needs
        them can be looked at without.
    """

    def __init__(self, path: Path, user_features: Sequence[Feature] = ()) -> None:
        out, error = ffi.new("lf_model **"), new_error()
        check(lib.lf_model_load(ffi.NULL, path_bytes(path), out, error), error)
        self._model = ffi.gc(out[0], lib.lf_model_destroy)
        self.path = pathlib.Path(path)
        self.user_features = tuple(user_features)
        self._row: Any = None

    @property
    def features(self) -> list[str]:
        """Names of its features in order."""
        count = ffi.new("size_t *")
        indices = lib.lf_model_features(self._model, count)
        users = lib.lf_model_users(self._model)
        return [text(lib.lf_feature_info_of(users, indices[i]).name) for i in range(count[0])]

    @property
    def meta(self) -> dict[str, Any]:
        """How it was fitted: ``model_id kind mirrored step_ns horizon_ns horizon_long_ns
        label_delay_ns train_first_ns train_last_ns purge_until_ns heads``."""
        m = lib.lf_model_meta_of(self._model)
        out: dict[str, Any] = {"model_id": text(m.model_id), "kind": text(m.kind)}
        for name in ("mirrored", "step_ns", "horizon_ns", "horizon_long_ns", "label_delay_ns", "train_first_ns",
                     "train_last_ns", "purge_until_ns", "ofi_threshold", "ofi_extreme"):
            out[name] = getattr(m, name)
        out["heads"] = [n for i, n in enumerate(_HEADS) if lib.lf_model_has_head(self._model, i)]
        return out

    @property
    def training(self) -> dict[str, Any]:
        """What training wrote about itself: options, data, rounds, importance."""
        return dict(json.loads(text(lib.lf_model_training(self._model))))

    @property
    def walk(self) -> dict[str, Any]:
        """What the walk before the final fit found: folds, scores with intervals, baselines.

        Raises
        ------
        FileNotFoundError
            The folder has no ``walk.json``, as that of a fold.
        """
        return dict(json.loads((self.path / "walk.json").read_text()))

    @suggesting
    def predict(self, data: Days | Path | Sequence[Path], *, in_sample: bool = False, config: Config = None,
                progress: Progress = None, **keywords: Any) -> Table:
        """Predictions at each row of days.

        Parameters
        ----------
        data
            `Days`, or paths of them.
        in_sample
            Also rows that the model was trained on, or that share a window with them.

        Returns
        -------
        Table
            ``ts_event symbol p_up_1min p_up_5min ret_1min_bps model_id``; NaN where the book is not
            valid. The names are those of the default horizons; `meta` tells the real ones.

        Raises
        ------
        MismatchError
            A day touches the training span and `in_sample` is False; a feature of your own is not
            among the model's `user_features`.
        """
        out, error = ffi.new("lf_frame **"), new_error()
        with Job(data, config, keywords, progress, users=self.user_features) as job:
            meta = lib.lf_model_meta_of(self._model)
            job.config.step_ns = meta.step_ns
            job.config.vpin_bucket_lots = meta.vpin_bucket_lots
            check(lib.lf_run_predict_table(job.job, self._model, in_sample, out, error), error)
        return Table(out[0])

    def predict_rows(self, rows: Any, valid: Any = None) -> np.ndarray[Any, Any]:
        """Predictions of rows that are there already.

        Parameters
        ----------
        rows
            A table or data frame with the model's features by name, or an array of shape
            (rows, features) with them in the order of `features`.
        valid
            Shape (rows,); False gives NaN. By default the column ``valid`` of a table, else all.

        Returns
        -------
        numpy.ndarray
            Shape (rows, 3): P(up in 1 min), P(up in 5 min), expected 1-min return in bps. The bits are
            those of LightGBM's own prediction, mirrored and calibrated as the model says.
        """
        import numpy as np

        if lib.lf_model_fitted(self._model) != ffi.NULL:
            raise RangeError("this model makes some features from others with parameters of its own; use predict()")
        names = self.features
        if isinstance(rows, np.ndarray):
            if rows.ndim != 2 or rows.shape[1] != len(names):
                raise RangeError(f"the rows have shape {rows.shape}; (rows, {len(names)}) is needed")
            block = np.asfortranarray(rows, dtype=np.float64)
        else:
            table = Table.of(rows)
            missing = [n for n in names if n not in table]
            if missing:
                raise KeyError(f"the rows lack the feature {missing[0]!r}")
            block = np.asfortranarray(table.to_numpy(names))
            if valid is None and "valid" in table:
                valid = table["valid"]
        count = block.shape[0]
        mask = np.ones(count, np.uint8) if valid is None else np.ascontiguousarray(valid, dtype=bool).view(np.uint8)
        if mask.shape != (count,):
            raise RangeError(f"valid has shape {mask.shape}; ({count},) is needed")
        columns = ffi.new("double *[]", [ffi.from_buffer("double[]", block[:, i]) for i in range(len(names))])
        out = np.empty((count, 3))
        error = new_error()
        check(lib.lf_model_predict_columns(
            self._model, ffi.cast("const double *const *", columns), ffi.from_buffer("uint8_t[]", mask), count,
            ffi.from_buffer("lf_prediction[]", out), error), error)
        return out

    def predict_row(self, row: Sequence[float] | np.ndarray[Any, Any], valid: bool = True) -> tuple[float, float, float]:
        """The prediction of one row, for live use.

        Parameters
        ----------
        row
            All features in the order of `feature_list` (without the fitted ones), as one row of
            `features` has them, or the model's own in the order of `features`.
        valid
            False gives NaN everywhere.

        Returns
        -------
        tuple of float
            P(up in 1 min), P(up in 5 min), expected 1-min return in bps.

        Notes
        -----
        For one thread at a time: the row's memory belongs to the model.
        """
        import numpy as np

        if self._row is None:
            if lib.lf_model_fitted(self._model) != ffi.NULL:
                raise RangeError("this model makes some features from others with parameters of its own; use predict()")
            count = ffi.new("size_t *")
            indices = lib.lf_model_features(self._model, count)
            most = max([lib.lf_feature_count(), *(indices[i] + 1 for i in range(count[0]))])
            memory = ffi.new("double[]", most)
            view = np.frombuffer(ffi.buffer(memory))
            self._row = (memory, view, np.array([indices[i] for i in range(count[0])]), ffi.new("lf_prediction *"))
        memory, view, places, out = self._row
        given = np.asarray(row, dtype=np.float64)
        if given.shape == view.shape:
            view[:] = given
        elif given.shape == places.shape:
            view[places] = given
        else:
            raise RangeError(f"the row has shape {given.shape}; ({view.size},) or ({places.size},) is needed")
        lib.lf_model_predict(self._model, memory, valid, out)
        return out.p_up_1min, out.p_up_5min, out.ret_1min_bps

    def __repr__(self) -> str:
        m = self.meta
        return f"<lobflow.Model {m['model_id'][:12]}: {m['kind']}, {len(self.features)} features, heads {', '.join(m['heads'])}>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{k}</td><td>{v}</td></tr>" for k, v in self.meta.items())
        return f"<table><tbody>{rows}<tr><td>features</td><td>{', '.join(self.features)}</td></tr></tbody></table>"


def add_users(job: Job) -> None:
    """Features of one's own are trained on, unless the configuration says which features are."""
    if job.users.features and text(job.config.model_features) == "":
        job.config.model_features = f"{text(job.config.model.features)},user".encode()


@suggesting
def train(data: Days | Path | Sequence[Path], folder: Path, *, preset: str | None = None, kind: str | None = None,
          horizon: str | None = None, trials: int | None = None, validation: str | None = None,
          holdout_days: int | None = None, holdout: bool | None = None, config: Config = None,
          user_features: Sequence[Feature] = (), progress: Progress = None, **keywords: Any) -> Model:
    """Walk forward over days, then fit the final model on all rows.

    Parameters
    ----------
    data
        `Days`, or paths of them.
    folder
        For the model; its folds and ``walk.json`` lie below it.
    preset
        ``"symmetric"`` (default) or ``"brief"``.
    kind
        ``"trees"`` (LightGBM) or ``"logistic"``.
    horizon
        Of the direction and the return, ``"1min"`` by default.
    trials
        Search parameters first; each trial is recorded.
    validation
        ``"walk_forward"``, ``"rolling"``, ``"kfold"`` or ``"cpcv"``, always purged.
    holdout_days, holdout
        Keep the last days for the end; look at them now, which is counted.
    user_features
        Features of your own; the key ``model.features`` may name them, by default they stand behind those
        of the preset.
    config, **keywords
        More keys; see `config_keys`.
    progress
        As in `inspect`.

    Returns
    -------
    Model
        Its `walk` tells how good the forecasts were out of sample, beside the baselines.
    """
    _find_lightgbm()
    given = {"preset": preset, "kind": kind, "horizon": horizon, "trials": trials, "validation": validation,
             "holdout_days": holdout_days, "holdout": holdout, **keywords}
    out, error = ffi.new("char **"), new_error()
    with Job(data, config, given, progress, {"horizon": "labels.horizon"}, users=user_features) as job:
        add_users(job)
        check(lib.lf_run_train(job.job, path_bytes(folder), out, error), error)
    take_text(out[0])
    return Model(folder, user_features)
