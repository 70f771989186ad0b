#!/usr/bin/env python3
"""Print docs/errors.md from the one list of statuses in include/lobflow/base.h."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    text = (ROOT / "include/lobflow/base.h").read_text()
    print("# Errors\n")
    print("Made by `tools/make_errors.py` from `LF_STATUS_MAP` in `include/lobflow/base.h`.\n")
    print("Every call that can fail returns an `lf_status` and fills a caller-owned `lf_error`: one sentence for a person with file,")
    print("line or byte, what was expected and what to do, and the place again for programs.\n")
    print("| status | code | meaning |\n|---|---|---|")
    for name, code, meaning in re.findall(r'X\((\w+), (\d+), "([^"]+)"\)', text.split("LF_STATUS_MAP(X)")[1].split("typedef")[0]):
        print(f"| `LF_{name}` | {code} | {meaning} |")
    print("\nThe program's exit codes: 0 done, 1 bad data or failed, 2 wrong usage or configuration, 130 interrupted.")


if __name__ == "__main__":
    main()
