"""Smaller SVG of the same picture: most of a page is its figures.

matplotlib writes for people who edit: indented, a group around each mark, the same style spelt out
at each of a thousand lines. Nothing that is drawn changes here but for what cannot be seen.
"""

import re
from collections import Counter
from collections.abc import Callable

_TAG = re.compile(r"<[^>]*>")
_LOOK = re.compile(r'( clip-path="(url\([^"]*\))")? style="([^"]*)"')
_REFERENCE = re.compile(r'(href="|url\()#([^")]+)')
#: matplotlib's one rule.
_RULE = re.compile(r"(<style[^>]*>).*?</style>", re.DOTALL)


def small(svg: str, name: str) -> str:
    """The same ``<svg>`` element in fewer bytes.

    Texts are left as they are; what stands in tags is matplotlib's.

    Args:
        svg: As matplotlib writes it.
        name: Prefix of ids and classes, unique on the page.
    """
    svg = _tags(svg, lambda tag: re.sub(r' (?:d|x|y)="[^"]*"', _rounded, tag))
    svg = _tags(svg, lambda tag: re.sub(r' d="([^"]*)"', _path, tag))
    svg = _tags(svg, lambda tag: re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", tag))
    svg = _with_ids(re.sub(r">\s+<", "><", svg), name)
    return _with_classes(_without_groups(svg), name)


def _tags(svg: str, change: Callable[[str], str]) -> str:
    """The text with each of its tags changed."""
    return _TAG.sub(lambda tag: change(tag[0]), svg)


def _rounded(attribute: re.Match[str]) -> str:
    """An attribute of coordinates: a hundredth of a point cannot be seen."""
    return re.sub(r"\d+\.\d+", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), attribute[0])


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

    return _tags(svg, kept)


def _with_ids(svg: str, name: str) -> str:
    """Ids must be unique on the page: those that nothing refers to go, others are numbered."""
    used = dict.fromkeys(m[2] for tag in _TAG.findall(svg) for m in _REFERENCE.finditer(tag))
    short = {long: f"{name}-{number}" for number, long in enumerate(used)}

    def identity(match: re.Match[str]) -> str:
        return f' id="{short[match[1]]}"' if match[1] in short else ""

    svg = _tags(svg, lambda tag: re.sub(r' id="([^"]*)"', identity, tag))
    return _tags(svg, lambda tag: _REFERENCE.sub(lambda m: f"{m[1]}#{short[m[2]]}", tag))


def _with_classes(svg: str, name: str) -> str:
    """Styles and clips that occur more than once are said once, by class."""
    looks = Counter(_look(m) for tag in _TAG.findall(svg) for m in _LOOK.finditer(tag))
    often = [look for look, times in looks.items() if times > 1]
    classes = {look: f"{name}-s{number}" for number, look in enumerate(often)}

    def said(match: re.Match[str]) -> str:
        look = _look(match)
        return f' class="{classes[look]}"' if look in classes else f' style="{look}"'

    rules = f'[aria-labelledby="{name}-title"] *{{stroke-linejoin:round;stroke-linecap:butt}}'
    rules += "".join(f".{own}{{{look}}}" for look, own in classes.items())
    svg = _tags(svg, lambda tag: _LOOK.sub(said, tag))
    return _RULE.sub(lambda m: f"{m[1]}{rules}</style>", svg, count=1)


def _look(match: re.Match[str]) -> str:
    """Declarations of a style, with the clip that stands before it."""
    clip = f"clip-path:{match[2]};" if match[2] else ""
    return clip + re.sub(r"\s*([:;])\s*", r"\1", match[3]).strip(";")
