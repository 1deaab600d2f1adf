"""The documents are built without a warning; their picture and links are those of today."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from urllib.parse import unquote, urljoin

import pytest
from documents import ROOT, documents
from packaging.requirements import Requirement

pytest.importorskip("sphinx", reason="the extra docs is not installed")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    out = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*command, "-d", str(out / "doctrees"), str(ROOT / "docs"), str(out / "html")],
        capture_output=True,
        text=True,
        env={**os.environ, "RLGEN_DOCS_PAGES": ""},
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {
        path.relative_to(out / "html").as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((out / "html").rglob("*.html"))
    }


def test_every_document_has_a_page(pages):
    for path in documents():
        if path.startswith("docs/"):
            assert path.removeprefix("docs/").replace(".md", ".html") in pages


def test_links_within_lead_somewhere(pages):
    for page, text in pages.items():
        for target in re.findall(r'href="([^"]+)"', text):
            if re.match(r"[A-Za-z]+:|#", target) or "_static" in target or "_sources" in target:
                continue
            if target == "results/quickstart/report.html":
                continue  # of the notebook's study, whose page is not kept
            path, _, anchor = urljoin(f"/{page}", unquote(target))[1:].partition("#")
            assert path in pages or path.endswith((".xml", ".js", ".inv")), (page, target)
            if anchor and path in pages:
                assert f'id="{anchor}"' in pages[path], (page, target)


def test_what_is_generated_and_computed_is_there(pages):
    assert "n_train_levels" in pages["reference/keys.html"]
    assert "maze-tunnel" in pages["reference/catalogues.html"]
    assert "--max-gap" in pages["reference/commands.html"]
    assert "6 cells, 0 computed, 6 already there" in pages["howto/notebook.html"]
    assert "image/png" in pages["howto/notebook.html"] or ".png" in pages["howto/notebook.html"]
    assert 'href="../explanation/method.html#k-11"' in pages["howto/families.html"]


def test_the_picture_is_what_its_program_draws(tmp_path):
    pins = map(Requirement, (ROOT / "constraints.txt").read_text().split("\n", 2)[2].splitlines())
    (pinned,) = (pin for pin in pins if pin.name == "matplotlib")
    if version("matplotlib") not in pinned.specifier:
        pytest.skip("another version of matplotlib draws otherwise")
    target = tmp_path / "picture.svg"
    subprocess.run([sys.executable, ROOT / "docs" / "picture.py", target], check=True)
    assert target.read_text() == (ROOT / "docs" / "learning-curves.svg").read_text()
