"""Smaller pictures are the same pictures."""

import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rlgen.report.figures.base import style, to_svg
from rlgen.report.figures.svg import small

EVIL = 'a style="fill: red" id="x" d="M 0 0" <g> $x$ url(#y) > 1'


@pytest.fixture(scope="module")
def drawn():
    with style("one"):
        canvas, axes = plt.subplots(2, 2, layout="constrained", sharex=True)
        for axis in axes.flat:
            axis.plot(np.arange(50), np.sin(np.arange(50)), "o-", label=EVIL)
            axis.set_title(EVIL)
        canvas.legend(*axes.flat[0].get_legend_handles_labels())
        text = to_svg(canvas, "one", EVIL)
        plt.close(canvas)
    return text


def count(svg, tag):
    return len(ElementTree.fromstring(svg).findall(f".//{{http://www.w3.org/2000/svg}}{tag}"))


def test_it_is_well_formed_and_texts_are_as_they_were(drawn):
    root = ElementTree.fromstring(drawn)
    texts = ["".join(node.itertext()).strip() for node in root.iter() if node.tag.endswith("}text")]
    assert texts.count(EVIL) == 4 + 1
    assert next(iter(root)).text == EVIL


def test_what_is_drawn_stays():
    """The same marks in the same places, with the same looks."""
    svg = (
        '<svg><defs>\n <style type="text/css">*{stroke-linejoin: round}</style>\n</defs>\n'
        '<g id="a"><g><path id="m" d="M 0 0.123456 \nL 1 2 \nz\n"/>'
        '<g clip-path="url(#c)"><use xlink:href="#m" x="1.005" y="2" style="fill: none"/></g>'
        '<path d="M 1 1" clip-path="url(#c)" style="fill: red; stroke: blue"/>'
        '<path d="M 2 2" clip-path="url(#c)" style="fill: red; stroke: blue"/>'
        '<g id="empty"/><g/></g></g>\n<text transform="rotate(-0 1.5 2.25)">a  &lt;  b</text>'
        '<text transform="rotate(-90 1 2)">c</text><clipPath id="c"><rect/></clipPath></svg>'
    ).replace("<svg>", '<svg xmlns:xlink="x" xmlns="http://www.w3.org/2000/svg">')
    out = small(svg, "n")
    for tag in ("path", "use", "text", "clipPath", "rect"):
        assert count(out, tag) == count(svg, tag)
    assert 'd="M0 0.12L1 2z"' in out
    assert ">a  &lt;  b</text>" in out
    assert "rotate(-90 1 2)" in out
    assert out.count('class="n-s0"') == 2
    assert ".n-s0{clip-path:url(#n-0);fill:red;stroke:blue}" in out
    assert 'style="fill:none"' in out
    assert '[aria-labelledby="n-title"] *{stroke-linejoin:round;' in out
    assert '<path id="n-1"' in out
    assert 'xlink:href="#n-1"' in out
    assert 'id="a"' not in out
    assert count(out, "g") == 1, "the one that clips"


def test_references_lead_somewhere_and_ids_are_of_the_figure(drawn):
    tags = "".join(re.findall(r"<[^>]*>", drawn)) + "".join(re.findall(r"<style.*?</style>", drawn))
    ids = re.findall(r' id="([^"]*)"', tags)
    assert len(ids) == len(set(ids))
    assert all(one.startswith("one-") for one in ids)
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', tags)) <= set(ids)
