"""Policies of the Hugging Face hub, fetched from an endpoint of the test's own."""

import hashlib
import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import rlgen
from rlgen.errors import ProtocolError
from rlgen.protocol import hub, suite

pytest.importorskip("huggingface_hub")
REVISION = "a" * 40
FILES = {"runs/ppo.zip": b"weights", "runs/vec_normalize.pkl": b"pickle", "README.md": b"# card"}


class Answers(BaseHTTPRequestHandler):
    """What the hub's service answers of one repository."""

    def answer(self):
        files, path = self.server.files, self.path.partition("?")[0]
        if path.startswith("/api/models/org/repo"):
            siblings = [{"rfilename": n, "size": len(data)} for n, data in files.items()]
            card = {"id": "org/repo", "sha": REVISION, "siblings": siblings}
            return 200, json.dumps(card).encode(), {"Content-Type": "application/json"}
        _, _, name = path.partition(f"/org/repo/resolve/{REVISION}/")
        if name not in files:
            return 404, b"", {"X-Error-Code": "EntryNotFound"}
        self.server.sent.append(name)
        etag = f'"{hashlib.sha1(files[name]).hexdigest()}"'
        return 200, files[name], {"ETag": etag, "X-Repo-Commit": REVISION}

    def do_GET(self):
        code, data, headers = self.answer()
        self.send_response(code)
        for key, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def do_HEAD(self):
        self.do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def service(tmp_path, monkeypatch):
    from huggingface_hub import constants

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.files, server.sent = dict(FILES), []
    worker = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    worker.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    yield server
    server.shutdown()
    server.server_close()
    worker.join()


def test_a_file_comes_with_what_belongs_to_it_and_nothing_else(service, tmp_path):
    path = Path(hub.fetched("hf://org/repo/runs/ppo.zip"))
    assert path.is_relative_to(tmp_path / "cache")
    assert path.read_bytes() == b"weights"
    assert (path.name, REVISION in path.parts) == ("ppo.zip", True)
    assert (path.parent / "vec_normalize.pkl").read_bytes() == b"pickle"
    assert set(service.sent) == {"runs/ppo.zip", "runs/vec_normalize.pkl"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hf://org/repo", "is not like hf://ORG/REPOSITORY/FILE.zip"),
        ("hf://org/repo/../../x.zip", "is not like"),
        ("hf://o rg/repo/x.zip", "is not like"),
        ("hf://org/repo/runs/pp.zip", "did you mean 'runs/ppo.zip'"),
        ("hf://org/other/ppo.zip", "cannot be fetched: "),
    ],
)
def test_what_is_not_there_is_refused(name, message, service):
    with pytest.raises(ProtocolError, match=message):
        hub.fetched(name)
    assert not service.sent


def test_what_is_too_large_is_not_fetched(service, monkeypatch):
    monkeypatch.setattr(hub, "MOST_BYTES", 3)
    with pytest.raises(ProtocolError, match="is larger than 3 bytes"):
        hub.fetched("hf://org/repo/runs/ppo.zip")
    assert not service.sent


@pytest.mark.slow
def test_a_model_of_the_hub_is_read_with_its_training_levels(service, tmp_path):
    from lanes import Lanes
    from stable_baselines3 import A2C

    model = A2C("MlpPolicy", rlgen.LevelEnv(Lanes, range(9)), device="cpu").learn(10)
    model.save(tmp_path / "own.zip")
    beside = rlgen.save_levels(model, tmp_path / "own.zip")
    service.files = {p.name: p.read_bytes() for p in (tmp_path / "own.zip", beside)}
    keys = {"name": "s", "family": "lanes:Lanes", "test_levels": "10:20"}
    policy = {"policy": {"a2c": "hf://org/repo/own.zip"}}
    (protocol, _), *_ = suite.read(keys | policy).parts
    assert (protocol.train_levels, protocol.agent) == ("0:9", ("a2c",))
    (text,) = protocol.policy
    assert REVISION in text
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(ProtocolError, match=r"'hf://org/repo/none.zip': there is no 'none.zip'"):
        suite.read(keys | {"policy": "hf://org/repo/none.zip"})
