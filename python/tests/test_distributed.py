"""Days made apart are those made together, on processes and on a Dask cluster, also when a worker dies."""

import concurrent.futures
import os
import pathlib
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import lobflow as lf
import lobflow.distributed as ld
from lobflow import _remote


@pytest.fixture(scope="module")
def two_symbols(days, folder):
    return days + lf.synth(folder / "other", days=2, seed=9, activity=0.03, symbol="YOT")


def same_files(a, b, names):
    for name in names:
        assert (a / name).read_bytes() == (b / name).read_bytes(), name


def test_features(two_symbols, tmp_path):
    paths = ld.features(two_symbols, tmp_path, set="ofi_1min,vpin", step="10s", labels=["1min"], workers=2)
    assert [p.name for p in paths][:2] == ["TOY_2024-01-02.parquet", "YOT_2024-01-02.parquet"]
    together = lf.features(two_symbols, set="ofi_1min,vpin", step="10s", labels=["1min"])
    together.write(tmp_path / "together.csv")
    ld.table(paths).write(tmp_path / "apart.csv")
    assert (tmp_path / "apart.csv").read_bytes() == (tmp_path / "together.csv").read_bytes()
    with pytest.raises(ValueError, match="fitted"):
        ld.features(two_symbols, tmp_path, set="fitted")
    with pytest.raises(ValueError, match="fitted"):
        ld.features(two_symbols, tmp_path, config={"features": {"set": "ofi_1min,microprice_offset_ticks"}})


def test_backtest(model, days, tmp_path):
    names = ("orders.parquet", "fills.parquet", "trades.parquet", "equity.parquet", "predictions.parquet", "metrics.json")
    alone = lf.backtest(days, tmp_path / "a", model=model, in_sample=True, step="10s")
    apart = ld.backtest(days, tmp_path / "b", model=model, in_sample=True, step="10s", workers=2)
    assert len(alone.trades) > 0
    same_files(alone.path, apart.path, names)


def test_dask(model, two_symbols, days, tmp_path):
    distributed = pytest.importorskip("dask.distributed")
    alone = lf.backtest(days, tmp_path / "a", model=model, in_sample=True, step="10s")
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            paths = ld.features(two_symbols, tmp_path / "f", client=client, set="vpin", step="10s")
            pids = list(client.run(os.getpid).values())

            def kill():
                time.sleep(0.2)
                os.kill(pids[0], signal.SIGKILL)

            killer = threading.Thread(target=kill)
            killer.start()
            apart = ld.backtest(days, tmp_path / "b", client=client, model=model, in_sample=True, step="10s")
            killer.join()
    same_files(alone.path, apart.path, ("orders.parquet", "fills.parquet", "equity.parquet", "metrics.json"))
    lf.features(two_symbols, set="vpin", step="10s").write(tmp_path / "a.csv")
    ld.table(paths).write(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def same_rows(left, right):
    return left.columns == right.columns and all(
        np.array_equal(left[n], right[n], equal_nan=True) if isinstance(left[n], np.ndarray) and left[n].dtype.kind == "f"
        else list(left[n]) == list(right[n]) for n in left.columns)


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module", params=["trees", "logistic"])
def trained(request, two_symbols, tmp_path_factory):
    """The model of one process, and the keywords that it was made with."""
    keywords = {"kind": request.param, "step": "10s", "config": {"model.rounds_max": 20, "model.features": "scale_free,vpin"}}
    model = lf.train(two_symbols, tmp_path_factory.mktemp("alone") / "model", **keywords)
    return model, keywords


def test_train_on_processes(two_symbols, trained, tmp_path):
    alone, keywords = trained
    apart = ld.train(two_symbols, tmp_path / "model", workers=2, **keywords)
    assert files_of(alone.path) == files_of(apart.path) and len(files_of(apart.path)) >= 4
    assert apart.meta == alone.meta and apart.walk == alone.walk


def test_train_on_dask_while_a_worker_dies(two_symbols, trained, tmp_path):
    distributed = pytest.importorskip("dask.distributed")
    alone, keywords = trained
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            pids = list(client.run(os.getpid).values())
            killed = []

            def kill(stage, share):
                # In the middle of the fits, when one of them is done.
                if stage == "train" and not killed:
                    killed.append(os.kill(pids[0], signal.SIGKILL))

            apart = ld.train(two_symbols, tmp_path / "model", client=client, progress=kill, **keywords)
    assert killed and files_of(alone.path) == files_of(apart.path)


def test_train_when_a_process_dies(two_symbols, trained, tmp_path, monkeypatch):
    """The pool is made anew, and what was not finished is done again."""
    alone, keywords = trained
    killed = []
    whole = ld._all

    def dying(client, task, calls, *more):
        if task is ld._train_fold and not killed:
            killed.append(True)
            (tmp_path / "once").write_text("")
            return whole(client, _die_once, [(str(tmp_path / "once"), *call) for call in calls], *more)
        return whole(client, task, calls, *more)

    monkeypatch.setattr(ld, "_all", dying)
    apart = ld.train(two_symbols, tmp_path / "model", workers=2, **keywords)
    assert killed and not (tmp_path / "once").exists()
    assert files_of(alone.path) == files_of(apart.path)


def _die_once(path, *call):
    if call[1] == 1 and os.path.exists(path):
        os.unlink(path)
        os.kill(os.getpid(), signal.SIGKILL)
    return ld._train_fold(*call)


def test_training_that_fails_leaves_no_parts(days, tmp_path):
    with pytest.raises(lf.LobflowError):
        ld.train(days[:1], tmp_path / "model", step="10s", workers=1, config={"model.features": "no_such"})
    assert not (tmp_path / "model" / ".parts").exists()


def test_the_list_of_days_is_short_on_its_way(days):
    """Each task gets it, so a year of days is a thousand lists of a thousand days."""
    many = days._take([i % len(days) for i in range(1000)])
    packed = ld._frozen(many)
    assert len(pickle.dumps(packed)) < 50_000
    again = ld._thawed(packed)
    assert again.paths == many.paths and again.dates == many.dates and again._options == many._options


def test_stopping(days, tmp_path):
    with pytest.raises(lf.CancelledError):
        ld.features(days, tmp_path, set="vpin", step="10s", workers=2, progress=lambda stage, share: False)


def test_a_script_that_workers_cannot_import(days, tmp_path):
    """They end as they begin; what is wrong is said, and nothing hangs."""
    script = (f"import lobflow as lf, lobflow.distributed as ld\n"
              f"ld.features(lf.open({days.paths[0]!r}), {str(tmp_path / 'f')!r}, set='vpin', step='10s', workers=1)\n")
    path = os.pathsep.join(p for p in sys.path if p)
    done = subprocess.run([sys.executable, "-"], input=script, text=True, capture_output=True, timeout=300,
                          env=os.environ | {"PYTHONPATH": path})
    assert done.returncode == 1 and "BrokenProcessPool" in done.stderr
    assert "if __name__ ==" in done.stderr.splitlines()[-1] and "4 times" in done.stderr.splitlines()[-1]


def test_errors_come_through(model, days, tmp_path):
    with pytest.raises(lf.MismatchError):
        ld.backtest(days, tmp_path / "b", model=model, step="10s", workers=2)


# ---- addresses ------------------------------------------------------------------------------


@pytest.fixture
def store():
    """A store in memory, as an object store: names without folders."""
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    yield system
    for name in system.find("/"):
        system.rm_file(name)


def test_days_and_results_behind_addresses(model, days, store, tmp_path):
    source = pathlib.Path(days.paths[0])
    folder = source if source.is_dir() else source.parent
    store.put(str(folder), "/days", recursive=True)
    found = ld.open("memory://days", cache=tmp_path / "cache")
    assert found.dates == days.dates and found[1:].dates == days.dates[1:] and len(found[1:]._origins) > 0
    paths = ld.features(found, "memory://rows", set="vpin,ofi_1s", step="10s", workers=2)
    assert paths == [f"memory://rows/TOY_{d}.parquet" for d in days.dates]
    assert sorted(store.find("/rows")) == [f"/rows/TOY_{d}.parquet" for d in days.dates]
    assert same_rows(ld.table(paths), lf.features(days, set="vpin,ofi_1s", step="10s"))
    alone = lf.backtest(days, tmp_path / "alone", model=model, in_sample=True, step="10s")
    for name, data in files_of(model.path).items():
        store.pipe_file(f"/model/{name}", data)
    apart = ld.backtest(found, "memory://run", model="memory://model", in_sample=True, step="10s", workers=2)
    assert apart.metrics == alone.metrics
    there = {name.removeprefix("/run/"): store.cat_file(name) for name in store.find("/run")}
    same = files_of(alone.path)
    assert set(there) == set(same) and there["fills.parquet"] == same["fills.parquet"]


def test_training_to_an_address(two_symbols, trained, store, tmp_path):
    alone, keywords = trained
    model = ld.train(two_symbols, "memory://models/one", workers=2, scratch=tmp_path / "scratch", **keywords)
    assert model.path == tmp_path / "scratch" and model.meta == alone.meta
    assert {n.removeprefix("/models/one/"): store.cat_file(n) for n in store.find("/models/one")} == files_of(alone.path)


def test_a_machine_without_the_files_brings_them(days, tmp_path):
    """Processes find nothing where the days were found, as on another machine, and bring the files again."""
    pytest.importorskip("fsspec")
    source = pathlib.Path(days.paths[0])
    folder = source if source.is_dir() else source.parent
    found = ld.open(f"file://{folder}", cache=tmp_path / "cache")
    shutil.rmtree(tmp_path / "cache")
    paths = ld.features(found, f"file://{tmp_path}/rows", set="vpin", step="10s", workers=2)
    assert same_rows(ld.table(paths), lf.features(days, set="vpin", step="10s"))
    assert not [p for p in tmp_path.rglob("*") if p.name.endswith(".part")]


def test_threads_of_a_worker_bring_the_same_file(store, tmp_path, monkeypatch):
    """Each writes to a name of its own; the file is whole at any moment."""
    store.pipe_file("/days/one.csv", bytes(range(256)) * 4000)
    turn = threading.Barrier(2)

    def slowly(self, there, here):
        data = self.cat_file(there)
        with open(here, "wb") as file:
            file.write(data[:1000])
            file.flush()
            turn.wait(timeout=30)
            file.write(data[1000:])

    monkeypatch.setattr(type(store), "get_file", slowly)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = [pool.submit(_remote.fetch_file, "memory://days/one.csv", tmp_path / "one.csv") for _ in range(2)]
        for one in done:
            one.result()
    assert (tmp_path / "one.csv").read_bytes() == store.cat_file("/days/one.csv")
    assert list(tmp_path.iterdir()) == [tmp_path / "one.csv"]


def test_addresses_that_lead_nowhere(store, days):
    with pytest.raises(lf.NotFoundError, match="nothing lies there"):
        ld.open("memory://nothing")
    with pytest.raises(ValueError, match="nosuch"):
        ld.open("nosuch://bucket/days")
