"""What a cell needs of the driver's machine beside its settings: users' modules and policies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlgen.policies import sources
from rlgen.policies.sources import Copy
from rlgen.protocol.policy_names import WITH, WITHOUT, parts
from rlgen.study.naming import texts
from rlgen.util import folders
from rlgen.util.named_code import followed, is_installed


def modules(settings: Mapping[str, Any]) -> dict[str, bytes]:
    """The users' modules that a cell's settings name, with those that they import.

    What is installed on this machine must be installed on the others too.

    Args:
        settings: Of the cell.

    Returns:
        The content of each file by its path below a folder from which modules are imported.
    """
    contents: dict[str, bytes] = {}
    for text in texts(settings):
        module, colon, _ = text.partition(":")
        if not colon or not all(part.isidentifier() for part in module.split(".")):
            continue
        if not is_installed(module) and (own := followed(module)) is not None:
            contents |= own[1]
    return contents


def policy(settings: Mapping[str, Any], trust: Sequence[str]) -> dict[str, Any] | None:
    """The files of the policy that a cell's settings name; None if there are none.

    Args:
        settings: Of the cell.
        trust: Files that may be unpickled or run; these may be there too.

    Raises:
        OSError: If a file cannot be read.
    """
    text = settings.get("policy", "")
    if not text or not Path(parts(text)[0]).exists():
        return None
    from rlgen.policies.sb3 import beside

    named, statistics = parts(beside.with_statistics(text))
    pieces = [_piece(file, trust) for file in (named, statistics) if file not in ("", "none")]
    suffix = f"{WITH}{WITHOUT}" if statistics == WITHOUT else ""
    located = sources.located(text)
    return {"policy": text, "located": located, "pieces": pieces, "suffix": suffix}


def _piece(file: str, trust: Sequence[str]) -> dict[str, Any]:
    path = Path(file)
    contents = folders.pack(path) if path.is_dir() else path.read_bytes()
    trusted = any(sources.same(file, other) for other in trust)
    return {"name": path.resolve().name, "contents": contents, "trusted": trusted}


def unpack(parcel: Mapping[str, Any], into: Path) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Put the files of a policy into a folder.

    Args:
        parcel: See ``policy``.
        into: The folder.

    Returns:
        The arguments of the policy's ``Copy`` by its name, and those of its files that are trusted.
    """
    places, trusted = [], []
    for number, piece in enumerate(parcel["pieces"]):
        folder, contents = into / str(number), piece["contents"]
        whole = isinstance(contents, Mapping)
        folders.unpack(contents if whole else {piece["name"]: contents}, folder)
        places.append(str(folder if whole else folder / piece["name"]))
        if piece["trusted"]:
            trusted.append(places[-1])
    here = WITH.join(places) + parcel["suffix"]
    return {parcel["policy"]: {"located": parcel["located"], "here": here}}, trusted


def run(*, path: Sequence[str], copies: Mapping[str, Mapping[str, str]], **arguments: Any) -> None:
    """``worker.run`` where modules and policies have been unpacked, in a process of one cell.

    Args:
        path: Folders from which modules are imported, before all others.
        copies: See ``unpack``.
        arguments: Of ``worker.run``.
    """
    import sys

    from rlgen.study import worker

    sys.path[:0] = path
    sources.copied({text: Copy(**copy) for text, copy in copies.items()})
    worker.run(**arguments)
