#!/bin/sh
# Line coverage of a build made by the coverage preset: one line for each source file, then the sum.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find "$1" -name '*.gcda' >"$work/list"
(cd "$work" && while read -r data; do gcov -n -s "$root" -r "$root/$data"; done <list) 2>/dev/null |
    awk '/^File/ { file = substr($2, 2, length($2) - 2) }
         /^Lines executed/ && file ~ /^(src|cli)\// && file !~ /_test\.c|_testing\.h/ {
             split($2, part, ":"); share = part[2] + 0
             if (share * $4 > hit[file]) { hit[file] = share * $4; lines[file] = $4 }
             if (!(file in lines)) lines[file] = $4
             file = ""
         }
         END {
             for (f in lines) {
                 printf "%6.1f %% of %5d  %s\n", hit[f] / lines[f], lines[f], f | "sort -k5"
                 all += lines[f]; covered += hit[f]
             }
             close("sort -k5")
             printf "%6.1f %% of %5d  all\n", covered / all, all
         }'
