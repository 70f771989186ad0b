#!/bin/sh
# Compile each public header alone, as C17 and as C++17, with warnings as errors.
set -eu
cd "$(dirname "$0")/.."
status=0
for header in include/lobflow/*.h; do
    for language in "cc -x c -std=c17" "c++ -x c++ -std=c++17"; do
        $language -Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude "$header" || status=1
    done
done
exit $status
