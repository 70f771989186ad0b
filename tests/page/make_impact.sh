#!/bin/sh
# Writes the pages of the price-impact study that the browser test opens. Call: PROGRAM FOLDER
set -e
program=$1
folder=$2
days=$folder/days
"$program" synth -o "$days" --days 2 --seed 5 --activity 0.1 --levels 3 --symbol AAA
"$program" synth -o "$days" --days 1 --seed 6 --activity 0.1 --levels 1 --symbol BBB
"$program" impact "$days" --window 10s,1min -o "$folder/all.html"
"$program" impact "$days"/AAA_2024-01-02_*_message_3.csv -o "$folder/one.html"
