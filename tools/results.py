#!/usr/bin/env python3
"""Writes docs/results.md: what the line finds on the real days at hand, out of sample.

Runs the program on every data set below ../shared/data and on simulated days without any planted
predictability, and puts measured numbers with their intervals into one page. What was run once is
kept in the work folder and not run again, so a stopped run goes on where it was; --fresh begins anew.

usage: results.py --program build/release/bin/lobflow [--shared ../shared] [--work build/results]
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq

ROOT = pathlib.Path(__file__).resolve().parents[1]
MINUTE = 60_000_000_000
# name, what it is, glob below the data folder; none: simulated
SETS = [
    ("AIG", "AlgoSeek, 5 days, level 1", "algoseek/*/AIG.csv.gz"),
    ("BAC", "AlgoSeek, 5 days, level 1", "algoseek/*/BAC.csv.gz"),
    ("AAPL", "LOBSTER, 1 day, 1 level", "lobster/*AAPL*.zip"),
    ("AMZN", "LOBSTER, 1 day, 5 levels", "lobster/*AMZN*.zip"),
    ("GOOG", "LOBSTER, 1 day, 10 levels", "lobster/*GOOG*.zip"),
    ("null", "simulated, 4 days, nothing planted", None),
]
# horizon: keys that train and trade it. 1 and 5 min are heads of one model.
HORIZONS = {
    "10s": ["labels.horizon=10s", "risk.hold=10s"],
    "1min": [],
    "5min": ["signal.horizon=5min", "risk.hold=5min"],
}
HEAD = {"10s": "up_1min", "1min": "up_1min", "5min": "up_5min"}
# what is trained beside: keys
KINDS = {"brief": ["model.preset=brief"], "logistic": ["model.kind=logistic"]}
PREDICTORS = ("model", "queue_sign", "ofi_sign", "logistic3")
# The independent baseline: mirrored trees pooled over three large stocks for AIG and BAC, plain trees
# for the three days of one stock each, which share no day with another one.
BASELINE = {
    ("BAC", "10s"): (81.1, 78.8, 83.3), ("BAC", "1min"): (65.9, 63.5, 68.4), ("BAC", "5min"): (56.4, 53.5, 59.3),
    ("AIG", "10s"): (60.7, 59.7, 61.7), ("AIG", "1min"): (51.6, 50.4, 53.0),
    ("AAPL", "1min"): (56.2, None, None), ("AMZN", "1min"): (50.8, None, None), ("GOOG", "1min"): (54.4, None, None),
}  # fmt: skip


class Runs:
    """Runs of the program, each done once and kept."""

    def __init__(self, program, work):
        self.program, self.work = program, work

    def call(self, words, done):
        """Run unless `done` is there already."""
        if done.exists():
            return
        began = time.monotonic()
        result = subprocess.run([str(self.program), *map(str, words)], capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"results: lobflow {' '.join(map(str, words))}\n{result.stderr}")
        print(f"{time.monotonic() - began:7.1f} s  {done.parent.relative_to(self.work)}", file=sys.stderr, flush=True)

    def train(self, data, name, keys):
        """Scores of a walk whose rows are those of a run, on the local clock."""
        folder = self.work / "train" / name
        self.call(["train", *data, "-o", folder, "--clock", "local", *flags(keys)], folder / "walk.json")
        return json.loads((folder / "walk.json").read_text())

    def run(self, data, name, keys):
        folder = self.work / "run" / name
        self.call(["run", "--data", *data, "-o", folder, *flags(keys)], folder / "metrics.json")
        return json.loads((folder / "metrics.json").read_text()), folder

    def simulated(self):
        folder = self.work / "null-days"
        self.call(
            ["synth", "-o", folder, "--days", 4, "--seed", 21, "--symbol", "NULL", "--alpha", 0], folder / "synth.toml"
        )
        return [folder]


def flags(keys):
    return [part for key in keys for part in ("--set", key)]


# ---- Sharpe before all costs --------------------------------------------------------------------


def minutes_at_mid(folder):
    """P&L of each minute of the sessions if every fill had been at the mid: no spread, no fees."""
    equity, fills = (pq.read_table(folder / f"{name}.parquet") for name in ("equity", "fills"))
    at = equity["ts_event"].cast("int64").to_numpy()
    gross = equity["gross"].to_numpy()
    when = fills["ts_venue"].cast("int64").to_numpy()
    side, lots = fills["side"].to_numpy(), fills["lots"].to_numpy()
    paid = side * lots * (fills["price"].to_numpy() - fills["mid_venue"].to_numpy())
    curve = gross + np.concatenate([[0.0], np.cumsum(paid)])[np.searchsorted(when, at, side="right")]
    # Last row of each minute; the first one of a session opens it.
    minute = (at - 1) // MINUTE
    last = np.flatnonzero(np.append(minute[1:] != minute[:-1], True))
    return np.diff(np.concatenate([[0.0], curve[last]]))


def sharpe(changes, seed=1, replicates=2000, block=30):
    """Annual ratio of 1-min changes and its interval from resampled blocks of half an hour."""
    scale = np.sqrt(252 * 390)

    def ratio(x):
        spread = x.std(axis=-1, ddof=1)
        return np.where(spread > 0, x.mean(axis=-1) / np.where(spread > 0, spread, 1) * scale, np.nan)

    draw = np.random.default_rng(seed)
    count = -(-len(changes) // block)
    starts = draw.integers(0, len(changes), (replicates, count))
    index = (starts[:, :, None] + np.arange(block)) % len(changes)
    found = ratio(changes[index.reshape(replicates, -1)[:, : len(changes)]])
    if np.isnan(found).all():
        return np.nan, np.nan, np.nan
    return float(ratio(changes)), *map(float, np.nanpercentile(found, [2.5, 97.5]))


def walk_of(metrics, head):
    """Scores of a run for every predictor, as a walk has them."""
    signal = metrics["signal"]
    logistic = signal["walk"][head]["logistic3"]
    return {"model": signal[head], **signal[head]["baselines"], "logistic3": logistic}


# ---- cells --------------------------------------------------------------------------------------


def percent(value, interval=None):
    text = f"{100 * value:.1f}"
    return text if interval is None else f"{text} [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def number(value, interval=None, digits=1):
    if value is None or not np.isfinite(value):
        return "-"
    text = f"{value:.{digits}f}"
    return text if interval is None else f"{text} [{interval[0]:.{digits}f}, {interval[1]:.{digits}f}]"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def accuracy_table(found):
    rows = []
    for (name, horizon), kinds in found["walks"].items():
        walk = kinds["symmetric"]
        model = walk["model"]
        cells = [percent(walk[p]["accuracy"], walk[p]["accuracy_interval"] if p == "model" else None) for p in PREDICTORS]
        others = [percent(kinds[k][HEAD[horizon]]["model"]["accuracy"]) for k in ("brief", "logistic")]
        rows.append(
            [name, horizon, *cells, *others, percent(model["majority"]), number(model["auc"], model["auc_interval"], 3),
             percent(model["moving_share"]), f"{model['rows']:,.0f} ({model['effective_rows']:,.0f})"]
        )  # fmt: skip
    head = ["data", "horizon", "symmetric trees", "queue sign", "OFI sign", "3-feature logistic", "brief", "logistic",
            "majority", "AUC", "moved", "rows (effective)"]  # fmt: skip
    return table(head, rows)


def pooled_table(found):
    rows = []
    for horizon, walk in found["pooled"].items():
        model = walk["model"]
        rows.append(
            [horizon, percent(model["accuracy"], model["accuracy_interval"]),
             *(percent(walk["by_symbol"][name]) for name in ("AIG", "BAC")), percent(walk["logistic3"]["accuracy"]),
             percent(model["majority"]), number(model["auc"], model["auc_interval"], 3)]
        )  # fmt: skip
    head = ["horizon", "symmetric trees", "AIG", "BAC", "3-feature logistic", "majority", "AUC"]
    return table(head, rows)


def money_table(found):
    rows = []
    for (name, horizon), (metrics, _, _) in found["runs"].items():
        pnl, costs = metrics["pnl"], metrics["costs"]
        trades = pnl["trades"]
        per_trade = [number(value / trades, digits=2) if trades else "-"
                     for value in (pnl["gross_at_mid"], pnl["gross"], pnl["net"], costs["total"])]  # fmt: skip
        passive = next(v for v in metrics["variants"] if v["name"] == "passive")
        rows.append([name, horizon, trades, *per_trade, number(passive["net"] / passive["trades"], digits=2)
                     if passive["trades"] else "-"])  # fmt: skip
    head = ["data", "horizon", "trades", "at the mid", "gross", "net", "costs", "net, passive entry"]
    return table(head, rows)


def verdict(low, high, target):
    if not np.isfinite(low):
        return "not measured"
    return "met" if low > target else "not met" if high < target else "not shown"


def target_table(found):
    rows = []
    for name, _, _ in SETS:
        walk = found["walks"][name, "1min"]["symmetric"]["model"]
        low, high = walk["accuracy_interval"]
        metrics, (ratio, least, most), _ = found["runs"][name, "1min"]
        pnl, trades = metrics["pnl"], metrics["pnl"]["trades"]
        net = pnl["sharpe"]["intraday_net"]
        rows.append(
            [name, percent(walk["accuracy"], (low, high)), percent(walk["majority"]), verdict(low, high, 0.52),
             number(ratio, (least, most)), verdict(least, most, 2),
             number(pnl["gross_at_mid"] / trades, digits=2) if trades else "-",
             number(metrics["costs"]["total"] / trades, digits=2) if trades else "-",
             number(net["annual"] if net["annual"] is not None else np.nan)]
        )  # fmt: skip
    head = ["data", "1-min accuracy, %", "majority", "> 52 %", "Sharpe before costs", "> 2", "break-even cost a trade",
            "cost paid a trade", "Sharpe, net"]  # fmt: skip
    return table(head, rows)


def baseline_table(found):
    rows = []
    for (name, horizon), (theirs, low, high) in BASELINE.items():
        walk = found["walks"][name, horizon]["symmetric"]
        pooled = found["pooled"][horizon]["by_symbol"].get(name)
        ours = walk["model"]
        least, most = ours["accuracy_interval"]
        touches = low is None and most >= theirs / 100 or low is not None and most >= low / 100
        rows.append(
            [name, horizon, f"{theirs}" + (f" [{low}, {high}]" if low else ""), percent(ours["accuracy"], (least, most)),
             percent(pooled) if pooled is not None else "-", percent(walk["logistic3"]["accuracy"]),
             "yes" if touches else "no"]
        )  # fmt: skip
    head = ["data", "horizon", "baseline", "ours", "ours, pooled", "3-feature logistic", "as good within intervals"]
    return table(head, rows)


# ---- the page -----------------------------------------------------------------------------------


def pooled_by_symbol(folder, horizon):
    """Accuracy of a pooled walk for each symbol, from its run's predictions on rows that moved."""
    predictions = pq.read_table(folder / "predictions.parquet")
    p = predictions["p_up_5min" if horizon == "5min" else "p_up_1min"].to_numpy()
    up = predictions["up_5min" if horizon == "5min" else "up_1min"].to_numpy()
    symbols = np.array(predictions["symbol"].to_pylist())
    good = np.isfinite(p) & np.isfinite(up)
    hit = np.where(p == 0.5, 0.5, (p > 0.5) == (up > 0.5))
    return {str(s): float(hit[good & (symbols == s)].mean()) for s in np.unique(symbols)}


def measure(runs, data):
    found = {"walks": {}, "runs": {}, "pooled": {}}
    for name, _, pattern in SETS:
        paths = sorted(data.glob(pattern)) if pattern else runs.simulated()
        for horizon, keys in HORIZONS.items():
            metrics, folder = runs.run(paths, f"{name}-{horizon}", keys)
            found["runs"][name, horizon] = (metrics, sharpe(minutes_at_mid(folder)), folder)
            trained = [key for key in keys if key.startswith("labels.")]
            label = "10s" if trained else "1min"
            found["walks"][name, horizon] = {
                kind: runs.train(paths, f"{name}-{label}-{kind}", trained + more) for kind, more in KINDS.items()
            }
            found["walks"][name, horizon]["symmetric"] = walk_of(metrics, HEAD[horizon])
    both = sorted(path for name in ("AIG", "BAC") for path in data.glob(f"algoseek/*/{name}.csv.gz"))
    for horizon in HORIZONS:
        # One run has the heads of 1 and 5 min; how it trades does not matter here.
        near = "10s" if horizon == "10s" else "1min"
        metrics, folder = runs.run(both, f"pooled-{near}", HORIZONS[near])
        found["pooled"][horizon] = walk_of(metrics, HEAD[horizon])
        found["pooled"][horizon]["by_symbol"] = pooled_by_symbol(folder, horizon)
    return found


def page(found):
    text = (ROOT / "tools" / "results.md.in").read_text()
    parts = {
        "SETS": table(["name", "what"], [[name, what] for name, what, _ in SETS]),
        "TARGETS": target_table(found),
        "ACCURACY": accuracy_table(found),
        "POOLED": pooled_table(found),
        "MONEY": money_table(found),
        "BASELINE": baseline_table(found),
    }
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--shared", default=ROOT.parent / "shared", type=pathlib.Path)
    parser.add_argument("--work", default=ROOT / "build" / "results", type=pathlib.Path)
    parser.add_argument("--out", default=ROOT / "docs" / "results.md", type=pathlib.Path)
    parser.add_argument("--fresh", action="store_true", help="run everything again")
    args = parser.parse_args()
    data = args.shared / "data"
    if not data.is_dir():
        print("skipped: no ../shared", file=sys.stderr)
        return 0
    if args.fresh:
        shutil.rmtree(args.work, ignore_errors=True)
    args.work.mkdir(parents=True, exist_ok=True)
    found = measure(Runs(args.program.resolve(), args.work.resolve()), data)
    args.out.write_text(page(found))
    print(args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
