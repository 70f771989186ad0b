#!/usr/bin/env python3
"""Check that every public declaration is documented and that its comment fits it.

For each LF_API function of include/lobflow: a doc comment stands right above it, its first sentence
ends in a full stop, every @param names a parameter, and a function that returns lf_status says which.
For each module: docs/modules/<module>.md exists. For each relative link in a .md file: it resolves.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def parameters(declaration):
    """Names of a declaration's parameters."""
    inside = declaration[declaration.index("(") + 1 : declaration.rindex(")")]
    inside = re.sub(r"\)\s*LF_PRINTF\(.*", "", inside, flags=re.S)
    names = []
    for part in inside.split(","):
        words = re.findall(r"\w+", re.sub(r"\[.*?\]", "", part))
        if words and words[-1] != "void":
            names.append(words[-1])
    return names


def functions(text):
    """(line, doc comment or '', declaration) of each LF_API function."""
    for match in re.finditer(r"^LF_API\b[^;{]*;", text, flags=re.M):
        declaration = match.group(0)
        if "(" not in declaration:
            continue
        before = text[: match.start()].rstrip()
        comment = ""
        if before.endswith("*/"):
            comment = before[before.rindex("/*") :]
        yield text.count("\n", 0, match.start()) + 1, comment, declaration


def check_header(path):
    faults = []
    text = path.read_text()
    for line, comment, declaration in functions(text):
        where = f"{path.relative_to(ROOT)}:{line}"
        name = re.search(r"(\w+)\s*\(", declaration.replace("LF_PRINTF", "")).group(1)
        if not comment.startswith("/**"):
            faults.append(f"{where}: {name} has no doc comment right above it")
            continue
        plain = re.sub(r"^\s*/?\*+/?", "", comment, flags=re.M)
        first = re.split(r"\n\s*\n|@param|@return", plain)[0].replace("*/", "").strip()
        if not first or "." not in first + " " and ";" not in first:
            faults.append(f"{where}: the comment of {name} does not begin with a sentence")
        known = parameters(declaration)
        for documented in re.findall(r"@param\s+(\w+)", comment):
            if documented not in known:
                faults.append(f"{where}: @param {documented} is no parameter of {name}")
        if re.search(r"\blf_status\s+\**" + name, declaration) and "LF_MUST_CHECK" in declaration:
            if "@return" not in comment and "LF_OK" not in comment:
                faults.append(f"{where}: {name} returns lf_status; say which ones")
    return faults


def check_links():
    faults = []
    for path in sorted(ROOT.rglob("*.md")):
        if any(part.startswith((".", "build")) or part == "node_modules" for part in path.relative_to(ROOT).parts):
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text()):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not (path.parent / target).exists():
                faults.append(f"{path.relative_to(ROOT)}: link to {target} leads nowhere")
    return faults


def main():
    faults = []
    for path in sorted((ROOT / "include/lobflow").glob("*.h")):
        faults += check_header(path)
    for folder in sorted(p for p in (ROOT / "src").iterdir() if p.is_dir()):
        if not (ROOT / f"docs/modules/{folder.name}.md").exists():
            faults.append(f"docs/modules/{folder.name}.md: the page of module {folder.name} is missing")
    faults += check_links()
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
