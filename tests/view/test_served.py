"""The served page as a process and in a real browser."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from urllib.request import urlopen

import pytest
from browsing import chromium, look, violations
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from view_pages import held

from rlgen.view import render
from rlgen.view.content import Extent

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def served(*arguments):
    """The process, and its address."""
    # Where the tests were started in the background, children would inherit ignored interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "rlgen", "view", *map(str, arguments), "--serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    signal.signal(signal.SIGINT, before)
    try:
        line = process.stdout.readline()
        match = re.fullmatch(r"View: (http://127\.0\.0\.1:\d+/[\w-]{43}/) \(.*\)\n", line)
        assert match, line + process.stderr.read()
        yield process, match[1]
    finally:
        process.kill()
        process.communicate()


def fetched(address):
    with urlopen(address, timeout=60) as answer:
        return answer.read().decode()


def test_a_signal_ends_it_and_the_browser_walks_to_what_is_not_on_the_page(tiny_store, tmp_path):
    document, _ = held(render([tiny_store], Extent(levels=1000, runs=1000)))
    with served(tiny_store, "--levels", 3, "--runs", 1) as (process, address):
        browser = chromium(tmp_path)
        try:
            page, _ = held(fetched(address))
            drawn_runs = {run["id"] for run in page["runs"]}
            run = next(own for own in document["runs"] if own["id"] not in drawn_runs)
            entry = next(own for own in run["levels"] if own["pool"] == "test")

            def heading(wanted):
                WebDriverWait(browser, 60).until(
                    lambda d: [h for h in d.find_elements(By.TAG_NAME, "h1") if wanted in h.text]
                )

            look(browser)
            browser.get(f"{address}#cell/{run['cell']}")
            heading("")
            link = browser.find_element(By.CSS_SELECTOR, f"a[href='#run/{run['id']}']")
            link.click()
            heading(f"seed {run['seed']}")
            rows = browser.find_elements(By.CSS_SELECTOR, "#main tbody tr")
            assert len(rows) >= sum(bool(any(own["numbers"])) for own in run["levels"])
            assert violations(browser) == []
            # A page of its own: the address is enough.
            for own in (document["runs"][0], run):
                for level in own["levels"]:
                    if level["pool"] == "test":
                        browser.get("about:blank")
                        browser.get(f"{address}#run/{own['id']}/test/{level['id']}")
                        heading(f"Held-out level {level['id']}")
                        panels = browser.find_elements(By.CSS_SELECTOR, "section")[0]
                        assert len(panels.find_elements(By.CSS_SELECTOR, "svg[role=img]")) == len(
                            document["studies"][0]["conditions"]
                        )
                        assert panels.find_elements(By.CSS_SELECTOR, ".heat")
                        names = [h.text for h in browser.find_elements(By.TAG_NAME, "h2")]
                        assert any(n.startswith("The nearest training level") for n in names)
            # Neither run is on this page, once it is loaded anew.
            beside = next(
                own for own in document["runs"] if own["id"] not in {*drawn_runs, run["id"]}
            )
            browser.get("about:blank")
            browser.get(f"{address}#run/{run['id']}/test/{entry['id']}/beside/{beside['id']}")
            heading("Held-out level")
            names = [h.text for h in browser.find_elements(By.TAG_NAME, "h2")]
            assert any(n.startswith("Beside it: ") for n in names)
            assert len(browser.find_elements(By.CSS_SELECTOR, "section:nth-of-type(2) .heat"))
            browser.get("about:blank")
            browser.get(f"{address}#run/{run['id']}/test/{entry['id']}999")
            heading("Not on this page")
            messages = [e["message"] for e in browser.get_log("browser")]
            assert all("404" in message for message in messages), messages
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
            assert "finished cells" not in process.stderr.read()
            browser.execute_script(f"location.hash = '#run/{run['id']}/test/{entry['id']}998'")
            heading("Not computed")
        finally:
            browser.quit()


def test_sigterm_ends_it(tiny_store):
    with served(tiny_store, "--levels", 3, "--runs", 1) as (process, address):
        assert "document" in fetched(address)
        process.terminate()
        out, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "Traceback" not in out + err
