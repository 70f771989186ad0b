"""Wrong arguments: what is said, and that it is said before anything is done."""

import numpy as np
import pytest

import lobflow as lf
import lobflow.distributed as ld


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
