"""Follow a script without running it: each branch is taken, each loop goes round twice.

Functions of the project are entered where they are called, so that what they make is known by what
they were given there. Foreign code is never looked at: what it gives is unknown.
"""

from collections.abc import Callable
from typing import Any

from astroid import nodes

from rlgen.lint import names
from rlgen.lint.expressions import Expressions
from rlgen.lint.facts import OUTER, Thing
from rlgen.lint.source import Project

#: Calls inside calls.
MAX_DEPTH = 15


class Follow(Expressions):
    """Follows statements, functions and modules; ``assign`` is that of ``Library``."""

    assign: Callable[[Any, str, Any], None]

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._modules: dict[Any, Thing] = {}
        #: By call: the function, and what it returns with the facts there.
        self._calls: list[tuple[Any, list[Any]]] = []
        self._uncalled: dict[Any, Any] = {}
        self._tries: list[list[Any]] = []

    def run(self) -> None:
        """Follow the script, then those of its functions that nothing has called."""
        self._run_module(self._project.script)
        end = self.facts
        self.loops.append((0, []))  # they may be called again and again
        while self._uncalled:
            node, (function, facts) = self._uncalled.popitem()
            if node.root() is self._project.script:
                self.facts = {**facts, **end}
                self.enter(function, [], {"*": Thing()})

    def _run_module(self, module: Any) -> Thing:
        if self._modules.get(module) not in self.facts:
            around = self.scope
            self._modules[module] = self.scope = self.new("module", module, {})
            for node in module.body:
                before = self.facts
                self.block([node])
                self.facts = before if self.facts is None else self.facts
            self.scope = around
        return self._modules[module]

    # -- statements -------------------------------------------------------------------------------

    def block(self, body: list[Any]) -> None:
        """Follow statements until the way ends."""
        for node in body or []:
            if self.facts is not None:
                self.work()
                self._may_raise()
                self.statement(node)

    def _may_raise(self) -> None:
        for points in self._tries:
            points.append(dict(self.facts))

    def statement(self, node: Any) -> None:
        """Follow one statement."""
        match node:
            case nodes.Assign() | nodes.AnnAssign():
                value = self.value(node.value)
                for target in getattr(node, "targets", []) or [node.target]:
                    self.bind(target, value)
            case nodes.AugAssign():
                before, value = self.value(node.target), self.value(node.value)
                self.bind(node.target, self.binary(before, node.op[:-1], value))
                self.doubt(before)
            case nodes.Return():
                self._calls[-1][1].append((self.value(node.value), self.facts))
                self.facts = None
            case nodes.Raise():
                self.value(node.exc)
                self._may_raise()
                self.facts = None
            case nodes.Break() | nodes.Continue():
                self.loops[-1][1].append((None, self.facts))
                self.facts = None
            case nodes.If():
                self.branches(self.block, self.sides(node))
            case nodes.Match():
                subject = Thing(parts=(self.value(node.subject),))
                self.branches(lambda case: self._case(case, subject), [None, *node.cases])
            case nodes.Try() | nodes.TryStar():
                self.attempt(node)
            case nodes.For() | nodes.While():
                self.loop(node)
            case nodes.With():
                managers = [self.value(expression) for expression, _ in node.items]
                self.doubt(*(each for each in managers if isinstance(each, Thing)))
                for manager, (_, target) in zip(managers, node.items, strict=True):
                    self.bind(target, manager)
                ways = [node.body, []] if _is_swallowing(node) else [node.body]
                self.branches(self.block, ways)
                if self.facts is not None:
                    self.doubt(*(each for each in managers if isinstance(each, Thing)))
            case nodes.FunctionDef():
                self.value(node.decorators)
                function = self.function(node)
                self._uncalled[node] = (function, self.facts)
                self.set(self.scope, node.name, function)
            case nodes.ClassDef():
                cls = self.scope = self.new("class", node, {}, self.scope)
                self.block(node.body)
                self.scope = cls.of
                odd = node.keywords or node.decorators or any(map(_is_special, node.mymethods()))
                bases = [names.short(getattr(self.value(b), "path", "")) for b in node.bases]
                cls.path = bases[0] if len(bases) == 1 and bases[0] in names.CALLBACKS else ""
                plain = not odd and (cls.path or not bases)
                self.set(self.scope, node.name, cls if plain else Thing(parts=(cls,)))
            case nodes.Import() | nodes.ImportFrom():
                self.imports(node)
            case nodes.Global() | nodes.Nonlocal():
                for name in node.names:
                    self.set(self.scope, name, OUTER)
            case _:
                for child in node.get_children():
                    self.value(child)

    def bind(self, target: Any, value: Any) -> None:
        """Assign a value to a target."""
        match target:
            case nodes.AssignName():
                scope = self.scope
                before = self.facts.get(scope, {}).get(target.name)
                while before is OUTER and scope.of:
                    scope = scope.of
                    before = self.facts.get(scope, {}).get(target.name, OUTER)
                self.set(scope, target.name, value)
            case nodes.Tuple() | nodes.List():
                for i, each in enumerate(target.elts):
                    self.bind(each, self.item(value, i))
            case nodes.Starred():
                self.bind(target.value, Thing(parts=(value,)))
            case nodes.AssignAttr():
                self.assign(self.value(target.expr), target.attrname, value)
            case nodes.Subscript():
                owner, index = self.value(target.value), self.value(target.slice)
                if isinstance(owner, Thing) and isinstance(index, str | int):
                    self.set(owner, index, value)
                else:
                    self.doubt(owner)

    def sides(self, node: Any) -> list[Any]:
        """The sides of an ``if`` that may be taken: only whether something is None is decided."""
        self.value(node.test)
        match node.test:
            case nodes.Compare(left=left, ops=[("is" | "is not" as op, nodes.Const(value=None))]):
                value = self.value(left)
                if value is None or not isinstance(value, Thing) or value.kind:
                    return [node.body if (value is None) is (op == "is") else node.orelse]
        return [node.body, node.orelse]

    def _case(self, case: Any, subject: Thing) -> None:
        if case is not None:
            for each in case.pattern.nodes_of_class(nodes.AssignName):
                self.bind(each, subject)
            self.value(case.guard)
            self.block(case.body)

    def attempt(self, node: Any) -> None:
        """Follow a ``try``: its handlers may begin before each of its statements."""
        if all(isinstance(each, nodes.Import | nodes.ImportFrom) for each in node.body):
            self.block(node.body)  # the first choice stands for all
            return
        points: list[Any] = []
        ways_out = [ends for _, ends in (*self._calls[-1:], *self.loops[-1:])]
        starts = [len(ends) for ends in ways_out]
        self._tries.append(points)
        self.block(node.body)
        self._tries.pop()
        end = self.facts and dict(self.facts)
        errors = {each.type and each.type.as_string() for each in node.handlers}
        # Who interrupts learning goes on as if it were through.
        self.join([self.facts] if errors <= {"KeyboardInterrupt"} else [self.facts, *points])
        if self.facts is not None and node.handlers:
            self.branches(self.block, [each.body for each in node.handlers])
            end, self.facts = self.facts, end
            self.block(node.orelse)
            self.join([self.facts, end])
        self.block(node.finalbody)
        end = self.facts  # the others return, break or raise, and come by the finally too
        for ends, start in zip(ways_out, starts, strict=True) if node.finalbody else ():
            for i in range(start, len(ends)):
                value, self.facts = ends[i]
                self.block(node.finalbody)
                ends[i] = (value, self.facts)
        self.join(points if node.finalbody else [])
        if self.facts is not None:
            self.block(node.finalbody)
            self._may_raise()
        self.facts = end

    def loop(self, node: Any) -> None:
        """Follow two rounds; what holds after both, and before them, stays."""
        items = self.value(getattr(node, "iter", None))
        ends = [dict(self.facts)]
        for number in (0, 1):
            jumps: list[Any] = []
            self.loops.append((number, jumps))
            if self.facts is not None:
                self.value(getattr(node, "test", None))
                self.bind(getattr(node, "target", None), Thing(parts=(items,)))
                self.block(node.body)
            self.loops.pop()
            self.join([self.facts, *(facts for _, facts in jumps)])
            ends.append(self.facts and dict(self.facts))
        self.join(ends)
        if node.orelse:
            self.branches(self.block, [node.orelse, []])

    def imports(self, node: Any) -> None:
        """Follow an import: names of a module of the project, or something foreign."""
        base, dots = getattr(node, "modname", None), "." * (getattr(node, "level", None) or 0)
        for name, other in node.names:
            whole = name if other or base is not None else name.partition(".")[0]
            path = whole if base is None else f"{base}.{name}".strip(".")
            part = self._project.imported(node, path)
            module = None if base is None else self._project.imported(node, base)
            inside = {} if module is None else self.facts.get(self._run_module(module), {})
            if name == "*":
                self.facts[self.scope] = {**self.facts.get(self.scope, {}), **inside}
            elif name in inside:
                self.set(self.scope, other or name, inside[name])
            else:
                value = self._run_module(part) if part else self.outside(dots + path)
                self.set(self.scope, other or whole, value)

    # -- functions --------------------------------------------------------------------------------

    def enter(self, function: Thing, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Follow a function of the project; what it returns."""
        node, (outer, defaults) = function.node, function.of
        self._uncalled.pop(node, None)
        rest, before = Thing(parts=(*args, *kwargs.values())), self.facts
        if getattr(node, "decorators", None):
            args, kwargs = [], {"*": rest}
        if sum(each is node for each, _ in self._calls) > 1 or len(self._calls) > MAX_DEPTH:
            self.doubt(rest)
            return rest
        words = [each.name for each in (*node.args.posonlyargs, *(node.args.args or []))]
        fields = dict.fromkeys((each.name for each in node.args.arguments), rest)
        fields |= {} if "*" in kwargs else defaults
        fields |= dict(zip(words, args, strict=False))
        fields |= {name: kwargs[name] for name in fields.keys() & kwargs.keys()}
        around, self.scope = self.scope, self.new("call", node, fields, outer)
        ends: list[Any] = []
        self._calls.append((node, ends))
        if isinstance(node, nodes.Lambda) and not isinstance(node, nodes.FunctionDef):
            ends.append((self.value(node.body), self.facts))
        else:
            self.block(node.body)
            ends.append((None, self.facts))
        self._calls.pop()
        self.scope = around
        alive = [value for value, facts in ends if facts is not None]
        self.join([facts for _, facts in ends])
        self.facts = before if self.facts is None else self.facts
        lazy = isinstance(node, nodes.FunctionDef) and node.is_generator()
        return self.either(*alive) if alive and not lazy else Thing(parts=(rest, function))


def _is_swallowing(node: Any) -> bool:
    """Whether a ``with`` goes on after an exception in it."""
    return any(word in node.items[0][0].as_string() for word in ("suppress", "raises", "Raises"))


def _is_special(method: Any) -> bool:
    """Whether Python may call a method where no call is written."""
    return bool(method.decorators) or (method.name[:2] == "__" and method.name != "__init__")
