"""Results of limits as JUnit XML, which every system for continuous integration reads."""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from rlgen.analysis.gate.limits import ERROR, FAILED, LimitResult
from rlgen.errors import StoreError
from rlgen.util import targets

SUITE = "rlgen check"
#: What XML 1.0 cannot hold, not even escaped; names of imported results may have anything in them.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(path: Path, results: Sequence[LimitResult], store: str, error: str = "") -> None:
    """Write the file, replacing an older one in every case, so that CI never reads a stale one.

    Args:
        path: The file.
        results: One test case each: failed ones have a ``failure``, those that could not be
            judged an ``error``.
        store: What was checked: the class name of the test cases.
        error: Why nothing could be judged at all, if so: a test case of its own.

    Raises:
        StoreError: If the file cannot be written.
    """
    try:
        targets.write(path, document(results, store, error))
    except OSError as problem:
        raise StoreError(f"{path}: cannot be written: {problem.strerror or problem}") from None


def document(results: Sequence[LimitResult], store: str, error: str = "") -> bytes:
    """The XML; see ``write``. Texts are escaped, and what XML cannot hold is replaced."""
    failed = sum(result.verdict == FAILED for result in results)
    errors = sum(result.verdict == ERROR for result in results) + bool(error)
    counts = {
        "tests": str(len(results) + bool(error)),
        "failures": str(failed),
        "errors": str(errors),
        "time": "0",
    }
    root = ET.Element("testsuites", {"name": SUITE, **counts})
    suite = ET.SubElement(root, "testsuite", {"name": SUITE, **counts, "skipped": "0"})
    for result in results:
        case = _case(suite, store, result.name)
        if result.verdict in (FAILED, ERROR):
            element = "failure" if result.verdict == FAILED else "error"
            _problem(case, element, result.numbers, result.kind, result.line)
        else:
            ET.SubElement(case, "system-out").text = _clean(result.line)
    if error:
        _problem(_case(suite, store, "the store can be judged"), "error", error, "store", error)
    ET.indent(root, " ")
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(suite: ET.Element, store: str, name: str) -> ET.Element:
    attributes = {"classname": _clean(f"rlgen.{store}"), "name": _clean(name), "time": "0"}
    return ET.SubElement(suite, "testcase", attributes)


def _problem(case: ET.Element, element: str, message: str, kind: str, text: str) -> None:
    attributes = {"message": _clean(message), "type": kind}
    ET.SubElement(case, element, attributes).text = _clean(text)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
