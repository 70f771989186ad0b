#!/usr/bin/env python3
"""Put the page of the report together and write it as a C file: style and scripts in, data left out.

web/report.html names its parts in comments: `<!-- style FILE -->`, `<!-- script FILE -->` and
`<!-- text FILE -->` are replaced by the file, `<!-- here NAME -->` is where the library writes something.
"""
import argparse
import html
import pathlib
import re
import sys

import fetch_web

PLACES = ["title", "text", "data"]  # in this order; src/report/html.c fills them


def include(kind, name):
    text = (fetch_web.WEB / name).read_text(encoding="utf-8").strip() + "\n"
    if kind == "text":
        return html.escape(text, quote=False)
    if re.search(rf"</{kind}", text, flags=re.I):
        sys.exit(f"make_page: {name} holds </{kind}, which would end the element that it is put into")
    return f"<{kind}>\n{text}</{kind}>"


def build():
    """The page cut at its places: one more part than there are places."""
    page = (fetch_web.WEB / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"<!-- (style|script|text) (\S+) -->", lambda m: include(*m.groups()), page)
    parts = re.split(r"<!-- here (\w+) -->", page)
    if parts[1::2] != PLACES:
        sys.exit(f"make_page: web/report.html has the places {parts[1::2]}, expected {PLACES}")
    return [part.encode() for part in parts[0::2]]


def as_c(parts):
    lines = ["/* The page of the report, made by tools/make_page.py. */", "#include <stddef.h>", ""]
    for number, part in enumerate(parts):
        lines.append(f"static const unsigned char part_{number}[] = {{")
        lines += [",".join(map(str, part[i : i + 32])) + "," for i in range(0, len(part), 32)]
        lines.append("};")
    count = len(parts)
    lines.append(f"extern const unsigned char *const lfi_page_parts[{count}];")
    lines.append(f"extern const size_t lfi_page_part_bytes[{count}];")
    lines.append(f"const unsigned char *const lfi_page_parts[{count}] = {{")
    lines.append(",".join(f"part_{n}" for n in range(count)) + "};")
    lines.append(f"const size_t lfi_page_part_bytes[{count}] = {{")
    lines.append(",".join(f"sizeof part_{n}" for n in range(count)) + "};")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--venv", required=True)
    options = parser.parse_args()
    fault = fetch_web.fetch(options.venv, False)
    if fault:
        sys.exit(f"make_page: {fault}")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(as_c(build()), encoding="ascii")


if __name__ == "__main__":
    main()
