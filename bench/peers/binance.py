#!/usr/bin/env python3
"""Reading the depth messages of a Binance capture: lobflow beside msgspec and simdjson, in the same run.

    python3 bench/peers/binance.py CAPTURE [CAPTURE...] [--build build/release] [--rounds 15]

All read the same messages, one JSON each, from memory, on one thread, taking turns; where a message begins is known. lobflow makes whole numbers of
ticks and lots of all prices and sizes, simdjson (on demand, C++, keys asked for in the venue's order) makes doubles,
msgspec (typed decoder) leaves the texts as they are, or makes doubles of them (strict=False). Times are the thread's
own; the best of all rounds counts, which other work on the machine disturbs least. Every reader must find the same
sums. msgspec comes from PyPI, simdjson from libsimdjson-dev; what is missing is skipped with a line.
`lobflow bench feed --data CAPTURE` times the whole reader: lines, books, order of events.
"""
import argparse
import functools
import gc
import gzip
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def depth_messages(paths):
    """JSON of all depth messages, without local times."""
    for path in paths:
        with open(path, "rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
        with (gzip.open if is_gzip else open)(path, "rb") as lines:
            for line in lines:
                text = line[line.index(b"{"):].rstrip()
                if b'@depth"' in text[:80] or b"@depth@" in text[:80]:
                    yield text


def decimals(values):
    return max((len(value.partition(".")[2].rstrip("0")) for value in values), default=0)


def facts(messages):
    """What every reader must find, by Python's own JSON; and the decimals of a tick and a lot."""
    data = [json.loads(text)["data"] for text in messages]
    levels = [level for m in data for level in m["b"] + m["a"]]
    places = [decimals(level[i] for level in levels) for i in (0, 1)]
    found = {"messages": len(data), "levels": len(levels), "ids": sum(m["u"] for m in data)}
    for i, name in enumerate(("prices", "sizes")):
        found[name] = sum(round(float(level[i]) * 10 ** places[i]) for level in levels)
    return found, places


# ---- readers: each gives the ns of some rounds ----------------------------------------------------------------------


def run_program(words, file, rounds, places):
    done = subprocess.run([*words, file, str(rounds), *map(str, places)], check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    return found.pop("ns"), found


def msgspec_readers():
    """Typed decoders, to texts and to doubles, each of which gives its ns and its counts; none without msgspec."""
    try:
        import msgspec
    except ImportError:
        print("skipped: msgspec is not installed", file=sys.stderr)
        return {}

    def read(decode, messages, rounds):
        times = []
        for i in range(rounds + 1):
            gc.collect()
            begin = time.thread_time_ns()
            for text in messages:
                decode(text)
            if i > 0:
                times.append(time.thread_time_ns() - begin)
        data = [decode(text).data for text in messages]
        return times, {"messages": len(data), "levels": sum(len(m.b) + len(m.a) for m in data), "ids": sum(m.u for m in data)}

    readers = {}
    for name, kind, strict in (("texts", str, True), ("doubles", float, False)):
        fields = [("E", int), ("U", int), ("u", int), ("b", list[tuple[kind, kind]]), ("a", list[tuple[kind, kind]])]
        data = msgspec.defstruct("Data", [*fields, ("T", int, 0), ("pu", int, 0)])
        decode = msgspec.json.Decoder(msgspec.defstruct("Message", [("data", data)]), strict=strict).decode
        readers[f"msgspec {msgspec.__version__}, typed, {name}"] = functools.partial(read, decode)
    return readers


def build_simdjson(folder):
    """The path of the program, or None without a compiler or the library."""
    program = pathlib.Path(folder) / "binance_simdjson"
    if shutil.which("c++") is None:
        print("skipped: simdjson needs a C++ compiler", file=sys.stderr)
        return None
    words = ["c++", "-std=c++17", "-O3", "-march=native", "-DNDEBUG", str(HERE / "binance_simdjson.cpp"), "-lsimdjson"]
    done = subprocess.run([*words, "-o", str(program)], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"skipped: simdjson: {done.stderr.strip().splitlines()[0]}", file=sys.stderr)
        return None
    return program


# ---- the rounds -----------------------------------------------------------------------------------------------------


def check(label, found, truth):
    wrong = {k: (v, truth[k]) for k, v in found.items() if k in truth and v != truth[k]}
    if wrong:
        sys.exit(f"{label} found {wrong}")


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--build", default="build/release", help="where lobflow was built")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(words)
    messages = list(depth_messages(options.captures))
    truth, places = facts(messages)
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "messages"
        file.write_bytes(b"\n".join(messages) + b"\n")
        simdjson, typed = build_simdjson(folder), msgspec_readers()
        programs = {"lobflow, whole numbers": [f"{options.build}/bin/bench_binance_messages"]}
        if simdjson is not None:
            programs["simdjson on demand, doubles"] = [str(simdjson)]
        for _ in range(3):
            for label, words in programs.items():
                got, found = run_program(words, str(file), options.rounds // 3 + 1, places)
                check(label, found, truth)
                times.setdefault(label, []).extend(got)
            for label, read in typed.items():
                got, found = read(messages, options.rounds // 3 + 1)
                check(label, found, truth)
                times.setdefault(label, []).extend(got)
    count, size = truth["messages"], sum(map(len, messages))
    print(f"{count} depth messages, {truth['levels'] / count:.1f} levels and {size / count:.0f} bytes each")
    print(f"{'reader':<36}{'ns/message':>12}{'GB/s':>8}{'lobflow is':>14}")
    ours = min(times["lobflow, whole numbers"])
    for label, all_times in times.items():
        best = min(all_times)
        print(f"{label:<36}{best / count:>12.1f}{size / best:>8.2f}{best / ours:>11.2f} x")
    print("all readers agree on every sum they make")
    return 0


if __name__ == "__main__":
    sys.exit(main())
