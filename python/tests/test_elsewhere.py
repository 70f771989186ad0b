"""Models that were trained elsewhere, as predictions of a backtest."""

import datetime

import numpy as np
import pytest

import lobflow as lf

NAMES = ["ofi_norm_1min", "depth_imbalance_l1", "volatility_5min"]
pytestmark = pytest.mark.filterwarnings("ignore:The predictions alone decide")


@pytest.fixture(scope="module")
def learnt(days):
    """Rows and labels of the first two days on the strategy's clock."""
    rows = lf.features(days[:2], step="10s", labels=["1min"], clock="local")
    good = rows["valid"] & ~np.isnan(rows["up_1min"])
    return rows.to_numpy(NAMES)[good], rows["up_1min"][good].astype(int), rows["ret_1min"][good]


@pytest.fixture(scope="module")
def booster(learnt):
    lgb = pytest.importorskip("lightgbm")
    x, y, _ = learnt
    data = lgb.Dataset(x, y, feature_name=NAMES)
    return lgb.train({"objective": "binary", "verbosity": -1, "num_leaves": 4, "seed": 1, "num_threads": 1}, data, 10)


def rows_of(day):
    rows = lf.features(day, step="10s", clock="local")
    return rows, rows.to_numpy(NAMES)


def test_a_booster_is_asked_at_valid_rows(booster, days, tmp_path):
    table = lf.forecast(days[2], up_1min=booster, trained_on=days[:2], step="10s")
    rows, x = rows_of(days[2])
    assert table.columns == ["ts_event", "symbol", "p_up_1min"]
    expected = np.where(rows["valid"], booster.predict(x), np.nan)
    assert np.array_equal(table["p_up_1min"], expected, equal_nan=True)
    assert np.isnan(x[:20]).any() and not np.isnan(expected[20:]).all()
    run = lf.backtest(days[2], tmp_path / "run", predictions=table, step="10s", config={"signal.p_long": 0.5, "signal.p_short": 0.5})
    assert len(run.fills) > 10
    traded = run.predictions
    at = np.searchsorted(table["ts_event"], traded["ts_event"])
    assert np.array_equal(traded["p_up_1min"], table["p_up_1min"][at], equal_nan=True)


def test_the_same_model_by_the_library(days, tmp_path):
    """LightGBM's own prediction of a trained model's head gives the model's backtest, where it is not mirrored."""
    pytest.importorskip("lightgbm")
    import lightgbm as lgb

    model = lf.train(days[:2], tmp_path / "model", preset="brief", step="10s", config={"model.rounds_max": 5, "model.importance": False},
                     clock="local")
    heads = {name: lgb.Booster(model_file=tmp_path / "model" / f"{name}.txt") for name in model.meta["heads"]}
    table = lf.forecast(days[2], trained_on="2024-01-03", step="10s", **heads)
    own = model.predict(days[2])
    for name in ("p_up_1min", "p_up_5min", "ret_1min_bps"):
        assert np.array_equal(table[name], own[name], equal_nan=True)


def test_scikit_learn(learnt, days):
    linear = pytest.importorskip("sklearn.linear_model")
    pd = pytest.importorskip("pandas")
    x, y, ret = learnt
    full = ~np.isnan(x).any(axis=1)
    up = linear.LogisticRegression().fit(x[full], y[full])
    named = linear.LinearRegression().fit(pd.DataFrame(x[full], columns=NAMES), ret[full])
    table = lf.forecast(days[2], up_5min=up, ret_1min=named, features=NAMES, trained_on=datetime.date(2024, 1, 3), step="10s")
    rows, x2 = rows_of(days[2])
    can = rows["valid"] & ~np.isnan(x2).any(axis=1)
    assert np.array_equal(np.isnan(table["p_up_5min"]), ~can) and np.array_equal(np.isnan(table["ret_1min_bps"]), ~can)
    assert np.array_equal(table["p_up_5min"][can], up.predict_proba(x2[can])[:, 1])
    turned = linear.LogisticRegression().fit(x[full], np.where(y[full] == 1, "up", "down"))
    assert list(turned.classes_) == ["down", "up"]


def test_gradient_boosting_of_scikit_learn_gets_what_is_missing(learnt, days):
    ensemble = pytest.importorskip("sklearn.ensemble")
    x, y, _ = learnt
    model = ensemble.HistGradientBoostingClassifier(max_iter=5).fit(x, y)
    table = lf.forecast(days[2], up_1min=model, features=NAMES, trained_on=days[:2], step="10s")
    rows, _ = rows_of(days[2])
    assert np.array_equal(np.isnan(table["p_up_1min"]), ~rows["valid"])
    skipped = lf.forecast(days[2], up_1min=model, features=NAMES, trained_on=days[:2], step="10s", missing="skip")
    assert np.isnan(skipped["p_up_1min"]).sum() > np.isnan(table["p_up_1min"]).sum()


class Three:
    classes_ = (-1, 0, 1)

    def predict(self, rows):
        return np.zeros(len(rows))

    def predict_proba(self, rows):
        return np.zeros((len(rows), 3))


class Wide:
    def predict(self, rows):
        return np.linspace(-3, 3, len(rows))


def test_days_that_were_seen(booster, days):
    with pytest.raises(lf.MismatchError, match="trained on days up to 2024-01-03, and 2024-01-02 is not later"):
        lf.forecast(days, up_1min=booster, trained_on=days[:2], step="10s")
    assert len(lf.forecast(days[0], up_1min=booster, trained_on=days[:2], in_sample=True, step="10s")) > 1000
    with pytest.warns(lf.LobflowNote, match="nobody has checked"):
        lf.forecast(days[2], up_1min=booster, step="10s")


@pytest.mark.parametrize("keywords, kind, part", [
    ({}, TypeError, "up_1min, up_5min or ret_1min"),
    ({"up_1min": 5}, TypeError, "no predict"),
    ({"up_1min": Wide()}, lf.RangeError, "features="),
    ({"up_1min": Wide(), "features": ["ofi"]}, lf.RangeError, "'ofi' is no feature"),
    ({"up_1min": Wide(), "features": NAMES}, lf.RangeError, "no probabilities"),
    ({"up_1min": Three(), "features": NAMES}, lf.RangeError, "3 classes"),
    ({"up_1min": Wide(), "features": NAMES, "missing": "drop"}, ValueError, "'pass' or 'skip'"),
    ({"up_1min": Wide(), "features": NAMES, "trained_on": "yesterday"}, ValueError, "yesterday"),
])
def test_refused(days, keywords, kind, part):
    with pytest.raises(kind, match=part):
        lf.forecast(days[2], step="10s", **{"trained_on": "2024-01-03", **keywords})
