"""Follow statements: each branch is taken, each loop goes round twice."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from astroid import nodes

from rlgen.lint.expressions import Expressions
from rlgen.lint.names import EXITS
from rlgen.lint.values import Span, Thing, distance, is_kind


@dataclass
class Loop:
    """A loop that is followed: which round it is in, and the facts where rounds end early."""

    round: int = 0
    continues: list[Any] = field(default_factory=list)
    breaks: list[Any] = field(default_factory=list)


class Statements(Expressions):
    """Follows statements; definitions and imports are those of ``Engine``.

    Attributes:
        loops: The loops around what is followed.
        raised: By ``try``: the facts where its handlers may begin.
    """

    define: Callable[[Any], None]
    define_class: Callable[[Any], None]
    imports: Callable[[Any], None]
    assign: Callable[[Any, str, Any], None]

    def __init__(self) -> None:
        super().__init__()
        self.loops: list[Loop] = []
        self.raised: list[list[Any]] = []

    def block(self, body: list[Any]) -> None:
        """Follow statements until the way ends."""
        for node in body:
            if self.facts is not None:
                self.work()
                self.statement(node)

    def statement(self, node: Any) -> None:
        """Follow one statement."""
        match node:
            case nodes.Assign():
                value = self.value(node.value)
                for target in node.targets:
                    self.bind(target, value)
            case nodes.AnnAssign():
                if node.value is not None:
                    self.bind(node.target, self.value(node.value))
            case nodes.AugAssign():
                value, before = self.value(node.value), self.value(node.target)
                self.bind(node.target, self.binary(before, node.op.removesuffix("="), value))
            case nodes.Expr():
                self.value(node.value)
                if isinstance(node.value, nodes.Call) and node.value.func.as_string() in EXITS:
                    self.facts = None
            case nodes.Return():
                value = self.value(node.value) if node.value else None
                self.end(self.scope.returns, (value, self.facts))
            case nodes.Raise():
                self.end(self.raised[-1] if self.raised else [], self.facts)
            case nodes.Break():
                self.end(self.loops[-1].breaks, self.facts)
            case nodes.Continue():
                self.end(self.loops[-1].continues, self.facts)
            case nodes.If():
                self.branches(self.block, self.sides(node))
            case nodes.Match():
                self.value(node.subject)
                self.branches(self.block, [[], *(case.body for case in node.cases)])
            case nodes.Try() | nodes.TryStar():
                self.attempt(node)
            case nodes.For() | nodes.While():
                self.loop(node)
            case nodes.With():
                for expression, target in node.items:
                    value = self.value(expression)
                    if target is not None:
                        self.bind(target, value)
                self.block(node.body)
            case nodes.FunctionDef():
                self.define(node)
            case nodes.ClassDef():
                self.define_class(node)
            case nodes.Import() | nodes.ImportFrom():
                self.imports(node)
            case nodes.Global() | nodes.Nonlocal():
                self.scope.shared |= {*node.names}
            case nodes.Assert():
                self.value(node.test)

    def end(self, ends: list[Any], facts: Any) -> None:
        """End a way, and keep its facts for where it goes on."""
        ends.append(facts)
        self.facts = None

    def bind(self, target: Any, value: Any) -> None:
        """Assign a value to a target."""
        match target:
            case nodes.AssignName():
                scope = self.scope
                while target.name in scope.shared and scope.outer:
                    scope = scope.outer
                self.set(scope, target.name, value)
            case nodes.Tuple() | nodes.List():
                for i, each in enumerate(target.elts):
                    self.bind(each, self.subscript(value, i))
            case nodes.Starred():
                self.bind(target.value, Thing(maybe=(value,)))
            case nodes.AssignAttr():
                self.assign(self.value(target.expr), target.attrname, value)
            case nodes.Subscript():
                owner, at = self.value(target.value), self.value(target.slice)
                if is_kind(owner, "dict") and isinstance(at, str):
                    self.set(owner, at, value)
                else:
                    self.doubt(owner)

    def sides(self, node: Any) -> list[Any]:
        """The sides of an ``if`` that may be taken."""
        way = self.decided(node.test)
        self.value(node.test)
        return [node.body, node.orelse] if way is None else [node.body if way else node.orelse]

    def decided(self, test: Any) -> bool | None:
        """Whether a test is certainly true or false.

        Decided is what is None. A constant of the module is not: people flip ``TRAIN = True`` by
        hand, and both ways are theirs.
        """
        match test:
            case nodes.Const():
                return bool(test.value)
            case nodes.Compare(
                left=nodes.Name(), ops=[("is" | "is not" as op, nodes.Const(value=None))]
            ):
                value = self.value(test.left)
                return None if is_kind(value, "unknown") else (value is None) is (op == "is")
        return None

    def attempt(self, node: Any) -> None:
        """Follow a ``try``: its handlers may begin after each of its statements."""
        if all(isinstance(each, nodes.Import | nodes.ImportFrom) for each in node.body):
            self.block(node.body)  # the first choice stands for all
            self.branches(self.block, [node.orelse, []])
            return
        points = [dict(self.facts)]
        self.raised.append(points)
        for each in node.body:
            self.block([each])
            points += [] if self.facts is None else [dict(self.facts)]
        self.raised.pop()
        self.block(node.orelse)
        if node.handlers:
            end, names = self.facts, {each.type and each.type.as_string() for each in node.handlers}
            # Who interrupts learning goes on as if it were through.
            self.facts = self.joined(points[-1:] if names == {"KeyboardInterrupt"} else points)
            self.branches(self.block, [each.body for each in node.handlers])
            self.facts = self.joined([end, self.facts])
        self.block(node.finalbody)

    def loop(self, node: Any) -> None:
        """Follow two rounds; what holds after both, and before them if there may be none, stays."""
        is_while = isinstance(node, nodes.While)
        source = self.value(node.test if is_while else node.iter)
        span = distance(source.start, source.stop) if isinstance(source, Span) else 0
        certain = self.decided(node.test) is True if is_while else bool(span and span > 0)
        ends = [] if certain else [dict(self.facts)]
        self.loops.append(loop := Loop())
        while loop.round < 2 and self.facts is not None:
            if not is_while:
                self.bind(node.target, Thing(maybe=(source,)))
            self.block(node.body)
            self.facts = self.joined([self.facts, *loop.continues])
            ends.append(self.facts and dict(self.facts))
            loop.round, loop.continues = loop.round + 1, []
        self.loops.pop()
        self.facts = None if is_while and certain else self.joined(ends)
        self.block(node.orelse)
        self.facts = self.joined([self.facts, *loop.breaks])
