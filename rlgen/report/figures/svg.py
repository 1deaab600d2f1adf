"""Smaller SVG of the same picture: most of a page is its figures.

matplotlib writes for people who edit: indented, a group around each mark, the same style spelt out
at each of a thousand lines. Nothing that is drawn changes here but for what cannot be seen.
"""

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import chain, zip_longest

_TAG = re.compile(r"<[^>]*>")
#: What is looked for in tags, none of which goes on in the next tag.
_COORDINATES = re.compile(r' (?:d|x|y)="[^"<]*"')
_NUMBER = re.compile(r"\d+\.\d+")
_LOOK = re.compile(r'( clip-path="(url\([^"<]*\))")? style="([^"<]*)"')
_REFERENCE = re.compile(r'(href="|url\()#([^")<]+)')
#: matplotlib's one rule.
_RULE = re.compile(r"(<style[^>]*>).*?</style>", re.DOTALL)


def small(svg: str, name: str) -> str:
    """The same ``<svg>`` element in fewer bytes.

    Texts are left as they are; what stands in tags is matplotlib's.

    Args:
        svg: As matplotlib writes it.
        name: Prefix of ids and classes, unique on the page.
    """
    svg = _with_tags(svg, _short)
    svg = _with_ids(re.sub(r">\s+<", "><", svg), name)
    return _with_classes(_without_groups(svg), name)


def _with_tags(svg: str, change: Callable[[str], str]) -> str:
    """The text with its tags changed, which ``change`` is given all at once, one after another."""
    tags = _TAG.findall(change("".join(_TAG.findall(svg))))
    return "".join(chain.from_iterable(zip_longest(_TAG.split(svg), tags, fillvalue="")))


def _short(tags: str) -> str:
    """Tags without what cannot be seen: more than a hundredth of a point, and turns by nothing."""
    tags = _COORDINATES.sub(lambda m: _NUMBER.sub(_rounded, m[0]), tags)
    tags = re.sub(r' d="([^"<]*)"', _path, tags)
    return re.sub(r' transform="rotate\(-?0 [^"<]*\)"', "", tags)


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _path(attribute: re.Match[str]) -> str:
    return ' d="' + re.sub(r"\s*([A-Za-z])\s*", r"\1", attribute[1]).strip() + '"'


def _without_groups(svg: str) -> str:
    """Without the groups that have no attributes, which only indent."""
    bare: list[bool] = []

    def kept(tag: str) -> str:
        if re.match(r"<g\b.*/>", tag):
            return ""  # an empty one
        if re.match(r"<g\b", tag):
            bare.append(tag == "<g>")
            return "" if bare[-1] else tag
        return "" if tag == "</g>" and bare.pop() else tag

    return _TAG.sub(lambda tag: kept(tag[0]), svg)


def _with_ids(svg: str, name: str) -> str:
    """Ids must be unique on the page: those that nothing refers to go, others are numbered."""
    tags = "".join(_TAG.findall(svg))
    used = dict.fromkeys(match[2] for match in _REFERENCE.finditer(tags))
    short = {long: f"{name}-{number}" for number, long in enumerate(used)}

    def identity(match: re.Match[str]) -> str:
        return f' id="{short[match[1]]}"' if match[1] in short else ""

    def numbered(tags: str) -> str:
        tags = re.sub(r' id="([^"<]*)"', identity, tags)
        return _REFERENCE.sub(lambda m: f"{m[1]}#{short[m[2]]}", tags)

    return _with_tags(svg, numbered)


def _with_classes(svg: str, name: str) -> str:
    """Styles and clips that occur more than once are said once, by class."""
    tags = "".join(_TAG.findall(svg))
    looks = Counter(_look(m[2], m[3]) for m in _LOOK.finditer(tags))
    often = [look for look, times in looks.items() if times > 1]
    classes = {look: f"{name}-s{number}" for number, look in enumerate(often)}

    def said(match: re.Match[str]) -> str:
        look = _look(match[2], match[3])
        return f' class="{classes[look]}"' if look in classes else f' style="{look}"'

    rules = f'[aria-labelledby="{name}-title"] *{{stroke-linejoin:round;stroke-linecap:butt}}'
    rules += "".join(f".{own}{{{look}}}" for look, own in classes.items())
    svg = _with_tags(svg, lambda tags: _LOOK.sub(said, tags))
    return _RULE.sub(lambda m: f"{m[1]}{rules}</style>", svg, count=1)


@lru_cache(maxsize=1024)
def _look(clip: str | None, style: str) -> str:
    """Declarations of a style, with the clip that stands before it."""
    start = f"clip-path:{clip};" if clip else ""
    return start + re.sub(r"\s*([:;])\s*", r"\1", style).strip(";")
