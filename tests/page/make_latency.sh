#!/bin/sh
# Writes the pages of the latency surface that the browser test opens. Call: PROGRAM FOLDER
set -e
program=$1
folder=$2
days=$folder/days
"$program" synth -o "$days" --days 2 --seed 5 --activity 0.1 --levels 3 --alpha 0.1 --alpha-half-life 30s
"$program" latency "$days" -o "$folder/surface" --latencies 1ms,50ms,500ms
