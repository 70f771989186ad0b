#!/bin/sh
# The pages that are made from tables in the code must be those that the code makes now.
set -eu
program=$1
source=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" features --list --markdown >"$folder/features.md"
python3 "$source/tools/make_errors.py" >"$folder/errors.md"
python3 "$source/tools/make_fees.py" --check || {
    echo "run \`make docs\`"
    exit 1
}
for page in features errors; do
    diff "$source/docs/$page.md" "$folder/$page.md" || {
        echo "docs/$page.md is old; run \`make docs\`"
        exit 1
    }
done
