#!/usr/bin/env python3
"""Put a page together and write it as a C file: style and scripts in, data left out.

web/PAGE.html names its parts in comments: `<!-- style FILE -->`, `<!-- script FILE -->` and
`<!-- text FILE -->` are replaced by the file, `<!-- here NAME -->` is where the program writes something.
"""
import argparse
import html
import pathlib
import re
import sys

import fetch_web

PLACES = ["title", "text", "data"]  # in this order; src/report/html.c and cli/html_page.c fill them


def include(kind, name):
    text = (fetch_web.WEB / name).read_text(encoding="utf-8").strip() + "\n"
    if kind == "text":
        return html.escape(text, quote=False)
    if re.search(rf"</{kind}", text, flags=re.I):
        sys.exit(f"make_page: {name} holds </{kind}, which would end the element that it is put into")
    return f"<{kind}>\n{text}</{kind}>"


def build(name):
    """The page cut at its places: one more part than there are places."""
    page = (fetch_web.WEB / f"{name}.html").read_text(encoding="utf-8")
    page = re.sub(r"<!-- (style|script|text) (\S+) -->", lambda m: include(*m.groups()), page)
    parts = re.split(r"<!-- here (\w+) -->", page)
    if parts[1::2] != PLACES:
        sys.exit(f"make_page: web/{name}.html has the places {parts[1::2]}, expected {PLACES}")
    return [part.encode() for part in parts[0::2]]


def as_c(parts, name, prefix):
    lines = [f"/* The page {name}, made by tools/make_page.py. */", "#include <stddef.h>", ""]
    for number, part in enumerate(parts):
        lines.append(f"static const unsigned char part_{number}[] = {{")
        lines += [",".join(map(str, part[i : i + 32])) + "," for i in range(0, len(part), 32)]
        lines.append("};")
    count = len(parts)
    lines.append(f"extern const unsigned char *const {prefix}_parts[{count}];")
    lines.append(f"extern const size_t {prefix}_part_bytes[{count}];")
    lines.append(f"const unsigned char *const {prefix}_parts[{count}] = {{")
    lines.append(",".join(f"part_{n}" for n in range(count)) + "};")
    lines.append(f"const size_t {prefix}_part_bytes[{count}] = {{")
    lines.append(",".join(f"sizeof part_{n}" for n in range(count)) + "};")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", help="of web/PAGE.html")
    parser.add_argument("prefix", help="of the names in C")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--venv", required=True)
    options = parser.parse_args()
    fault = fetch_web.fetch(options.venv, False)
    if fault:
        sys.exit(f"make_page: {fault}")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(as_c(build(options.page), options.page, options.prefix), encoding="ascii")


if __name__ == "__main__":
    main()
