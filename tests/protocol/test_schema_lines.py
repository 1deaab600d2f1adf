"""Editors find the schema of shipped protocol files by their first line."""

import json
import re
from pathlib import Path

import pytest
from commands import rlgen

ROOT = Path(__file__).parents[2] / "protocols" / "rlgen_protocols"
SCHEMA = ROOT / "protocol.schema.json"


def test_the_shipped_schema_is_what_the_command_prints():
    out, _ = rlgen("schema")
    assert SCHEMA.read_text(encoding="utf-8") == out, "run: rlgen schema > the file"
    json.loads(out)


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.toml")), ids=lambda p: f"{p.parent.name}/{p.name}"
)
def test_the_first_line_leads_to_it(path):
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    (target,) = re.findall(r"^#:schema (\S+)$", first)
    assert (path.parent / target).resolve() == SCHEMA
