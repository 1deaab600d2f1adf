"""What is no protocol is told apart by what it is."""

import pytest
from commands import rlgen as command


@pytest.mark.parametrize("name", ["store", "./store", "store/"])
def test_a_folder_or_bundle_given_as_a_protocol(name, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "store.json").write_text("{}")
    (tmp_path / "s.tar.xz").write_bytes(b"x")
    _, err = command("evaluate", name, code=2, cwd=tmp_path)
    assert "store: is the folder of a study, not a protocol: `rlgen report store` shows it" in err
    _, err = command("evaluate", "s.tar.xz", code=2, cwd=tmp_path)
    assert "is a bundle of a study, not a protocol" in err
    assert "--continue-from s.tar.xz" in err
