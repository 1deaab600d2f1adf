"""The report: its numbers, its safety, and what a real browser makes of it."""

import base64
import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import chromium, look, violations
from commands import rlgen
from helpers import unsealed
from html_pages import Parser, undrawn
from planning import cells_of

from rlgen import report
from rlgen.analysis.results import Results
from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import number
from rlgen.report.figures import FIGURES
from rlgen.report.figures.possible import within
from rlgen.report.page import _provenance, render
from rlgen.report.summary import summarise
from rlgen.store import opening
from rlgen.store.run_store import RunStore
from rlgen.util.seeding import stream

#: A kept study of agents with options in brackets.
PRESETS = Path(__file__).parents[2] / "protocols" / "results" / "tunnel-presets-cpu.tar.xz"


@pytest.fixture(scope="module")
def page(tiny_store):
    return (tiny_store / "report.html").read_text()


@pytest.fixture(scope="module")
def summary(tiny_store):
    return json.loads((tiny_store / "summary.json").read_text())


@pytest.fixture(scope="module")
def study(tiny_store):
    return Results.load(RunStore(tiny_store))


def test_the_summary_has_the_promised_keys(summary):
    assert len(summary["cells"]) == 4
    for cell in summary["cells"]:
        assert {"family", "agent", "network", "n_train_levels", "flip_p", "regulariser"} <= set(
            cell
        )
        assert cell["runs"] == 3
        for part in ("train", "test", "gap"):
            assert set(cell[part]) == {"mean", "low", "high"}
            assert cell[part]["low"] <= cell[part]["mean"] <= cell[part]["high"]


def test_the_summary_s_numbers_are_the_records(summary, tiny_store):
    import rlgen

    frame = rlgen.load(tiny_store)
    for cell in summary["cells"]:
        mine = frame[
            (frame["n_train_levels"] == cell["n_train_levels"])
            & (frame["flip_p"] == cell["flip_p"])
            & (frame["condition"] == "plain")
        ]
        by_run = {
            pool: [
                run.sort_values("level_id")["ret_mean"].to_numpy()
                for _, run in part.groupby("run_id", observed=True)
            ]
            for pool, part in mine.groupby("split", observed=True)
        }
        train = intervals.run_mean(np.array([run.mean() for run in by_run["train"]]))
        test = intervals.crossed_mean(np.stack(by_run["test"]))
        gap = intervals.gap(by_run["train"], np.stack(by_run["test"]))
        for part, told in (("train", train), ("test", test), ("gap", gap)):
            assert cell[part] == pytest.approx(
                {"mean": told.mean, "low": told.low, "high": told.high}
            )


@pytest.mark.slow
def test_report_and_summary_are_functions_of_the_store(tiny_store, tmp_path):
    pages = []
    for name in ("one", "two"):
        copy = tmp_path / name
        shutil.copytree(tiny_store, copy)
        (copy / "report.html").unlink()
        report.write(RunStore(copy))
        pages.append((copy / "report.html").read_bytes() + (copy / "summary.json").read_bytes())
    assert pages[0] == pages[1]
    original = tiny_store / "report.html"
    assert pages[0].startswith(original.read_bytes())


def test_the_page_is_well_formed_and_needs_nothing(page):
    parser = Parser()
    parser.feed(page)
    assert parser.open == []
    assert len(set(parser.ids)) == len(parser.ids), "an id occurs twice"
    names = {tag for tag, _ in parser.tags}
    assert "script" not in names
    assert {"main", "nav", "figure", "figcaption", "caption"} <= names
    for _, told in parser.tags:
        for attribute in ("src", "href", "xlink:href"):
            value = told.get(attribute, "#")
            assert value.startswith(("#", "data:")), value
            if value.startswith("#") and len(value) > 1:
                assert value[1:] in parser.ids, f"{value} leads nowhere"
        for reference in told.get("aria-labelledby", "").split():
            assert reference in parser.ids
    for reference in re.findall(r"url\(#([^)]+)\)", page):
        assert reference in parser.ids


def test_it_says_that_returns_are_exact(page):
    assert "computed exactly, level by level" in page


def test_what_users_write_is_escaped(page):
    assert "a &lt;b&gt;tiny&lt;/b&gt; study" in page
    assert "<b>tiny" not in page


@pytest.mark.slow
def test_a_hostile_store_cannot_put_markup_into_the_page(tiny_store, tmp_path):
    """Names and texts of somebody else's store are text."""
    copy = unsealed(shutil.copytree(tiny_store, tmp_path / "store"))
    evil = "<script>alert(1)</script>"
    for file in (copy / "runs").glob("*/provenance.json"):
        told = json.loads(file.read_text())
        told["platform"] = told["command"][0] = evil
        file.write_text(json.dumps(told))
    plan = json.loads((copy / "plan.json").read_text())
    plan.append({"id": "0" * 16, "label": evil, "settings": {}})
    (copy / "plan.json").write_text(json.dumps(plan))
    (copy / "failures" / plan[0]["id"]).mkdir(parents=True)
    RunStore(copy).fail("0" * 16, f"Traceback {evil}")
    for file in (copy / "runs").glob("*/records.parquet"):
        frame = pd.read_parquet(file).assign(agent=evil, family=evil + "</svg>", condition=evil)
        from rlgen.store import records

        records.write(file, frame, records.RECORDS)
    report.write(RunStore(copy))
    page = (copy / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    parser = Parser()
    parser.feed(page)
    assert parser.open == []


@pytest.fixture(scope="module")
def shifted(study):
    """The study with its test levels once more, as a further pool, and with a probe."""
    records = study.records
    again = records[records["split"] == "test"].assign(split="further")
    whole = pd.concat([records.astype({"split": str}), again], ignore_index=True)
    number = {"reason": "", "meaning": "a < b", "value": 0.5}
    entry = {"version": 1, "looks_at": "training data", "baseline": False}
    probed = {
        run: {"a-probe": entry | {"numbers": {"n": number | {"value": place / 7}}}}
        for place, run in enumerate(sorted(study.provenance))
    }
    pools = whole.assign(split=pd.Categorical(whole["split"]))
    return replace(study, records=pools, probed=probed)


def drawable(name, study):
    """The study, with a second network where a figure is about several."""
    if name != "profiles":
        return study
    own = study.records.astype({"run_id": str, "network": str})
    second = own.assign(network="other", run_id="other" + own["run_id"])
    both = pd.concat([own, second], ignore_index=True)
    return replace(study, records=both.astype({"run_id": "category", "network": "category"}))


@pytest.mark.slow
def test_every_figure_has_title_reading_and_numbers(shifted):
    for name in FIGURES:
        figure = FIGURES[name]
        drawing = figure.draw(drawable(name, shifted))
        assert figure.title
        assert figure.reading.count(". ") >= 1, "two sentences on how to read it"
        assert drawing.svg.startswith("<svg role=")
        assert not drawing.data.empty
        assert drawing.data.columns.is_unique


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FIGURES))
def test_a_figure_is_the_same_twice(name, shifted):
    one, two = (FIGURES[name].draw(drawable(name, shifted)) for _ in range(2))
    assert one.svg == two.svg
    pd.testing.assert_frame_equal(one.data, two.data)


@pytest.mark.slow
def test_the_gap_to_each_pool_is_drawn_where_there_are_further_pools(study, shifted):
    assert FIGURES["gap-by-pool"].draw(study) is None
    drawing = FIGURES["gap-by-pool"].draw(shifted)
    gaps = drawing.data.set_index([*CELL, "pool"])["mean"].unstack()
    assert np.allclose(gaps["further"], gaps["test"])
    for name in ("gap-by-pool", "gap-by-levels", "conditions"):
        assert "further (of unknown kind)" in FIGURES[name].draw(shifted).svg


def test_a_study_of_several_processors_is_marked(tiny_store, tmp_path):
    copy = unsealed(shutil.copytree(tiny_store, tmp_path / "store"))
    mark = ("bit-identical", "no: runs of different processors may differ in their last digits")
    assert mark not in _provenance(Results.load(RunStore(copy)))
    path = next((copy / "runs").glob("*/provenance.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"processor": "another one"}))
    assert mark in _provenance(Results.load(RunStore(copy)))


def test_an_empty_study_has_a_page(write_protocol, tmp_path):
    from rlgen.protocol.suite import read

    ((asked, where),) = read(write_protocol()).parts
    store = RunStore.create(tmp_path / "s", asked, cells_of(asked, where))
    page = report.write(store).read_text()
    assert "Nothing has been computed yet" in page
    assert "4 of 4 cells have not been computed" in page


@pytest.mark.slow
def test_one_run_has_no_intervals_and_says_so(tiny_store, tmp_path):
    copy = tmp_path / "store"
    shutil.copytree(tiny_store, copy)
    kept = {}
    for folder in sorted((copy / "runs").iterdir()):
        settings = json.loads((folder / "cell.json").read_text())["settings"]
        if settings["seed"] != 0:
            shutil.rmtree(folder)
        else:
            kept[folder.name] = settings
    report.write(RunStore(copy))
    text = (copy / "summary.json").read_text()
    assert "NaN" not in text
    for cell in json.loads(text)["cells"]:
        assert cell["runs"] == 1
        assert cell["gap"]["low"] is None
        assert cell["gap"]["mean"] is not None
    page = (copy / "report.html").read_text()
    assert "[–, –]" not in page
    assert '<span class="why">no interval</span>' not in page
    assert page.count('<span class="why">one run has no interval</span>') > 4 * 6
    assert len(kept) == 4


@pytest.mark.slow
def test_more_cells_than_panels_are_announced(study):
    many = study.records.copy()
    parts = []
    for n in range(30):
        part = many[many["n_train_levels"] == 3].assign(n_train_levels=100 + n)
        parts.append(part.assign(run_id=part["run_id"].astype(str) + f"-{n}"))
    from dataclasses import replace

    large = replace(study, records=pd.concat(parts))
    drawing = FIGURES["conditions"].draw(large)
    assert drawing.note == "36 more panels are in the table only."
    assert drawing.data["n_train_levels"].nunique() == 30


# A real browser.


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = chromium(tmp_path_factory.mktemp("browser"))
    yield driver
    driver.quit()


#: What is folded is there all the same.
UNFOLD = "document.querySelectorAll('.fold').forEach(fold => { fold.open = true })"


def opened(browser, store):
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get("about:blank")
    browser.get((store / "report.html").as_uri())
    browser.execute_script(UNFOLD)
    return browser


@pytest.mark.slow
def test_the_browser_finds_nothing_wrong_and_asks_for_nothing(browser, tiny_store):
    opened(browser, tiny_store)
    assert browser.get_log("browser") == []
    asked = [
        event["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (event := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
    own = (
        "chrome:",
        "chrome-untrusted:",
        "data:",
    )  # the browser's new-tab page, and what the page carries itself
    assert [url for url in asked if not url.startswith((*own, "file:"))] == []
    assert [url for url in asked if url.startswith("file:")] == [
        (tiny_store / "report.html").as_uri()
    ]


@pytest.mark.slow
def test_every_picture_is_there(browser, tiny_store):
    opened(browser, tiny_store)
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('figure svg')].map(s => {"
        "const b = s.getBoundingClientRect();"
        "return [b.width, b.height, s.querySelectorAll('path').length]})"
    )
    # There are no further pools, no probes and no second network.
    assert len(sizes) == len(FIGURES) - 3
    for width, height, paths in sizes:
        assert width > 200
        assert height > 100
        assert paths > 5
    loaded = browser.execute_async_script(
        "const done = arguments[0];"
        "Promise.all([...document.querySelectorAll('svg image')].map(i => { const m = new Image();"
        "m.src = i.href.baseVal; return m.decode().then(() => m.naturalWidth) })).then(done)"
    )
    assert len(loaded) == 8  # two pools of four cells
    assert min(loaded) > 50


def test_the_page_s_numbers_are_the_summary_s(browser, tiny_store, summary):
    opened(browser, tiny_store)
    rows = browser.execute_script(
        "return [...document.querySelectorAll('#cells tbody tr')].map(r =>"
        "[...r.children].map(c => c.innerText.replace(/\\s+/g, ' ').trim()))"
    )
    assert len(rows) == len(summary["cells"])

    def shown(told):
        return f"{number(told['mean'])} [{number(told['low'])}, {number(told['high'])}]"

    for row, cell in zip(rows, summary["cells"], strict=True):
        assert row == [
            str(cell["n_train_levels"]),
            str(cell["flip_p"]),
            str(cell["runs"]),
            shown(cell["train"]),
            shown(cell["test"]),
            shown(cell["gap"]),
            shown(cell["normalised"]["train"]),
            shown(cell["normalised"]["test"]),
            shown(cell["solved"]["test"]),
            cell["verdict"],
        ]
    answers = browser.execute_script(
        "return [...document.querySelectorAll('.answers li')].map(l => l.innerText)"
    )
    for answer, cell in zip(answers, summary["cells"], strict=True):
        assert cell["sentence"] in answer


@pytest.mark.slow
def test_the_data_of_every_figure_can_be_downloaded(browser, tiny_store, study):
    opened(browser, tiny_store)
    links = browser.find_elements("css selector", "a.download")
    # One for all cells; there are no further pools, no probes and no second network.
    assert len(links) == len(FIGURES) - 2
    for link in links:
        data = link.get_attribute("href").partition("base64,")[2]
        frame = pd.read_csv(io.BytesIO(base64.b64decode(data)))
        assert len(frame) > 0
    link = next(x for x in links if "learning-curves" in x.get_attribute("download"))
    browser.execute_script("arguments[0].click()", link)
    target = browser.downloads / "tiny-learning-curves.csv"
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 20).until(lambda _: target.exists())
    frame = pd.read_csv(target)
    pd.testing.assert_frame_equal(
        frame, FIGURES["learning-curves"].draw(study).data, check_dtype=False
    )


@pytest.fixture(scope="module")
def long_names(tmp_path_factory):
    """A page of agents whose options in brackets are one long word."""
    folder = tmp_path_factory.mktemp("long")
    with undrawn(), opening.opened(PRESETS) as store:
        page, _ = report.render(store)
    (folder / "report.html").write_text(page)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 768, 1600])
@pytest.mark.parametrize("of", ["tiny_store", "long_names"])
def test_it_fits_every_width(browser, request, of, width):
    opened(browser, request.getfixturevalue(of))
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    try:
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width, "the page scrolls sideways"
        size = browser.execute_script("return parseFloat(getComputedStyle(document.body).fontSize)")
        assert size >= 16
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(browser, tiny_store, scheme):
    opened(browser, tiny_store)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    pairs = browser.execute_script(
        """
        const page = getComputedStyle(document.body).backgroundColor;
        const ground = e => { for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (c !== 'rgba(0, 0, 0, 0)') return c; } return page; };
        const out = [];
        const texts = 'p, li, th, td, a, figcaption, .word, .interval, h2';
        for (const e of document.querySelectorAll(texts))
            out.push([getComputedStyle(e).color, ground(e), e.className || e.tagName]);
        for (const e of document.querySelectorAll('svg text'))
            out.push([getComputedStyle(e).fill, ground(e), 'svg text']);
        return out;
        """
    )
    backgrounds = {ground for _, ground, _ in pairs}
    assert ("rgb(255, 255, 255)" in backgrounds) == (scheme == "light")

    def luminance(colour):
        channels = [int(c) / 255 for c in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for text, ground, what in pairs:
        light, dark = sorted([luminance(text), luminance(ground)], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (what, text, ground)  # WCAG AA


@pytest.mark.slow
def test_it_can_be_read_by_keyboard(browser, tiny_store):
    from selenium.webdriver.common.keys import Keys

    opened(browser, tiny_store)
    body = browser.find_element("tag name", "body")
    reached = set()
    for _ in range(80):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        active = browser.switch_to.active_element
        if active == body:
            break
        reached.add(active.get_attribute("href") or active.tag_name)
    assert any(str(x).endswith("#main") for x in reached), "the skip link comes first"
    assert any(str(x).endswith("#provenance") for x in reached)
    assert "summary" in reached
    assert "div" in reached, "wide tables can be scrolled"
    names = browser.execute_script(
        "const all = '[role=region], section, nav, svg[role=img]';"
        "const of = e => document.getElementById(e.getAttribute('aria-labelledby')) || {};"
        "return [...document.querySelectorAll(all)].map(e =>"
        "e.getAttribute('aria-label') || of(e).textContent)"
    )
    assert all(names)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, tiny_store, scheme):
    look(browser, scheme=scheme)
    opened(browser, tiny_store)
    assert violations(browser) == []


@pytest.mark.slow
def test_what_is_folded_opens_where_it_is_addressed_and_on_paper(browser, tiny_store):
    look(browser)
    page = (tiny_store / "report.html").as_uri()
    browser.get("about:blank")
    browser.get(page)
    closed = "return [...document.querySelectorAll('.fold')].filter(f => !f.open)"
    names = browser.execute_script(f"{closed}.map(f => f.querySelector('section').id)")
    assert {"cells", "conditions", "certificates", "provenance"} <= set(names)
    assert "answer" not in names
    assert "gap-by-levels" not in names
    for name in ("certificates", "conditions"):
        browser.get("about:blank")
        browser.get(f"{page}#{name}")
        fold = f"document.getElementById('{name}').closest('details')"
        assert browser.execute_script(f"return {fold}.open")
        assert not browser.execute_script(f"{fold}.open = false; return {fold}.open")
    browser.get("about:blank")
    browser.get(page)
    heights = f"{closed}.map(f => f.getBoundingClientRect().height)"
    assert max(browser.execute_script(heights)) < 100
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert min(browser.execute_script(heights)) > 150
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.slow
def test_figures_show_the_best_and_the_random_return_and_no_bar_goes_beyond(study):
    for name in ("gap-by-levels", "learning-curves"):
        svg = FIGURES[name].draw(study).svg
        assert ">best</text>" in svg
        assert ">random agent</text>" in svg
    rows = study.estimates
    rows = rows[(rows["quantity"] == "return") & (rows["part"].isin(["train", "test"]))]
    wide = within(study, rows.assign(high=9.0))
    assert (wide["high"] == 2.1).all()
    pd.testing.assert_frame_equal(within(study, rows), rows)


def test_summary_is_what_the_page_was_made_of(study, summary):
    again = json.loads(json.dumps(summarise(study), default=float))
    assert again["cells"] == summary["cells"]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("rising", [0, 2])
def test_where_runs_still_rise_the_page_says_so_and_what_their_pace_is_worth(study, rising):
    changed = summarise(study)
    for cell in changed["cells"]:
        cell["training"] |= {"rising": 0}
    changed["cells"][0]["training"]["rising"] = rising
    text = render(study, changed)
    assert text.count("still improving: 2 of 3 runs</span>") == bool(rising)
    assert ("the steps are the least to reckon with" in text) == bool(rising)


@pytest.mark.slow
def test_small_returns_and_small_p_values_have_digits(tmp_path):
    rng = stream(0, "small")
    means = {("a", "train"): 4e-3, ("a", "test"): 3e-3, ("b", "train"): 4e-3, ("b", "test"): 1e-3}
    rows = [
        (agent, seed, split, f"{split}{level}", mean + rng.normal(0, 1e-4))
        for (agent, split), mean in means.items()
        for seed in range(10)
        for level in range(20)
    ]
    frame = pd.DataFrame(rows, columns=["agent", "seed", "split", "level", "return"])
    frame = frame.assign(family="small")
    # Of another scale, which takes no digits from those of the first.
    large = frame.query("agent == 'a'").assign(family="large")
    large["return"] = 1000 * large["return"]
    pd.concat([frame, large]).to_csv(tmp_path / "returns.csv", index=False)
    rlgen("import", tmp_path / "returns.csv", "-o", tmp_path / "store")
    page = (tmp_path / "store" / "report.html").read_text()
    summary = json.loads((tmp_path / "store" / "summary.json").read_text())
    cells = [next(c for c in summary["cells"] if c["family"] == f) for f in ("small", "large")]
    for cell, digits, card in zip(cells, (5, 2), ("[0.00", "["), strict=True):
        for part in ("train", "test", "gap"):
            shown = f"{cell[part]['mean']:.{digits}f}"
            # In the table and on the card.
            assert page.count(f'<span class="mean">{shown}</span>') >= 2
            assert f"| {shown} {card}" in rlgen("card", tmp_path / "store")[0]
    assert summary["comparison"]["pairs"][0]["p"] < 1e-9
    assert page.count("<td>&lt; 0.0001</td>") == 2  # before and after Holm's correction
