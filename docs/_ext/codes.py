"""Codes of the method, such as K-05 and C-09, are links to where the method says what they are."""

import re
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

PAGE = "explanation/method"
_TEXTS = (nodes.paragraph, nodes.entry, nodes.strong, nodes.emphasis)
_CODE = re.compile(r"\b(?:method (\d+\.\d+)|([ACK]-\d\d))\b")


def anchor(number: str | None, code: str | None) -> str:
    """The id of what is cited: a section, or a row of a table."""
    return f"method-{number.replace('.', '-')}" if number else str(code).lower()


class Codes(SphinxPostTransform):
    """Turn codes in texts into links."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """See ``SphinxPostTransform``."""
        builder = self.app.builder
        if self.env.docname == PAGE:
            self._name()
        elif hasattr(builder, "get_relative_uri"):
            uri = builder.get_relative_uri(self.env.docname, PAGE)
            for text in list(self.document.findall(nodes.Text)):
                if isinstance(text.parent, _TEXTS):
                    parts = self._parts(str(text), uri)
                    if len(parts) > 1:
                        text.parent.replace(text, parts)

    def _name(self) -> None:
        """Give sections and rows of the method the ids that links lead to."""
        for section in self.document.findall(nodes.section):
            number = section[0].astext().split(" ")[0]
            if _CODE.fullmatch(f"method {number}"):
                section["ids"].append(anchor(number, None))
        for row in self.document.findall(nodes.row):
            if _CODE.fullmatch(code := row[0].astext()):
                row[0]["ids"].append(anchor(None, code))

    def _parts(self, text: str, uri: str) -> list[nodes.Node]:
        parts: list[nodes.Node] = []
        end = 0
        for match in _CODE.finditer(text):
            target = anchor(match[1], match[2])
            link = nodes.reference("", match[0], refuri=f"{uri}#{target}", internal=True)
            parts += [nodes.Text(text[end : match.start()]), link]
            end = match.end()
        return [*parts, nodes.Text(text[end:])]


def setup(app: Any) -> dict[str, bool]:
    """For Sphinx."""
    app.add_post_transform(Codes)
    return {"parallel_read_safe": True}
