"""Tables of the library: columns that numpy, pandas, polars, pyarrow and duckdb take as they are."""

from __future__ import annotations

import ctypes
import html
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lobflow._core import RangeError, check, ffi, lib, new_error, path_bytes, text

if TYPE_CHECKING:
    import numpy as np

_NAME = b"arrow_array_stream"
_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.restype = ctypes.py_object
_capsule_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_capsule_get = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_get.restype = ctypes.c_void_p
_capsule_get.argtypes = [ctypes.py_object, ctypes.c_char_p]
_capsule_end = int(ffi.cast("uintptr_t", lib.lobflow_capsule_end_address))

_TYPES = {"f64": "<f8", "i64": "<i8", "time": "<M8[ns]", "bool": "|b1"}
_KINDS = ("f64", "i64", "time", "bool", "text")


class _Values:
    """Memory of one column, for numpy: keeps the table alive as long as an array looks at it."""

    def __init__(self, table: Table, address: int, type_name: str, rows: int) -> None:
        self._table = table
        self.__array_interface__ = {
            "version": 3,
            "shape": (rows,),
            "typestr": type_name,
            "data": (address, True),
        }


class Table:
    """Rows and named columns, owned by the library.

    ``table["ofi_1min"]`` is a numpy array over the table's own memory, read-only; text columns are
    lists. Other libraries take the whole table through the Arrow PyCapsule protocol:
    ``polars.DataFrame(table)``, ``pyarrow.table(table)``, ``pandas.DataFrame.from_arrow(table)``,
    ``duckdb.sql("from table")``. Columns of floats, integers and times are shared, not copied.
    """

    def __init__(self, frame: Any) -> None:
        self._frame = ffi.gc(frame, lib.lf_frame_destroy)

    # ---- making -----------------------------------------------------------------------------

    @staticmethod
    def of(rows: Any, name: str = "the rows") -> Table:
        """A table from somebody else's.

        Parameters
        ----------
        rows
            A `Table`, anything with ``__arrow_c_stream__`` (polars, pyarrow, pandas, duckdb), or a
            mapping of names to sequences of equal length.
        name
            For errors.

        Returns
        -------
        Table
            A copy; a `Table` is handed back as it is.
        """
        if isinstance(rows, Table):
            return rows
        if hasattr(rows, "__arrow_c_stream__"):
            capsule = rows.__arrow_c_stream__()
            stream = ffi.cast("struct ArrowArrayStream *", _capsule_get(capsule, _NAME))
            out, error = ffi.new("lf_frame **"), new_error()
            check(lib.lf_frame_import(ffi.NULL, stream, name.encode(), out, error), error)
            return Table(out[0])
        if isinstance(rows, Mapping):
            return _from_columns(rows)
        raise TypeError(
            f"{name} are of type {type(rows).__name__}; a table, a data frame that speaks Arrow, or a "
            "mapping of names to columns is needed"
        )

    @staticmethod
    def read(path: str | os.PathLike[str]) -> Table:
        """Read a table file: .parquet, .arrow, .feather or .csv."""
        out, error = ffi.new("lf_frame **"), new_error()
        check(lib.lf_frame_read(path_bytes(path), out, error), error)
        return Table(out[0])

    # ---- looking ----------------------------------------------------------------------------

    @property
    def columns(self) -> list[str]:
        """Names of the columns in order."""
        return [text(lib.lf_frame_column(self._frame, i).name) for i in range(self.shape[1])]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return lib.lf_frame_row_count(self._frame), lib.lf_frame_column_count(self._frame)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> np.ndarray[Any, Any] | list[str]:
        """A column: a read-only numpy array over the table's memory, or a list of texts."""
        index = lib.lf_frame_find(self._frame, name.encode())
        rows, count = self.shape
        if index >= count:
            raise KeyError(name)
        kind = _KINDS[lib.lf_frame_column(self._frame, index).kind]
        if kind == "text":
            known: dict[Any, str] = {}
            pointers = (lib.lf_frame_text(self._frame, index, i) for i in range(rows))
            return [known.get(p) or known.setdefault(p, text(p)) for p in pointers]
        import numpy as np

        get = {"f64": lib.lf_frame_f64, "bool": lib.lf_frame_bool}.get(kind, lib.lf_frame_i64)
        if rows == 0:
            return np.empty(0, _TYPES[kind])
        address = int(ffi.cast("uintptr_t", get(self._frame, index)))
        return np.asarray(_Values(self, address, _TYPES[kind], rows))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow stream; it stays valid when the table is gone."""
        error = new_error()
        stream = lib.lobflow_stream_new(self._frame, error)
        if stream == ffi.NULL:
            check(error.status, error)
        return _capsule_new(int(ffi.cast("uintptr_t", stream)), _NAME, _capsule_end)

    def drop(self, *names: str) -> Table:
        """The table without some columns, copied."""
        missing = [n for n in names if n not in self]
        if missing:
            raise KeyError(missing[0])
        return Table.of({n: self[n] for n in self.columns if n not in names})

    # ---- handing on -------------------------------------------------------------------------

    def to_numpy(self, columns: Sequence[str] | None = None) -> np.ndarray[Any, Any]:
        """Columns side by side as float64, shape (rows, columns), copied.

        Parameters
        ----------
        columns
            Their names; by default all columns of floats.
        """
        import numpy as np

        if columns is None:
            columns = [c for i, c in enumerate(self.columns) if lib.lf_frame_column(self._frame, i).kind == 0]
        out = np.empty((len(self), len(columns)))
        for i, name in enumerate(columns):
            out[:, i] = self[name]
        return out

    def to_arrow(self) -> Any:
        """The rows as a pyarrow table."""
        import pyarrow as pa

        return pa.table(self)

    def to_pandas(self) -> Any:
        """The rows as a pandas data frame."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """The rows as a polars data frame."""
        import polars as pl

        return pl.DataFrame(self)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write a table file: .parquet, .arrow, .feather or .csv; whole or not at all."""
        error = new_error()
        check(lib.lf_frame_write(self._frame, path_bytes(path), error), error)

    # ---- showing ----------------------------------------------------------------------------

    def __repr__(self) -> str:
        rows, count = self.shape
        return f"<lobflow.Table: {rows:,} rows, {count} columns: {', '.join(self.columns[:6])}{', ...' * (count > 6)}>"

    def _repr_html_(self) -> str:
        rows, count = self.shape
        names = self.columns[:12]
        columns = [self[name][:5] for name in names]
        head = "".join(f"<th>{html.escape(name)}</th>" for name in names) + "<th>...</th>" * (count > 12)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_show(c[i]))}</td>" for c in columns) + "<td></td>" * (count > 12) + "</tr>"
            for i in range(min(rows, 5))
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{rows:,} rows, {count} columns</p>"


def _show(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _from_columns(columns: Mapping[str, Any]) -> Table:
    """A table from named sequences."""
    import numpy as np

    specs = ffi.new("lf_column_spec[]", max(len(columns), 1))
    names: list[Any] = []
    arrays: list[tuple[str, Any]] = []
    for i, (name, values) in enumerate(columns.items()):
        array = np.asarray(values)
        names.append(ffi.new("char[]", str(name).encode()))
        if array.ndim != 1:
            raise RangeError(f"column {name!r} has {array.ndim} dimensions; one is needed")
        if arrays and len(array) != len(arrays[0][1]):
            raise RangeError(f"column {name!r} has {len(array)} rows, the first one has {len(arrays[0][1])}")
        kind = {"f": "f64", "i": "i64", "u": "i64", "M": "time", "b": "bool", "U": "text"}.get(array.dtype.kind)
        if array.dtype.kind == "O" and all(isinstance(v, str) for v in array):
            kind = "text"
        if kind is None:
            raise TypeError(f"column {name!r} is of type {array.dtype}; numbers, times, bools or texts are needed")
        specs[i].name, specs[i].kind = names[i], _KINDS.index(kind)
        arrays.append((kind, array))
    out, error = ffi.new("lf_frame **"), new_error()
    check(lib.lf_frame_create(ffi.NULL, specs, len(columns), 0, out, error), error)
    table = Table(out[0])
    if arrays:
        _fill(table, arrays)
    return table


def _fill(table: Table, arrays: list[tuple[str, Any]]) -> None:
    import numpy as np

    rows = len(arrays[0][1])
    check(lib.lf_frame_append(table._frame, rows))
    for i, (kind, array) in enumerate(arrays):
        if kind == "text":
            for row, value in enumerate(array):
                check(lib.lf_frame_set_text(table._frame, i, row, 1, str(value).encode()))
            continue
        if kind == "i64" and array.dtype.kind == "u" and rows and array.max() > np.iinfo(np.int64).max:
            raise RangeError("an unsigned number is above the largest of 64 bits with a sign")
        plain = np.ascontiguousarray(array.astype(_TYPES[kind]))
        get = {"f64": lib.lf_frame_f64, "bool": lib.lf_frame_bool}.get(kind, lib.lf_frame_i64)
        if rows:
            ffi.memmove(get(table._frame, i), plain.view(np.uint8), plain.nbytes)
