"""Tables: no copies, long lives, and what comes in."""

import gc
import threading

import numpy as np
import pytest

import lobflow as lf


def test_columns_share_memory(rows):
    a, b = rows["ofi_1min"], rows["ofi_1min"]
    assert a.dtype == np.float64 and a.shape == (len(rows),)
    assert np.shares_memory(a, b) and not a.flags.writeable
    assert rows["ts_event"].dtype == "<M8[ns]" and rows["valid"].dtype == bool
    assert set(rows["symbol"]) == {"TOY"}
    with pytest.raises(KeyError):
        rows["ofi"]
    assert "ofi_1min" in rows and list(rows)[:3] == ["ts_event", "symbol", "valid"]


def test_a_column_outlives_its_table(days):
    table = lf.features(days[0], set="ofi_1s,ofi_5min", step="1min")
    column = table["ofi_5min"]
    kept = column.copy()
    del table
    gc.collect()
    noise = [np.full(len(kept), 7.0) for _ in range(50)]
    assert np.array_equal(column, kept, equal_nan=True) and len(noise) == 50


def test_a_stream_outlives_its_table(days):
    pa = pytest.importorskip("pyarrow")
    table = lf.features(days[0], set="ofi_1s,ofi_5min", step="1min")
    kept = table["ofi_5min"].copy()
    arrow = pa.table(table)
    capsule = table.__arrow_c_stream__()
    del table
    gc.collect()
    assert np.array_equal(arrow["ofi_5min"].to_numpy(), kept, equal_nan=True)
    del capsule  # never consumed: releases itself
    gc.collect()


def test_threads(rows):
    wrong = []

    def look():
        for _ in range(50):
            column = rows["ofi_1min"]
            if not np.array_equal(column, rows["ofi_1min"], equal_nan=True):
                wrong.append(1)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_other_libraries_take_it(rows):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(rows)
    assert frame.shape == rows.shape
    assert np.array_equal(frame["ofi_1min"].to_numpy(), rows["ofi_1min"], equal_nan=True)
    pandas = rows.to_pandas()
    assert list(pandas.columns) == rows.columns
    assert str(pandas["ts_event"].dt.tz) == "UTC"
    back = lf.Table.of(frame)
    assert back.columns == rows.columns
    for name in rows:
        if name != "symbol":
            assert np.array_equal(back[name], rows[name], equal_nan=name not in ("ts_event", "valid"))


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_files(rows, tmp_path, ending):
    path = tmp_path / f"rows.{ending}"
    rows.write(path)
    back = lf.Table.read(path)
    assert back.columns == rows.columns and len(back) == len(rows)
    assert np.array_equal(back["vpin"], rows["vpin"], equal_nan=True)


def test_from_columns():
    table = lf.Table.of({
        "ts_event": np.array([1, 2], "<M8[ns]"), "x": [1.5, np.nan], "n": [1, -2], "b": [True, False], "s": ["a", "b"],
    })
    assert table.shape == (2, 5) and table["s"] == ["a", "b"]
    assert table["n"].tolist() == [1, -2] and table["b"].tolist() == [True, False]
    assert table["ts_event"].astype(np.int64).tolist() == [1, 2]
    assert table.drop("x", "s").columns == ["ts_event", "n", "b"]
    assert lf.Table.of({"x": []}).shape == (0, 1)
    assert "1.5" in table._repr_html_()


@pytest.mark.parametrize("columns, kind", [
    ({"x": [1, 2], "y": [1]}, lf.RangeError),
    ({"x": np.ones((2, 2))}, lf.RangeError),
    ({"x": [1j]}, TypeError),
    ({"x": [object()]}, TypeError),
    ({"x": np.array([2**63], np.uint64)}, lf.RangeError),
    ({}, lf.RangeError),
    (7, TypeError),
])
def test_refused(columns, kind):
    with pytest.raises(kind):
        lf.Table.of(columns)


def test_no_half_written_file(rows, tmp_path):
    with pytest.raises(lf.RangeError):
        rows.write(tmp_path / "rows.xyz")
    with pytest.raises(lf.IoError):
        rows.write(tmp_path / "none" / "rows.csv")
    assert list(tmp_path.iterdir()) == []
