#!/usr/bin/env python3
"""Make the pages, then open them in Chromium: the test that ctest runs.

Without Chromium the test is skipped (exit 77); `make test` installs it.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import fetch_web  # noqa: E402

SKIPPED = 77


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("make_pages", nargs="+", help="a command; the folder for the pages is added to it")
    parser.add_argument("--script", default="page_test.mjs")
    parser.add_argument("--venv", required=True)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("skipped: no chromium; tools/setup.sh --test installs it")
        return SKIPPED
    fault = fetch_web.fetch(options.venv, True)
    if fault:
        sys.exit(f"fetch_web: {fault}")
    beside = pathlib.Path(options.venv) / "bin" / "node"
    node = shutil.which("node") or (str(beside) if beside.exists() else None)
    if node is None:
        sys.exit("no node was found beside npm; tools/setup.sh adds one to .venv where the system has none")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*options.make_pages, folder], check=True)
        return subprocess.run([node, ROOT / "tests/page" / options.script, ROOT / "web", folder, chromium]).returncode


if __name__ == "__main__":
    sys.exit(main())
