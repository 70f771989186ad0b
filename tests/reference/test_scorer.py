"""Goal: our scorer equals LightGBM to the bit, whatever stands in a row, by each of its kernels.

Method: train small models of several kinds with LightGBM, build 100,000 rows each out of exact
thresholds, their neighbours in double, +-1e-35f and its neighbours, infinities, NaN, signed zeros,
subnormals and doubles whose low word is 0xffffffff, and compare the bits of raw scores and
predictions with those of LightGBM's own library.
"""
import ctypes
import os
import pathlib
import re

import pytest

lightgbm = pytest.importorskip("lightgbm")
np = pytest.importorskip("numpy")

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = 100_000
ONE_BY_ONE = 20_000  # rows, the last of which are those of training; a call from Python takes longer than the score
FEATURES = 9
ZERO = float(np.float32(1e-35))


def library_path():
    named = os.environ.get("LOBFLOW_LIBRARY")
    if named:
        return pathlib.Path(named)
    found = sorted(ROOT.glob("build*/**/liblobflow.so"), key=lambda p: p.stat().st_mtime)
    return found[-1] if found else None


@pytest.fixture(scope="module")
def library():
    path = library_path()
    if path is None or not path.is_file():
        pytest.skip("no liblobflow.so: build first or set LOBFLOW_LIBRARY")
    return load_library(path)


def load_library(path):
    lib = ctypes.CDLL(str(path))
    lib.lf_scorer_create.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p,
        ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p,
    ]
    lib.lf_scorer_create.restype = ctypes.c_int
    lib.lf_scorer_destroy.argtypes = [ctypes.c_void_p]
    lib.lf_scorer_choose.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lib.lf_scorer_choose.restype = ctypes.c_bool
    lib.lf_scorer_output_count.argtypes = [ctypes.c_void_p]
    lib.lf_scorer_output_count.restype = ctypes.c_size_t
    for name in ("lf_scorer_raw", "lf_scorer_predict"):
        getattr(lib, name + "_all").argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        getattr(lib, name + "_all").restype = None
        getattr(lib, name + "_rows").argtypes = [
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p,
        ]
        getattr(lib, name + "_rows").restype = None
    return lib


KERNELS = ["walk", "avx2", "avx512"]


def scores(lib, text, rows, wanted=("raw", "predict"), skipped=()):
    """Raw scores and predictions by each kernel that the processor and the model allow, one by one and in batches."""
    data = text.encode()
    handle = ctypes.c_void_p()
    error = ctypes.create_string_buffer(4096)
    status = lib.lf_scorer_create(None, data, len(data), b"model.txt", ctypes.byref(handle), error)
    assert status == 0, error.raw[24 + 256:].split(b"\0")[0]
    rows = np.ascontiguousarray(rows)
    width = rows.shape[1]
    outputs = lib.lf_scorer_output_count(handle)
    for kernel, name in enumerate(KERNELS):
        if name in skipped or not lib.lf_scorer_choose(handle, kernel):
            continue
        singles = range(max(0, len(rows) - ONE_BY_ONE), len(rows))
        found = {(what, how): np.empty((len(rows), outputs)) for what in wanted for how in ("row", "batch")}
        for what in wanted:
            getattr(lib, f"lf_scorer_{what}_rows")(
                handle, rows.ctypes.data, width, len(rows), found[what, "batch"].ctypes.data)
        for what in wanted:
            found[what, "row"][: singles.start] = found[what, "batch"][: singles.start]
        for i in singles:
            at = rows.ctypes.data + i * rows.strides[0]
            for what in wanted:
                out = found[what, "row"]
                getattr(lib, f"lf_scorer_{what}_all")(handle, at, out.ctypes.data + i * out.strides[0])
        yield name, {key: out[:, 0] if outputs == 1 else out for key, out in found.items()}
    lib.lf_scorer_destroy(handle)


def training_rows(rng, count=4000):
    """Columns with zeros, NaN and values that do not fit a float."""
    x = rng.normal(size=(count, FEATURES))
    x[:, 1] = np.round(x[:, 1] * 4) / 4
    x[rng.random(count) < 0.3, 2] = 0.0
    x[rng.random(count) < 0.2, 3] = np.nan
    x[:, 4] = np.exp(3 * x[:, 4])
    x[:, 5] = rng.integers(0, 40, count)
    x[:, 6] *= 1e-35
    x[:, 7] *= 1e300
    # Half of the signal is in what is missing: LightGBM then splits at infinity.
    x[rng.random(count) < 0.3, 8] = np.nan
    signal = 2 * np.isnan(x[:, 8]) + x[:, 0] + x[:, 1] * (np.nan_to_num(x[:, 3]) > 0) + (x[:, 5] % 3 == 1) + 0.3 * np.sign(x[:, 6])
    return x, signal + rng.normal(size=count)


def adversarial_rows(rng, text):
    """Rows whose values sit on, just below and just above everything a tree can ask."""
    pool = [0.0, -0.0, ZERO, -ZERO, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 1.7976931348623157e308, -1e308]
    for line in re.findall(r"^threshold=(.*)$", text, re.M):
        pool += [float(word) for word in line.split()]
    base = np.array(pool)
    finite = base[np.isfinite(base)]
    with np.errstate(over="ignore"):
        near = [base, np.nextafter(finite, np.inf), np.nextafter(finite, -np.inf)]
    low = (finite.view(np.uint64) | np.uint64(0xFFFFFFFF)).view(np.float64)
    near += [low[np.isfinite(low)], np.arange(-3, 70, dtype=float), np.array([-0.5, 31.999, 2.0**31, 1e10, -1e10])]
    pool = np.unique(np.concatenate(near))
    pool = np.concatenate([pool, [np.nan, np.inf, -np.inf, 0.0, -0.0, ZERO, -ZERO] * 20])
    rows = rng.choice(pool, size=(ROWS, FEATURES))
    plain = rng.random((ROWS, FEATURES)) < 0.3
    rows[plain] = rng.normal(size=int(plain.sum()))
    return rows


COMMON = dict(verbosity=-1, num_threads=1, deterministic=True, force_row_wise=True, min_data_in_leaf=5, seed=1)
MODELS = {
    "binary": dict(objective="binary", num_leaves=31),
    "binary sigmoid": dict(objective="binary", sigmoid=0.7, num_leaves=15),
    "zero as missing": dict(objective="binary", zero_as_missing=True, num_leaves=31),
    "no missing": dict(objective="regression", use_missing=False, num_leaves=31),
    "categories": dict(objective="binary", num_leaves=31, max_cat_to_onehot=1, cat_smooth=1, min_data_per_group=5),
    "regression": dict(objective="regression", num_leaves=63),
    "regression sqrt": dict(objective="regression", reg_sqrt=True, num_leaves=15),
    "l1": dict(objective="regression_l1", num_leaves=15),
    "huber": dict(objective="huber", num_leaves=15),
    "quantile": dict(objective="quantile", alpha=0.8, num_leaves=15),
    "poisson": dict(objective="poisson", num_leaves=15),
    "cross entropy": dict(objective="cross_entropy", num_leaves=15),
    "cross entropy lambda": dict(objective="cross_entropy_lambda", num_leaves=15),
    "random forest": dict(objective="binary", boosting="rf", bagging_freq=1, bagging_fraction=0.6, num_leaves=31),
    "dart": dict(objective="binary", boosting="dart", num_leaves=15),
    "stump": dict(objective="binary", num_leaves=2),
    "three classes": dict(objective="multiclass", num_class=3, num_leaves=31),
    "one against all": dict(objective="multiclassova", num_class=4, sigmoid=0.8, num_leaves=15),
}


@pytest.mark.parametrize("name", MODELS)
def test_equal_to_the_bit(library, name):
    rng = np.random.default_rng(20240611)
    params = {**COMMON, **MODELS[name]}
    x, target = training_rows(rng)
    if params["objective"].startswith(("binary", "cross")):
        target = (target > np.median(target)).astype(float)
    if "num_class" in params:
        target = np.digitize(target, np.quantile(target, np.arange(1, params["num_class"]) / params["num_class"])).astype(float)
    if params["objective"] == "poisson":
        target = np.exp(np.clip(target, -3, 3))
    categories = [5] if name == "categories" else []
    booster = lightgbm.train(params, lightgbm.Dataset(x, target, params=params, categorical_feature=categories), 40)
    text = booster.model_to_string()
    assert bool(re.search(r"^num_cat=[1-9]", text, re.M)) == (name == "categories")
    if params.get("use_missing", True) and not params.get("zero_as_missing"):
        assert re.search(r"^threshold=.*\binf\b", text, re.M)
    rows = np.concatenate([adversarial_rows(rng, text), x])
    theirs = {"predict": booster.predict(rows), "raw": booster.predict(rows, raw_score=True)}
    kernels = set()
    for kernel, found in scores(library, text, rows):
        kernels.add(kernel)
        for (what, how), ours in found.items():
            assert ours.shape == theirs[what].shape
            different = np.unique(np.nonzero(ours.view(np.uint64) != theirs[what].view(np.uint64))[0])
            assert different.size == 0, (
                f"{name}, {kernel}, {what} by {how}: {different.size} of {len(rows)} rows differ, first "
                f"{rows[different[0]].tolist()}: {ours[different[0]]!r} here, {theirs[what][different[0]]!r} there"
            )
    # Categories are walked; all else takes tables, where the processor has a kernel for them.
    assert "walk" in kernels and (name != "categories" or len(kernels) == 1)


@pytest.mark.parametrize("params, word", [
    (dict(objective="regression", linear_tree=True), b"linear"),
])
def test_refused(library, params, word):
    rng = np.random.default_rng(3)
    x, target = training_rows(rng, 500)
    target = np.digitize(target, [-0.5, 0.5]).astype(float)
    params = {**COMMON, **params}
    text = lightgbm.train(params, lightgbm.Dataset(x, target, params=params), 3).model_to_string().encode()
    handle = ctypes.c_void_p()
    error = ctypes.create_string_buffer(4096)
    status = library.lf_scorer_create(None, text, len(text), b"model.txt", ctypes.byref(handle), error)
    assert status == 7 and not handle
    assert word in error.raw
