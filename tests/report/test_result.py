"""What a notebook shows of a study: its answers, short and escaped."""

from pathlib import Path

from rlgen.report.result import MOST, Result


def result(**keys):
    empty = {"computed": [], "already": [], "failed": {}, "elsewhere": [], "summary": {}}
    return Result(
        **{"store": Path("results/x"), "report": Path("results/x/report.html")} | empty | keys
    )


def test_a_terminal_shows_one_short_line():
    shown = repr(result(computed=["a"], already=["b", "c"], failed={"d": "why"}))
    assert shown == "<Result results/x: 4 cells, 1 computed, 2 already there, 1 failed>"
    assert repr(result(elsewhere=["a"])).endswith(
        "1 cell, 0 computed, 0 already there, 1 elsewhere>"
    )


def test_a_notebook_shows_the_answers_and_where_the_page_is():
    summary = {
        "cells": [{"sentence": "one generalises"}],
        "comparison": {"pairs": [{"sentence": "one is better"}]},
        "claims": {"decisions": [{"answer": "C-01 supported"}]},
    }
    page = result(summary=summary)._repr_html_()
    places = [page.index(text) for text in ("C-01 supported", "one generalises", "one is better")]
    assert places == sorted(places)
    assert '<a href="results/x/report.html">' in page


def test_nothing_that_comes_from_a_file_is_markup():
    evil = "<script>alert(1)</script>"
    page = result(
        store=Path(evil),
        report=Path(f'{evil}"onclick="x'),
        summary={"cells": [{"sentence": evil}]},
        failed={"cell": f"Traceback\n{evil}"},
    )._repr_html_()
    assert "<script" not in page
    assert '"onclick' not in page
    assert page.count("&lt;script&gt;") >= 4


def test_long_studies_say_how_much_more_there_is():
    page = result(
        summary={"cells": [{"sentence": f"cell {n}"} for n in range(MOST + 3)]}
    )._repr_html_()
    assert page.count("<li>") == MOST + 1
    assert "3 more on the page" in page
