"""Numbers that documents take from tables which a command prints: each stands there, rounded."""

import re

import pytest
from documents import ROOT

_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
BENCHMARKS, STATISTICS = "tests/benchmarks/README.md", "rlgen/analysis/stats/README.md"
#: Document, beginning of a line or sentence in it, the table with its numbers, and the factor
#: between the two (a share there may be a percentage here).
TAKEN = [
    ("docs/reference/speed.md", "- A small ConvNet plays", BENCHMARKS, 1),
    ("docs/reference/speed.md", "- PPO trains", BENCHMARKS, 1),
    ("docs/reference/speed.md", "- Environments take", BENCHMARKS, 1),
    ("docs/reference/speed.md", "- 10,000 levels are", BENCHMARKS, 1),
    ("docs/reference/speed.md", "- Exact evaluation", BENCHMARKS, 1),
    ("docs/reference/speed.md", "- A sweep of", BENCHMARKS, 1),
    ("docs/howto/groups.md", "With 4 groups", STATISTICS, 100),
]


def numbers(text):
    """Of each number its value and half of its last digit's unit."""
    for match in _NUMBER.finditer(text):
        plain = match[0].strip(",").replace(",", "")
        yield float(plain), 0.5 * 10.0 ** -len(plain.partition(".")[2])


def rows(path):
    """The rows of a document's tables, as text."""
    return [line for line in (ROOT / path).read_text().splitlines() if line.startswith("|")]


def passage(path, start):
    """From ``start`` to the next item, paragraph or end of the sentence."""
    text = (ROOT / path).read_text()
    assert start in text, (path, start)
    rest = text[text.index(start) :]
    return re.split(r"\n- |\n\n|:\s", rest, maxsplit=1)[0]


@pytest.mark.parametrize(("path", "start", "table", "factor"), TAKEN)
def test_numbers_stand_in_their_table(path, start, table, factor):
    there = [value for row in rows(table) for value, _ in numbers(row)]
    for value, half in numbers(passage(path, start)):
        scaled = [value, value / factor]
        slack = [half, half / factor]
        assert any(
            abs(other - own) <= 1.000001 * near
            for own, near in zip(scaled, slack, strict=True)
            for other in there
        ), (path, value)


def test_numbers_are_read_with_their_precision():
    assert list(numbers("1,024 at 15.1 million, v2 of 0.01")) == [
        (1024.0, 0.5),
        (15.1, 0.05),
        (0.01, 0.005),
    ]
