"""Policies of the Hugging Face hub, ``hf://ORG/REPOSITORY/FILE``: fetched into the local cache."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from rlgen.errors import ProtocolError, nearest, one_line
from rlgen.protocol.policy_names import agents_of, parts, with_agent, written
from rlgen.protocol.trained_on import path_beside
from rlgen.util import extras
from rlgen.util.validation import At, listed

#: The beginning of their names.
PREFIX = "hf://"
#: The largest file that is fetched, in bytes.
MOST_BYTES = 2**31
_NAME = re.compile(
    r"hf://(?P<repository>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[\w.-]+))?/(?P<file>[^@\s]+)"
)
#: Endings and a part of the names of statistics of VecNormalize.
_STATISTICS, _NORM = (".pkl", ".pickle"), "norm"


def with_fetched(values: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The keys of a protocol whose policies are all here.

    With a policy come what ``rlgen.save_levels`` wrote beside it, and statistics of VecNormalize in
    the same folder; of neither anything is run.

    Args:
        values: As in the file.
        where: What messages begin with.

    Raises:
        ProtocolError: If one has another form, is not there, or cannot be fetched.
    """
    try:
        texts = listed(written(values.get("policy", ())))
    except ValueError:
        return values  # the key's own check says what is wrong
    if not any(isinstance(text, str) and PREFIX in text for text in texts):
        return values
    agents = listed(values["agent"]) if "agent" in values else agents_of(texts)
    here = []
    for text in texts:
        agent, own = with_agent(str(text), agents)
        if own.startswith(PREFIX):
            with At(where, "policy", own):
                file, statistics = parts(own)
                own = fetched(file) + (f"+{statistics}" if statistics else "")
        here.append(f"{agent}={own}" if agent else own)
    return {**values, "policy": here}


def fetched(name: str) -> str:
    """The path of a file of the hub in the local cache, whose name holds its revision.

    Args:
        name: ``hf://ORG/REPOSITORY/FILE``, or ``hf://ORG/REPOSITORY@REVISION/FILE``.

    Raises:
        ProtocolError: See ``with_fetched``.
    """
    match = _NAME.fullmatch(name)
    if match is None or ".." in PurePosixPath(match["file"]).parts:
        raise ProtocolError("is not like hf://ORG/REPOSITORY/FILE.zip")
    extras.needed("huggingface_hub", "hub")
    from huggingface_hub import HfApi, hf_hub_download

    try:
        info = HfApi().model_info(
            match["repository"], revision=match["revision"], files_metadata=True
        )
        sizes = {own.rfilename: own.size or 0 for own in info.siblings or ()}
        wanted = _wanted(match["file"], sizes)
        paths = [hf_hub_download(match["repository"], each, revision=info.sha) for each in wanted]
    except ProtocolError:
        raise
    except Exception as error:
        # Of the network, or of the service: their errors are of no common class.
        why = one_line(error)[:300] or type(error).__name__
        raise ProtocolError(f"cannot be fetched: {why}") from None
    return str(Path(paths[0]))


def _wanted(file: str, sizes: Mapping[str, int]) -> list[str]:
    """The file, and what belongs to it among the files of its repository."""
    if file not in sizes:
        raise ProtocolError(f"there is no {file!r} in the repository{nearest(file, sizes)}")
    own = PurePosixPath(file)
    beside = path_beside(Path(file)).as_posix()
    statistics = [
        name
        for name in sizes
        if PurePosixPath(name).parent == own.parent
        and name.endswith(_STATISTICS)
        and _NORM in PurePosixPath(name).name.lower()
    ]
    wanted = [file, *(name for name in (beside, *statistics) if name in sizes)]
    for name in wanted:
        if sizes[name] > MOST_BYTES:
            raise ProtocolError(f"{name!r} is larger than {MOST_BYTES:,} bytes")
    return wanted
