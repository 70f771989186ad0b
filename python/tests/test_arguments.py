"""Wrong arguments: what is said, and that it is said before anything is done."""

import fractions
import json

import numpy as np
import pytest

import lobflow as lf
import lobflow.distributed as ld
from lobflow import _config
from lobflow._core import check, ffi, lib, new_error, take_text


@pytest.mark.parametrize("call, kind, part", [
    (lambda d, m: lf.features(5), TypeError, "the days are 5; Days, a path or a list of paths"),
    (lambda d, m: lf.features(None), TypeError, "the days are None"),
    (lambda d, m: lf.features(b"days"), TypeError, "the days are b'days'"),
    (lambda d, m: lf.features([5]), TypeError, "a path is 5"),
    (lambda d, m: lf.open(5), TypeError, "a path is 5; a text, a path or Days"),
    (lambda d, m: lf.features(d[0], labels=[1]), TypeError, "labels holds 1; a label is a text"),
    (lambda d, m: lf.features(d[0], labels=1), TypeError, "labels is 1; a text such as"),
    (lambda d, m: lf.features(d[0], labels=["soon"]), lf.LobflowError, "soon"),
    (lambda d, m: d[7], IndexError, "there are 3 days, counted from 0; 7 is none of them"),
    (lambda d, m: d[-4], IndexError, "-4 is none"),
    (lambda d, m: d["2024-01-02"], TypeError, "by its number or a slice"),
    (lambda d, m: d[1.5], TypeError, "not by 1.5"),
    (lambda d, m: lf.backtest(d[2], "x", model=m, jobs="x"), TypeError, "jobs is 'x'; it is a whole number"),
    (lambda d, m: lf.backtest(d[2], "x", model=m, jobs=True), TypeError, "jobs is True"),
    (lambda d, m: lf.backtest(d[2], "x", model=m, jobs=0), lf.RangeError, "jobs is 0; it is at least 1"),
    (lambda d, m: lf.backtest(d[2], "x", model=m, jobs=2**40), lf.RangeError, "too many"),
    (lambda d, m: ld.features(d, "x", workers="two"), TypeError, "workers is 'two'"),
    (lambda d, m: ld.features(d, "x", workers=0), lf.RangeError, "workers is 0"),
    (lambda d, m: lf.synth("x", days="five"), TypeError, "days is 'five'"),
    (lambda d, m: lf.synth("x", days=0), lf.RangeError, "days is 0; it is at least 1"),
    (lambda d, m: lf.synth("x", dayz=3), TypeError, r"synth\(\) has no keyword 'dayz'; did you mean 'days'\?"),
    (lambda d, m: lf.open(".", symbl="A"), TypeError, r"open\(\) has no keyword 'symbl'; did you mean 'symbol'\?"),
    (lambda d, m: lf.features(d[0], lables=["1min"]), TypeError, "did you mean 'labels'"),
    (lambda d, m: lf.features(d[0], vpin_buckets=5), TypeError, "did you mean 'vpin_bucket'"),
    (lambda d, m: lf.impact(d[0], windows="10s"), TypeError, "did you mean 'window'"),
    (lambda d, m: lf.train(d[:2], "x", presets="brief"), TypeError, r"train\(\) has no keyword 'presets'; did you mean 'preset'"),
    (lambda d, m: m.predict(d[2], insample=True), TypeError, r"predict\(\) has no keyword 'insample'; did you mean 'in_sample'"),
    (lambda d, m: lf.backtest(d[2], "x", modle=m), TypeError, "did you mean 'model'"),
    (lambda d, m: lf.run(d, "x", ordersize=5), TypeError, "did you mean 'order_size'"),
    (lambda d, m: lf.sweep(d, "x", {}, modl=m), TypeError, "did you mean 'model'"),
    (lambda d, m: lf.inspect(d, zzz=1), TypeError, r"inspect\(\) has no keyword 'zzz'$"),
    (lambda d, m: ld.backtest(d, "x", model=m, client_=None), TypeError, "did you mean 'client'"),
    (lambda d, m: lf.forecast(d[2], up=m), TypeError, r"forecast\(\) has no keyword 'up'"),
    (lambda d, m: lf.features(d[0], progress=5), TypeError, "progress is 5; it is True, False, None or a function"),
    (lambda d, m: lf.features(d[0], config={"features.sett": "vpin"}), lf.NotFoundError, "set"),
    (lambda d, m: lf.features(d[0], step="soon"), lf.LobflowError, "soon"),
])
def test_kind_words(days, model, tmp_path, monkeypatch, call, kind, part):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=part):
        call(days, model)
    assert not list(tmp_path.iterdir())


def test_what_is_right_goes_on(days):
    assert days[np.int64(1)].dates == days[1].dates == days[-2].dates
    assert len(days[5:]) == 0 and len(days[:2]) == 2
    assert len(lf.features(days[0], set="ofi_1s", step="1min", labels=iter(["1min"]))) > 100
    assert lf.synth.__doc__.startswith("Simulate days") and lf.synth.__name__ == "synth"


@pytest.mark.parametrize("key, value, same", [
    ("risk.order_size", np.int64(50), 50),
    ("risk.order_size", np.uint8(50), 50),
    ("risk.order_size", np.array(50), 50),
    ("signal.p_long", np.float32(0.625), 0.625),
    ("signal.p_long", np.float64(0.625), 0.625),
    ("signal.p_long", fractions.Fraction(5, 8), 0.625),
    ("execution.post_only", np.True_, True),
])
def test_numbers_of_any_kind(key, value, same):
    def written(one):
        out, error = ffi.new("char **"), new_error()
        check(lib.lf_config_text(_config.make({key: one}, {}), ffi.NULL, out, error), error)
        return take_text(out[0])

    assert written(value) == written(same) != written({"risk.order_size": 51, "signal.p_long": 0.75}.get(key, False))


def test_numbers_of_numpy_everywhere(days, model, tmp_path):
    """Each call with numpy's numbers does what it does with Python's."""
    results = []
    for k, (whole, real, true) in enumerate([(int, float, bool), (np.int64, np.float64, np.bool_), (np.int32, np.float32, np.bool_)]):
        made = lf.synth(tmp_path / f"d{k}", days=whole(1), seed=whole(3), levels=whole(3), activity=real(0.0625), jobs=whole(1),
                        continuous=true(False))
        run = lf.backtest(days[2], tmp_path / f"r{k}", model=model, step="10s", order_size=whole(50), jobs=whole(1),
                          in_sample=true(False))
        swept = lf.sweep(days[2], tmp_path / f"s{k}", {"signal.p_long": [real(0.5), real(0.625)], "execution.post_only": [true(True)]},
                         model=model, step="10s")
        study = lf.impact(days[0], window=whole(10**9), whole_session=true(True))
        rows = lf.features(days[0], set="spread_bps", step="1min", each_event=true(False))
        results.append((lf.inspect(made[whole(0)]), run.metrics["pnl"], swept["fills"].tolist(), json.dumps(study), len(rows)))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("value", [np.array([1, 2]), 1j, object(), np.datetime64("2024-01-02")])
def test_what_is_no_number_is_refused(days, value):
    with pytest.raises(TypeError, match="risk.order_size: a value of type"):
        lf.features(days[0], config={"risk.order_size": value})
