"""Code that users name as ``module:name``: where it is, its version, the hash of its source."""

import ast
import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

#: The most files that are followed; a package of more is a release, with a version.
MOST_FILES = 1000


def importable(module: str) -> None:
    """Let a module of the working folder be imported, as ``python -m`` does.

    The folder is searched last, and only once the user has named a module that is nowhere else.
    """
    top, folder = module.partition(".")[0], str(Path.cwd())
    if folder in sys.path or _spec(top) is not None:
        return
    if Path(folder, f"{top}.py").is_file() or Path(folder, top).is_dir():
        sys.path.append(folder)


def source_hash(module: str) -> str | None:
    """SHA-256 of a module's source and of that of all it imports from its own folder.

    Nothing is imported but the packages that the module is in.

    Args:
        module: Its full name.

    Returns:
        The digest, hex; None where the source cannot be followed, see ``followed``.
    """
    sources = followed(module)
    if sources is None:
        return None
    digest = hashlib.sha256()
    for name in sorted(sources[1]):
        content = hashlib.sha256(sources[1][name]).hexdigest()
        digest.update(f"{Path(name).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def followed(module: str) -> tuple[Path, dict[str, bytes]] | None:
    """A module's source and that of all it imports from its own folder.

    Args:
        module: Its full name.

    Returns:
        The folder, and the content of each file by its path below it; None where the source cannot
        be followed: what is not there, is compiled, or stands in no file.
    """
    importable(module)
    spec = _spec(module)
    if spec is None:
        return None
    origin = Path(spec)
    root = _root(origin, module)
    sources: dict[str, bytes] = {}
    pending = [origin]
    while pending:
        path = pending.pop()
        name = os.path.relpath(path, root)
        if name in sources:
            continue
        try:
            sources[name] = path.read_bytes()
            tree = ast.parse(sources[name])
        except (OSError, SyntaxError, ValueError, RecursionError):
            return None
        pending += [file for file in _imported(tree, path, root) if root in file.parents]
        if len(sources) > MOST_FILES:
            return None
    return root, sources


def is_installed(module: str) -> bool:
    """Whether a module is where packages are installed, or has no source to be copied."""
    importable(module)
    origin = _spec(module)
    if origin is None:
        return True
    installed = {Path(path).resolve() for path in sysconfig.get_paths().values()}
    return not installed.isdisjoint(Path(origin).resolve().parents)


def versions(modules: Iterable[str]) -> dict[str, str]:
    """By which the same modules can be told from changed ones; rlgen's own have versions apart.

    Args:
        modules: Full names.

    Returns:
        Of installed ones the version by distribution, of a user's the hash of the source by module.
        Modules of which neither is known are left out.

    Example:
        >>> list(versions(["gymnasium.envs.classic_control", "rlgen.api"]))
        ['gymnasium']
    """
    by_name = {}
    for module in sorted(modules):
        top = module.partition(".")[0]
        if top in ("rlgen", "rlgen_envs", "rlgen_protocols"):
            continue
        if not is_installed(module):
            if (own := source_hash(module)) is not None:
                by_name[module] = f"source {own[:16]}"
            continue
        for distribution in _distributions().get(top, ()):
            with suppress(PackageNotFoundError):
                by_name[distribution] = version(distribution)
    return by_name


@cache
def _distributions() -> Mapping[str, list[str]]:
    """The installed distributions by the top-level packages that they bring."""
    return packages_distributions()


def _spec(module: str) -> str | None:
    """The file with a module's Python source, or None."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None
    origin = spec.origin if spec is not None else None
    return origin if origin is not None and origin.endswith(".py") else None


def _root(origin: Path, module: str) -> Path:
    """The folder whose files are followed: that of the top-level package, or of the module."""
    depth = module.count(".") + (origin.name == "__init__.py")
    top = origin.parents[depth]
    installed = {Path(path).resolve() for path in sysconfig.get_paths().values()}
    if top.resolve() in installed:
        # Beside an installed package stand all others, which are not its own.
        return origin.parents[depth - 1] if depth else origin.parent / origin.stem
    return top


def _imported(tree: ast.AST, path: Path, root: Path) -> Iterator[Path]:
    """The files that a module's imports may mean, if they are in its folder."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(root, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1] if node.level else root
            name = node.module or ""
            yield from _files(base, name)
            for alias in node.names:
                yield from _files(base, f"{name}.{alias.name}" if name else alias.name)


def _files(base: Path, name: str) -> Iterator[Path]:
    """The module of a dotted name and the packages that it is in, of those that there are."""
    parts = [part for part in name.split(".") if part]
    for count in range(len(parts) + 1):
        place = base.joinpath(*parts[:count])
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if count and file.is_file():
                yield file
