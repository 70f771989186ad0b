#!/usr/bin/env python3
"""The study that nothing is found where nothing is, and that what was planted is found.

Three parts, each on simulated days of the small-tick preset:
  permuted  labels permuted in blocks, so that features say nothing about them
  martingale  nothing planted (alpha 0)
  planted   alpha 0.02 to 0.2
Every claim is printed with its numbers; the exit code is 1 when one fails.

usage: study_null.py --program build/release/bin/lobflow [--quick] [--json FILE]
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

FULL = {
    "permuted_days": 4, "permuted_seeds": 20, "permuted_hold": 17, "permuted_sets": [],
    "martingale_days": 8, "fact_seeds": 10,
    "planted_days": 9, "alphas": [0.02, 0.05, 0.1, 0.2], "points_below": 0.03, "activity": 1,
}  # fmt: skip
QUICK = {
    "permuted_days": 2, "permuted_seeds": 4, "permuted_hold": 3, "permuted_sets": ["model.kind=logistic"],
    "martingale_days": 3, "fact_seeds": 3,
    "planted_days": 5, "alphas": [0.05, 0.2], "points_below": 0.05, "activity": 0.5,
}  # fmt: skip


class Study:
    def __init__(self, program, folder, plan):
        self.program, self.folder, self.plan = program, folder, plan
        self.claims = []

    def lobflow(self, *args):
        done = subprocess.run([self.program, *map(str, args)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"study_null: lobflow {' '.join(map(str, args))}\n{done.stderr}")
        return done.stdout

    def days(self, count, seed, alpha):
        """A folder of simulated days; the caller removes it."""
        path = self.folder / f"days_{alpha}_{seed}"
        self.lobflow(
            "synth", "-o", path, "--days", count, "--seed", seed, "--symbol", "NULL", "--alpha", alpha,
            "--activity", self.plan["activity"],
        )  # fmt: skip
        return path

    def train(self, data, *sets):
        flags = [part for s in sets for part in ("--set", s)]
        return json.loads(self.lobflow("train", data, "-o", self.folder / "model", "--json", *flags))

    def claim(self, text, holds):
        self.claims.append({"claim": text, "holds": bool(holds)})
        print(f"  {'holds ' if holds else 'FAILS '} {text}", flush=True)


def holds(interval, value):
    return interval[0] <= value <= interval[1]


def permuted(study):
    """The planted days, whose true labels can be forecast, with permuted ones."""
    plan = study.plan
    data = study.days(plan["permuted_days"], 11, 0.1)
    print(f"\nLabels permuted in blocks of 5 min, {plan['permuted_days']} days, alpha 0.1")
    print("  seed   AUC     95 % interval    accuracy  majority   less majority, 95 %")
    auc_holds = no_better = 0
    for seed in range(plan["permuted_seeds"] + 1):
        walk = study.train(data, f"model.permute_seed={seed}", *plan["permuted_sets"])
        up = walk["up_1min"]["model"]
        auc, less = up["auc_interval"], up["less_majority_interval"]
        name = f"{seed:4d}" if seed else "true"
        print(
            f"  {name}  {up['auc']:.4f}  [{auc[0]:.4f}, {auc[1]:.4f}]   {up['accuracy']:.4f}    {up['majority']:.4f}"
            f"   [{less[0]:+.4f}, {less[1]:+.4f}]",
            flush=True,
        )
        if seed == 0:
            study.claim("with the true labels the interval of AUC lies above one half", auc[0] > 0.5)
        else:
            auc_holds += holds(auc, 0.5)
            no_better += less[0] <= 0
    count = plan["permuted_seeds"]
    study.claim(
        f"the interval of AUC holds one half for {auc_holds} of {count} seeds, at least {plan['permuted_hold']}",
        auc_holds >= plan["permuted_hold"],
    )
    study.claim(
        f"accuracy does not beat the majority rate beyond its interval for {no_better} of {count} seeds, at least"
        f" {count - 1}",
        no_better >= count - 1,
    )
    shutil.rmtree(data)


def facts(study):
    """The market on which nothing was planted is worth the trial: busy, and without bounce to trade on."""
    count = study.plan["fact_seeds"]
    days = [json.loads(study.lobflow("synth", "--check", "--json", "--seed", s)) for s in range(1, count + 1)]
    keys = ["events_per_minute", "variance_ratio_20", "variance_ratio_60_20"]
    mean = {key: sum(day[key] for day in days) / count for key in keys}
    study.claim(f"{mean['events_per_minute']:.0f} events a minute, at least 1000", mean["events_per_minute"] >= 1000)
    study.claim(f"VR(20) is {mean['variance_ratio_20']:.3f}, 1 +- 0.1", abs(mean["variance_ratio_20"] - 1) <= 0.1)
    ratio = mean["variance_ratio_60_20"]
    study.claim(f"VR(60/20) is {ratio:.3f}, 1 +- 0.1", abs(ratio - 1) <= 0.1)


def martingale(study):
    plan = study.plan
    print(f"\nNothing planted, {plan['martingale_days']} days")
    facts(study)
    data = study.days(plan["martingale_days"], 21, 0)
    run = json.loads(study.lobflow("run", "--data", data, "-o", study.folder / "run", "--json"))
    ret, pnl, costs = run["signal"]["ret_1min"], run["pnl"], run["costs"]["total"]
    low, high = ret["ic_less_queue_interval"]
    study.claim(
        f"the model's 1-min IC is {ret['queue_ic'] + ret['ic_less_queue']:.4f}, the queue's {ret['queue_ic']:.4f}; the"
        f" interval of the difference, [{low:.4f}, {high:.4f}], does not lie above 0",
        low <= 0,
    )
    study.claim(
        f"{pnl['trades']} trades: gross at the mid {pnl['gross_at_mid']:.2f} does not cover costs of {costs:.2f}",
        pnl["gross_at_mid"] < costs or pnl["trades"] == 0,
    )
    said = " ".join(run["warnings"])
    study.claim(
        "the report says so: the queue alone is as good, and the P&L does not pay",
        "queue imbalance alone" in said
        and ("does not cover fees" in said or "no schedule of fees" in said or pnl["trades"] == 0),
    )
    shutil.rmtree(data)


def planted(study):
    plan = study.plan
    print(f"\nPlanted, {plan['planted_days']} days each")
    print("   A     hit rate  95 % interval      bound   points below   AUC    IC      bound of the IC")
    hits = []
    for alpha in plan["alphas"]:
        data = study.days(plan["planted_days"], 31, alpha)
        walk = study.train(data)
        up, ret = walk["up_1min"]["model"], walk["ret_1min"]
        low, high = up["accuracy_interval"]
        bound = bound_of(alpha)
        print(
            f"  {alpha:.2f}   {up['accuracy']:.4f}   [{low:.4f}, {high:.4f}]   {bound:.4f}   {100 * (bound - up['accuracy']):+5.1f}"
            f"          {up['auc']:.4f} {ret['ic']:.4f}  {alpha**0.5:.4f}",
            flush=True,
        )
        hits.append((alpha, up["accuracy"], low, bound))
        shutil.rmtree(data)
    for alpha, hit, low, bound in hits:
        # The hit rate of finitely many minutes may lie above a bound on its expectation.
        study.claim(f"A = {alpha}: the hit rate's interval does not lie above the bound", low <= bound)
        study.claim(
            f"A = {alpha}: the hit rate is within {100 * plan['points_below']:.0f} points of the bound",
            hit >= bound - plan["points_below"],
        )
    rates = [hit for _, hit, _, _ in hits]
    study.claim("the hit rate rises with A", rates == sorted(rates) and len(set(rates)) == len(rates))


def bound_of(alpha):
    import math

    return 0.5 + math.asin(math.sqrt(alpha)) / math.pi


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--quick", action="store_true", help="few seeds and days, under a minute; not the full claims")
    parser.add_argument("--only", choices=["permuted", "martingale", "planted"], help="one part")
    parser.add_argument("--json", help="also write the claims to a file")
    args = parser.parse_args()
    begin = time.time()
    with tempfile.TemporaryDirectory(prefix="study_null_") as folder:
        program = str(pathlib.Path(args.program).resolve())
        study = Study(program, pathlib.Path(folder), QUICK if args.quick else FULL)
        for part in (permuted, martingale, planted):
            if args.only in (None, part.__name__):
                part(study)
    failed = [c for c in study.claims if not c["holds"]]
    print(f"\n{len(study.claims) - len(failed)} of {len(study.claims)} claims hold ({time.time() - begin:.0f} s)")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(study.claims, indent=2) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
