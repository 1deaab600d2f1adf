"""The modules of a project, parsed by astroid and never imported.

astroid by itself looks for a module wherever Python would, and imports what is compiled. Here it is
kept from looking at all: what a script imports is searched for beside it, and read as text.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from astroid import nodes
from astroid.builder import AstroidBuilder
from astroid.manager import AstroidManager

from rlgen.errors import LintError
from rlgen.lint.source import Source

#: What marks the top folder of a project, and how many of its modules are followed.
MARKS = ("pyproject.toml", "setup.py", ".git")
MAX_MODULES = 100


class _Everything(set[str]):
    def __contains__(self, name: object) -> bool:
        return name != "builtins"


@contextmanager
def sealed() -> Iterator[None]:
    """Keep astroid from finding, and thereby perhaps importing, any module."""
    AstroidBuilder(AstroidManager())  # the first one describes Python's builtins, once
    brain = AstroidManager.brain
    kept = {name: brain[name] for name in ("module_denylist", "astroid_cache")}
    brain.update(module_denylist=_Everything(), astroid_cache=dict(kept["astroid_cache"]))
    try:
        yield
    finally:
        brain.update(kept)


class Project:
    """A script and the modules around it.

    Args:
        source: The script; its folder, that of its package and the project's top are searched.
    """

    def __init__(self, source: Source) -> None:
        folder = source.path.resolve().parent
        package = folder
        while (package / "__init__.py").is_file():
            package = package.parent
        tops = [up for up in package.parents if any((up / mark).exists() for mark in MARKS)]
        self._folders = [folder, package, *tops[:1]]
        self.sources: dict[str, Source] = {}
        self._modules: dict[str, Any] = {}
        name = ".".join(source.path.resolve().with_suffix("").relative_to(package).parts)
        self.script = self._parse(source, name)

    def _parse(self, source: Source, name: str) -> Any:
        self.sources[name] = source
        path = str(source.path)
        module = source.parsed(
            lambda text: AstroidBuilder(AstroidManager(), apply_transforms=False).string_build(
                text, name, path
            )
        )
        module.source = source
        self._modules[name] = module
        return module

    def imported(self, node: Any, name: str) -> Any:
        """The module that an import statement names; None if it is not the project's."""
        whole = node.root().relative_to_absolute_name(name, getattr(node, "level", None))
        if whole not in self._modules and len(self._modules) < MAX_MODULES:
            self._modules[whole] = None
            for folder in self._folders:
                base = folder.joinpath(*whole.split("."))
                for path in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
                    if path.is_file() and self._modules[whole] is None:
                        try:
                            self._parse(Source(path), whole)
                        except LintError:
                            return None  # it has a line of its own if it is linted itself
        return self._modules.get(whole)

    def uses(self, packages: set[str]) -> bool:
        """Whether a module of the project imports one of some packages."""
        kinds = (nodes.Import, nodes.ImportFrom)
        modules = [module for module in self._modules.values() if module]
        imports = [node for module in modules for node in module.nodes_of_class(kinds)]
        names = {getattr(node, "modname", name) for node in imports for name, _ in node.names}
        return any(name.partition(".")[0] in packages for name in names)
