#!/usr/bin/env python3
"""The whole study that the scorer gives LightGBM's bits: a million rows for each of many models.

    .venv/bin/python tools/study_scorer.py [--library build/release/lib/liblobflow.so] [--rows 1000000] [--quick]

Binary, regression and multi-class models of 1 to 1000 trees and 2 to 255 leaves are trained with LightGBM on columns
with zeros, NaN and values that no float holds. Rows are made of their thresholds, the doubles beside them, +-1e-35f and
its neighbours, infinities, NaN, subnormals and doubles whose low word is all ones. Raw scores of each kernel, in batches
and (a part of them) row by row, must have the bits of LightGBM's `predict`; the walk, which is slow, is asked for the
first 100,000 rows only. The short form is
tests/reference/test_scorer.py, whose rows and library these are.
"""
import argparse
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "reference"))

import test_scorer as reference  # noqa: E402

np, lightgbm = reference.np, reference.lightgbm

MODELS = [  # objective, trees, leaves, depth
    ("binary", 100, 31, 6),
    ("regression", 300, 15, 6),
    ("multiclass", 100, 31, 6),
    ("regression", 1, 255, -1),
    ("multiclass", 1, 31, -1),
    ("binary", 60, 255, -1),
    ("binary", 1, 2, -1),
    ("binary", 500, 31, -1),
    ("regression", 1000, 7, -1),
    ("multiclass", 333, 15, -1),
    ("binary", 1000, 31, 6),
]


def train(objective, trees, leaves, depth, rng):
    x, target = reference.training_rows(rng, 20_000)
    params = {**reference.COMMON, "objective": objective, "num_leaves": leaves, "max_depth": depth}
    if objective == "binary":
        target = (target > np.median(target)).astype(float)
    if objective == "multiclass":
        params["num_class"] = 3
        target = np.digitize(target, np.quantile(target, [0.3, 0.7])).astype(float)
    return lightgbm.train(params, lightgbm.Dataset(x, target, params=params), trees), x


def compare(library, booster, training, rows, rng):
    """The kernels that were compared, and how many rows."""
    text = booster.model_to_string()
    kernels = set()
    done = 0
    while done < rows:
        part = np.concatenate([reference.adversarial_rows(rng, text), training])[: rows - done]
        theirs = booster.predict(part, raw_score=True)
        skipped = ["walk"] if done > 0 else []
        for kernel, found in reference.scores(library, text, part, ["raw"], skipped):
            for how in ("row", "batch"):
                different = np.flatnonzero(found["raw", how].view(np.uint64).ravel() != theirs.view(np.uint64).ravel())
                if different.size:
                    raise SystemExit(f"{kernel}, {how}: {different.size} of {len(part)} rows differ")
            kernels.add(kernel)
        done += len(part)
    return sorted(kernels), done


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", default=str(ROOT / "build/release/lib/liblobflow.so"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="20,000 rows of each model")
    options = parser.parse_args()
    rows = 20_000 if options.quick else options.rows
    library = reference.load_library(options.library)
    rng = np.random.default_rng(11)
    for objective, trees, leaves, depth in MODELS:
        begin = time.monotonic()
        booster, training = train(objective, trees, leaves, depth, rng)
        kernels, count = compare(library, booster, training, rows, rng)
        print(
            f"{objective:<10} {booster.num_trees():>4} trees, {leaves:>3} leaves: {count:,} rows, all bits equal "
            f"({', '.join(kernels)}; {time.monotonic() - begin:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
