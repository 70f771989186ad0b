"""Files behind addresses such as s3://bucket/path: brought here to be read, taken there when they are whole."""

from __future__ import annotations

import hashlib
import os
import pathlib
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lobflow._core import DependencyError, NotFoundError

# A reader that finds these finds all of the folder.
_LAST = ("walk.json", "metrics.json", "model.json", "report.html")


def is_remote(path: Any) -> bool:
    """Whether it is an address of fsspec and no path of this machine."""
    return isinstance(path, str) and "://" in path


def _system(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise DependencyError(f"{url}: addresses are read by fsspec, which is not installed: pip install fsspec, and s3fs, "
                              "gcsfs or adlfs for the store") from None
    system, there = fsspec.core.url_to_fs(url)
    return system, str(there)


def _part(path: pathlib.Path) -> pathlib.Path:
    """A name beside a file, of this call alone: a worker has threads, and machines may share a folder."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")


def fetch_file(url: str, path: pathlib.Path) -> None:
    """Bring one file; it appears whole or not at all, so several may bring the same one."""
    system, there = _system(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part(path)
    try:
        system.get_file(there, str(part))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def listing(url: str) -> dict[str, str]:
    """Addresses of the files behind an address, by their path below it; that of a file has its name alone."""
    system, root = _system(url)
    if system.isfile(root):
        return {pathlib.PurePosixPath(root).name: str(system.unstrip_protocol(root))}
    found = {str(pathlib.PurePosixPath(name).relative_to(pathlib.PurePosixPath(root))): str(system.unstrip_protocol(name))
             for name in sorted(system.find(root))}
    if not found:
        raise NotFoundError(f"{url}: nothing lies there")
    return found


def cache_of(url: str, cache: str | os.PathLike[str] | None) -> pathlib.Path:
    """The folder of this machine for what lies behind an address."""
    if cache is not None:
        return pathlib.Path(cache).resolve()
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    return pathlib.Path(tempfile.gettempdir()).resolve() / f"lobflow-{os.getuid()}" / name


def fetch(url: str, cache: str | os.PathLike[str] | None = None) -> tuple[pathlib.Path, dict[str, str]]:
    """Bring all files behind an address.

    Returns
    -------
    path : pathlib.Path
        The folder, or the file where the address is one.
    origins : dict
        Address of each file by its path here. What is there already, of the same size, is not brought again.
    """
    files, folder = listing(url), cache_of(url, cache)
    origins = {}
    for name, address in files.items():
        path = folder / name
        origins[str(path)] = address
        system, there = _system(address)
        if not path.exists() or path.stat().st_size != system.size(there):
            fetch_file(address, path)
    single = len(files) == 1 and _system(url)[0].isfile(_system(url)[1])
    return (folder / next(iter(files)) if single else folder), origins


def fetch_anew(url: str) -> pathlib.Path:
    """Bring all files behind an address into a new folder for temporary files."""
    return fetch(url, tempfile.mkdtemp(prefix="lobflow-"))[0]


def refetch(path: str, origins: dict[str, str]) -> None:
    """Bring again what a path of days needs and this machine does not have."""
    for name, address in origins.items():
        if (name == path or name.startswith(path.rstrip("/") + "/")) and not os.path.exists(name):
            fetch_file(address, pathlib.Path(name))


def put(folder: pathlib.Path, url: str) -> None:
    """Take a folder there, file by file; those that say that it is complete come last."""
    system, root = _system(url)
    names = sorted((p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")),
                   key=lambda p: (p.name in _LAST, str(p)))
    for path in names:
        there = f"{root.rstrip('/')}/{path.relative_to(folder).as_posix()}"
        system.makedirs(there.rsplit("/", 1)[0], exist_ok=True)
        if "file" in (system.protocol if isinstance(system.protocol, tuple) else (system.protocol,)):
            # A store shows an object whole or not at all; a disk needs a name to write to first.
            part = _part(pathlib.Path(there))
            system.put_file(str(path), str(part))
            os.replace(part, there)
        else:
            system.put_file(str(path), there)


@contextmanager
def target(folder: Any, scratch: str | os.PathLike[str] | None) -> Iterator[pathlib.Path]:
    """A folder of this machine to write to; what lies in it in the end is taken to the address."""
    if not is_remote(folder):
        yield pathlib.Path(folder)
        return
    here = pathlib.Path(scratch).resolve() if scratch is not None else pathlib.Path(tempfile.mkdtemp(prefix="lobflow-"))
    here.mkdir(parents=True, exist_ok=True)
    yield here
    put(here, folder)
