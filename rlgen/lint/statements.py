"""Follow statements: each branch is taken, each loop goes round twice."""

from collections.abc import Sequence
from typing import Any

from astroid import nodes

from rlgen.lint.expressions import Expressions, Frame
from rlgen.lint.objects import MAX_ITEMS
from rlgen.lint.values import NONE, Args, Const, Obj, Sym, Value, distance, is_, key

#: Calls that end a script.
EXITS = {"sys.exit", "exit", "quit", "os._exit"}
#: What an import ends with that is not there; the first choice stands for all.
IMPORT = {"ImportError", "ModuleNotFoundError"}


class Statements(Expressions):
    """Follows the statements of a module or function.

    Attributes:
        loops: The loops around what is executed now: which round of each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loops: list[int] = []
        self._trying = 0

    def block(self, body: Sequence[Any], frame: Frame) -> str:
        """Follow statements; how they end before the last is through, or nothing."""
        for node in body:
            follow = getattr(self, f"_do_{type(node).__name__.lower()}", None)
            end = follow(node, frame) if follow else self._others(node, frame)
            if end:
                return str(end)
        return ""

    def _others(self, node: Any, frame: Frame) -> str:
        for child in node.get_children():
            self.use(self.value(child, frame))
        return ""

    def _branches(self, bodies: list[Any], frame: Frame) -> str:
        """Follow several ways; where only one gets through, the rest of the script is on it."""
        before, branch, through, ends = self.path, self.work(), [], []
        for side, body in enumerate(bodies):
            self.path = (*before, (branch, side))
            end = self.block(body, frame)
            ends.append(end)
            through += [] if end else [self.path]
        self.sides[branch] = {i for i, end in enumerate(ends) if end != "exit" or self._trying}
        self.path = through[0] if len(through) == 1 else before
        if len(through) == 1 and set(ends) == {"", "exit"} and not self._trying:
            self.sure = (*self.sure, *self.path[len(before) :])
        return "" if through else next((end for end in ends if end != "exit"), "exit")

    def _do_expr(self, node: Any, frame: Frame) -> str:
        self.value(node.value, frame)
        call = node.value if isinstance(node.value, nodes.Call) else None
        return "exit" if call and call.func.as_string() in EXITS else ""

    def _do_global(self, node: Any, frame: Frame) -> None:
        frame.shared |= set(node.names)

    _do_nonlocal = _do_global

    def _do_return(self, node: Any, frame: Frame) -> str:
        frame.returns.append(self.value(node.value, frame) if node.value else NONE)
        return "return"

    def _do_raise(self, node: Any, frame: Frame) -> str:
        return "exit"

    def _do_break(self, node: Any, frame: Frame) -> str:
        return "break"

    _do_continue = _do_break

    def _do_delete(self, node: Any, frame: Frame) -> None:
        """Names that are deleted are not used."""

    def _do_assign(self, node: Any, frame: Frame) -> None:
        value = self.value(node.value, frame)
        for target in node.targets:
            self.bind(target, value, frame)

    def _do_annassign(self, node: Any, frame: Frame) -> None:
        if node.value is not None:
            self.bind(node.target, self.value(node.value, frame), frame)

    def _do_augassign(self, node: Any, frame: Frame) -> None:
        value = self.value(node.value, frame)
        before = self.value(node.target, frame)
        after = self.binary(before, node.op.removesuffix("="), value, node)
        if is_(after, "reading"):
            after = self.new("reading", node, kind=Const("return"), event=self.get(after, "event"))
        self.bind(node.target, after, frame)

    def bind(self, target: Any, value: Value, frame: Frame) -> None:
        """Assign a value to a target."""
        if isinstance(target, nodes.AssignName):
            home, name = frame, target.name
            while home.parent and (
                name in home.shared or not (home is frame or self.has(home.names, name))
            ):
                home = home.parent
            self.set(home.names, name, value)
        elif isinstance(target, nodes.Tuple | nodes.List):
            for i, each in enumerate(target.elts):
                self.bind(each, self.subscript(value, Const(i), target), frame)
        elif isinstance(target, nodes.Starred):
            self.bind(target.value, value, frame)
        elif isinstance(target, nodes.AssignAttr):
            self.assign(self.value(target.expr, frame), target.attrname, value)
        elif isinstance(target, nodes.Subscript):
            owner, at = self.value(target.value, frame), self.value(target.slice, frame)
            self.use(value)
            if isinstance(owner, Sym) and key(at):
                self.set(key(owner), f"[{key(at)}]", value)
            elif is_(owner, "dict") and isinstance(at, Const) and isinstance(at.value, str):
                self.set(owner, at.value, value)
            else:
                self.doubt(owner)

    def assign(self, owner: Value, name: str, value: Value) -> None:
        """``owner.name = value``."""
        self.set(key(owner) if isinstance(owner, Sym) else owner, name, value)

    def _do_if(self, node: Any, frame: Frame) -> str:
        way = self.decided(node.test, frame)
        self.use(self.value(node.test, frame))
        if way is not None:
            return self.block(node.body if way else node.orelse, frame)
        return self._branches([node.body, node.orelse], frame)

    def decided(self, test: Any, frame: Frame) -> bool | None:
        """Whether a test is certainly true or false.

        Decided are what is None, and parameters by what the call at hand gave. A constant of the
        module is not: people flip ``TRAIN = True`` by hand, and both ways are theirs.
        """
        match test:
            case nodes.Const():
                return bool(test.value)
            case nodes.UnaryOp(op="not"):
                inner = self.decided(test.operand, frame)
                return None if inner is None else not inner
            case nodes.BoolOp():
                parts, settles = (
                    {self.decided(each, frame) for each in test.values},
                    test.op == "or",
                )
                return settles if settles in parts else None if None in parts else not settles
            case nodes.Name() if test.name in frame.parameters:
                value = self.value(test, frame)
                return bool(value.value) if isinstance(value, Const) else None
            case nodes.Compare(
                left=nodes.Name() | nodes.Attribute(expr=nodes.Name()) as left,
                ops=[(op, nodes.Const() as right)],
            ):
                value, same = self.value(left, frame), op in ("is", "==")
                plain = right.value is None or getattr(left, "name", "") in {
                    "__name__",
                    *frame.parameters,
                }
                if isinstance(value, Sym) or not plain or op not in ("is", "==", "is not", "!="):
                    return None
                return (value == Const(right.value)) is same
        return None

    def _do_try(self, node: Any, frame: Frame) -> str:
        names = {each.as_string() for h in node.handlers for each in _types(h.type)}
        imports = all(isinstance(each, nodes.Import | nodes.ImportFrom) for each in node.body)
        handlers = [] if imports and names <= IMPORT else node.handlers
        before = self.path
        if any(h.type is None for h in handlers) or (
            handlers and not names <= {"KeyboardInterrupt"}
        ):
            # It may end anywhere in between, so that it is certain only if no handler goes on.
            self.path = (*before, (self.work(), 0))
        self._trying += bool(handlers)
        end = self.block(node.body, frame)
        if imports and node.orelse:
            self.path = (*before, (self.work(), 0))
        end = end or self.block(node.orelse, frame)
        self.path = before if imports else self.path
        self._trying -= bool(handlers)
        inside, self.path = self.path, before
        goes_on = bool(handlers) and not self._branches([h.body for h in handlers], frame)
        self.path = before if goes_on else inside
        return self.block(node.finalbody, frame) or ("" if goes_on else end)

    _do_trystar = _do_try

    def _do_with(self, node: Any, frame: Frame) -> str:
        for expression, target in node.items:
            value = self.value(expression, frame)
            if target is not None:
                self.bind(target, value, frame)
        return self.block(node.body, frame)

    _do_asyncwith = _do_with

    def _do_match(self, node: Any, frame: Frame) -> str:
        self.use(self.value(node.subject, frame))
        return self._branches([*(case.body for case in node.cases), []], frame)

    def _do_for(self, node: Any, frame: Frame) -> str:
        source = self.value(node.iter, frame)
        items = self.items(source)
        ends = [self.get(source, end) for end in ("start", "stop")] if is_(source, "span") else []
        certain = bool(items) or (bool(ends) and (distance(*ends) or 0) > 0)
        if ends or any(True for _ in node.nodes_of_class(nodes.Break)):
            items = None
        return self._loop(node, items, frame, certain)

    _do_asyncfor = _do_for

    def _do_while(self, node: Any, frame: Frame) -> str:
        self.use(self.value(node.test, frame))
        return self._loop(node, None, frame, self.decided(node.test, frame) is True)

    def _loop(self, node: Any, items: Args | None, frame: Frame, certain: bool) -> str:
        before, start, end = self.path, self.work(), ""
        every = items is not None and len(items) <= MAX_ITEMS
        self.loops.append(0)
        for self.loops[-1], item in enumerate(items if items and every else (None, None)):
            self.path = before if certain else (*before, (start, 0))
            self._forget(start if not every else self.number)
            if hasattr(node, "target"):
                self.bind(node.target, item or self.unknown(node), frame)
            end = self.block(node.body, frame)
            if end in ("return", "exit"):
                break
        self.loops.pop()
        self.path = before
        self._forget(start if not every else self.number)
        return end if certain and end in ("return", "exit") else self.block(node.orelse, frame)

    def _forget(self, start: int) -> None:
        """Make unknown what a round of a loop has changed: each of the others changes it too."""
        self.work(len(self.log) // 30)
        for owner, fields in list(self.log.items()):
            if not isinstance(owner, Obj) or owner.number <= start:
                for name, entries in fields.items():
                    changed = entries[-1][0] > start and not isinstance(entries[-1][2], Obj)
                    if changed and any(entry[2] != entries[-1][2] for entry in entries):
                        self.set(owner, name, self.unknown())


def _types(node: Any) -> list[Any]:
    return [] if node is None else list(node.elts) if isinstance(node, nodes.Tuple) else [node]
