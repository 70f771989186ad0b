"""Goal: our statistics equal those of scipy, statsmodels and scikit-learn.

Method: autocorrelated made-up rows with ties (fixed seeds), given to the library and to the packages.
What belongs to a package that is not installed is skipped.
"""
import ctypes
import itertools
import os
import pathlib

import pytest

np = pytest.importorskip("numpy")
scipy_stats = pytest.importorskip("scipy.stats")

ROOT = pathlib.Path(__file__).resolve().parents[2]
P = ctypes.POINTER(ctypes.c_double)
D, N = ctypes.c_double, ctypes.c_size_t


class Interval(ctypes.Structure):
    _fields_ = [("low", D), ("high", D)]


class NeweyWest(ctypes.Structure):
    _fields_ = [(name, D) for name in ("mean", "variance", "se", "t", "effective_count")]


class DieboldMariano(ctypes.Structure):
    _fields_ = [(name, D) for name in ("mean", "variance", "dm", "t", "p")] + [("is_tapered", ctypes.c_bool)]


class ShareSums(ctypes.Structure):
    _fields_ = [(name, D) for name in (
        "rows", "hits", "blocks", "hits_squared", "hits_rows", "rows_squared", "block_hits", "block_rows")]
    _fields_ += [("block", ctypes.c_uint32)]


class Share(ctypes.Structure):
    _fields_ = [("share", D), ("rows", D), ("effective_rows", D), ("blocks", D), ("interval", Interval)]


class Sharpe(ctypes.Structure):
    _fields_ = [("ratio", D), ("skewness", D), ("kurtosis", D), ("count", N)]


class PboOptions(ctypes.Structure):
    _fields_ = [("allocator", ctypes.c_void_p), ("rows", N), ("trials", N), ("blocks", N), ("score", ctypes.c_int)]


class Pbo(ctypes.Structure):
    _fields_ = [(name, D) for name in ("probability", "loss_probability", "mean_logit", "combinations")]


@pytest.fixture(scope="module")
def lib():
    named = os.environ.get("LOBFLOW_LIBRARY")
    found = [pathlib.Path(named)] if named else sorted(ROOT.glob("build*/**/liblobflow.so"), key=lambda p: p.stat().st_mtime)
    if not found or not found[-1].is_file():
        pytest.skip("no liblobflow.so: build first or set LOBFLOW_LIBRARY")
    lib = ctypes.CDLL(str(found[-1]))
    lib.lf_stats_newey_west.restype = NeweyWest
    lib.lf_stats_diebold_mariano.restype = DieboldMariano
    lib.lf_stats_share_of.restype = Share
    lib.lf_stats_share_add.argtypes = [ctypes.POINTER(ShareSums), D, ctypes.c_uint32]
    lib.lf_stats_sharpe.restype = Sharpe
    lib.lf_stats_wilson.argtypes = [D, D, D]
    lib.lf_stats_wilson.restype = Interval
    for name in ("t_cdf", "normal_quantile", "pearson", "log_loss", "brier"):
        getattr(lib, f"lf_stats_{name}").restype = D
    lib.lf_stats_t_cdf.argtypes = [D, D]
    lib.lf_stats_normal_quantile.argtypes = [D]
    return lib


def pointer(values):
    return np.ascontiguousarray(values, dtype=float).ctypes.data_as(P)


def overlapping(rng, rows, overlap):
    return np.convolve(rng.standard_normal(rows + overlap - 1), np.ones(overlap), "valid")


def test_distributions(lib):
    for t, degrees in itertools.product((-8, -2.5, -0.3, 0, 1, 4), (1, 2, 7, 30.5, 4000)):
        assert lib.lf_stats_t_cdf(t, degrees) == pytest.approx(scipy_stats.t.cdf(t, degrees), rel=1e-10)
    for share in (1e-12, 0.001, 0.3, 0.5, 0.975):
        assert lib.lf_stats_normal_quantile(share) == pytest.approx(scipy_stats.norm.ppf(share), rel=1e-13, abs=1e-15)


def test_correlations_and_moments(lib):
    rng = np.random.default_rng(1)
    x = np.round(overlapping(rng, 3000, 20))
    y = np.round(0.3 * x + overlapping(rng, 3000, 20))
    assert lib.lf_stats_pearson(pointer(x), pointer(y), N(3000)) == pytest.approx(scipy_stats.pearsonr(x, y)[0], rel=1e-12)
    found = D()
    assert lib.lf_stats_spearman(None, pointer(x), pointer(y), N(3000), ctypes.byref(found)) == 0
    assert found.value == pytest.approx(scipy_stats.spearmanr(x, y)[0], rel=1e-12)
    sharpe = lib.lf_stats_sharpe(pointer(x + 1), N(3000))
    assert sharpe.ratio == pytest.approx(np.mean(x + 1) / np.std(x, ddof=1), rel=1e-12)
    assert sharpe.skewness == pytest.approx(scipy_stats.skew(x), rel=1e-9)
    assert sharpe.kurtosis == pytest.approx(scipy_stats.kurtosis(x, fisher=False), rel=1e-12)


def test_long_run_variance(lib):
    """The mean as a regression on a constant, with HAC errors."""
    api = pytest.importorskip("statsmodels.api")
    y = 0.2 + overlapping(np.random.default_rng(2), 1500, 12)
    for lag in (0, 5, 30):
        fit = api.OLS(y, np.ones(1500)).fit(cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": False})
        ours = lib.lf_stats_newey_west(pointer(y), N(1500), N(lag))
        assert ours.mean == pytest.approx(fit.params[0], rel=1e-12)
        assert ours.se == pytest.approx(fit.bse[0], rel=1e-10)
        assert ours.t == pytest.approx(fit.tvalues[0], rel=1e-10)


def test_diebold_mariano(lib):
    """The same regression with uniform weights, then the factor and Student's t by hand."""
    api = pytest.importorskip("statsmodels.api")
    weights = pytest.importorskip("statsmodels.stats.sandwich_covariance").weights_uniform
    n = 1200
    d = 0.1 + overlapping(np.random.default_rng(3), n, 10)
    for h in (1, 4, 10):
        fit = api.OLS(d, np.ones(n)).fit(
            cov_type="HAC", cov_kwds={"maxlags": h - 1, "use_correction": False, "kernel": weights})
        ours = lib.lf_stats_diebold_mariano(pointer(d), N(n), N(h))
        assert not ours.is_tapered
        assert ours.dm == pytest.approx(fit.tvalues[0], rel=1e-10)
        t = fit.tvalues[0] * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
        assert ours.t == pytest.approx(t, rel=1e-10)
        assert ours.p == pytest.approx(2 * scipy_stats.t.sf(abs(t), n - 1), rel=1e-8)


def test_share_of_blocks(lib):
    """Errors clustered by block; Wilson's interval on the rows that they are worth."""
    api = pytest.importorskip("statsmodels.api")
    from statsmodels.stats.proportion import proportion_confint

    rng = np.random.default_rng(4)
    blocks = np.repeat(np.arange(40), rng.integers(5, 60, 40)).astype(np.uint32)
    hits = (rng.random(40)[blocks] < rng.random(len(blocks))).astype(float)
    sums = ShareSums()
    for hit, block in zip(hits, blocks):
        lib.lf_stats_share_add(ctypes.byref(sums), hit, int(block))
    ours = lib.lf_stats_share_of(ctypes.byref(sums))
    fit = api.OLS(hits, np.ones(len(hits))).fit(
        cov_type="cluster", cov_kwds={"groups": blocks, "use_correction": False})
    p, variance = fit.params[0], fit.bse[0] ** 2 * 40 / 39
    assert ours.share == pytest.approx(p, rel=1e-12)
    assert ours.effective_rows == pytest.approx(p * (1 - p) / variance, rel=1e-9)
    alpha = 2 * scipy_stats.norm.sf(scipy_stats.t.ppf(0.975, 39))
    low, high = proportion_confint(p * ours.effective_rows, ours.effective_rows, alpha, "wilson")
    assert (ours.interval.low, ours.interval.high) == pytest.approx((low, high), abs=2e-6)


def test_losses(lib):
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(5)
    p = np.round(rng.random(4000), 2).clip(0.01, 0.99)
    y = (rng.random(4000) < p).astype(float)
    assert lib.lf_stats_log_loss(pointer(p), pointer(y), N(4000)) == pytest.approx(metrics.log_loss(y, p), rel=1e-12)
    assert lib.lf_stats_brier(pointer(p), pointer(y), N(4000)) == pytest.approx(metrics.brier_score_loss(y, p), rel=1e-12)
    found = D()
    assert lib.lf_stats_auc(None, pointer(p), pointer(y), N(4000), ctypes.byref(found)) == 0
    assert found.value == pytest.approx(metrics.roc_auc_score(y, p), rel=1e-12)


def test_overfitting(lib):
    """All halves written out in numpy."""
    rng = np.random.default_rng(6)
    values = rng.standard_normal((120, 7))
    parts = np.split(values, 6)
    lower, losses = [], []
    for inside in itertools.combinations(range(6), 3):
        chosen = np.concatenate([parts[b] for b in inside])
        other = np.concatenate([parts[b] for b in range(6) if b not in inside])
        scores = [half.mean(0) / half.std(0, ddof=1) for half in (chosen, other)]
        best = scores[0].argmax()
        lower.append(scipy_stats.rankdata(scores[1])[best] / 8 <= 0.5)
        losses.append(scores[1][best] < 0)
    options, found = PboOptions(None, 120, 7, 6, 0), Pbo()
    assert lib.lf_stats_pbo(pointer(values), ctypes.byref(options), ctypes.byref(found)) == 0
    assert found.combinations == 20
    assert found.probability == pytest.approx(np.mean(lower))
    assert found.loss_probability == pytest.approx(np.mean(losses))
