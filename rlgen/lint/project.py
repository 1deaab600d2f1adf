"""The modules of a project: what a script imports is searched for beside it, and read as text."""

from contextlib import suppress
from typing import Any

from astroid import nodes

from rlgen.errors import LintError
from rlgen.lint.names import top
from rlgen.lint.source import Source

#: What marks the top folder of a project, and how many of its modules are followed.
MARKS, MAX_MODULES = ("pyproject.toml", "setup.py", ".git"), 100


class Project:
    """A script and the modules around it.

    Args:
        source: The script; its folder, that of its package and the project's top are searched.
    """

    def __init__(self, source: Source) -> None:
        folder = package = source.path.resolve().parent
        while (package / "__init__.py").is_file():
            package = package.parent
        tops = [up for up in package.parents if any((up / mark).exists() for mark in MARKS)]
        self._folders = [folder, package, *tops[:1]]
        name = ".".join(source.path.resolve().with_suffix("").relative_to(package).parts)
        self.script = source.parsed(name.removesuffix(".__init__"))
        self._modules: dict[str, Any] = {"": None, self.script.name: self.script}

    def imported(self, node: Any, name: str) -> Any:
        """The module that an import statement names; None if it is not the project's."""
        module, level = node.root(), getattr(node, "level", None) or 0
        parts = module.name.split(".")
        above = parts[: max(0, len(parts) + module.package - level)] if level else []
        whole = ".".join([*above, name] if name else above)
        if whole not in self._modules and len(self._modules) < MAX_MODULES:
            paths = [folder.joinpath(*whole.split(".")) for folder in self._folders]
            names = [(path.with_name(f"{path.name}.py"), path / "__init__.py") for path in paths]
            file = next((file for pair in names for file in pair if file.is_file()), None)
            self._modules[whole] = None
            with suppress(LintError):  # it has a line of its own if it is linted itself
                self._modules[whole] = file and Source(file).parsed(whole)
        return self._modules.get(whole)

    def uses(self, packages: set[str]) -> bool:
        """Whether a module of the project imports one of some packages."""
        imports = (nodes.Import, nodes.ImportFrom)
        modules = [module for module in self._modules.values() if module]
        statements = [node for module in modules for node in module.nodes_of_class(imports)]
        names = {getattr(node, "modname", name) for node in statements for name, _ in node.names}
        return any(top(name) in packages for name in names)
