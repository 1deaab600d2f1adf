"""Files of returns with something wrong in them: read rightly, or refused and nothing is left."""

import io
import shutil
from unittest import mock

import numpy as np

from campaign.acts import act, faults
from campaign.damage import DEEP
from campaign.subjects import rng_of, table

FIELDS = (
    *("", " ", "nan", "inf", "-1", "1e400", "1,5", "x", "NA", "None", "true", "0x10", "1_000"),
    *(
        '"',
        '"a',
        "a\x1b[2J",
        "\u202e",
        "9" * 400,
        "9" * 5000,
        "train",
        "test",
        "=1+1",
        "0.5.5",
        "½",
    ),
)
HEADERS = ("return", "reward", "seed", "pool", "level", "agent", "", "solved", "step", "a\tb", "r")
#: One in so many cases draws the page, which takes a second.
PAGES = 25


def cases(folder, numbers):
    """A line for each thing that a case shows and none may show."""
    for number in numbers:
        rng = rng_of("tables", number)
        place = folder / "case"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        names = _files(place, rng)
        words = ("import", *names, "-o", "store", *_options(rng))
        drawn = mock.patch("rlgen.report.page.render", side_effect=lambda *_: "")
        with drawn if number % PAGES else mock.MagicMock():
            done = act(*words, cwd=place)
        for line in faults(done):
            yield f"case {number}: {line}: {' '.join(words)}: {_head(place, names)}"
        left = sorted(path.name for path in place.iterdir() if path.name not in names)
        if left != (["store"] if done.code == 0 else []):
            yield f"case {number}: exit code {done.code} and left is {left}"


def _head(place, names):
    return [(place / name).read_bytes()[:300] for name in names]


def _options(rng):
    options = [
        (),
        ("--pool", "test"),
        ("--set", "agent=ppo"),
        ("--set", "oracle=1", "--set", "random=0"),
        ("--column", "return=reward"),
        ("--pattern", "{seed}.csv"),
        ("--repeats",),
        ("--own-numbers",),
        ("--last", "0"),
        ("--json",),
    ]
    chosen = [options[int(rng.integers(len(options)))] for _ in range(int(rng.integers(3)))]
    return tuple(word for each in dict.fromkeys(chosen) for word in each)


def _files(place, rng):
    names = []
    for number in range(1 + int(rng.random() < 0.3)):
        kind = rng.random()
        if kind < 0.65:
            name, data = f"{number}.csv", _csv(rng)
        elif kind < 0.8:
            name, data = f"{number}.monitor.csv", _monitor(rng)
        elif kind < 0.92:
            name, data = f"{number}.npz", _npz(rng)
        else:
            name, data = f"{number}.parquet", _parquet(rng)
        if rng.random() < 0.25:
            data = _spoilt(data, rng)
        (place / name).write_bytes(data)
        names.append(name)
    return names


def _csv(rng):
    separator = ",;\t|"[int(rng.integers(4)) if rng.random() < 0.3 else 0]
    rows = [table(rng).columns.tolist(), *table(rng).astype(str).to_numpy().tolist()]
    for _ in range(int(rng.integers(4))):
        way, row = int(rng.integers(7)), int(rng.integers(len(rows)))
        column = int(rng.integers(len(rows[row]) or 1))
        if way == 0 and rows[row]:
            rows[row][column % len(rows[row])] = FIELDS[int(rng.integers(len(FIELDS)))]
        elif way == 1 and rows[row]:
            del rows[row][column % len(rows[row])]
        elif way == 2:
            rows[row].append(FIELDS[int(rng.integers(len(FIELDS)))])
        elif way == 3:
            rows.insert(row, list(rows[row]))
        elif way == 4 and rows[0]:
            rows[0][column % len(rows[0])] = HEADERS[int(rng.integers(len(HEADERS)))]
        elif way == 5:
            for other in rows[1:]:
                if len(other) > column:
                    other[column] = FIELDS[int(rng.integers(len(FIELDS)))]
        elif len(rows) > 1:
            del rows[row]
    return "\n".join(separator.join(row) for row in rows).encode("utf-8", "replace")


def _monitor(rng):
    head = ['#{"t_start": 1.0, "env_id": "CartPole-v1"}', "#{}", "#[1]", "# x", f"#{DEEP}", ""]
    lines = [head[int(rng.integers(len(head)))], "r,l,t"]
    for row in range(int(rng.integers(6))):
        lines.append(f"{rng.normal():.3f},{int(rng.integers(50))},{row}.5")
    if rng.random() < 0.5:
        field = FIELDS[int(rng.integers(len(FIELDS)))]
        lines.insert(int(rng.integers(len(lines) + 1)), f"{field},1,2")
    return "\n".join(lines).encode("utf-8", "replace")


def _npz(rng):
    n = int(rng.integers(0, 4))
    arrays = {"timesteps": np.arange(n) * 100, "results": rng.normal(size=(n, 3))}
    arrays["ep_lengths"] = rng.integers(1, 9, (n, 3))
    others = (
        np.array("x"),
        np.array([[np.nan] * 3] * n),
        np.zeros(n),
        np.zeros((n, 3, 2)),
        np.array(["a"] * n),
        np.zeros((n, 0)),
        rng.normal(size=(n, 3)) > 0,
        np.full((n, 3), 1e308),
        np.array([1 + 2j] * n),
        np.array(["2020-01-01"] * n, "datetime64[D]"),
    )
    if rng.random() < 0.6:
        name = ("timesteps", "results", "ep_lengths", "successes")[int(rng.integers(4))]
        arrays[name] = others[int(rng.integers(len(others)))]
    if rng.random() < 0.1:
        del arrays["results"]
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _parquet(rng):
    rows = table(rng)
    others = ([None] * len(rows), [[1]] * len(rows), ["x"] * len(rows), [2**62] * len(rows))
    others += ([True] * len(rows), [b"\xff"] * len(rows), [float("nan")] * len(rows))
    if rng.random() < 0.7:
        column = rows.columns[int(rng.integers(len(rows.columns)))]
        rows[column] = others[int(rng.integers(len(others)))]
    file = io.BytesIO()
    rows.to_parquet(file, index=False)
    return file.getvalue()


def _spoilt(data, rng):
    where = int(rng.integers(len(data) + 1))
    return (
        data[:where],
        data[:where] + rng.bytes(3) + data[where:],
        b"\xef\xbb\xbf" + data,
        data.decode("latin-1").encode("utf-16"),
        b"",
        data + b"\x00" * 50,
        data.replace(b"\n", b"\r"),
        data + data,
    )[int(rng.integers(8))]
