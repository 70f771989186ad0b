"""Small simulated days that all tests of the package share."""

import pathlib

import pytest

import lobflow as lf

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lobflow")


@pytest.fixture(scope="session")
def days(folder):
    """Three quiet days with something to find."""
    return lf.synth(folder / "days", days=3, seed=7, activity=0.03, alpha=0.05, symbol="TOY")


@pytest.fixture(scope="session")
def rows(days):
    return lf.features(days, step="10s", labels=["1min"])


@pytest.fixture(scope="session")
def model(days, folder):
    """A logistic model of the first two days."""
    return lf.train(days[:2], folder / "model", kind="logistic", step="10s")


@pytest.fixture(scope="session")
def shared():
    if not (SHARED / "data").is_dir():
        pytest.skip("skipped: no ../shared")
    return SHARED
