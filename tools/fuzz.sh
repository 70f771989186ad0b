#!/bin/sh
# Run every fuzz target of a build for some seconds, starting from its committed seeds. New inputs go
# to the build folder; a finding stops the run and names its file. With a third argument that is the
# seed of the mutations and 10,000 runs are the limit: the same code is then judged by the same inputs.
set -eu
build=$1
seconds=$2
repeatable=${3:+-seed=$3 -runs=10000}
cd "$(dirname "$0")/.."
for source in fuzz/*_fuzz.c; do
    name=$(basename "$source" .c)
    seeds=fuzz/corpus/${name%_fuzz}
    work=$build/corpus/$name
    mkdir -p "$work" "$seeds"
    echo "fuzz: $name for $seconds s"
    # Two words, or none. shellcheck disable=SC2086
    "$build/bin/$name" $repeatable -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/" "$work" "$seeds" >"$build/$name.log" 2>&1 || {
        tail -n 40 "$build/$name.log"
        exit 1
    }
    grep -E 'number_of_executed_units' "$build/$name.log" || true
done
