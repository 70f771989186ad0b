#!/usr/bin/env python3
"""Archive to profit and loss: lobflow beside the chains that people put together, on the same days, order by order the same.

    .venv/bin/python bench/peers/end_to_end.py [DAY.zip] [--program build/release/bin/lobflow] [--rounds 3]

Days are simulated, packed as LOBSTER archives, and a model is trained on the first of them. Then each side goes from the
archives of the other days to what the strategy earned (bench/peers/chains.py says which strategy, and what the chains are
made of): processor time a stage, best of the rounds, and ratios a core. Before anything is printed, features (to 1e-9), predictions
(to 1e-12), the number of orders, gross and fees must be the same on all sides.

Then lobflow.features() beside the program's verb and beside pandas, on DAY (else a simulated day); and how much of
training and of a whole run is LightGBM's own time, measured by a library that stands between. tools/setup.sh --bench
makes build/venv_chains for the chains.
"""
import argparse
import csv
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import zipfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
# The strategy of chains.py.
SAME = """
[model]
threads = 1
[execution]
latency_feed = "0s"
fees = "commission"
[risk]
order_size = 1
stop_ticks = 0.0
stop_spreads = 0.0
"""
STAGES = ("read", "features", "predict", "convert", "trade")
QUIET = {"LOBFLOW_PROGRESS": "0", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}

# Forwards every call that lobflow makes of LightGBM, and adds up the processor time inside. All arguments are integers or
# pointers, so ten words carry any of them.
BETWEEN = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static void *real;
static double spent[2];
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
__attribute__((constructor)) static void begin(void) { real = dlopen(getenv("REAL_LIGHTGBM"), RTLD_NOW | RTLD_LOCAL); }
__attribute__((destructor)) static void end(void)
{
    FILE *to = fopen(getenv("LIGHTGBM_SECONDS"), "w");
    if (to != NULL) {
        fprintf(to, "%.6f %.6f\n", spent[0], spent[1]);
        fclose(to);
    }
}
#define FORWARD(name, kind) \
    long name(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j) \
    { \
        static long (*call)(long, long, long, long, long, long, long, long, long, long); \
        if (call == NULL) { \
            call = (long (*)(long, long, long, long, long, long, long, long, long, long))dlsym(real, #name); \
        } \
        const double since = now(); \
        const long result = call(a, b, c, d, e, f, g, h, i, j); \
        spent[kind] += now() - since; \
        return result; \
    }
FORWARD(LGBM_GetLastError, 1)
FORWARD(LGBM_RegisterLogCallback, 1)
FORWARD(LGBM_SetMaxThreads, 1)
FORWARD(LGBM_DatasetCreateFromSampledColumn, 1)
FORWARD(LGBM_DatasetCreateByReference, 1)
FORWARD(LGBM_DatasetPushRows, 1)
FORWARD(LGBM_DatasetSetField, 1)
FORWARD(LGBM_DatasetSetFeatureNames, 1)
FORWARD(LGBM_DatasetFree, 1)
FORWARD(LGBM_BoosterCreate, 0)
FORWARD(LGBM_BoosterAddValidData, 0)
FORWARD(LGBM_BoosterUpdateOneIter, 0)
FORWARD(LGBM_BoosterGetPredict, 0)
FORWARD(LGBM_BoosterSaveModelToString, 0)
FORWARD(LGBM_BoosterFeatureImportance, 0)
FORWARD(LGBM_BoosterFree, 0)
"""


def processor_seconds(command, environment=None):
    """Processor time of a command and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=os.environ | QUIET | (environment or {}))
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def least_seconds(command, rounds):
    return min(processor_seconds(command)[0] for _ in range(rounds))


# ---- days -----------------------------------------------------------------------------------------------------------


def simulated(program, folder, count, activity):
    """Archives of simulated days, in order."""
    processor_seconds([program, "synth", "-o", folder / "days", "--days", count, "--seed", 1, "--alpha", 0.05, "--activity", activity])
    out = []
    for message in sorted((folder / "days").glob("*_message_10.csv")):
        out.append(folder / f"{message.name.split('_message')[0]}.zip")
        with zipfile.ZipFile(out[-1], "w", zipfile.ZIP_DEFLATED) as archive:
            for part in (message, message.with_name(message.name.replace("message", "orderbook"))):
                archive.write(part, part.name)
    return out


# ---- archive to profit and loss -------------------------------------------------------------------------------------


def ours(program, model, days, folder, rounds):
    """Seconds of the verbs, and what one strategy alone earned."""
    out, same = folder / "ours", folder / "same.toml"
    flags = ["--model", model, "--config", same, "--jobs", "1"]
    calls = {
        "read": [program, "inspect", *days],
        "features": [program, "features", *days, "--set", "scale_free", "-o", "/dev/shm/lobflow_bench.arrow"],
        "predict": [program, "predict", model, *days, "-o", "/dev/shm/lobflow_bench.arrow"],
        "one strategy": [program, "backtest", *days, "-o", folder / "sweep", "--sweep", "signal.p_long=0.55", *flags],
        "backtest": [program, "backtest", *days, "-o", out, *flags],
    }
    seconds = {name: least_seconds(call, rounds) for name, call in calls.items()}
    os.remove("/dev/shm/lobflow_bench.arrow")
    code = ("import time, sys, lobflow as lf\nbegin = time.process_time()\n"
            "lf.backtest(sys.argv[4:], sys.argv[2], model=sys.argv[1], jobs=1, config=sys.argv[3])\n"
            "print(time.process_time() - begin)")
    seconds["package"] = min(
        float(processor_seconds([sys.executable, "-c", code, model, folder / "python", same, *days])[1]) for _ in range(rounds))
    (row,) = csv.DictReader((folder / "sweep/sweep.csv").open())
    return seconds, row


def chain(name, python, model, days, folder, rounds):
    _, text = processor_seconds([python, HERE / "chains.py", name, model, folder / f"{name}.npz", *days], {"ROUNDS": str(rounds)})
    return json.loads(text), np.load(folder / f"{name}.npz")


def must_be_equal(program, model, days, folder, chains, row):
    """Rows, predictions, orders and money are the same on all sides."""
    import pyarrow.feather as feather
    import pyarrow.parquet as parquet

    processor_seconds([program, "features", *days, "--set", "scale_free", "-o", folder / "rows.arrow"])
    table = feather.read_table(folder / "rows.arrow")
    rows = np.stack([table[n].to_numpy() for n in table.column_names[3:]], axis=1)
    orders = parquet.read_table(folder / "ours/orders.parquet").num_rows
    p = parquet.read_table(folder / "ours/predictions.parquet")["p_up_1min"].to_numpy()
    for name, (told, found) in chains.items():
        np.testing.assert_allclose(found["rows"].reshape(-1, rows.shape[1]), rows, rtol=1e-9, atol=1e-9, err_msg=f"{name}: features")
        np.testing.assert_allclose(found["p"].reshape(-1), p, atol=1e-12, rtol=0, err_msg=f"{name}: predictions")
        theirs = [sum(day[key] for day in told["days"]) for key in ("orders", "gross", "fees")]
        mine = [orders, float(row["gross"]), float(row["fees"])]
        if not np.allclose(theirs, mine, atol=1e-6):
            sys.exit(f"{name}: orders, gross and fees are {theirs}, ours {mine}")
    return orders


def print_chains(seconds, chains, events, orders):
    per_event = 1e9 / events
    print(f"archive to profit and loss, a trained model; {events:,} events, {orders} orders, the same on all sides")
    print(f"{'processor time, ns an event':42}" + "".join(f"{s:>10}" for s in STAGES) + f"{'all':>10}")
    totals = {}
    titles = {"common": "pandas, LightGBM, hftbacktest (map)", "best": "polars, numba, lleaves, hftbacktest (vector)"}
    for name, (told, _) in chains.items():
        totals[name] = sum(told["seconds"].values()) * per_event
        print(f"{titles[name]:42}" + "".join(f"{told['seconds'][s] * per_event:10.0f}" for s in STAGES) + f"{totals[name]:10.0f}")
    for name, title in (("read", "lobflow inspect"), ("features", "lobflow features"), ("predict", "lobflow predict"),
                        ("one strategy", "lobflow backtest --sweep, a set alone"), ("backtest", "lobflow backtest, 5 strategies, report"),
                        ("package", "lobflow.backtest(), likewise")):
        mine = seconds[name] * per_event
        ratios = "" if name in ("read", "features", "predict") else "".join(f"   {totals[c] / mine:.1f} x {c}" for c in totals)
        print(f"{title:42}{'':50}{mine:10.0f}{ratios}")
    print("compiling, once: " + ", ".join(f"{name} {told['compile']:.1f} s" for name, (told, _) in chains.items()) + "\n")


# ---- features() -----------------------------------------------------------------------------------------------------


def features(program, day, python, model, folder, rounds):
    """The call beside the verb, and beside pandas for the same columns."""
    code = ("import time, sys, lobflow as lf\nday = lf.open(sys.argv[1])\nlf.features(day, set=sys.argv[2])\ntook = []\n"
            "for _ in range(int(sys.argv[3])):\n    begin = time.process_time()\n    lf.features(day, set=sys.argv[2])\n"
            "    took.append(time.process_time() - begin)\nprint(min(took))")
    out = "/dev/shm/lobflow_bench.arrow"
    start = least_seconds([program, "features", "--list"], rounds)
    for name in ("default", "scale_free"):
        call = float(processor_seconds([sys.executable, "-c", code, day, name, max(rounds, 5)])[1])
        verb = least_seconds([program, "features", day, "--set", name, "-o", out], max(rounds, 5))
        print(f"features(), {name:10} {call * 1e3:8.1f} ms; the program {verb * 1e3:.1f} ms, of which {start * 1e3:.1f} to start")
    os.remove(out)
    told, _ = chain("common", python, model, [day], folder, rounds)
    pandas = told["seconds"]["read"] + told["seconds"]["features"]
    print(f"pandas, the 16 scale-free columns {pandas * 1e3:.1f} ms, {pandas / call:.1f} x features()\n")


# ---- training -------------------------------------------------------------------------------------------------------


def training(program, days, folder):
    """How much of training, and of the whole line, is LightGBM's own time."""
    import lightgbm

    library = next(pathlib.Path(lightgbm.__file__).parent.rglob("lib_lightgbm.so"))
    (folder / "between.c").write_text(BETWEEN)
    between = folder / "lib_lightgbm.so"
    subprocess.run(["cc", "-O2", "-w", "-shared", "-fPIC", "-o", between, folder / "between.c", "-ldl"], check=True)
    told = folder / "seconds"
    environment = {"LOBFLOW_LIGHTGBM": str(between), "REAL_LIGHTGBM": str(library), "LIGHTGBM_SECONDS": str(told)}
    print(f"{'with training, ' + str(len(days)) + ' days':34}{'all, s':>9}{'LightGBM':>10}{'its bins':>10}{'the rest':>10}{'rest / LightGBM':>17}")
    for title, words in (("lobflow train, symmetric", ["train"]), ("lobflow train, brief", ["train", "--preset", "brief"]),
                         ("lobflow run, symmetric", ["run"]), ("lobflow run, brief", ["run", "--preset", "brief"])):
        flags = ["--config", folder / "same.toml"] + (["--jobs", "1"] if words[0] == "run" else [])
        whole, _ = processor_seconds([program, *words, *days, "-o", folder / title.replace(" ", "_"), *flags], environment)
        boost, bins = map(float, told.read_text().split())
        rest = whole - boost - bins
        print(f"{title:34}{whole:9.2f}{boost:10.2f}{bins:10.2f}{rest:10.2f}{rest / (boost + bins):16.0%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("day", nargs="?", type=pathlib.Path, help="a LOBSTER archive, for features()")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bin/lobflow")
    parser.add_argument("--package", type=pathlib.Path, default=ROOT / "build/release/python")
    parser.add_argument("--python", type=pathlib.Path, default=ROOT / "build/venv_chains/bin/python", help="has what chains.py needs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--days", type=int, default=5, help="simulated; all but the last two train")
    parser.add_argument("--activity", type=float, default=1.0)
    options = parser.parse_args()
    if not options.python.exists():
        sys.exit(f"{options.python}: there is none; tools/setup.sh --bench makes it")
    os.environ["PYTHONPATH"] = str(options.package.resolve())
    print(time.strftime("%Y-%m-%d"), next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), ""), "\n")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "same.toml").write_text(SAME)
        days = simulated(options.program, folder, options.days, options.activity)
        model, traded = folder / "model", days[-2:]
        # Trees alone: LightGBM and lleaves know nothing of a line that they start from.
        processor_seconds([options.program, "train", *days[:-2], "-o", model, "--set", "model.start=mean", "--set",
                           "model.early_stopping_se=0"])
        seconds, row = ours(options.program, model, traded, folder, options.rounds)
        chains = {n: chain(n, options.python, model, traded, folder, options.rounds) for n in ("common", "best")}
        orders = must_be_equal(options.program, model, traded, folder, chains, row)
        print_chains(seconds, chains, sum(d["events"] for d in chains["best"][0]["days"]), orders)
        features(options.program, options.day or traded[-1], options.python, model, folder, options.rounds)
        training(options.program, days[:3], folder)


if __name__ == "__main__":
    main()
