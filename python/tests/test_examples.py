"""Examples run as they are given."""

import os
import pathlib
import subprocess
import sys

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"


def test_year(tmp_path):
    """Two small days of two symbols, with one worker and with two: the same bytes."""
    made = subprocess.run([sys.executable, EXAMPLES / "year.py", tmp_path, "--days", "2", "--symbols", "2", "--activity", "0.03"],
                          check=True, capture_output=True, text=True, env={**os.environ, "LOBFLOW_PROGRESS": "0"})
    lines = [line.split() for line in made.stdout.splitlines() if line.split()[0] in ("features", "train", "backtest")]
    marks = {line[0]: set() for line in lines}
    for line in lines:
        marks[line[0]].add(line[-1])
    assert len(lines) == 6 and all(len(found) == 1 for found in marks.values())
    assert made.stdout.startswith("4 symbol-days, ")
