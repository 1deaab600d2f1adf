"""Reading of pages, and pages of which nobody looks at the figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from unittest import mock


@contextmanager
def undrawn() -> Iterator[None]:
    """Pages have no figures, which take most of their time."""
    with mock.patch("rlgen.report.page.FIGURES", {}):
        yield


class Parser(HTMLParser):
    """Collects tags and ids; checks that elements nest."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self):
        super().__init__()
        self.ids, self.tags, self.open, self.links = [], [], [], []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.append((tag, told))
        self.ids += [told["id"]] if "id" in told else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
