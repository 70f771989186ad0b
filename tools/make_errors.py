#!/usr/bin/env python3
"""Print docs/errors.md from the one list of statuses in include/lobflow/base.h."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent

EXIT_CODES = """
## Exit codes of the program

| code | when | examples |
|---|---|---|
| 0 | done | |
| 1 | data, files or models are at fault, or the work failed | a day that is not there, a broken file, a model that has seen the day, a full disk |
| 2 | the command line or the configuration is wrong | an unknown verb, flag, key, feature, feed or preset; a value out of bounds; `-o f.xlsx`; `run` with keys of `train` |
| 130 | interrupted | Ctrl-C; what was finished is kept |

What is a matter of usage is looked at before any data: `lf_run_check()`, `lf_config_check()`, `lf_feed_check()`, `lf_frame_check_path()` for programs.
`tests/cli/cases/exit.case` has a line for each kind."""


def main():
    text = (ROOT / "include/lobflow/base.h").read_text()
    print("# Errors\n")
    print("Made by `tools/make_errors.py` from `LF_STATUS_MAP` in `include/lobflow/base.h`.\n")
    print("Every call that can fail returns an `lf_status` and fills a caller-owned `lf_error`: one sentence for a person with file,")
    print("line or byte, what was expected and what to do, and the place again for programs.\n")
    print("| status | code | meaning |\n|---|---|---|")
    for name, code, meaning in re.findall(r'X\((\w+), (\d+), "([^"]+)"\)', text.split("LF_STATUS_MAP(X)")[1].split("typedef")[0]):
        print(f"| `LF_{name}` | {code} | {meaning} |")
    print(EXIT_CODES)


if __name__ == "__main__":
    main()
