#!/usr/bin/env python3
"""Check what the style guide asks and a formatter cannot see (docs/HACKING.md lists it).

C sources: columns, function and file length, a first line that says the purpose, banned calls.
All tracked text: no tabs outside Makefiles, no trailing space, size, TODO only with an issue number.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLUMNS, FUNCTION_LINES, FILE_LINES, FILE_BYTES = 100, 60, 800, 1 << 20
BANNED = "strcpy strcat sprintf vsprintf gets atoi atol atof rand srand exit abort printf puts".split()
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
TEXT = {".c", ".h", ".cpp", ".py", ".md", ".txt", ".cmake", ".js", ".css", ".html", ".toml", ".sh", ".yml", ".json"}


def tracked():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if out.returncode == 0 and out.stdout:
        return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]
    skip = {"build", ".venv", "node_modules", ".git"}
    return [p for p in ROOT.rglob("*") if p.is_file() and not skip & set(p.relative_to(ROOT).parts)]


def code_only(text):
    """The text with comments and literals blanked, line breaks kept."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)


def check_c(path, name, lines, text):
    faults = []
    if len(lines) > FILE_LINES:
        faults.append(f"{name}: {len(lines)} lines; the limit is {FILE_LINES}")
    if path.suffix != ".h" and lines and not lines[0].startswith(("/*", "//")):
        faults.append(f"{name}:1: the first line must say what the file is for")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            faults.append(f"{name}:{number}: {len(line)} columns; the limit is {COLUMNS}")
    opened = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            opened = number
        elif line == "}" and opened is not None:
            if number - opened - 1 > FUNCTION_LINES:
                faults.append(f"{name}:{opened}: a function of {number - opened - 1} lines; the limit is {FUNCTION_LINES}")
            opened = None
    in_library = name.startswith("src/") and not path.stem.endswith("_test")
    if in_library:
        for number, line in enumerate(code_only(text).splitlines(), 1):
            match = BANNED_CALL.search(line)
            if match:
                faults.append(f"{name}:{number}: {match.group(1)}() has no place in the library")
    return faults


def main():
    faults = []
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if path.stat().st_size > FILE_BYTES:
            faults.append(f"{name}: larger than 1 MiB")
        is_makefile = path.name in ("Makefile", ".gitmodules")
        if path.suffix not in TEXT and not is_makefile:
            continue
        text = path.read_text(errors="replace")
        lines = text.splitlines()
        if text and not text.endswith("\n"):
            faults.append(f"{name}: does not end with a line break")
        for number, line in enumerate(lines, 1):
            if line.endswith((" ", "\t")) and path.suffix != ".md":
                faults.append(f"{name}:{number}: space at the end of the line")
            if "\t" in line and not is_makefile:
                faults.append(f"{name}:{number}: a tab")
            if re.search(r"\b(TODO|FIXME|XXX)\b(?! ?\(#\d+\))", line) and name != "tools/check_style.py":
                faults.append(f"{name}:{number}: a TODO needs an issue number: TODO(#123)")
        if path.suffix in (".c", ".h", ".cpp") and not name.startswith("tests/data"):
            faults += check_c(path, name, lines, text)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
