"""The site's tools on what they read: nothing of a header is lost, and what is broken in a site is told."""
import pathlib
import re
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import c_reference  # noqa: E402
import lessons  # noqa: E402
import links  # noqa: E402
import program  # noqa: E402
import python_reference  # noqa: E402


def test_each_public_function_has_a_place_and_its_words(tmp_path):
    c_reference.write(ROOT / "include/lobflow", tmp_path)
    for header in sorted((ROOT / "include/lobflow").glob("*.h")):
        if header.stem == "lobflow":
            continue
        page = (tmp_path / f"{header.stem}.md").read_text()
        text = header.read_text()
        for declaration in re.findall(r"^LF_API\b[^;{]*;", text, flags=re.M):
            name = re.search(r"(\w+)\s*\(", re.sub(r"LF_PRINTF\([^)]*\)", "", declaration)).group(1)
            assert f"{{ #{name} data-kind=\"function\" }}" in page, name
        for name in re.findall(r"^typedef (?:struct|enum) (\w+) \{", text, flags=re.M):
            assert f"{{ #{name} data-kind=" in page, name
        assert page.count("**Returns**") + page.count("| parameter |") > 0


def header(tmp_path, body):
    (tmp_path / "lobflow.h").write_text("#include <lobflow/toy.h>\n")
    (tmp_path / "toy.h").write_text("/**\n * @file\n * A toy.\n */\n#ifndef LOBFLOW_TOY_H\n#define LOBFLOW_TOY_H\n" + body + "\n#endif\n")
    c_reference.write(tmp_path, tmp_path / "out")
    return (tmp_path / "out/toy.md").read_text()


def test_a_comment_in_all_its_parts(tmp_path):
    page = header(tmp_path, """
/** How it went. */
#define LF_TOY_MAP(X) \\
    X(GOOD, 0, "well") \\
    X(BAD, -1, "badly")

typedef enum lf_toy {
#define LF_TOY_ENUM(name, code, text) LF_TOY_##name = code,
    LF_TOY_MAP(LF_TOY_ENUM)
#undef LF_TOY_ENUM
} lf_toy;

/* ---- playing ---- */

/**
 * Play with <one> toy, see lf_toy.
 *
 * @param toys  [count] the toys,
 *              all of them
 * @return LF_TOY_GOOD or a_word
 *
 * More of it.
 *
 * Thread: any. Cost: none.
 */
LF_API LF_MUST_CHECK lf_toy
lf_toy_play(const int *toys);
""")
    assert "    LF_TOY_GOOD = 0, /* well */\n    LF_TOY_BAD = -1, /* badly */" in page
    assert "How it went." in page and "## Playing" in page and "### `lf_toy_play()`" in page
    assert "Play with &lt;one&gt; toy, see [`lf_toy`](#lf_toy)." in page
    assert "| `toys` | \\[count\\] the toys, all of them |" in page
    assert "**Returns** [`LF_TOY_GOOD`](#lf_toy) or a\\_word" in page
    assert page.index("More of it.") < page.index("| `toys` |")
    assert "**Thread** any." in page and "**Cost** none." in page
    assert "LF_MUST_CHECK" not in page


def test_a_callback_whose_name_ends_its_line(tmp_path):
    page = header(tmp_path, "\n/** Asked often. */\ntypedef double (*lf_toy_value\n)(const int *toys, void *context);\n")
    assert "`lf_toy_value` { #lf_toy_value data-kind=\"callback\" }" in page
    assert "typedef double (*lf_toy_value)(const int *toys, void *context);" in page


def test_an_unknown_word_in_a_comment_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="@note"):
        header(tmp_path, "\n/**\n * A word.\n *\n * @note this\n */\nLF_API void lf_toy_rest(void);\n")


def site(tmp_path, **pages):
    for name, body in pages.items():
        (tmp_path / f"{name}.html").write_text(f"<html><body>{body}</body></html>")
    return sorted(links.faults(tmp_path))


def test_a_whole_site_has_no_fault(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    assert site(tmp_path, a='<h1 id="top">A</h1><a href="b.html#x">b</a><img src="a.png"><a href="https://arxiv.org/abs/1">paper</a>',
                b='<p id="x"><a href="a.html#top">a</a><a href="#x">here</a></p>') == []


@pytest.mark.parametrize("body, told", [
    ('<a href="c.html">c</a>', "leads nowhere"),
    ('<a href="a.html#none">c</a>', "names a place"),
    ('<img src="none.png">', "is missing"),
    ('<script src="https://cdn.example/x.js"></script>', "not part of the site"),
    ('<link rel="stylesheet" href="//fonts.example/x.css">', "not part of the site"),
])
def test_what_is_broken_is_told(tmp_path, body, told):
    faults = site(tmp_path, a=body)
    assert len(faults) == 1 and told in faults[0]


def test_a_style_sheet_needs_only_what_is_there(tmp_path):
    (tmp_path / "a.css").write_text("@font-face { src: url(f.woff2) } p { background: url('data:x') }")
    assert len(list(links.faults(tmp_path))) == 1
    (tmp_path / "f.woff2").write_bytes(b"x")
    assert list(links.faults(tmp_path)) == []


def test_notebooks_keep_code_outputs_and_pictures(tmp_path):
    names = lessons.write(ROOT / "notebooks", tmp_path)
    assert len(names) == 11
    for name in names:
        page = (tmp_path / f"{name}.md").read_text()
        assert page.startswith("# ") and "```python" in page and "lf-output" in page
        pictures = re.findall(r"!\[(.+?)\]\((\S+\.png)\)", page)
        for told, picture in pictures:
            assert told and (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    assert sum(1 for _ in tmp_path.glob("*.png")) >= 20


def test_the_program_tells_every_verb_and_key(tmp_path):
    verbs = program.write(program.find(ROOT), tmp_path / "program")
    assert "run" in verbs and "help" not in verbs
    page = (tmp_path / "program/features.md").read_text()
    assert "<code>--step 1s&#124;event</code>" in page and "ret\\_&lt;h&gt;" in page
    keys = (tmp_path / "configuration.md").read_text()
    assert "## \\[risk\\] { #risk }" in keys and "| `hold` | <code>&quot;1min&quot;</code> |" in keys


def test_each_python_name_has_one_page(tmp_path):
    python_reference.write(ROOT / "python/lobflow", tmp_path)
    text = "".join(p.read_text() for p in tmp_path.glob("*.md"))
    for name in python_reference.exported(ROOT / "python/lobflow"):
        assert len(re.findall(rf"^::: lobflow\.{name}$", text, flags=re.M)) == 1, name
