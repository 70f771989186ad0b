#!/usr/bin/env python3
"""Fetch what web/package-lock.json pins into web/node_modules, once; --test adds what only tests need.

A stamp holds the lock's fingerprint, so a second call does nothing and needs no network.
"""
import argparse
import contextlib
import fcntl
import hashlib
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
MODULES = WEB / "node_modules"
STAMP = MODULES / ".lobflow-stamp"

NO_NPM = """no npm was found, neither on the PATH nor in {venv}.
  It fetches uPlot, the chart library of the HTML report, once; later builds need no network. Do one of:
    tools/setup.sh                   adds an npm to .venv where the system has none
    apt-get install npm              or your system's equivalent"""
FAILED = """npm could not fetch what web/package-lock.json pins (the output is above).
  The network is needed once. Connect and build again, or copy web/node_modules from another checkout."""


def find_npm(venv):
    """The system's npm, else the virtual environment's."""
    beside = pathlib.Path(venv) / "bin" / "npm"
    return shutil.which("npm") or (str(beside) if beside.exists() else None)


@contextlib.contextmanager
def only_one():
    """Two builds at once must not both write node_modules."""
    with open(WEB / "package.json") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def fetch(venv, with_tests):
    """None, or what went wrong and what to do."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    with only_one():
        have = STAMP.read_text().split() if STAMP.exists() else []
        if have[:1] == [lock] and (not with_tests or "test" in have):
            return None
        with_tests = with_tests or "test" in have
        npm = find_npm(venv)
        if npm is None:
            return NO_NPM.format(venv=venv)
        call = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
        done = subprocess.run(call + ([] if with_tests else ["--omit=dev"]), cwd=WEB, stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            return FAILED
        STAMP.write_text(f"{lock} {'test' if with_tests else 'build'}\n")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--test", action="store_true", help="also what only tests need")
    parser.add_argument("--venv", default=ROOT / ".venv", help="where an npm may be when the system has none")
    options = parser.parse_args()
    fault = fetch(options.venv, options.test)
    if fault:
        sys.exit(f"fetch_web: {fault}")


if __name__ == "__main__":
    main()
