"""Follow a script without running it: each branch is taken, each loop goes round twice.

Functions of the project are entered where they are called, so that what they make is known by what
they were given there. Foreign code is never looked at: what it gives is unknown.
"""

from dataclasses import replace
from typing import Any

from astroid import nodes

from rlgen.lint.expressions import Frame
from rlgen.lint.names import KNOWN, PACKAGES
from rlgen.lint.project import Project
from rlgen.lint.statements import Statements
from rlgen.lint.values import NONE, Args, Const, Func, Kwargs, Obj, Sym, Value, is_

#: Calls inside calls.
MAX_DEPTH = 15


class Engine(Statements):
    """Follows one module, and those of the project that it imports."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self.modules: dict[str, Obj] = {}
        self._calls: list[Any] = []
        self._entered: set[Any] = set()
        self._functions: list[Func] = []

    def foreign(self, function: Value, args: Args, kwargs: Kwargs, node: Any, more: bool) -> Value:
        """What calling something that is no function of the project gives, and does."""
        raise NotImplementedError

    def instance(self, cls: Obj, args: Args, kwargs: Kwargs, node: Any, more: bool) -> Value:
        """An object of a class of the project, once its ``__init__`` is through."""
        created = self.new("instance", node, **{"class": cls})
        self._entered.add(cls.node)
        start = self.member(cls, "__init__")
        if isinstance(start, Func):
            self.call(replace(start, owner=created), args, kwargs, node, more)
        else:  # a dataclass, or something like it
            names = [
                each.target.name for each in cls.node.body if isinstance(each, nodes.AnnAssign)
            ]
            for name, value in [*zip(names, args, strict=False), *kwargs.items()]:
                self.set(created, name, value)
        return created

    def run(self, module: Any) -> None:
        """Follow a module, then those of its functions that nothing in it has called."""
        self._module(module, "__main__")
        for function in self._functions:
            if function.node in self._entered or function.node.root() is not module:
                continue
            self.path = ((self.work(), 0),)  # somebody may call it, or not
            owner = function.owner if function.node.type == "method" else None
            if is_(owner, "class"):
                owner = self.instance(owner, [], {}, owner.node, True)
            self.enter(replace(function, owner=owner), [], {}, True)

    def _module(self, module: Any, name: str) -> Obj:
        if module.name not in self.modules:
            names = self.modules[module.name] = self.new("frame", module, __name__=Const(name))
            self.block(module.body, Frame(names))
        return self.modules[module.name]

    # -- calls ------------------------------------------------------------------------------------

    def call(self, function: Value, args: Args, kwargs: Kwargs, node: Any, more: bool) -> Value:
        """What a call gives."""
        if is_(function, "partial"):
            bound = self.entries(self.get(function, "kwargs")) or {}
            args = (self.items(self.get(function, "args")) or []) + args
            return self.call(self.get(function, "function"), args, bound | kwargs, node, more)
        if isinstance(function, Func):
            return self.enter(function, args, kwargs, more)
        return self.foreign(function, args, kwargs, node, more)

    def enter(self, function: Func, args: Args, kwargs: Kwargs, more: bool = False) -> Value:
        """Follow a function of the project; what it returns."""
        node = function.node
        self._entered.add(node)
        if self._calls.count(node) > 1 or len(self._calls) > MAX_DEPTH:
            for value in (*args, *kwargs.values()):
                self.doubt(value)
            return self.unknown(node)
        arguments = self._arguments(function, list(args), dict(kwargs), more)
        frame = Frame(self.new("frame", node), function.frame, arguments)
        for name, value in arguments.items():
            self.set(frame.names, name, value)
        before, loops = self.path, list(self.loops)
        self._calls.append(node)
        try:
            if isinstance(node, nodes.Lambda) and not isinstance(node, nodes.FunctionDef):
                return self.value(node.body, frame)
            if not self.block(node.body, frame):
                frame.returns.append(NONE)
        finally:
            self._calls.pop()
            self.path, self.loops = before, loops
        return (
            self.unknown(node)
            if node.is_generator() or not frame.returns
            else self.either(frame.returns)
        )

    def _arguments(self, function: Func, args: Args, kwargs: Kwargs, more: bool) -> Kwargs:
        """The arguments by the names of the parameters."""
        node, defaults = function.node.args, dict(function.defaults)
        args = args if function.owner is None else [function.owner, *args]
        names = [each.name for each in (*node.posonlyargs, *(node.args or []))]
        arguments = dict(zip(names, args, strict=False))
        for name in (*names, *(each.name for each in node.kwonlyargs)):
            if name not in arguments:
                default = Sym(f"{getattr(function.node, 'name', 'lambda')}.{name}")
                arguments[name] = kwargs.pop(name, default if more else defaults.get(name, default))
        if node.vararg:
            arguments[node.vararg] = self.listed(args[len(names) :], function.node, more)
        if node.kwarg:
            arguments[node.kwarg] = self.table(None if more else kwargs, function.node)
        return arguments

    # -- definitions and imports ------------------------------------------------------------------

    def _do_import(self, node: Any, frame: Frame) -> None:
        for name, other in node.names:
            whole = self._imported(node, name) or Sym(name)
            top = name.partition(".")[0]
            value = whole if other or top == name else self._imported(node, top) or Sym(top)
            self.set(frame.names, other or top, value)

    def _do_importfrom(self, node: Any, frame: Frame) -> None:
        module = self._imported(node, node.modname)
        fields = self.log[module] if module else KNOWN
        public = {name: name for name in fields if isinstance(name, str) and name[0] != "_"}
        stars = {} if module is None and node.modname.partition(".")[0] not in PACKAGES else public
        for part, other in node.names:
            for name, local in (stars if part == "*" else {part: other or part}).items():
                value: Value | None = self.get(module, name) if self.has(module, name) else None
                value = value or self._imported(node, f"{node.modname}.{name}".strip("."))
                self.set(frame.names, local, value or Sym(f"{node.modname}.{name}"))

    def _imported(self, node: Any, name: str) -> Obj | None:
        """The names of a module of the project; None for others."""
        module = self.project.imported(node, name)
        return None if module is None else self._module(module, module.name)

    def _do_functiondef(self, node: Any, frame: Frame) -> None:
        function = self.function(node, frame)
        self._functions.append(function)
        self.set(frame.names, node.name, function)

    _do_asyncfunctiondef = _do_functiondef

    def _do_classdef(self, node: Any, frame: Frame) -> None:
        cls = self.new("class", node)
        self.set(cls, 0, self.listed([self.value(base, frame) for base in node.bases], node))
        self.set(frame.names, node.name, cls)
        first = len(self._functions)
        self.block(node.body, Frame(cls, frame))
        for i, function in enumerate(self._functions[first:], first):
            if function.owner is not None:
                continue
            # The names of a class are not seen from within its methods.
            method = Func(function.node, frame, function.defaults)
            self._functions[i] = Func(method.node, frame, method.defaults, cls)
            self.set(cls, method.node.name, method)
