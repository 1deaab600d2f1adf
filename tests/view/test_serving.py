"""The served page: who is answered, and that answers are what a page with everything holds."""

import contextlib
import json
import re
import socket
from unittest import mock

import pytest
from commands import rlgen
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from view_pages import held, inflated

from rlgen.store.opening import opened
from rlgen.view import render
from rlgen.view.answers import Answers, Recent
from rlgen.view.content import Extent, content
from rlgen.view.page import render as page_of
from rlgen.view.serving import HEADERS, application
from rlgen.view.studies import Study

TOKEN = "a-token-of-this-test"
FEW = Extent(levels=3, runs=1)
ALL = Extent(levels=1000, runs=1000)


@pytest.fixture(scope="module")
def studies(tiny_store):
    # Twice: two studies beside each other, which here have the same runs.
    with contextlib.ExitStack() as stack:
        yield [Study(stack.enter_context(opened(tiny_store)), str(tiny_store)) for _ in range(2)]


@pytest.fixture(scope="module")
def client(studies):
    page = page_of(content(studies, FEW), "tiny", served=True)
    app = application(page, Answers(studies, FEW), TOKEN)
    return TestClient(app, base_url="http://127.0.0.1:8000")


@pytest.fixture(scope="module")
def everything(tiny_store):
    """What a file holds that has all levels of all runs."""
    return held(render([tiny_store], ALL))


def get(client, *parts, status=200):
    answer = client.get(f"/{TOKEN}/" + "/".join(map(str, parts)))
    assert answer.status_code == status, answer.text
    return answer.json()


def drawn(entry, plans, walks, end):
    """An entry with what its numbers name: its drawing, and its bytes as far as they are alike."""
    own = {key: value for key, value in entry.items() if key not in ("plan", "walk")}
    return own | {"plan": plans[entry["plan"]], "walk": walks[entry["walk"] : end]}


def ends(run, walks):
    starts = sorted(entry["walk"] for entry in run["levels"])
    return dict(zip(starts, [*starts[1:], len(walks)], strict=True))


def test_the_page_is_the_file_that_may_ask_where_it_came_from(client, tiny_store):
    answer = client.get(f"/{TOKEN}/")
    assert answer.status_code == 200
    document, _ = held(answer.text)
    assert document["served"] is True
    file = render([tiny_store], FEW)
    assert held(file)[0]["served"] is False
    policies = [re.search(r'Policy" content="([^"]+)"', p)[1] for p in (answer.text, file)]
    served, own = (policy.replace("&#39;", "'") for policy in policies)
    assert served.endswith("; connect-src 'self'")
    assert served.removesuffix("; connect-src 'self'") == own
    script = [text[text.rindex("<script>") :] for text in (answer.text, file)]
    assert script[0] == script[1], "one script for both"


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "%C3%A9"])
def test_without_the_token_nothing_is_said(client, token):
    for rest in ("", "/", "/levels/0/x"):
        answer = client.get(f"/{token}{rest}")
        assert answer.status_code == 403
        assert answer.text == "the address lacks its token\n"


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:8000", 200), ("localhost:9", 200)]
    + [(h, 400) for h in ("evil.example", "127.0.0.1.evil.example", "www.localhost", "0.0.0.0")],
)
def test_another_host_s_name_is_refused(client, host, status):
    assert client.get(f"/{TOKEN}/", headers={"Host": host}).status_code == status


def test_it_only_reads_and_lets_no_other_page_read(client, everything):
    run = everything[0]["runs"][0]["id"]
    for rest in ("", f"run/0/{run}", f"levels/0/{run}", f"level/0/{run}/test/1"):
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert client.request(method, f"/{TOKEN}/{rest}").status_code == 405
        answer = client.get(f"/{TOKEN}/{rest}", headers={"Origin": "http://evil.example"})
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_what_is_not_there_is_404(client, everything):
    run, cell = everything[0]["runs"][0]["id"], len(everything[0]["cells"])
    elsewhere = next(own["id"] for own in everything[0]["runs"] if own["cell"] != 0)
    for parts in (
        ("run", 2 * cell, run),
        ("run", 10**30, run),
        ("run", 0, elsewhere),
        ("run", 0, ".."),
        ("levels", 0, "%2e%2e%2f%2e%2e%2fetc"),
        ("level", 0, run, "test", 123456789),
        ("level", 0, run, "train", 123456789),
        ("level", 0, run, "validation", 1),
        ("level", 0, run, "test", "9" * 5000),
        ("level", 0, run, "test", "1e3"),
        ("level", 0, run, "test", "²"),
    ):
        answer = client.get(f"/{TOKEN}/" + "/".join(map(str, parts)))
        assert answer.status_code == 404, parts
    get(client, "level", 0, run, "test", "-1", status=404)


@pytest.mark.slow
def test_runs_are_those_of_a_page_that_has_them(client, tiny_store):
    document, packed = held(render([tiny_store], Extent(FEW.levels, 1000)))
    absent = document["cells"][1]["members"]
    assert len(absent) > FEW.runs
    for member in absent:
        answer = get(client, "run", 1, member["id"])
        own = document["runs"][member["drawn"]]
        walks, others = inflated(answer["walks"]), packed[member["drawn"]]
        assert {**answer["run"], "levels": 0} == {**own, "levels": 0}
        both = zip(answer["run"]["levels"], own["levels"], strict=True)
        sizes = ends(answer["run"], walks), ends(own, others)
        for here, there in both:
            assert drawn(here, answer["plans"], walks, sizes[0][here["walk"]]) == drawn(
                there, document["plans"], others, sizes[1][there["walk"]]
            )
    # The second study's cells come after those of the first.
    second = get(client, "run", 1 + len(document["cells"]), absent[0]["id"])
    first = get(client, "run", 1, absent[0]["id"])
    assert second == first | {"run": first["run"] | {"cell": 1 + len(document["cells"])}}


@pytest.mark.slow
def test_all_levels_are_listed_and_each_is_that_of_a_page_that_has_it(client, everything):
    document, packed = everything
    run, walks = document["runs"][-1], packed[-1]
    answer = get(client, "levels", run["cell"], run["id"])
    assert answer["notes"] == []
    evaluated = {
        (entry["pool"], entry["id"]): entry["numbers"]
        for entry in run["levels"]
        if any(entry["numbers"])
    }
    listed = {(entry["pool"], entry["id"]): entry["numbers"] for entry in answer["levels"]}
    assert listed == evaluated
    sizes = ends(run, walks)
    for there in run["levels"]:
        own = get(client, "level", run["cell"], run["id"], there["pool"], there["id"])
        bytes_ = inflated(own["walks"])
        here = next(
            entry
            for entry in own["run"]["levels"]
            if (entry["pool"], entry["id"]) == (there["pool"], there["id"])
        )
        assert drawn(here, own["plans"], bytes_, ends(own["run"], bytes_)[here["walk"]]) == drawn(
            there, document["plans"], walks, sizes[there["walk"]]
        )
        for key in ("walked", "seed", "notes"):
            assert own["run"][key] == run[key]
        twins = [entry["id"] for entry in own["run"]["levels"] if entry["pool"] == "train"]
        assert there["pool"] == "train" or twins == [here["twin"][0]]


def test_lists_are_bounded_and_say_so(studies, everything):
    run = everything[0]["runs"][0]
    answer = json.loads(Answers(studies, FEW, most_levels=3).levels(0, run["id"]))
    counts = [sum(e["pool"] == pool for e in answer["levels"]) for pool in ("train", "test")]
    assert counts == [3, 3]
    assert answer["notes"][-1] == (
        "test: of 8 levels the worst, the middle and the best 3 are listed"
    )


def test_an_answer_is_computed_once(studies, everything):
    run = everything[0]["runs"][0]
    with mock.patch("rlgen.view.answers.packed", side_effect=lambda data: "x" * 400) as packed:
        answers = Answers(studies, FEW)
        first = answers.run(0, run["id"])
        assert answers.run(0, run["id"]) == first
        assert packed.call_count == 1
        small = Answers(studies, FEW, most_bytes=10)
        assert small.run(0, run["id"]) == small.run(0, run["id"]) == first
        assert packed.call_count == 3


@given(st.integers(0, 20), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=40))
def test_what_is_kept_is_the_latest_and_fits(most, requests):
    recent = Recent(most)
    for key, size in requests:
        answer = recent.get(key, lambda own=size: b"x" * own)
        assert recent.size <= most
        if len(answer) <= most:
            assert recent.get(key, lambda: pytest.fail("was not kept")) == answer


def test_a_store_that_changes_meanwhile_is_an_answer(studies, everything):
    from rlgen.errors import StoreError

    answers = Answers(studies, FEW)
    client = TestClient(application("", answers, TOKEN), base_url="http://localhost")
    with mock.patch.object(answers, "levels", side_effect=StoreError("damaged")):
        answer = client.get(f"/{TOKEN}/levels/0/x")
    assert (answer.status_code, answer.json()) == (500, {"error": "damaged"})


def test_what_cannot_be_served_is_one_line_before_anything_is_computed(tiny_store):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        out, err = rlgen("view", tiny_store, "--serve", "--port", port, code=2)
    assert (out, err) == (
        "",
        f"rlgen: --port {port}: cannot be listened at: Address already in use\n",
    )
    with mock.patch("rlgen.util.extras.find_spec", return_value=None):
        out, err = rlgen("view", tiny_store, "--serve", code=2)
    assert (out, err) == (
        "",
        "rlgen: needs the package starlette: pip install 'rlgen[serve]'\n",
    )
    _, err = rlgen("view", tiny_store.parent / "nowhere", "--serve", code=2)
    assert err.count("\n") == 1
