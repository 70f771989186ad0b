#!/usr/bin/env python3
"""Build a wheel that needs neither a compiler nor libraries of the system, and try it: `make wheel`.

pip builds the wheel; auditwheel puts the libraries that it needs into it (libarchive, zstd, SQLite and theirs; Arrow stays
that of the pyarrow beside it), and their copyright files go with them. Then it is installed into a fresh virtual environment, in
which no compiler is found and no vendored library may come from the system, and the README's example runs there as typed.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BESIDE = ("libarrow.so.*", "libparquet.so.*")
# What liblobflow.so itself needs; Python has its own use for some of the others.
OURS = ("libarchive", "libisal", "libjansson", "libzstd")


def run(command, **keywords):
    return subprocess.run([str(word) for word in command], check=True, **keywords)


def build(folder):
    """pip's wheel."""
    run([sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps", "-w", folder, ROOT])
    (wheel,) = folder.glob("lobflow-*.whl")
    return wheel


def repair(wheel, folder):
    """With all libraries but Arrow's inside; named for the oldest C library that it runs with."""
    tools = str(pathlib.Path(sys.executable).parent)
    words = [word for name in BESIDE for word in ("--exclude", name)]
    run([sys.executable, "-m", "auditwheel", "repair", *words, "-w", folder, wheel],
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}, stderr=subprocess.DEVNULL)
    (fixed,) = folder.glob("lobflow-*.whl")
    return fixed


def copyrights(names):
    """(package, its copyright file) of the libraries that auditwheel took, whose names carry a hash."""
    found = {}
    for name in names:
        stem, rest = re.fullmatch(r"(.+)-[0-9a-f]{8}(\.so.*)", name).groups()
        out = run(["dpkg-query", "-S", f"*/{stem}{rest}"], capture_output=True, text=True).stdout
        package = out.split(":")[0]
        found[package] = pathlib.Path("/usr/share/doc", package, "copyright")
    return sorted(found.items())


def add_copyrights(wheel, out):
    """The wheel once more, with the copyright file of every library in it."""
    from auditwheel.wheeltools import InWheelCtx

    with InWheelCtx(wheel, out) as inside:
        place = pathlib.Path(inside.name)
        (info,) = place.glob("*.dist-info")
        taken = sorted(p.name for p in (place / "lobflow.libs").iterdir())
        for package, file in copyrights(taken):
            target = info / "licenses" / "libraries" / f"{package}.txt"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return taken


def example():
    """The README's Python example, as typed."""
    return re.search(r"## Python\n+```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.S).group(1)


def try_it(wheel, folder):
    """Install the wheel where there is no compiler, and run the example; a message where it fails."""
    environment = folder / "venv"
    run([sys.executable, "-m", "venv", environment])
    bare = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "LD_LIBRARY_PATH")}
    bare |= {"PATH": str(environment / "bin"), "CC": "/bin/false", "LOBFLOW_PROGRESS": "0"}
    run([environment / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel], env=bare)
    (folder / "work").mkdir()
    code = example() + "\nprint('mapped', *sorted({line.split()[-1] for line in open('/proc/self/maps') if '.so' in line}))\n"
    done = subprocess.run([environment / "bin/python", "-c", code], env=bare, cwd=folder / "work", capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the README's example failed with the wheel:\n{done.stderr}")
    *told, mapped = done.stdout.strip().splitlines()
    print("\n".join(told[:6]))
    for path in mapped.split()[1:]:
        if pathlib.Path(path).name.startswith(OURS) and str(environment) not in path:
            sys.exit(f"the wheel uses the system's {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=pathlib.Path, default=ROOT / "build/dist")
    parser.add_argument("--wheel", type=pathlib.Path, help="pip's wheel, when there is one already")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for part in ("pip", "fixed"):
            (folder / part).mkdir()
        fixed = repair(options.wheel or build(folder / "pip"), folder / "fixed")
        wheel = options.output / fixed.name
        taken = add_copyrights(fixed, wheel)
        print(f"{wheel}: {wheel.stat().st_size / 1e6:.1f} MB, with {len(taken)} libraries")
        try_it(wheel, folder)


if __name__ == "__main__":
    main()
