#!/usr/bin/env python3
"""Scores of one model: lobflow beside LightGBM, lleaves, tl2cgen and ONNX Runtime, in the same run.

    .venv/bin/python bench/peers/model.py [--library build/release/lib/liblobflow.so] [--trees 500] [--depth 6]

A binary model of 31 leaves on 55 features is trained and handed to each peer: LightGBM's fast call for a row and its
call for many, lleaves compiled as one block, tl2cgen with quantized thresholds, ONNX Runtime. Calls are timed one by
one in a small C loop that this script compiles, on shuffled rows that lie in the cache, so Python costs nothing; only ONNX
Runtime, which has no C function to call here, is called from Python, for many rows alone. All take turns for some rounds
on one thread; the table holds the medians of the rounds' p50 and p99, and how many rows have LightGBM's bits. What is not
installed is skipped with a line. lleaves and tl2cgen take minutes to compile 500 trees.
"""
import argparse
import ctypes
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import lightgbm
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FEATURES, ROWS, BATCH = 55, 8192, 1024
RAW, FLOAT64 = 1, 1

# A timer around each call of one of four kinds of functions.
HARNESS = r"""
#include <stdint.h>
#include <string.h>
#include <time.h>
typedef double (*score_row)(const void *scorer, const double *row);
typedef int (*fast_row)(void *fast, const void *row, int64_t *length, double *out);
typedef void (*range_rows)(const double *rows, double *out, int first, int end);
typedef void (*union_row)(void *row, int margin, double *out);
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}
void time_rows(int kind, void *call, void *handle, const double *rows, long count, long width, double *ns, double *out)
{
    _Alignas(64) double row[256];
    int64_t length;
    for (long i = 0; i < count; i++) {
        memcpy(row, rows + i * width, (size_t)width * sizeof *row);
        const double begin = now();
        if (kind == 0) {
            out[i] = ((score_row)call)(handle, row);
        } else if (kind == 1) {
            ((fast_row)call)(handle, row, &length, &out[i]);
        } else if (kind == 2) {
            ((range_rows)call)(row, &out[i], 0, 1);
        } else {
            ((union_row)call)(row, 1, &out[i]);
        }
        ns[i] = now() - begin;
    }
}
"""


class Peer:
    """What a peer can do: a call for one row (kind, function, handle) and a function of many rows."""

    def __init__(self, name, row, many):
        self.name, self.row, self.many = name, row, many
        self.p50, self.p99, self.batch, self.equal = [], [], [], None


# ---- the peers ----------------------------------------------------------------------------------------------------


def lobflow_peers(text, library):
    lib = ctypes.CDLL(library)
    lib.lf_scorer_choose.restype = ctypes.c_bool
    for kernel, name in ((2, "lobflow, AVX-512"), (1, "lobflow, AVX2"), (0, "lobflow, walk")):
        handle = ctypes.c_void_p()
        status = lib.lf_scorer_create(None, text, ctypes.c_size_t(len(text)), b"model", ctypes.byref(handle), None)
        assert status == 0
        if not lib.lf_scorer_choose(handle, kernel):
            continue

        def many(rows, handle=handle):
            out = np.empty(len(rows))
            lib.lf_scorer_raw_rows(
                handle, rows.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(rows.shape[1]), ctypes.c_size_t(len(rows)),
                out.ctypes.data_as(ctypes.c_void_p))
            return out

        yield Peer(name, (0, lib.lf_scorer_raw, handle), many)


def lightgbm_peers(booster):
    found = list((pathlib.Path(lightgbm.__file__).parent / "lib").glob("lib_lightgbm.so"))
    lib = ctypes.CDLL(str(found[0]))
    fast = ctypes.c_void_p()
    status = lib.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, RAW, 0, -1, FLOAT64, FEATURES, b"num_threads=1", ctypes.byref(fast))
    assert status == 0

    def many(rows):
        return booster.predict(rows, raw_score=True, num_threads=1)

    yield Peer(f"LightGBM {lightgbm.__version__}", (1, lib.LGBM_BoosterPredictForMatSingleRowFast, fast), many)


def lleaves_peers(path):
    import lleaves

    model = lleaves.Model(model_file=path)
    begin = time.monotonic()
    model.compile(raw_score=True, fblocksize=1 << 30)
    print(f"note: lleaves compiled for {time.monotonic() - begin:.0f} s", file=sys.stderr)
    yield Peer("lleaves, one block", (2, model._c_entry_func, None), lambda rows: model.predict(rows, n_jobs=1))


def tl2cgen_peers(path, folder):
    import tl2cgen
    import treelite

    model = treelite.frontend.load_lightgbm_model(path)
    library = f"{folder}/tl2cgen.so"
    begin = time.monotonic()
    tl2cgen.export_lib(model, toolchain="gcc", libpath=library, params={"quantize": 1, "parallel_comp": 16})
    print(f"note: tl2cgen compiled for {time.monotonic() - begin:.0f} s", file=sys.stderr)
    predictor = tl2cgen.Predictor(library, nthread=1)
    lib = ctypes.CDLL(library)

    def many(rows):
        return predictor.predict(tl2cgen.DMatrix(rows), pred_margin=True).ravel()

    yield Peer("tl2cgen, quantized", (3, lib.predict, None), many)


def onnx_peers(booster):
    import onnxmltools
    import onnxruntime
    from onnxmltools.convert.common.data_types import FloatTensorType

    model = onnxmltools.convert_lightgbm(
        booster, initial_types=[("x", FloatTensorType([None, FEATURES]))], zipmap=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # it warns of the shape of the labels at each call
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def many(rows):
        p = session.run(None, {"x": rows.astype(np.float32)})[1][:, 1].astype(float)
        return np.log(p / (1 - p))  # probabilities are all it gives

    yield Peer(f"ONNX Runtime {onnxruntime.__version__}", None, many)


# ---- measuring ----------------------------------------------------------------------------------------------------


def train(trees, depth):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60_000, FEATURES))
    x[:, 5:15] = np.cumsum(x[:, 5:15], axis=0) * 0.01
    x[:, 20] = rng.integers(0, 30, len(x))
    signal = 0.3 * x[:, 0] + np.sin(x[:, 1]) * x[:, 2] + 0.5 * (x[:, 20] % 3 == 1) + 0.2 * x[:, 30] * x[:, 31]
    params = dict(
        objective="binary", num_leaves=31, max_depth=depth, learning_rate=0.05, verbosity=-1, num_threads=1,
        deterministic=True, force_row_wise=True, seed=1)
    target = (signal + rng.normal(size=len(x)) > 0).astype(float)
    booster = lightgbm.train(params, lightgbm.Dataset(x, target, params=params), trees)
    return booster, np.ascontiguousarray(x[rng.permutation(len(x))[:ROWS]])


def compile_harness(folder):
    source, library = f"{folder}/harness.c", f"{folder}/harness.so"
    pathlib.Path(source).write_text(HARNESS)
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    return ctypes.CDLL(library).time_rows


def take_turn(peer, time_rows, rows, expected):
    many = peer.many(rows)
    peer.equal = int((many.view(np.uint64) == expected.view(np.uint64)).sum())
    batches = []
    for first in range(0, ROWS, BATCH):
        part = rows[first:first + BATCH]
        begin = time.perf_counter_ns()
        peer.many(part)
        batches.append((time.perf_counter_ns() - begin) / len(part))
    peer.batch.append(statistics.median(batches))
    if peer.row is None:
        return
    kind, call, handle = peer.row
    ns, out = np.empty(ROWS), np.empty(ROWS)
    time_rows(
        kind, ctypes.cast(call, ctypes.c_void_p), handle, ctypes.c_void_p(rows.ctypes.data), ctypes.c_long(ROWS),
        ctypes.c_long(FEATURES), ctypes.c_void_p(ns.ctypes.data), ctypes.c_void_p(out.ctypes.data))
    peer.equal = min(peer.equal, int((out.view(np.uint64) == expected.view(np.uint64)).sum()))
    peer.p50.append(np.quantile(ns, 0.5))
    peer.p99.append(np.quantile(ns, 0.99))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", default=str(ROOT / "build/release/lib/liblobflow.so"))
    parser.add_argument("--trees", type=int, default=500)
    parser.add_argument("--depth", type=int, default=6, help="-1: any depth")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    booster, rows = train(options.trees, options.depth)
    expected = booster.predict(rows, raw_score=True)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.txt"
        booster.save_model(path)
        makers = {
            "lobflow": lambda: lobflow_peers(booster.model_to_string().encode(), options.library),
            "lightgbm": lambda: lightgbm_peers(booster),
            "lleaves": lambda: lleaves_peers(path),
            "tl2cgen": lambda: tl2cgen_peers(path, folder),
            "onnxruntime": lambda: onnx_peers(booster),
        }
        time_rows = compile_harness(folder)
        peers = []
        for name, make in makers.items():
            try:
                peers += make()
            except Exception as error:  # not installed, or it fails in its own way: the others are still worth their time
                print(f"note: {name} is left out: {error!r}", file=sys.stderr)
        for _ in range(options.rounds):
            for peer in peers:
                take_turn(peer, time_rows, rows, expected)
    print(f"{options.trees} trees of 31 leaves, depth {options.depth}, {FEATURES} features; ns a row")
    print(f"{'':24} {'p50':>9} {'p99':>9} {'many':>9}  LightGBM's bits")
    for peer in peers:
        one = [f"{statistics.median(values):9.0f}" if values else f"{'':>9}" for values in (peer.p50, peer.p99)]
        print(f"{peer.name:24} {one[0]} {one[1]} {statistics.median(peer.batch):9.0f}  {peer.equal} of {ROWS}")
    ours = [peer for peer in peers if peer.name.startswith("lobflow")]
    return 0 if all(peer.equal == ROWS for peer in ours) else 1


if __name__ == "__main__":
    sys.exit(main())
