#!/usr/bin/env python3
"""Run the notebooks: `notebooks.py` puts fresh outputs into them, `notebooks.py --check` only runs them.

Each is run from its first to its last cell in a fresh process, so nothing hidden is needed. A cell that
fails, a warning on its standard error or a notebook above 300 kB is a fault. What differs from run to run
without meaning (times, counters) is taken out before a notebook is written.
"""
import argparse
import concurrent.futures
import os
import pathlib
import sys
import tempfile
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 300_000


def run(path, folder):
    """The notebook, executed in a folder of its own."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    (folder / "lobflow.mplstyle").write_text((path.parent / "lobflow.mplstyle").read_text())
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    client.execute()
    return notebook


def clean(notebook):
    """Take out what says only when and where it ran."""
    for number, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
        cell.execution_count = number
        cell.metadata = {}
        for output in cell.outputs:
            if "execution_count" in output:
                output["execution_count"] = number
            if "data" in output and "image/png" in output["data"]:
                output["data"].pop("text/plain", None)
                output["metadata"] = {}
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def faults_of(path, notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                yield f"{path.name}: a cell wrote to its standard error: {output['text'].strip()[:300]}"
    size = len(nbformat.writes(notebook).encode())
    if size > LIMIT:
        yield f"{path.name}: {size:,} bytes; at most {LIMIT:,}"


def do(path, keep):
    """Run one, and keep its outputs: what is told of it, and its faults."""
    since = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            notebook = run(path.resolve(), pathlib.Path(folder))
        except CellExecutionError as fault:
            return f"{path.name}: failed", [f"{path.name}: {fault}"]
    clean(notebook)
    text = nbformat.writes(notebook)
    if keep:
        partial = path.with_suffix(".partial")
        partial.write_text(text + "\n")
        os.replace(partial, path)
    return f"{path.name}: {time.monotonic() - since:.0f} s, {len(text.encode()) // 1000} kB", list(faults_of(path, notebook))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="leave the files as they are")
    parser.add_argument("--package", type=pathlib.Path, default=ROOT / "build/release/python")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="notebooks at once")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(options.package.resolve())
    os.environ["LOBFLOW_PROGRESS"] = "0"
    paths = options.notebooks or sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    faults = []
    begin = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for told, found in pool.map(do, paths, [not options.check] * len(paths)):
            print(told, flush=True)
            faults += found
    print(f"together {time.monotonic() - begin:.0f} s")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
