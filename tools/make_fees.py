#!/usr/bin/env python3
"""Make src/execution/fee_rates.c and docs/fees.md from fees.csv and fee_sources.csv beside the first.

    make_fees.py          writes both
    make_fees.py --check  says whether they are what the tables make
"""
import csv
import datetime
import decimal
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src" / "execution"

# Unit of a schedule's numbers, and what a reader should know of it.
SCHEDULES = {
    "us_regulatory": ("USD", "Sales only: `section31` for each million sold; `taf` a share, at most `taf_cap` a trade."),
    "us_nasdaq": ("USD a share", "`fee_tier` 0 is everybody's; `low` is what shares below 1 USD pay, in bps of the value. Tiers between "
                  "0 and 1 exist, with conditions that change from month to month; no complete list of a known date was found: give "
                  "`fee_maker_per_share`."),
    "binance_usdm": ("bps", "VIP tiers of USDT pairs, without the discount of 10 % for paying in BNB."),
    "binance_spot": ("bps", "VIP tiers, without the discount of 25 % for paying in BNB. What VIP 5 to 8 paid in the promotion of 2024 was "
                     "not found, so those days are refused for them."),
    "coinbase": ("bps", "Volume of 30 days in USD: tier 0 below 10 thousand, then below 50 thousand, 100 thousand, 1 million, 15 million, "
                 "75 million, 250 million, 400 million, and above. Later changes of Coinbase were not found."),
    "cme": ("USD a contract and side", "Exchange and clearing, outright trades of no member; `NFA` is added to each. Roots that are not here, "
            "the interest-rate and grain contracts of CBOT among them, were not found: give `fee_per_contract`."),
}


def rows_of(path):
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return list(csv.DictReader(lines))


def nano(text):
    if text == "":
        return 0
    value = decimal.Decimal(text) * 10**9
    if value != value.to_integral_value():
        sys.exit(f"fees.csv: {text} is no whole number of 1e-9")
    return int(value)


def read():
    """The rows, checked: known schedules and sources, dates that ascend, tiers that count from 0."""
    rows, sources = rows_of(FOLDER / "fees.csv"), {r["id"]: r for r in rows_of(FOLDER / "fee_sources.csv")}
    used, last, tiers = set(), {}, {}
    for row in rows:
        key = (row["schedule"], row["item"])
        day = datetime.date.fromisoformat(row["from"])
        if row["schedule"] not in SCHEDULES or row["source"] not in sources:
            sys.exit(f"fees.csv: {row} names no schedule or no source")
        if key in last and last[key] >= day:
            sys.exit(f"fees.csv: {key}: {day} does not come after {last[key]}")
        if row["item"].isdigit() and key not in last:
            tiers.setdefault(row["schedule"], []).append(int(row["item"]))
        last[key] = day
        used.add(row["source"])
    for schedule, found in tiers.items():
        if found != list(range(len(found))):
            sys.exit(f"fees.csv: tiers of {schedule} are {found}")
    for source in sources.values():
        if source["id"] not in used or not source["document"] or not source["read"]:
            sys.exit(f"fee_sources.csv: {source['id']} is not used, or says too little")
    return rows, sources


def c_text(rows):
    out = ["/* What venues and regulators charge; made by tools/make_fees.py from fees.csv. */",
           '#include "execution_internal.h"', "", "/* clang-format off */", "const lfi_fee_rate lfi_fee_rates[] = {"]
    for row in rows:
        day = datetime.date.fromisoformat(row["from"])
        is_known = "true" if row["taker"] or row["maker"] else "false"
        out.append(f'    {{"{row["schedule"]}", "{row["item"]}", {{{day.year}, {day.month}, {day.day}}}, '
                   f'INT64_C({nano(row["taker"])}), INT64_C({nano(row["maker"])}), {is_known}}},')
    out += ["};", "/* clang-format on */", "", "const size_t lfi_fee_rate_count = sizeof lfi_fee_rates / sizeof lfi_fee_rates[0];"]
    return "\n".join(out) + "\n"


def md_text(rows, sources):
    out = ["# Fees", "",
           "Made by `tools/make_fees.py` from `src/execution/fees.csv` and `fee_sources.csv`; [execution](modules/execution.md) says how they are "
           "charged. A row holds from its day to the next row of its item; before the first one a schedule is an error, and so is a day whose "
           "rate is not known. A negative number is received."]
    order = []
    for schedule, (unit, note) in SCHEDULES.items():
        out += ["", f"## {schedule}", "", f"In {unit}. {note}", ""]
        has_maker = any(r["maker"] for r in rows if r["schedule"] == schedule)
        out.append("| item | from | taker | maker | source |" if has_maker else "| item | from | rate | source |")
        out.append("|---|---|---|---|---|" if has_maker else "|---|---|---|---|")
        for row in (r for r in rows if r["schedule"] == schedule):
            if row["source"] not in order:
                order.append(row["source"])
            known = row["taker"] or row["maker"]
            cells = [row["item"], row["from"], row["taker"] if known else "not known"]
            cells += [row["maker"] if known else "not known"] if has_maker else []
            out.append("| " + " | ".join([*cells, f"[{order.index(row['source']) + 1}]"]) + " |")
    out += ["", "## Sources", "", "| | document | dated | read |", "|---|---|---|---|"]
    for i, name in enumerate(order):
        source = sources[name]
        out.append(f"| [{i + 1}] | {source['document']} | {source['dated'] or 'no date'} | {source['read']} |")
    out += ["", "Where a document has no date, `from` is since when its rates are used here, not since when they were charged."]
    return "\n".join(out) + "\n"


def main():
    rows, sources = read()
    files = {FOLDER / "fee_rates.c": c_text(rows), ROOT / "docs" / "fees.md": md_text(rows, sources)}
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    if sys.argv[1:] == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not what tools/make_fees.py makes of fees.csv")
        return 1 if stale else 0
    for path in stale:
        path.write_text(files[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
