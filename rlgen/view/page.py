"""The page: one file with its style, script and data, which loads nothing from elsewhere."""

import base64
import hashlib
import json
import zlib
from importlib.resources import files

from rlgen.report.template import piece, style
from rlgen.util.version import __version__
from rlgen.view.content import Content

#: The parts of the script, in their order.
SCRIPTS = ("base.js", "served.js", "tables.js", "overview.js", "board.js", "level.js", "main.js")


def render(content: Content, title: str, *, served: bool = False) -> str:
    """The HTML.

    Data is compressed and in base64: nothing in it can end its element, and nothing in it runs.
    The one script and the one style are named by their hashes.

    Args:
        content: What it shows.
        title: Of the page.
        served: Whether it may ask for more where it came from (``serving.application``).
    """
    script = '"use strict";\n{\n' + "\n".join(map(_own, SCRIPTS)) + "}\n"
    look = style() + _own("view.css")
    policy = (
        f"default-src 'none'; img-src data:; script-src '{_hash(script)}'; "
        f"style-src '{_hash(look)}'; base-uri 'none'; form-action 'none'"
        + ("; connect-src 'self'" if served else "")
    )
    text = json.dumps(content.document | {"served": served}, separators=(",", ":"), allow_nan=False)
    return piece(
        "rlgen.view",
        "view.html",
        policy=policy,
        title=title,
        version=__version__,
        style=look,
        script=script,
        extent=content.document["extent"],
        served=served,
        document=packed(text.encode()),
        walks=[packed(walk) for walk in content.walks],
    )


def _own(name: str) -> str:
    return files("rlgen.view").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def packed(data: bytes) -> str:
    """Raw deflate in base64, which browsers inflate."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(squeezed.compress(data) + squeezed.flush()).decode()
