"""Pages of the C reference, one for each public header, made from declarations and their comments.

The headers are uniform (docs/HACKING.md), so a few rules read them: a doc comment belongs to the
declaration right below it, `@param`, `@return` and the words Owner, Thread, Causal, Cost and Source
begin their parts. What does not fit is an error, never left out.
"""
import re

TAGS = "Owner|Thread|Causal|Cost|Source"
NAME = re.compile(r"\b(?:lf|LF)_[A-Za-z0-9_]*[A-Za-z0-9]\b(?:\(\))?|\bdocs/[\w/]+\.md\b")


class Item:
    """One declaration: its name, kind, comment (without stars) and text."""

    def __init__(self, comment, text, line):
        self.comment, self.text, self.line = comment, text, line
        self.kind, self.name = kind_and_name(text)
        self.members = re.findall(r"^ {4}(LF_\w+) = ", text, flags=re.M) if self.kind == "enum" else []


def kind_and_name(text):
    if text.startswith("#define"):
        return "macro", re.match(r"#define\s+(\w+)", text).group(1)
    if text.startswith("typedef enum"):
        return "enum", re.search(r"(\w+);\Z", text).group(1)
    if match := re.match(r"typedef [^{;]*?\(\*(\w+)\s*\)", text):
        return "callback", match.group(1)
    if text.startswith("typedef"):
        return "type", re.search(r"(\w+)(?:\[\w+\])?;\Z", text).group(1)
    if match := re.match(r"(?:struct|union|enum) (\w+)\b[^()]*[;{]", text):
        return "type", match.group(1)
    if match := re.search(r"\bconst\s+\w+\s+(\w+)\[\w*\]", text):
        return "constant", match.group(1)
    match = re.search(r"(\w+)\s*\(", re.sub(r"LF_PRINTF\([^)]*\)|__attribute__\(\(.*?\)\)", "", text))
    if match is None:
        raise ValueError(f"no name found in: {text}")
    return "function", match.group(1)


def plain(comment):
    """The text of a comment without its stars, trimmed."""
    body = re.sub(r"\A/\*\*?|\*/\Z", "", comment.strip())
    return "\n".join(re.sub(r"^\s*\* ?", "", line) if line.lstrip().startswith("*") else re.sub(r"^ {4}", "", line)
                     for line in body.splitlines()).strip()


def end_of_declaration(lines, at):
    """Index behind the last line of the declaration that begins at a line."""
    if lines[at].startswith("#define"):
        while lines[at].endswith("\\"):
            at += 1
        return at + 1
    depth = 0
    for i in range(at, len(lines)):
        code = re.sub(r'/\*.*?\*/|"[^"]*"', "", lines[i])
        if not lines[i].startswith("#"):
            depth += code.count("{") - code.count("}")
        is_body = code.rstrip() == "}"
        if depth == 0 and (code.rstrip().endswith(";") or is_body):
            return i + 1
    raise ValueError(f"line {at + 1}: a declaration without end")


def without_body(text):
    """An inline function as a declaration."""
    if not text.startswith("static inline"):
        return text
    return text[: text.index("{")].strip() + ";"


def expanded(text, maps):
    """An enum made from a list of X(...) with its constants spelled out."""
    lines = []
    for line in text.splitlines():
        use = re.match(r"\s+(LF_\w+_MAP)\((LF_\w+)\)", line)
        if use is None:
            lines += [] if line.startswith("#") else [line]
            continue
        prefix = re.search(r"#define \w+\([^)]*\) (LF_\w*?)##", text).group(1)
        for name, code, rest in re.findall(r'X\((\w+),\s*(-?\w+)(?:,\s*"((?:[^"\\]|\\.)*)")?', maps[use.group(1)]):
            lines.append(f"    {prefix}{name} = {code}," + (f" /* {rest} */" if rest else ""))
    return "\n".join(lines)


def is_noise(line):
    return not line.strip() or re.match(r'#(if|ifdef|ifndef|else|endif|include|undef)|extern "C"|\}\s*$|static_assert|_Static_assert', line)


def skip_asserts(lines, at):
    while not lines[at].rstrip().endswith(";"):
        at += 1
    return at + 1


def read(path):
    """(comment of the file, [heading or Item]) of one header."""
    lines = path.read_text().splitlines()
    maps, parts, about, comment, at = {}, [], "", "", 0
    while at < len(lines):
        line = lines[at]
        if match := re.match(r"/\* -+ (.*?) -+ \*/", line):
            parts.append(match.group(1))
            comment, at = "", at + 1
        elif line.startswith("/*"):
            begin = at
            while "*/" not in lines[at]:
                at += 1
            at += 1
            comment = "\n".join(lines[begin:at])
            if "@file" in comment:
                about, comment = plain(comment).replace("@file", "").strip(), ""
        elif re.match(r"_?[Ss]tatic_assert", line):
            at = skip_asserts(lines, at)
        elif is_noise(line) or re.match(r"#define LOBFLOW_\w+_H$", line):
            at += 1
            comment = comment if line.strip() == "" and comment == "" else ("" if line.strip() == "" else comment)
        else:
            end = end_of_declaration(lines, at)
            text = "\n".join(lines[at:end])
            if match := re.match(r"#define (LF_\w+_MAP)\(X\)", text):
                maps[match.group(1)] = text
            text = re.sub(r"(\(\*\w+)\s+\)", r"\1)", text)  # clang-format breaks a line after a long name
            text = without_body(expanded(text, maps) if text.startswith("typedef enum") else text)
            add(parts, Item(plain(comment) if comment.startswith("/**") else "", text, at + 1))
            comment, at = "", end
    if not about:
        raise ValueError(f"{path}: no comment with @file")
    return about, parts


def add(parts, item):
    """Append an item; what needs no words of its own joins the one before."""
    last = parts[-1] if parts and isinstance(parts[-1], Item) else None
    if item.kind == "macro" and item.name in ("LF_API", "LF_MUST_CHECK", "LF_PRINTF"):
        return
    if item.kind == "type" and not item.comment and re.fullmatch(r"typedef struct (\w+) \1;", item.text):
        return  # made known early; its contents follow
    if item.kind == "enum" and last is not None and re.match(r"#define LF_\w+_MAP\(X\)", last.text):
        item.comment = "\n\n".join(c for c in (last.comment, item.comment) if c)
        item.members += [last.name]
        parts[-1] = item
    elif item.kind in ("macro", "constant") and not item.comment and last is not None:
        last.text += ("\n" if last.kind == item.kind else "\n\n") + item.text
        last.members.append(item.name)
    else:
        parts.append(item)


# ---- as Markdown ----------------------------------------------------------------------------


def escape(text):
    """Plain text as Markdown."""
    marked = re.sub(r"([\\*_\[\]#])", r"\\\1", text)
    return marked.replace("<", "&lt;").replace(">", "&gt;").replace("|", "&#124;")


class Writer:
    """Turns comments into Markdown, with a link at every name that has a place."""

    def __init__(self, places):
        self.places = places

    def link(self, page, match):
        word = match.group(0)
        if word.startswith("docs/"):
            return f"[{word.removeprefix('docs/').removesuffix('.md')}](../../{word.removeprefix('docs/')})"
        place = self.places.get(word.removesuffix("()"))
        if place is None:
            return f"`{word}`"
        target, anchor = place
        return f"[`{word}`]({'' if target == page else target}#{anchor})"

    def inline(self, page, text):
        out = []
        for i, part in enumerate(re.split(r"(`[^`]*`)", text)):
            if i % 2:
                out.append(part)
                continue
            at = 0
            for match in NAME.finditer(part):
                out += [escape(part[at : match.start()]), self.link(page, match)]
                at = match.end()
            out.append(escape(part[at:]))
        return "".join(out)

    def prose(self, page, text):
        """Paragraphs; lines `word: ...` that follow each other become a list."""
        out = []
        for paragraph in re.split(r"\n\s*\n", text.strip()):
            joined = re.sub(r"\n\s+", " ", paragraph)
            terms = re.match(r"[\w, ]{1,44}:\s", joined) and len(re.findall(r"^[\w, ]{1,44}:\s", joined, flags=re.M)) > 1
            if terms or joined.startswith(("- ", "* ")):
                items = re.split(r"\n(?=[\w, ]{1,44}:\s|[-*] )", joined)
                out.append("\n".join("- " + self.inline(page, re.sub(r"^[-*] ", "", i.replace("\n", " "))) for i in items))
            else:
                out.append(self.inline(page, " ".join(paragraph.split())))
        return "\n\n".join(out)

    def parts(self, page, comment):
        """Prose, then the parameters as a table, the result, and the tagged facts."""
        prose, params, result, facts = split_comment(comment)
        out = [self.prose(page, prose)] if prose else []
        if params:
            rows = [f"| `{name}` | {self.inline(page, text)} |" for name, text in params]
            out.append("\n".join(["| parameter | |", "|---|---|", *rows]))
        if result:
            out.append(f"**Returns** {self.inline(page, result)}")
        out += [f"**{tag}** {self.inline(page, text)}" for tag, text in facts]
        return "\n\n".join(out)


def split_comment(comment):
    """(prose, [(parameter, text)], result, [(tag, text)])."""
    marked = re.sub(rf"(?:^|(?<=\. ))({TAGS}):\s", r"\n@\1 ", comment, flags=re.M)
    pieces = re.split(r"^\s*@(\w+)\s", marked, flags=re.M)
    prose, params, result, facts = [pieces[0]], [], "", []
    for word, text in zip(pieces[1::2], pieces[2::2], strict=True):
        head, _, tail = text.partition("\n\n")
        flat = " ".join(head.split())
        if word == "param":
            name, _, rest = flat.partition(" ")
            params.append((name, rest))
        elif word == "return":
            result = flat
        elif re.fullmatch(TAGS, word):
            facts.append((word, flat))
        else:
            raise ValueError(f"@{word} is not known here: {comment}")
        if tail.strip():
            prose.append(tail)
    return "\n\n".join(p.strip() for p in prose if p.strip()), params, result, facts


def page(name, about, parts, writer):
    """The page of one header."""
    file = f"{name}.md"
    out = [f"# {name}.h", f"`#include <lobflow/{name}.h>`", writer.prose(file, about)]
    level = "##"
    for part in parts:
        if isinstance(part, str):
            out.append(f"## {part.capitalize() if part.islower() else part}")
            level = "###"
            continue
        label = f"{part.name}()" if part.kind == "function" else part.name
        out.append(f"{level} `{label}` {{ #{part.name} data-kind=\"{part.kind}\" }}")
        text = re.sub(r"^LF_API (LF_MUST_CHECK )?", "", part.text)
        out.append(f"```c\n{text}\n```")
        out.append(writer.parts(file, part.comment))
    return "\n\n".join(p for p in out if p) + "\n"


def write(include, folder):
    """Write all pages; the names of the modules in the order of lobflow.h."""
    order = re.findall(r"#include <lobflow/(\w+)\.h>", (include / "lobflow.h").read_text())
    headers = {name: read(include / f"{name}.h") for name in order}
    missing = {p.stem for p in include.glob("*.h")} - set(order) - {"lobflow"}
    if missing:
        raise ValueError(f"not in lobflow.h: {', '.join(sorted(missing))}")
    places = {}
    for name, (_, parts) in headers.items():
        for part in parts:
            if isinstance(part, Item):
                places[part.name] = (f"{name}.md", part.name)
                for member in part.members:
                    places.setdefault(member, (f"{name}.md", part.name))
    writer = Writer(places)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (about, parts) in headers.items():
        (folder / f"{name}.md").write_text(page(name, about, parts, writer))
    count = sum(isinstance(p, Item) for _, parts in headers.values() for p in parts)
    first = {name: about.split("\n\n")[0].replace("\n", " ") for name, (about, _) in headers.items()}
    rows = "\n".join(f"| [{n}.h]({n}.md) | {writer.inline('index.md', t)} |" for n, t in first.items())
    (folder / "index.md").write_text(
        f"# The C library\n\n`#include <lobflow/lobflow.h>` takes in all headers, in the order of the line. "
        f"{count} declarations, made from the comments in `include/lobflow`.\n\n"
        "Words that hold everywhere: *owned* (you end it), *borrowed* (valid until the next call on its owner that "
        "is not const), *copied*. Shapes stand in brackets. A function that can fail returns an "
        "[`lf_status`](base.md#lf_status) and fills an [`lf_error`](base.md#lf_error) that you own and that may "
        f"be NULL; outputs are then untouched or NULL. [A program that uses it](../../../README.md#the-library).\n\n"
        f"| header | what |\n|---|---|\n{rows}\n")
    return order
