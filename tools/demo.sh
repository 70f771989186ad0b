#!/bin/sh
# The demo: five synthetic days (or real files), the whole line, a summary, and where the report lies.
# usage: demo.sh PROGRAM FOLDER [DATA]
set -eu
program=$1
folder=$2
data=${3:-}
mkdir -p "$folder"
note=""
if [ -z "$data" ]; then
    data=$folder/data
    note=$data/synth.toml
    if [ ! -e "$note" ]; then
        echo "demo: five simulated days with a planted predictability of 5 %" >&2
        "$program" synth -o "$data" --days 5 --seed 1 --symbol DEMO --alpha 0.05
    fi
fi
echo "demo: features, walk-forward training, backtest, report" >&2
rm -rf "$folder/run"
# shellcheck disable=SC2086
"$program" run $note --data "$data" -o "$folder/run"
