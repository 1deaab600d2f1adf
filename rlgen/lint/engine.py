"""Follow a script without running it.

Functions of the project are entered where they are called, so that what they make is known by what
they were given there. Foreign code is never looked at: what it gives is unknown.
"""

from dataclasses import replace
from typing import Any

from astroid import nodes

from rlgen.lint.expressions import is_static
from rlgen.lint.names import PACKAGES, top
from rlgen.lint.project import Project
from rlgen.lint.statements import Statements
from rlgen.lint.values import Arguments, Function, Scope, Thing

#: Calls inside calls.
MAX_DEPTH = 15


class Engine(Statements):
    """Follows one module, and those of the project that it imports."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._modules: dict[str, Scope] = {}
        self._calls: list[Any] = []
        self._entered: set[Any] = set()
        self._functions: list[tuple[Function, Scope, Any]] = []

    def run(self, module: Any) -> None:
        """Follow a module, then those of its functions that nothing in it has called."""
        self._run_module(module, "__main__")
        end, unknown = self.facts, Arguments()
        unknown.more = True
        for function, scope, facts in self._functions:  # grows while they are followed
            if function.node not in self._entered and function.node.root() is module:
                self.facts = {**facts, **end}
                bound = scope.kind == "class" and not is_static(function.node)
                owner = self.instance(scope, [], unknown, scope.node) if bound else None
                self.enter(replace(function, owner=owner), [], unknown)

    def _run_module(self, module: Any, name: str) -> Scope:
        scope = self._modules.get(module.name)
        if scope is None or scope not in self.facts:
            scope = self._modules[module.name] = Scope("module", module)
            self.facts[scope] = {"__name__": name}
            around, self.scope = getattr(self, "scope", scope), scope
            for node in module.body:
                before = self.facts
                self.block([node])
                self.facts = before if self.facts is None else self.facts
            self.scope = around
        return scope

    # -- calls ------------------------------------------------------------------------------------

    def enter(self, function: Function, args: list[Any], kwargs: Arguments) -> Any:
        """Follow a function of the project; what it returns."""
        node, before, inside = function.node, self.facts, (function.owner, *args, *kwargs.values())
        self._entered.add(node)
        if self._calls.count(node) > 1 or len(self._calls) > MAX_DEPTH:
            self.doubt(*inside)
            return Thing(maybe=inside)
        scope = Scope("call", node, outer=function.scope)
        self.facts[scope] = self._arguments(function, args, kwargs)
        around, self.scope = self.scope, scope
        self._calls.append(node)
        if isinstance(node.body, list):
            self.block(node.body)
        result = None if isinstance(node.body, list) else self.value(node.body)
        scope.returns.append((result, self.facts))
        self._calls.pop()
        self.scope = around
        ends = [end for end in scope.returns if end[1] is not None]
        self.facts = self.joined([facts for _, facts in ends]) if ends else before
        if not scope.captured:
            self.facts.pop(scope, None)
        if not ends or (isinstance(node.body, list) and node.is_generator()):
            return Thing(maybe=inside)
        return self.either([value for value, _ in ends])

    def _arguments(self, function: Function, args: list[Any], kwargs: Arguments) -> dict[str, Any]:
        """The arguments by the names of the parameters."""
        node, defaults = function.node.args, dict(function.defaults)
        args = args if function.owner is None else [function.owner, *args]
        names = [each.name for each in (*node.posonlyargs, *(node.args or []))]
        arguments = dict(zip(names, args, strict=False))
        for name in (*names, *(each.name for each in node.kwonlyargs)):
            if name not in arguments:
                arguments[name] = kwargs.get(name, defaults.get(name, Thing()))
        others = Thing(maybe=(*args, *kwargs.values()))
        return arguments | {name: others for name in (node.vararg, node.kwarg) if name}

    def instance(self, cls: Scope, args: list[Any], kwargs: Arguments, node: Any) -> Thing:
        """An object of a class of the project, once its ``__init__`` is through."""
        created = Thing("instance", node, "", (*args, *kwargs.values()), cls)
        self.facts[created] = {}
        start = self.inherited(cls, "__init__")
        if isinstance(start, Function):
            self.enter(replace(start, owner=created), args, kwargs)
        elif args or kwargs or kwargs.more:  # perhaps a dataclass
            self.facts[created] = {"*": Thing(maybe=created.maybe)}
        return created

    # -- definitions and imports ------------------------------------------------------------------

    def function(self, node: Any) -> Function:
        """A function as it is where it is defined, default values included."""
        names = [*node.args.posonlyargs, *(node.args.args or [])]
        pairs = [*zip(reversed(names), reversed(node.args.defaults), strict=False)]
        pairs += zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        defaults = tuple((name.name, self.value(default)) for name, default in pairs if default)
        # The names of a class are not seen from within its methods.
        scope = (self.scope.kind == "class" and self.scope.outer) or self.scope
        captured: Scope | None = scope
        while captured:
            captured.captured, captured = True, captured.outer
        return Function(node, scope, defaults)

    def define(self, node: Any) -> None:
        """Follow the definition of a function."""
        function = self.function(node)
        self._functions.append((function, self.scope, self.facts))
        self.set(self.scope, node.name, function)

    def define_class(self, node: Any) -> None:
        """Follow the definition of a class."""
        bases, around = tuple(self.value(base) for base in node.bases), self.scope
        self.scope = cls = Scope("class", node, outer=around, bases=bases)
        self.facts[cls] = {}
        self.block(node.body)
        self.scope = around
        self.set(around, node.name, cls)

    def imports(self, node: Any) -> None:
        """Follow an import."""
        if isinstance(node, nodes.Import):
            for name, other in node.names:
                whole = name if other else top(name)
                self.set(self.scope, other or whole, self.module(node, whole))
            return
        module = self.module(node, node.modname)
        for name, other in node.names:
            if name != "*":
                is_ours = isinstance(module, Scope)
                path = f"{node.modname}.{name}".strip(".")
                part = self.attribute(module, name) if is_ours else self.module(node, path)
                self.set(self.scope, other or name, part)
            elif isinstance(module, Scope):
                names = self.facts[module].items()
                public = {each: value for each, value in names if not each.startswith("_")}
                self.facts[self.scope] = {**self.facts[self.scope], **public}
            elif top(module.path) in PACKAGES:
                self.scope.path = module.path

    def module(self, node: Any, name: str) -> Any:
        """A module: the names of one of the project, or something foreign."""
        module = self._project.imported(node, name)
        return self.outside(name) if module is None else self._run_module(module, module.name)
