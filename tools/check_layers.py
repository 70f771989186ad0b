#!/usr/bin/env python3
"""Refuse an include that the layer rule of src/CMakeLists.txt does not allow.

The rule: a file of module M may include the public headers of M and of the modules that M's line
names after NEEDS; "..." includes stay inside M's own folder; the program (cli/) includes only
<lobflow/...>; a module of the causal lane never needs one of the offline lane.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_rule():
    """Modules in line order: {name: needs}, and {name: lane}."""
    text = (ROOT / "src/CMakeLists.txt").read_text()
    needs, lanes, lane = {}, {}, "floor"
    joined = re.sub(r"\n\s+(?=[^#\n])", " ", text)
    for line in joined.splitlines():
        if line.startswith("# Causal lane"):
            lane = "causal"
        elif line.startswith("# Offline lane"):
            lane = "offline"
        match = re.match(r"lf_module\((\w+)(.*)\)", line)
        if match:
            words = match.group(2).split()
            named, taking = [], False
            for word in words:
                if word.isupper():
                    taking = word == "NEEDS"
                elif taking:
                    named.append(word)
            needs[match.group(1)] = named
            lanes[match.group(1)] = lane
    return needs, lanes


def includes(path):
    """(line number, bracket, target) of each include of a file."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def check_rule(needs, lanes):
    faults, seen = [], set()
    for module, named in needs.items():
        for need in named:
            if need not in seen:
                faults.append(f"src/CMakeLists.txt: {module} needs {need}, which no earlier line declares")
            elif lanes[module] == "causal" and lanes[need] == "offline":
                faults.append(f"src/CMakeLists.txt: causal module {module} needs offline module {need}")
        seen.add(module)
    return faults


def check_file(path, allowed, is_test):
    faults = []
    name = path.relative_to(ROOT)
    for number, bracket, target in includes(path):
        where = f"{name}:{number}"
        if target.startswith("lobflow/"):
            module = pathlib.PurePath(target).stem
            if module == "lobflow" or module in allowed:
                continue
            faults.append(f"{where}: includes <{target}>, but its line in src/CMakeLists.txt does not name {module}")
        elif bracket == '"':
            inside = (path.parent / target).exists() and "/" not in target
            testing = is_test and target in ("../../tests/testing.h", "../../tests/orders_testing.h")
            if not inside and not testing:
                faults.append(f"{where}: includes \"{target}\" from outside its own folder")
    return faults


def main():
    needs, lanes = read_rule()
    faults = check_rule(needs, lanes)
    folders = {p.name for p in (ROOT / "src").iterdir() if p.is_dir()}
    for folder in sorted(folders - set(needs)):
        faults.append(f"src/{folder}: has no lf_module line in src/CMakeLists.txt")
    for module, named in needs.items():
        header = ROOT / f"include/lobflow/{module}.h"
        if header.exists():
            faults += check_file(header, {module, *named}, False)
        else:
            faults.append(f"include/lobflow/{module}.h: module {module} has no public header")
        closure, todo = set(), [module]
        while todo:
            name = todo.pop()
            if name not in closure:
                closure.add(name)
                todo += needs.get(name, [])
        for path in sorted((ROOT / "src" / module).glob("*.[ch]")):
            is_test = path.stem.endswith("_test") or path.stem.endswith("_testing")
            faults += check_file(path, closure if is_test else {module, *named}, is_test)
    for path in sorted((ROOT / "cli").glob("*.[ch]*")):
        faults += check_file(path, set(needs), False)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
