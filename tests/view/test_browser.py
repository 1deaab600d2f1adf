"""The page of levels in a real browser: its addresses, its numbers, keyboard and accessibility."""

import base64
import json
import re
import zlib

import pytest
from browsing import chromium, look, violations
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from rlgen.analysis.verdicts import number
from rlgen.view import render
from rlgen.view.content import Extent

pytestmark = pytest.mark.slow
#: Unfolds everything.
OPEN = "document.querySelectorAll('details').forEach(d => { d.open = true })"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = chromium(tmp_path_factory.mktemp("browser"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page(tiny_store, tmp_path_factory):
    path = tmp_path_factory.mktemp("view") / "view.html"
    # Twice: two studies beside each other, which here have the same runs.
    path.write_text(render([tiny_store, tiny_store], Extent(levels=3, runs=1)))
    return path


def opened(browser, page, address=""):
    """The page at an address, once it shows it."""
    browser.get("about:blank")
    browser.get(f"{page.as_uri()}#{address}")
    wait(browser, lambda d: d.find_elements(By.TAG_NAME, "h1"))


def wait(browser, condition):
    return WebDriverWait(browser, 20).until(condition)


def heading(browser):
    return browser.find_element(By.TAG_NAME, "h1").text


def go(browser, link):
    before = heading(browser)
    link.click()
    wait(browser, lambda d: heading(d) != before)


def of_main(browser, selector):
    return browser.find_elements(By.CSS_SELECTOR, f"#main {selector}")


def test_one_walks_from_a_cell_to_a_level_and_its_numbers_are_the_summary_s(
    browser, page, tiny_store
):
    look(browser)
    browser.get_log("browser")
    browser.get_log("performance")
    opened(browser, page)
    cells = json.loads((tiny_store / "summary.json").read_text())["cells"]
    rows = of_main(browser, "tbody tr")
    assert len(rows) == 2 * len(cells)
    for row, cell in zip(rows, cells, strict=False):
        for part in ("train", "test", "gap"):
            assert number(cell[part]["mean"]) in row.text
    sort = next(b for b in of_main(browser, "th button") if b.text == "gap")
    sort.click()
    shown = [row.find_elements(By.TAG_NAME, "td")[-2].text for row in of_main(browser, "tbody tr")]
    gaps = [float(text.split("\n")[0].replace("−", "-")) for text in shown]
    assert gaps == sorted(gaps)
    assert of_main(browser, "th[aria-sort=ascending]")
    of_main(browser, "input[type=search]")[0].send_keys("0.5")
    assert len(of_main(browser, "tbody tr")) == len(cells)
    go(browser, of_main(browser, "tbody th a")[0])
    go(browser, of_main(browser, "tbody th a")[0])
    go(
        browser,
        next(a for a in of_main(browser, "tbody th a") if "/test/" in a.get_property("href")),
    )
    assert heading(browser).startswith("Held-out level")
    assert len(of_main(browser, "section")[0].find_elements(By.CSS_SELECTOR, "svg[role=img]")) == 3
    assert of_main(browser, ".arrow, .stay")
    assert of_main(browser, ".heat")
    assert browser.switch_to.active_element.text == heading(browser)
    assert browser.find_element(By.ID, "status").get_property("textContent") == heading(browser)
    assert browser.get_log("browser") == []
    events = [json.loads(e["message"])["message"] for e in browser.get_log("performance")]
    asked = [
        e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"
    ]
    assert not [url for url in asked if not url.startswith(("file:", "data:", "about:", "chrome"))]


def level(page, pool="test"):
    """Address of the first drawn level of a pool."""
    text = re.search(r'id="document">([^<]*)<', page.read_text())[1]
    run = json.loads(zlib.decompress(base64.b64decode(text), -15))["runs"][0]
    entry = next(entry for entry in run["levels"] if entry["pool"] == pool)
    return run, entry, f"run/{run['id']}/{pool}/{entry['id']}"


def test_a_level_has_an_address_and_is_walked_by_keyboard(browser, page):
    run, entry, address = level(page)
    look(browser)
    opened(browser, page, address)
    assert entry["id"] in heading(browser)
    slider = of_main(browser, "input[type=range]")[0]
    assert slider.get_attribute("aria-valuetext") == "whole episode"
    slider.send_keys(Keys.HOME)
    assert slider.get_attribute("aria-valuetext") == "step 0"
    # All are at the start: one cell is coloured, and every episode goes on.
    plain = of_main(browser, "section .board")[0]
    assert len(plain.find_elements(By.CSS_SELECTOR, ".heat")) == 1
    assert "100 %" in of_main(browser, "p[role=status]")[0].text
    slider.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    steps = run["times"]["test"]
    assert slider.get_attribute("aria-valuetext") == f"step {steps[2]}"
    assert browser.current_url.endswith(f"{address}/step/{steps[2]}")
    opened(browser, page, f"{address}/step/{steps[2]}")
    assert of_main(browser, "input[type=range]")[0].get_property("value") == "2"
    board = of_main(browser, "section .board")[0]
    board.send_keys(Keys.ARROW_UP)
    texts = [p.text for p in of_main(browser, "section:first-of-type .inspected")]
    assert len({text.split(";")[0] for text in texts}) == 1, "the same cell in each"
    assert "expected visits" in texts[0] or "wall" in texts[0] or "reward" in texts[0]
    board.send_keys(*[Keys.ARROW_LEFT] * 20)
    assert "wall" in of_main(browser, ".inspected")[0].text
    # What is not on the page is said.
    opened(browser, page, "run/0123/test/1")
    assert heading(browser) == "Not on this page"


def test_visits_of_the_page_are_those_of_the_records(browser, page):
    _, entry, address = level(page)
    look(browser)
    opened(browser, page, address)
    browser.execute_script(OPEN)
    first = of_main(browser, "details")[0]
    rows = wait(browser, lambda _: first.find_elements(By.CSS_SELECTOR, "tbody tr"))
    cells = [row.find_elements(By.TAG_NAME, "td")[2].text for row in rows]
    # A level has nine cells, so that all are among the most visited ones.
    total = sum(float(text.replace(",", "")) for text in cells)
    assert total == pytest.approx(entry["numbers"][0][3], rel=0.01)


def test_two_studies_are_compared_level_by_level(browser, page):
    look(browser)
    opened(browser, page)
    links = of_main(browser, "tbody th a")
    one, two = (links[place].get_property("hash").rpartition("/")[2] for place in (0, 4))
    opened(browser, page, f"compare/{one}/{two}")
    rows = of_main(browser, "tbody tr")
    assert len(rows) == 8, "all test levels"
    assert {row.find_elements(By.TAG_NAME, "td")[-1].text for row in rows} == {"0.00"}
    beside = next(a for a in of_main(browser, "tbody th a") if "/beside/" in a.get_property("hash"))
    go(browser, beside)
    titles = [h.text for h in of_main(browser, "h2")]
    assert any(title.startswith("Beside it: ") for title in titles)
    assert any(title.startswith("The nearest training level") for title in titles)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, page, scheme):
    run, _, address = level(page)
    look(browser, scheme=scheme)
    for place in ("", "cell/0", f"run/{run['id']}", address, "compare/0/4"):
        opened(browser, page, place)
        browser.execute_script(OPEN)
        assert violations(browser) == [], place


def test_it_fits_a_phone(browser, page):
    run, _, address = level(page)
    look(browser, width=400)
    for place in ("", "cell/0", f"run/{run['id']}", address, "compare/0/4"):
        opened(browser, page, place)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 400, place
