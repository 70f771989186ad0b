"""Goal: other programs read our table files, and we read theirs.

Method: call the library through ctypes. Files that it writes are read by pyarrow, polars and pandas
and compared value by value; files that those write, with narrow numbers, all units of time, every
layout of text, several compressions and missing values, are read by the library; streams cross the
Arrow C interface in both directions.
"""
import ctypes
import datetime
import math
import os
import pathlib

import pytest

np = pytest.importorskip("numpy")
pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
import pyarrow.feather  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
F64, I64, TIME, BOOL, TEXT = range(5)
OK, DATA, UNSUPPORTED = 0, 5, 7
START = 1_340_285_400_000_000_001


class Spec(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("kind", ctypes.c_int)]


class Error(ctypes.Structure):
    _fields_ = [
        ("status", ctypes.c_int), ("line", ctypes.c_int64), ("byte_offset", ctypes.c_int64),
        ("file", ctypes.c_char * 256), ("message", ctypes.c_char * 1024),
    ]


class Stream(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in
                ("get_schema", "get_next", "get_last_error", "release", "private_data")]


def library_path():
    named = os.environ.get("LOBFLOW_LIBRARY")
    if named:
        return pathlib.Path(named)
    found = sorted(ROOT.glob("build*/**/liblobflow.so"), key=lambda p: p.stat().st_mtime)
    return found[-1] if found else None


@pytest.fixture(scope="module")
def lib():
    path = library_path()
    if path is None or not path.is_file():
        pytest.skip("no liblobflow.so: build first or set LOBFLOW_LIBRARY")
    library = ctypes.CDLL(str(path))
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    signatures = {
        "lf_frame_create": (ctypes.c_int, [pointer, pointer, size, size, pointer, pointer]),
        "lf_frame_destroy": (None, [pointer]),
        "lf_frame_row_count": (size, [pointer]),
        "lf_frame_column_count": (size, [pointer]),
        "lf_frame_column": (Spec, [pointer, size]),
        "lf_frame_append": (ctypes.c_int, [pointer, size]),
        "lf_frame_f64": (pointer, [pointer, size]),
        "lf_frame_i64": (pointer, [pointer, size]),
        "lf_frame_bool": (pointer, [pointer, size]),
        "lf_frame_set_text": (ctypes.c_int, [pointer, size, size, size, ctypes.c_char_p]),
        "lf_frame_text": (ctypes.c_char_p, [pointer, size, size]),
        "lf_frame_write": (ctypes.c_int, [pointer, ctypes.c_char_p, pointer]),
        "lf_frame_read": (ctypes.c_int, [ctypes.c_char_p, pointer, pointer]),
        "lf_frame_export": (ctypes.c_int, [pointer, pointer, pointer]),
        "lf_frame_import": (ctypes.c_int, [pointer, pointer, ctypes.c_char_p, pointer, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def view(address, count, kind):
    """A numpy copy of count values at an address."""
    kind = np.dtype(kind)
    if count == 0:
        return np.empty(0, kind)
    return np.frombuffer(ctypes.string_at(address, count * kind.itemsize), kind)


class Frame:
    """A table of the library, ended with it."""

    def __init__(self, lib, handle):
        self.lib, self.handle = lib, handle

    def __del__(self):
        self.lib.lf_frame_destroy(self.handle)

    def columns(self):
        """name -> (kind, list or array of values)"""
        rows, out = self.lib.lf_frame_row_count(self.handle), {}
        for i in range(self.lib.lf_frame_column_count(self.handle)):
            spec = self.lib.lf_frame_column(self.handle, i)
            if spec.kind == TEXT:
                values = [self.lib.lf_frame_text(self.handle, i, r).decode() for r in range(rows)]
            elif spec.kind == F64:
                values = view(self.lib.lf_frame_f64(self.handle, i), rows, "f8")
            elif spec.kind == BOOL:
                values = view(self.lib.lf_frame_bool(self.handle, i), rows, "u1")
            else:
                values = view(self.lib.lf_frame_i64(self.handle, i), rows, "i8")
            out[spec.name.decode()] = (spec.kind, values)
        return out


def read(lib, path, status=OK):
    handle, error = ctypes.c_void_p(), Error()
    got = lib.lf_frame_read(str(path).encode(), ctypes.byref(handle), ctypes.byref(error))
    assert got == status, error.message.decode()
    return Frame(lib, handle).columns() if status == OK else error.message.decode()


def sample(lib, rows):
    specs = (Spec * 5)(
        (b"ts_event", TIME), (b"symbol", TEXT), (b"valid", BOOL), (b"count", I64), (b"value", F64)
    )
    handle = ctypes.c_void_p()
    assert lib.lf_frame_create(None, specs, 5, rows, ctypes.byref(handle), None) == OK
    assert lib.lf_frame_append(handle, rows) == OK
    want = {
        "ts_event": START + np.arange(rows, dtype="i8") * 1_000_000_000,
        "symbol": [["GOOG", "", 'ä,"x"\n'][i % 3] for i in range(rows)],
        "valid": (np.arange(rows) % 3 == 0),
        "count": np.arange(rows, dtype="i8") * -(2**55) + 1,
        "value": np.where(np.arange(rows) % 5 == 0, np.nan, np.arange(rows) * 0.1 + 0.05),
    }
    if rows:
        ctypes.memmove(lib.lf_frame_i64(handle, 0), want["ts_event"].ctypes.data, rows * 8)
        ctypes.memmove(lib.lf_frame_bool(handle, 2), want["valid"].astype("u1").ctypes.data, rows)
        ctypes.memmove(lib.lf_frame_i64(handle, 3), want["count"].ctypes.data, rows * 8)
        ctypes.memmove(lib.lf_frame_f64(handle, 4), want["value"].ctypes.data, rows * 8)
    for i, text in enumerate(want["symbol"]):
        assert lib.lf_frame_set_text(handle, 1, i, 1, text.encode()) == OK
    return Frame(lib, handle), want


def check_table(table, want):
    """A pyarrow table has our columns, types and values, and no nulls."""
    assert table.column_names == list(want)
    assert table.schema.field("ts_event").type == pa.timestamp("ns", "UTC")
    assert table.schema.field("symbol").type == pa.string()
    assert table.schema.field("valid").type == pa.bool_()
    assert table.schema.field("count").type == pa.int64()
    assert table.schema.field("value").type == pa.float64()
    assert all(column.null_count == 0 for column in table.columns)
    assert (table["ts_event"].cast(pa.int64()).to_numpy() == want["ts_event"]).all()
    assert table["symbol"].to_pylist() == want["symbol"]
    assert table["valid"].to_pylist() == list(want["valid"])
    assert (table["count"].to_numpy() == want["count"]).all()
    np.testing.assert_array_equal(table["value"].to_numpy(), want["value"])


@pytest.mark.parametrize("rows", [0, 1, 1000])
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_others_read_ours(lib, tmp_path, rows, ending):
    frame, want = sample(lib, rows)
    path, error = tmp_path / f"ours.{ending}", Error()
    status = lib.lf_frame_write(frame.handle, str(path).encode(), ctypes.byref(error))
    assert status == OK, error.message.decode()

    check_table(pq.read_table(path) if ending == "parquet" else pa.feather.read_table(path), want)
    polars = pl.read_parquet(path) if ending == "parquet" else pl.read_ipc(path)
    assert polars.schema["ts_event"] == pl.Datetime("ns", "UTC")
    assert polars.schema["symbol"] == pl.String
    assert polars["symbol"].to_list() == want["symbol"]
    assert (polars["count"].to_numpy() == want["count"]).all()
    np.testing.assert_array_equal(polars["value"].to_numpy(), want["value"])
    pandas = pd.read_parquet(path) if ending == "parquet" else pd.read_feather(path)
    assert list(pandas.columns) == list(want)
    np.testing.assert_array_equal(pandas["value"].to_numpy(), want["value"])
    assert (pandas["ts_event"].astype("int64").to_numpy() == want["ts_event"]).all()


def test_parquet_layout(lib, tmp_path):
    """What the file is made of: zstd everywhere, floats split into byte streams."""
    frame, _ = sample(lib, 1000)
    path = tmp_path / "ours.parquet"
    assert lib.lf_frame_write(frame.handle, str(path).encode(), None) == OK
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = [group.column(i) for i in range(5)]
    assert {c.compression for c in columns} == {"ZSTD"}
    assert "BYTE_STREAM_SPLIT" in columns[4].encodings
    assert columns[1].physical_type == "BYTE_ARRAY"


def test_others_read_our_csv(lib, tmp_path):
    frame, want = sample(lib, 1000)
    path = tmp_path / "ours.csv"
    assert lib.lf_frame_write(frame.handle, str(path).encode(), None) == OK
    pandas = pd.read_csv(path, keep_default_na=False, na_values={"value": ["nan"]})
    np.testing.assert_array_equal(pandas["value"].to_numpy(), want["value"])
    assert list(pandas["symbol"]) == want["symbol"]
    assert (pandas["count"].to_numpy() == want["count"]).all()
    # polars takes "nan" for a number only where it is told that numbers stand there.
    polars = pl.read_csv(path, schema_overrides={"value": pl.Float64})
    np.testing.assert_array_equal(polars["value"].to_numpy(), want["value"])
    lines = path.read_text().splitlines()
    assert lines[1].endswith(",nan") and lines[2].endswith(",0.15000000000000002")


def foreign_table():
    times = [datetime.datetime(2012, 6, 21, 13, 30, tzinfo=datetime.timezone.utc), None]
    return pa.table({
        "i8": pa.array([-1, 3], pa.int8()),
        "u8": pa.array([200, 3], pa.uint8()),
        "i16": pa.array([-1, 3], pa.int16()),
        "u16": pa.array([40000, 3], pa.uint16()),
        "i32": pa.array([-1, 3], pa.int32()),
        "u32": pa.array([3_000_000_000, 3], pa.uint32()),
        "f32": pa.array([1.5, None], pa.float32()),
        "f64": pa.array([1.5, None], pa.float64()),
        "s": pa.array(times, pa.timestamp("s", "UTC")),
        "ms": pa.array(times, pa.timestamp("ms", "America/New_York")),
        "us": pa.array(times, pa.timestamp("us", "UTC")),
        "ns": pa.array([1340285400000000000, None], pa.timestamp("ns")),
        "day": pa.array([datetime.date(2012, 6, 21), None], pa.date32()),
        "text": pa.array(["abc", None], pa.string()),
        "large": pa.array(["abc", None], pa.large_string()),
        "code": pa.array(["abc", None]).dictionary_encode(),
        "flag": pa.array([True, False]),
    })


def check_foreign(columns, skip=()):
    want_ns = 1_340_285_400_000_000_000
    none = -(2**63)
    for name, (kind, values) in columns.items():
        if name in skip:
            continue
        if name[0] in "iu" and name != "us":
            first = {"u8": 200, "u16": 40000, "u32": 3_000_000_000}.get(name, -1)
            assert kind == I64 and list(values) == [first, 3], name
        elif name in ("f32", "f64"):
            assert kind == F64 and values[0] == 1.5 and math.isnan(values[1]), name
        elif name in ("s", "ms", "us", "ns"):
            assert kind == TIME and list(values) == [want_ns, none], name
        elif name == "day":
            assert kind == TIME and list(values) == [15512 * 86400 * 10**9, none]
        elif name == "flag":
            assert kind == BOOL and list(values) == [1, 0]
        else:
            assert kind == TEXT and values == ["abc", ""], name


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip"])
def test_we_read_pyarrow_parquet(lib, tmp_path, compression):
    path = tmp_path / "theirs.parquet"
    pq.write_table(foreign_table(), path, compression=compression, row_group_size=1)
    columns = read(lib, path)
    assert len(columns) == foreign_table().num_columns
    check_foreign(columns)


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_we_read_pyarrow_arrow(lib, tmp_path, compression):
    path = tmp_path / "theirs.arrow"
    pa.feather.write_feather(foreign_table(), path, compression=compression)
    check_foreign(read(lib, path))


def polars_frame():
    table = foreign_table()
    # polars has no seconds, and its own categories.
    return pl.from_arrow(table.drop_columns(["s", "code"])).with_columns(
        pl.Series("code", ["abc", None], pl.Categorical)
    )


def test_we_read_polars(lib, tmp_path):
    polars_frame().write_parquet(tmp_path / "theirs.parquet")
    polars_frame().write_ipc(tmp_path / "theirs.arrow", compression="zstd")
    polars_frame().write_ipc(tmp_path / "old.arrow", compat_level=pl.CompatLevel.oldest())
    for name in ("theirs.parquet", "theirs.arrow", "old.arrow"):
        columns = read(lib, tmp_path / name)
        assert len(columns) == polars_frame().width, name
        check_foreign(columns)


def test_we_read_pandas(lib, tmp_path):
    frame = pd.DataFrame({
        "f64": [1.5, np.nan], "text": ["abc", None], "flag": [True, False], "i32": [-1, 3],
        "code": pd.Categorical(["abc", None]),
        "us": pd.to_datetime(["2012-06-21T13:30:00Z", None]),
    })
    frame.to_parquet(tmp_path / "theirs.parquet", index=False)
    frame.to_feather(tmp_path / "theirs.arrow")
    check_foreign(read(lib, tmp_path / "theirs.parquet"))
    check_foreign(read(lib, tmp_path / "theirs.arrow"))
    frame.to_csv(tmp_path / "theirs.csv", index=False)
    check_foreign(read(lib, tmp_path / "theirs.csv"), skip=("us",))


def test_refusals_name_the_column(lib, tmp_path):
    path = tmp_path / "theirs.parquet"
    pq.write_table(pa.table({"fine": [1.0], "deep": [[1, 2]]}), path)
    assert "\"deep\"" in read(lib, path, UNSUPPORTED)
    pq.write_table(pa.table({"holes": pa.array([1, None], pa.int64())}), path)
    assert "row 1 of the column \"holes\" is missing" in read(lib, path, DATA)
    pq.write_table(pa.table({"wide": pa.array([2**63], pa.uint64())}), path)
    assert "does not fit" in read(lib, path, DATA)


def test_streams_out(lib):
    frame, want = sample(lib, 1000)
    stream = Stream()
    assert lib.lf_frame_export(frame.handle, ctypes.byref(stream), None) == OK
    reader = pa.RecordBatchReader._import_from_c(ctypes.addressof(stream))
    table = reader.read_all()
    del frame, reader
    check_table(table, want)
    table.validate(full=True)
    values = pl.from_arrow(table)["value"].to_numpy()
    np.testing.assert_array_equal(values, want["value"])


def test_streams_in(lib):
    for table in (foreign_table(), foreign_table().slice(0, 2).combine_chunks()):
        stream = Stream()
        table.to_reader(max_chunksize=1)._export_to_c(ctypes.addressof(stream))
        handle, error = ctypes.c_void_p(), Error()
        status = lib.lf_frame_import(
            None, ctypes.byref(stream), b"memory", ctypes.byref(handle), ctypes.byref(error)
        )
        assert status == OK, error.message.decode()
        check_foreign(Frame(lib, handle).columns())
