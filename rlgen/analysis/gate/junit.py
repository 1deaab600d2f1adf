"""Checks as JUnit XML, which every system for continuous integration reads."""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from rlgen.analysis.gate.limits import ERROR, FAILED, Check
from rlgen.errors import StoreError
from rlgen.util import files

SUITE = "rlgen check"
#: What XML 1.0 cannot hold, not even escaped; names of imported results may have anything in them.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(path: Path, checks: Sequence[Check], store: str, error: str = "") -> None:
    """Write the file; an older one is replaced in every case, so that CI never reads a stale one.

    Args:
        path: The file.
        checks: One test case each: failed ones have a ``failure``, those that could not be judged
            an ``error``.
        store: What was checked: the class name of the test cases.
        error: Why nothing could be judged at all, if so: a test case of its own.

    Raises:
        StoreError: If the file cannot be written.
    """
    try:
        files.write_bytes(path, document(checks, store, error))
    except OSError as problem:
        raise StoreError(f"{path}: cannot be written: {problem.strerror or problem}") from None


def document(checks: Sequence[Check], store: str, error: str = "") -> bytes:
    """The XML; see ``write``. Texts are escaped, and what XML cannot hold is replaced."""
    failed = sum(check.verdict == FAILED for check in checks)
    errors = sum(check.verdict == ERROR for check in checks) + bool(error)
    counts = {
        "tests": str(len(checks) + bool(error)),
        "failures": str(failed),
        "errors": str(errors),
        "time": "0",
    }
    root = ET.Element("testsuites", {"name": SUITE, **counts})
    suite = ET.SubElement(root, "testsuite", {"name": SUITE, **counts, "skipped": "0"})
    for check in checks:
        case = _case(suite, store, check.name)
        if check.verdict in (FAILED, ERROR):
            element = "failure" if check.verdict == FAILED else "error"
            told = {"message": _clean(check.numbers), "type": check.kind}
            ET.SubElement(case, element, told).text = _clean(check.line)
        else:
            ET.SubElement(case, "system-out").text = _clean(check.line)
    if error:
        told = {"message": _clean(error), "type": "store"}
        ET.SubElement(_case(suite, store, "the store can be judged"), "error", told).text = _clean(
            error
        )
    ET.indent(root, " ")
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(suite: ET.Element, store: str, name: str) -> ET.Element:
    told = {"classname": _clean(f"rlgen.{store}"), "name": _clean(name), "time": "0"}
    return ET.SubElement(suite, "testcase", told)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
