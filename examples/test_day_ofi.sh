#!/bin/sh
# The C example on a simulated day equals a sum over the orderbook file that awk makes.
set -eu
program=$1
example=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" synth -o "$folder" --activity 0.05 --levels 1
expected=$(awk -F, '
    NR > 1 {
        ofi += ($3 >= bid ? $4 : 0) - ($3 <= bid ? bid_size : 0)
        ofi -= ($1 <= ask ? $2 : 0) - ($1 >= ask ? ask_size : 0)
    }
    { ask = $1; ask_size = $2; bid = $3; bid_size = $4 }
    END { printf "SYN: OFI of the day %d lots", ofi }' "$folder"/*orderbook*)
printed=$("$example" "$folder")
[ "$printed" = "$expected" ] || {
    echo "printed:  $printed"
    echo "expected: $expected"
    exit 1
}
