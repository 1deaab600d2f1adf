"""What a page of levels holds."""

import base64
import json
import re
import zlib


def inflated(text):
    return zlib.decompress(base64.b64decode(text), -15)


def held(page):
    """The plain values of a page, and the bytes of each run."""
    texts = re.findall(r'<script type="text/plain" id="([^"]+)">([^<]*)</script>', page)
    parts = {name: inflated(text) for name, text in texts}
    return json.loads(parts.pop("document")), list(parts.values())
