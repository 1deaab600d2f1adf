"""Files of every kind, each damaged in many ways, as disks do it and as strangers would."""

import json
import os
import tomllib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from campaign import subjects
from campaign.acts import act, differences, faults
from campaign.subjects import Snapshot, reseal, rng_of

DEEP = "[" * 3000 + "]" * 3000
#: What a value in a file is replaced by.
VALUES = (
    *(None, True, -1, 0, 3.5, 10**30, 1e308, float("nan"), float("inf"), -(2**63), 2**63),
    *(
        "",
        "x",
        "x" * 100_000,
        "a\x1b[2J\nppo generalises",
        "../../up",
        "/etc/passwd",
        "\u202e",
        "$",
    ),
    *([], {}, [None], [[]], {"a": 1}, [1, "x"], {"": ""}),
)
#: What each way does to a file; each takes its bytes and a generator.
_BYTES = {
    "empty": lambda data, rng: b"",
    "truncated": lambda data, rng: data[: int(rng.integers(len(data) + 1))],
    "first half twice": lambda data, rng: data[: len(data) // 2] * 2,
    "binary": lambda data, rng: rng.bytes(300),
    "zeros": lambda data, rng: bytes(len(data)),
    "byte order mark": lambda data, rng: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data, rng: data.decode("latin-1").encode("utf-16"),
    "deep": lambda data, rng: DEEP.encode(),
    "deep value": lambda data, rng: b'{"a": ' + DEEP.encode() + b"}",
    "long": lambda data, rng: b'"' + b"x" * 3_000_000 + b'"',
    "huge number": lambda data, rng: b"1" + b"0" * 5000,
    "not a number": lambda data, rng: b"[NaN, Infinity, 1e999]",
    "null": lambda data, rng: b"null",
    "list": lambda data, rng: b"[]",
    "object": lambda data, rng: b"{}",
    "text": lambda data, rng: b'"text"',
    "lines of Windows": lambda data, rng: data.replace(b"\n", b"\r\n"),
    "control characters": lambda data, rng: b"\x1b[2J\x00\x07" + data,
}
#: What stands in a file's place.
_PLACES = ("gone", "folder", "pipe", "loop", "link to a device", "link to another", "full folder")
#: Ways that understand what they damage.
_INSIDE = ("value", "key gone", "further key", "twice", "column")


def cases(folder, numbers):
    """A line for each thing that a case shows and none may show."""
    stores = [_Store(subjects.study(folder), folder), _Store(subjects.imported(folder), folder)]
    files = [_file(folder, subjects.bundle(folder))]
    for number in numbers:
        rng = rng_of("damage", number)
        kind = rng.random()
        case = stores[0].case if kind < 0.7 else stores[1].case if kind < 0.9 else files[0]
        for line in case(number, rng):
            yield f"case {number}: {line}"


def place(path, way, rng):
    """Put something else in a file's place."""
    data = path.read_bytes()
    path.unlink()
    if way == "folder":
        path.mkdir()
    elif way == "full folder":
        path.mkdir()
        (path / "x").write_bytes(data)
    elif way == "pipe":
        os.mkfifo(path)
    elif way == "loop":
        path.symlink_to(path.name)
    elif way == "link to a device":
        path.symlink_to("/dev/zero")
    elif way == "link to another":
        others = sorted(p for p in path.parent.parent.rglob(f"*{path.suffix}") if p.is_file())
        if others:
            path.symlink_to(others[int(rng.integers(len(others)))])


def changed(data, suffix, way, rng):
    """The bytes of a file with one thing in it changed; None where there is no such thing."""
    if suffix == ".json":
        content = _mutated(json.loads(data), way, rng)
        return None if content is _SAME else json.dumps(content).encode()
    if suffix == ".toml":
        content = _mutated(tomllib.loads(data.decode()), way, rng)
        try:
            return None if content is _SAME else tomli_w.dumps(content).encode()
        except (TypeError, AttributeError, ValueError):
            return None
    if suffix == ".parquet" and way in ("column", "value", "key gone"):
        return _table(data, way, rng)
    return None


_SAME = object()


def _mutated(content, way, rng):
    """A copy of nested values with one of them changed."""
    nodes = []

    def walk(value, path):
        nodes.append(path)
        if isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, inner in list(items)[:200]:
                walk(inner, (*path, key))

    walk(content, ())
    # Of each depth alike: most of the nodes are numbers in long lists.
    depths = sorted({len(path) for path in nodes})
    depth = depths[int(rng.integers(len(depths)))]
    alike = [path for path in nodes if len(path) == depth]
    path = alike[int(rng.integers(len(alike)))]
    new = VALUES[int(rng.integers(len(VALUES)))]
    if not path:
        return new if way == "value" else _SAME
    *before, last = path
    parent = content
    for key in before:
        parent = parent[key]
    if way == "value":
        parent[last] = new
    elif way == "key gone":
        del parent[last]
    elif way == "further key" and isinstance(parent, dict):
        parent[str(new)[:50]] = new
    elif way == "twice" and isinstance(parent, list):
        parent.append(parent[last])
    else:
        return _SAME
    return content


def _table(data, way, rng):
    table = pq.read_table(pa.BufferReader(data))
    if not table.num_columns or not table.num_rows:
        return None
    number = int(rng.integers(table.num_columns))
    field, n = table.schema.field(number), table.num_rows
    if way == "key gone":
        table = table.remove_column(number)
    elif way == "value":
        column = table.column(number).to_pylist()
        row = int(rng.integers(n))
        others = {str: ["", "x" * 5000, "a\x1b[2J\nb", None], float: [np.nan, np.inf, -1e300, None]}
        kinds = others.get(type(column[row]), [-1, 0, 2**62, None])
        column[row] = kinds[int(rng.integers(len(kinds)))]
        try:
            table = table.set_column(number, field, pa.array(column, field.type))
        except (pa.ArrowException, OverflowError):
            return None
    else:
        columns = [pa.nulls(n), pa.array(["x"] * n), pa.array([1.5] * n), pa.array([[1]] * n)]
        columns += [pa.array([b"\xff"] * n), pa.array([True] * n), pa.array([2**62] * n)]
        table = table.set_column(number, field.name, columns[int(rng.integers(len(columns)))])
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


class _Store:
    """Cases on the files of a store."""

    def __init__(self, store, folder):
        self.store, self.whole, self.right = store, Snapshot(store), {}
        self.page = folder / "page.html"
        self.study = folder / "study.toml"

    def commands(self, number):
        store = self.store
        words = [("check", store, "--max-gap", 9, "--json"), ("verify", store, "--json")]
        more = [
            ("report", store, "-o", self.page),
            ("power", "--store", store),
            ("audit", store, "--json"),
            ("bundle", store, self.page.with_name("other.tar.xz")),
        ]
        return [*words, more[number % 4]] if number % 4 or number % 8 == 0 else words

    def case(self, number, rng):
        names = self.whole.files()
        kinds = sorted({(path.parts[0], path.name)[len(path.parts) > 2] for path in names})
        kind = kinds[int(rng.integers(len(kinds)))]
        alike = [path for path in names if kind in (path.name, path.parts[0])]
        name = alike[int(rng.integers(len(alike)))]
        path, data = self.store / name, self.whole.bytes_of(name)
        ways = [*_BYTES, *_PLACES, *_INSIDE * 4]
        way = ways[int(rng.integers(len(ways)))]
        # A stranger gives damaged files the sums that they have.
        sealed = bool(rng.integers(2)) or way in _INSIDE
        for words in self.commands(number):
            if words not in self.right:
                self.right[words] = act(*words)
        if way in _PLACES:
            place(path, way, rng)
        else:
            new = _BYTES[way](data, rng) if way in _BYTES else changed(data, path.suffix, way, rng)
            if new is None:
                return
            path.write_bytes(new)
        if sealed:
            reseal(path.parent)
        for words in self.commands(number):
            done = act(*words)
            wrong = faults(done) if sealed else differences(done, self.right[words])
            for line in wrong:
                yield f"{way}: {name}: {' '.join(map(str, words))}: {line}"
        left = self.whole.restore()
        if left and way != "full folder":
            yield f"{way}: {name}: files are left over: {left}"


def _file(folder, file):
    """Cases on a bundle."""
    data, right = file.read_bytes(), {}

    def case(number, rng):
        ways = [*_BYTES, *(way for way in _PLACES if way != "link to another")]
        way = ways[int(rng.integers(len(ways)))]
        commands = [("verify", file, "--json"), ("check", file, "--max-gap", 9)]
        for words in commands:
            right.setdefault(words, act(*words))
        if way in _PLACES:
            place(file, way, rng)
        else:
            file.write_bytes(_BYTES[way](data, rng))
        for words in commands:
            for line in differences(act(*words), right[words]):
                yield f"{way}: {file.name}: {' '.join(map(str, words))}: {line}"
        if file.is_dir() and not file.is_symlink():
            for inner in file.iterdir():
                inner.unlink()
            file.rmdir()
        file.unlink(missing_ok=True)
        file.write_bytes(data)

    return case
