"""Goal: who trains and who is scored is what other programs for purged validation say.

Method: folds of reference/splits.c as row numbers, against hand-computed sets, and against the
packages purgedcv and skfolio (tests/constraints.txt; skipped where they are missing). Our spans are
closed on both ends. On rows one unit apart [a, b] is purgedcv's half-open [a, b + 1), and its
embargo begins a unit later.
"""
import itertools
import json
import math
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("LOBFLOW_SPLITS", str(ROOT / "build/release/bin/reference_splits"))

# rows, label rows, embargo rows, embargo rows behind
CASES = [(20, 3, 0, 0), (20, 3, 0, 2), (24, 1, 0, 0), (60, 5, 2, 0), (60, 5, 3, 4), (120, 4, 4, 6)]
GROUPS = [(5, 1), (6, 2), (4, 3), (10, 2)]


def splits(validation, rows, label, folds=2, tests=1, train_days=1, embargo=0, after=0):
    if not pathlib.Path(PROGRAM).is_file():
        pytest.skip("no reference_splits: build first or set LOBFLOW_SPLITS")
    numbers = [rows, label, folds, tests, train_days, embargo, after]
    done = subprocess.run(
        [PROGRAM, validation, *map(str, numbers)], capture_output=True, text=True, check=True, timeout=60
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("after, right", [(0, 15), (2, 17)])
def test_hand_computed(after, right):
    """20 rows, labels of three rows, the third of five groups is scored."""
    fold = splits("kfold", 20, 3, folds=5, after=after)[2]
    assert fold["test"] == [8, 9, 10, 11]
    assert fold["train"] == [0, 1, 2, 3, 4, *range(right, 20)]


@pytest.mark.parametrize("folds, tests", [(6, 2), (10, 2), (8, 3)])
def test_paths(folds, tests):
    found = splits("cpcv", 2 * folds, 1, folds=folds, tests=tests)
    paths = math.comb(folds, tests) * tests // folds
    assert len(found) == math.comb(folds, tests)
    for fold, groups in zip(found, itertools.combinations(range(folds), tests)):
        assert fold["test"] == [row for group in groups for row in (2 * group, 2 * group + 1)]
    for path in range(paths):
        rows = [
            row
            for fold in found
            for i, mine in enumerate(fold["paths"])
            for row in fold["test"][2 * i : 2 * i + 2]
            if mine == path
        ]
        assert sorted(rows) == list(range(2 * folds))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("folds, tests", GROUPS)
def test_purgedcv(case, folds, tests):
    purgedcv = pytest.importorskip("purgedcv", reason="the peer purgedcv is not installed")
    np = pytest.importorskip("numpy")
    pd = pytest.importorskip("pandas")
    rows, label, embargo, after = case
    unit = pd.Timedelta(seconds=1)
    times = pd.Series(pd.Timestamp("2024-01-01") + unit * np.arange(rows))
    behind = embargo + after
    options = {
        "prediction_times": times,
        "evaluation_times": times + unit * (label + 1),
        "purge_horizon": unit * embargo,
        "embargo": unit * (behind - 1) if behind > 0 else None,
    }
    if tests == 1:
        theirs = purgedcv.PurgedKFold(folds, **options)
    else:
        theirs = purgedcv.CombinatorialPurgedCV(folds, tests, **options)
    validation = "kfold" if tests == 1 else "cpcv"
    ours = splits(validation, rows, label, folds, tests, embargo=embargo, after=after)
    expected = list(theirs.split(np.zeros((rows, 1))))
    assert len(ours) == len(expected)
    for fold, (train, test) in zip(ours, expected):
        assert fold["test"] == sorted(test.tolist())
        assert fold["train"] == sorted(train.tolist())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("folds, tests", GROUPS[1:])
def test_skfolio(case, folds, tests):
    selection = pytest.importorskip("skfolio.model_selection", reason="the peer skfolio is not installed")
    np = pytest.importorskip("numpy")
    _, label, embargo, after = case
    rows = folds * (label + embargo + after + 3)  # it refuses smaller groups, and shares out others differently
    theirs = selection.CombinatorialPurgedCV(
        n_folds=folds, n_test_folds=tests, purged_size=label + embargo, embargo_size=after
    )
    ours = splits("cpcv", rows, label, folds, tests, embargo=embargo, after=after)
    expected = list(theirs.split(np.zeros((rows, 1))))
    assert len(ours) == len(expected)
    assert sorted({path for fold in ours for path in fold["paths"]}) == list(range(theirs.n_test_paths))
    for fold, (train, test) in zip(ours, expected):
        assert fold["test"] == sorted(np.concatenate(test).tolist())
        assert fold["train"] == sorted(train.tolist())


@pytest.mark.parametrize("train_days", [2, 5])
def test_skfolio_rolling(train_days):
    selection = pytest.importorskip("skfolio.model_selection", reason="the peer skfolio is not installed")
    np = pytest.importorskip("numpy")
    # Walking forward, a label that ends as the scored row begins may train: that of the row before.
    theirs = selection.WalkForward(test_size=1, train_size=train_days, purged_size=0)
    ours = splits("rolling", 20, 1, train_days=train_days)
    expected = list(theirs.split(np.zeros((20, 1))))
    assert len(ours) == len(expected) == 20 - train_days
    for fold, (train, test) in zip(ours, expected):
        assert fold["test"] == test.tolist()
        assert fold["train"] == train.tolist()
