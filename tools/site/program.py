"""Pages of the program: one for each verb from `lobflow help VERB`, one with every key."""
import html
import os
import pathlib
import re
import subprocess

from c_reference import escape


def ask(program, *words):
    done = subprocess.run([str(program), *words], capture_output=True, text=True, check=True)
    return done.stdout


def code(text):
    """Code in a cell of a table, where a bar would end the cell."""
    return f"<code>{html.escape(text).replace('|', '&#124;')}</code>"


def verbs(program):
    """[(verb, one line)] in the order of the line."""
    return re.findall(r"^  ([a-z]+) {2,}(.*)$", ask(program, "help"), flags=re.M)


def page(verb, text):
    usage, _, rest = text.partition("\n\n")
    line, _, rest = rest.partition("\n\n")
    flags, _, about = rest.partition("\n\n")
    rows = []
    for row in flags.splitlines():
        match = re.match(r"  (?:-(\w), |    )--([\w-]+)(?: (\S+))?\s{2,}(.*)$", row)
        if match is None:
            raise ValueError(f"lobflow help {verb}: a flag of unknown form: {row}")
        letter, name, value, told = match.groups()
        flag = (code(f"-{letter}") + " " if letter else "") + code(f"--{name} {value or ''}".rstrip())
        rows.append(f"| {flag} | {escape(told)} |")
    out = [f"# lobflow {verb}", f"{line[0].upper()}{line[1:]}.", f"```text\n{usage}\n```",
           "\n".join(["| flag | |", "|---|---|", *rows])]
    if about.strip():
        out.append(f"```text\n{about.rstrip()}\n```")
    return "\n\n".join(out) + "\n"


def configuration(text):
    """The whole configuration, a table for each section."""
    out = ["# Configuration", "Every key of a TOML file (`--config`), of `--set SECTION.KEY=VALUE` and of Python's `config=`, with its "
           "default, as `lobflow run --print-config` prints them. Unknown keys are errors with a suggestion."]
    for section in re.split(r"^(?=\[)", text, flags=re.M):
        if not section.strip():
            continue
        name, *lines = section.strip().splitlines()
        rows = []
        for line in lines:
            match = re.match(r"(\w+) = (.*?)\s+# (.*)$", line)
            if match is None:
                raise ValueError(f"--print-config: a line of unknown form: {line}")
            key, value, told = match.groups()
            rows.append(f"| `{key}` | {code(value)} | {escape(told)} |")
        out.append(f"## {escape(name)} {{ #{name.strip('[]')} }}")
        out.append("\n".join(["| key | default | meaning |", "|---|---|---|", *rows]))
    return "\n\n".join(out) + "\n"


def write(program, folder):
    """Write all pages; the verbs in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = [(verb, told) for verb, told in verbs(program) if verb != "help"]
    for verb, _ in listed:
        (folder / f"{verb}.md").write_text(page(verb, ask(program, "help", verb)))
    rows = "\n".join(f"| [{verb}]({verb}.md) | {told} |" for verb, told in listed)
    (folder / "index.md").write_text(
        "# The program\n\n`lobflow VERB [WORDS] [FLAGS]`, the verbs in the order of the line. stdout is data, stderr is talk. Exit "
        "codes: 0 done, 1 bad data or failed, 2 wrong usage or configuration, 130 interrupted. `make install` puts the manual page "
        f"and the completion for bash beside the program.\n\n| verb | does |\n|---|---|\n{rows}\n")
    (folder.parent / "configuration.md").write_text(configuration(ask(program, "run", "--print-config")))
    return [verb for verb, _ in listed]


def find(root):
    """The program: $LOBFLOW_PROGRAM, else the one of the release build."""
    path = pathlib.Path(os.environ.get("LOBFLOW_PROGRAM", root / "build/release/bin/lobflow"))
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no program; run `make build`, or set LOBFLOW_PROGRAM")
    return path
