#!/bin/sh
# The demo: five synthetic days (or real files), the whole line, a summary, and where the report lies.
set -eu
program=$1
folder=$2
data=${3:-}
mkdir -p "$folder"
if [ -z "$data" ]; then
    data=$folder/data
    if [ ! -e "$data" ]; then
        "$program" synth -o "$data" --days 5 --seed 1 --symbol DEMO --alpha 0.05
    fi
fi
rm -rf "$folder/run"
"$program" run --data "$data" -o "$folder/run"
printf '\nThe report: %s/run/report.html\n' "$(cd "$folder" && pwd)"
