"""Where a command is about to write."""

import os

import pytest

from rlgen.errors import RlgenError
from rlgen.util.targets import check_replaceable


def test_a_page_may_replace_a_page_and_what_is_empty(tmp_path):
    (tmp_path / "page.html").write_text("<!DOCTYPE html><p>")
    (tmp_path / "empty.html").touch()
    (tmp_path / "link.html").symlink_to(tmp_path / "new.html")
    for name in ("page.html", "empty.html", "new.html", "link.html", os.devnull):
        check_replaceable(tmp_path / name, "page")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty.html", "link.html", "page.html"]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("nowhere/page.html", "cannot be written: No such file or directory"),
        ("note.txt/page.html", "cannot be written: Not a directory"),
        ("/proc/page.html", "cannot be written: No such file or directory"),
        ("leads/page.html", "cannot be written: No such file or directory"),
        ("note.txt", "is there and is no page; it is not replaced"),
        (".", "is a folder, and no page"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_computed(tmp_path, place, why):
    (tmp_path / "note.txt").write_text("mine")
    (tmp_path / "leads").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RlgenError) as error:
        check_replaceable(tmp_path / place, "page")
    assert str(error.value).endswith(why)
    assert (tmp_path / "note.txt").read_text() == "mine"
