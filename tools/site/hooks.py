"""The docs site, for mkdocs: puts the pages together before the build, renders formulas and checks links after it.

Pages are those of docs/ and some others of the repository, the notebooks, and references made from headers,
docstrings and the program's own help. mkdocs.yml names this file.
"""
import json
import logging
import pathlib
import posixpath
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import c_reference  # noqa: E402
import lessons  # noqa: E402
import links  # noqa: E402
import program  # noqa: E402
import python_reference  # noqa: E402

log = logging.getLogger("mkdocs.hooks.site")

# Pages and files outside of docs/, by their path in the repository.
PLACES = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "src/README.md": "source.md",
    "notebooks/README.md": "tutorials/index.md",
    "LICENSE": "files/LICENSE.txt",
    "examples/c/day_ofi.c": "files/day_ofi.c",
    "docs/modules": "modules/base.md",
    "docs/decisions": "decisions/0001-time-zones.md",
}


def place_of(path):
    """Where a path of the repository is on the site, or None."""
    if path in PLACES:
        return PLACES[path]
    if match := re.fullmatch(r"include/lobflow/(\w+)\.h", path):
        return f"reference/c/{match.group(1)}.md"
    if match := re.fullmatch(r"notebooks/(\w+)\.ipynb", path):
        return f"tutorials/{match.group(1)}.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else None


def with_links(text, path, place):
    """A page's text with its links made for the site."""

    def moved(match):
        words, target, anchor = match.groups()
        if "://" in target or target.startswith("mailto:"):
            return match.group(0)
        goal = place_of(posixpath.normpath(posixpath.join(posixpath.dirname(path), target)))
        if goal is None:
            raise ValueError(f"{path}: {target} has no place on the site; see PLACES in tools/site/hooks.py")
        return f"[{words}]({posixpath.relpath(goal, posixpath.dirname(place) or '.')}{anchor or ''})"

    return re.sub(r"\[([^\]]*)\]\(([^)#\s]+)(#[^)]*)?\)", moved, text)


def with_lists(text):
    """A blank line before each list: Python-Markdown wants one, forges do not."""

    def spaced(part):
        return re.sub(r"^(?![-*] |\d+\. |[|#>])(\S.*)\n(?=(?:[-*]|1\.) )", r"\1\n\n", part, flags=re.M)

    parts = re.split(r"^(```.*?^```)", text, flags=re.M | re.S)
    return "".join(p if i % 2 else spaced(p) for i, p in enumerate(parts))


class Names:
    """Names that are links wherever they stand as code: C, verbs of the program, sections of the configuration."""

    def __init__(self, source, verbs):
        self.goals = {}
        for page in (source / "reference/c").glob("*.md"):
            for name in re.findall(r"\{ #(\w+) data-kind", page.read_text()):
                self.goals[name] = self.goals[name + "()"] = f"reference/c/{page.name}#{name}"
        for verb in verbs:
            self.goals[f"lobflow {verb}"] = f"reference/program/{verb}.md"
        text = (source / "reference/configuration.md").read_text()
        for section, body in re.findall(r"^## .*?\{ #(\w+) \}\n(.*?)(?=^## |\Z)", text, flags=re.M | re.S):
            for key in re.findall(r"^\| `(\w+)` \|", body, flags=re.M):
                self.goals[f"{section}.{key}"] = f"reference/configuration.md#{section}"

    def link(self, text, place):
        """Names in code spans of plain paragraphs become links."""

        def one(match):
            words = match.group(1)
            verb = re.match(r"lobflow [a-z]+", words)
            goal = self.goals.get(words) or (self.goals.get(verb.group(0)) if verb else None)
            if goal is None or goal.split("#")[0] == place:
                return match.group(0)
            return f"[`{words}`]({posixpath.relpath(goal, posixpath.dirname(place) or '.')})"

        def line(text):
            if text.startswith("#"):
                return text
            return re.sub(r"(?<![\[`])`([^`\n]+)`(?![`\]])", one, text)

        parts = re.split(r"^(```.*?^```)", text, flags=re.M | re.S)
        return "".join(p if i % 2 else "\n".join(map(line, p.split("\n"))) for i, p in enumerate(parts))


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def copy_files(source):
    for path, place in PLACES.items():
        if place.startswith("files/"):
            put(source / place, (ROOT / path).read_text())
    katex = pathlib.Path(__file__).parent / "node_modules/katex/dist"
    put(source / "assets/katex/katex.min.css", re.sub(
        r",url\([^)]*\) format\(\"(?:woff|truetype)\"\)", "", (katex / "katex.min.css").read_text()))
    for font in (katex / "fonts").glob("*.woff2"):
        target = source / "assets/katex/fonts" / font.name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(font, target)
    shutil.copyfile(pathlib.Path(__file__).parent / "site.css", source / "assets/site.css")


def assemble(source):
    """Write all pages of the site."""
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    found = program.find(ROOT)
    modules = c_reference.write(ROOT / "include/lobflow", source / "reference/c")
    verbs = program.write(found, source / "reference/program")
    python = python_reference.write(ROOT / "python/lobflow", source / "reference/python")
    names = Names(source, verbs)
    pages = {str(p.relative_to(ROOT)): str(p.relative_to(ROOT / "docs")) for p in (ROOT / "docs").rglob("*.md")}
    pages |= {path: place for path, place in PLACES.items() if path.endswith(".md")}
    for path, place in pages.items():
        put(source / place, names.link(with_links(with_lists((ROOT / path).read_text()), path, place), place))
    for page in (source / "reference").rglob("*.md"):
        place = str(page.relative_to(source))
        page.write_text(names.link(with_links(page.read_text(), f"docs/{place}", place), place))
    notebooks = lessons.write(ROOT / "notebooks", source / "tutorials")
    copy_files(source)
    return {"reference/c": modules, "reference/program": verbs, "reference/python": python, "tutorials": notebooks}


def title_of(page):
    match = re.search(r"^# (.*)$", page.read_text(), flags=re.M)
    return re.sub(r"[`*]|\{.*\}|\\", "", match.group(1)).strip()


def expanded(nav, source, orders):
    """The navigation with `folder/*.md` replaced by its other pages, in the order that was given or of their names."""
    out = []
    for entry in nav:
        if isinstance(entry, dict):
            out += [{k: expanded(v, source, orders) if isinstance(v, list) else v} for k, v in entry.items()]
        elif entry.endswith("/*.md"):
            folder = entry.removesuffix("/*.md")
            names = orders.get(folder) or sorted(p.stem for p in (source / folder).glob("*.md") if p.stem != "index")
            names = [n for n in names if f"{folder}/{n}.md" not in nav]
            out += [{title_of(source / folder / f"{n}.md"): f"{folder}/{n}.md"} for n in names]
        else:
            out.append(entry)
    return out


def on_config(config):
    """Assemble, and complete the navigation."""
    source = pathlib.Path(config.docs_dir)
    orders = assemble(source)
    config.nav = expanded(config.nav, source, orders)
    return config


FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.S)


def find_node():
    """The system's node, else that of .venv."""
    return shutil.which("node") or str(ROOT / ".venv/bin/node")


def render_formulas(site):
    """Put HTML in the place of TeX in all pages, by one call of KaTeX."""
    import html

    pages = {p: p.read_text() for p in site.rglob("*.html") if "arithmatex" in p.read_text()}
    asked = [{"tex": html.unescape(m.group(3)), "display": m.group(2) == "["} for t in pages.values() for m in FORMULA.finditer(t)]
    done = subprocess.run([find_node(), str(pathlib.Path(__file__).parent / "formulas.js")], input=json.dumps(asked),
                          capture_output=True, text=True)
    if done.returncode != 0:
        log.warning("a formula could not be rendered: %s", done.stderr.strip()[-600:])
        return
    rendered = iter(json.loads(done.stdout))
    for path, text in pages.items():
        path.write_text(FORMULA.sub(lambda m: f'<{m.group(1)} class="arithmatex">{next(rendered)}</{m.group(1)}>', text))


def on_post_build(config):
    """Formulas and links."""
    site = pathlib.Path(config.site_dir)
    render_formulas(site)
    for fault in links.faults(site):
        log.warning("%s", fault)
