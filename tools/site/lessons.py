"""Pages of the notebooks, with the outputs that are stored in them; nothing is executed."""
import base64
import json
import re


def source(cell):
    return "".join(cell["source"])


def fence(text, kind):
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{ticks}{kind}\n{text.rstrip()}\n{ticks}"


def picture(data, stem, number, folder):
    """Write a PNG; its place in the page."""
    name = f"{stem}_{number}.png"
    (folder / name).write_bytes(base64.b64decode(data))
    return name


def title_before(cell):
    """What a drawing shows: the titles that its code gives."""
    titles = re.findall(r"set_title\(\s*r?f?[\"'](.*?)[\"']", source(cell))
    return re.sub(r"[\[\]$\\{}]", "", "; ".join(titles)) or "drawing"


def outputs(cell, stem, start, folder):
    """Markdown of a cell's outputs, and how many pictures have been written so far."""
    out, number = [], start
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            out.append(fence("".join(output["text"]), " { .text .lf-output }"))
            continue
        data = output.get("data", {})
        if "image/png" in data:
            number += 1
            name = picture("".join(data["image/png"]), stem, number, folder)
            out.append(f"![{title_before(cell)}]({name}){{ .lf-plot }}")
        elif "text/html" in data:
            out.append(f'<div class="lf-output lf-html">{"".join(data["text/html"])}</div>')
        elif "text/plain" in data:
            out.append(fence("".join(data["text/plain"]), " { .text .lf-output }"))
        else:
            raise ValueError(f"{stem}: an output of unknown kind: {sorted(data)}")
    return out, number


def page(path, folder):
    """Write one notebook's page and pictures into a folder."""
    notebook = json.loads(path.read_text())
    parts, number = [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            parts.append(source(cell))
            if len(parts) == 1:
                parts.append(f"*A notebook: [{path.name}]({path.name}) runs on simulated days, or on real ones.*")
        elif cell["cell_type"] == "code":
            parts.append(fence(source(cell), "python"))
            made, number = outputs(cell, path.stem, number, folder)
            parts += made
    return "\n\n".join(parts) + "\n"


def write(notebooks, folder):
    """Write the pages of all notebooks; [name of a page]."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for path in sorted(notebooks.glob("[0-9]*.ipynb")):
        (folder / f"{path.stem}.md").write_text(page(path, folder))
        (folder / path.name).write_bytes(path.read_bytes())
        names.append(path.stem)
    return names
