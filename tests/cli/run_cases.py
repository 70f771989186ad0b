#!/usr/bin/env python3
"""Run the command-line cases in cases/*.case: a shell command, then what it must print.

    # a comment
    $ lobflow inspect --jsn        a command, run by bash in the case's own empty folder
    1| text                        a line of its stdout; * stands for anything within the line
    2| text                        a line of its stderr
    1| ...                         any number of lines of that stream
    ? 2                            its exit code, when it is not 0

A command without 1| or 2| lines must print nothing there. "run_cases.py --update PROGRAM CASE"
writes what came out into the case, wildcards lost.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def read_case(path):
    """Blocks of a case: comment lines, command, expected lines of each stream, exit code."""
    blocks, notes = [], []
    for line in path.read_text().splitlines():
        if line.startswith("$ "):
            blocks.append({"notes": notes, "command": line[2:], "1": [], "2": [], "code": 0})
            notes = []
        elif line.startswith("> ") and blocks:
            blocks[-1]["command"] += "\n" + line[2:]
        elif line.startswith(("1|", "2|")) and blocks:
            blocks[-1][line[0]].append(line[3:])
        elif line.startswith("? "):
            blocks[-1]["code"] = int(line[2:])
        else:
            notes.append(line)
    return blocks, notes


def matches(expected, lines):
    """Whether printed lines fit expected ones, where "..." takes any number."""
    if not expected:
        return not lines
    if expected[0] == "...":
        return any(matches(expected[1:], lines[i:]) for i in range(len(lines) + 1))
    if not lines:
        return False
    pattern = ".*".join(re.escape(part) for part in expected[0].split("*"))
    return re.fullmatch(pattern, lines[0]) is not None and matches(expected[1:], lines[1:])


def run_block(block, folder, program):
    env = dict(os.environ, PATH=f"{program.parent}:{os.environ['PATH']}", LC_ALL="C", TZ="UTC")
    done = subprocess.run(
        ["bash", "-c", block["command"]], cwd=folder, env=env, capture_output=True, text=True, timeout=240
    )
    return {"1": done.stdout.splitlines(), "2": done.stderr.splitlines(), "code": done.returncode}


def show(block, got):
    print(f"$ {block['command']}")
    for stream in "12":
        if not matches(block[stream], got[stream]):
            print("\n".join(f"  expected {stream}| {line}" for line in block[stream] or ["(nothing)"]))
            print("\n".join(f"  got      {stream}| {line}" for line in got[stream] or ["(nothing)"]))
    if got["code"] != block["code"]:
        print(f"  expected exit code {block['code']}, got {got['code']}")


def text_of(blocks, notes):
    out = []
    for block in blocks:
        out += block["notes"] + ["$ " + block["command"].replace("\n", "\n> ")]
        for stream in "12":
            out += [f"{stream}| {line}".rstrip() for line in block[stream]]
        if block["code"]:
            out.append(f"? {block['code']}")
    return "\n".join(out + notes) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("case", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    failed = 0
    for path in options.case:
        blocks, notes = read_case(path)
        if not blocks:
            sys.exit(f"{path}: no command")
        with tempfile.TemporaryDirectory() as folder:
            for block in blocks:
                got = run_block(block, folder, options.program.resolve())
                fits = got["code"] == block["code"] and all(matches(block[s], got[s]) for s in "12")
                if not fits and options.update:
                    block.update(got)
                elif not fits:
                    failed += 1
                    show(block, got)
        if options.update:
            path.write_text(text_of(blocks, notes))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
