"""Follow a script without running it: every branch is taken, every loop goes round twice.

Functions of the script are entered where they are called, so that an environment made by one of
them is known by the id, the seed and the levels that it was made with there. Foreign code is
never looked at: what it gives is unknown, and nothing is concluded from what is unknown.
"""

import ast
import builtins
from collections.abc import Sequence

from rlgen.lint import access, assigning, deciding, expressions, library
from rlgen.lint.certainty import either, options
from rlgen.lint.names import EXITS, KNOWN, PACKAGES
from rlgen.lint.trace import Trace
from rlgen.lint.values import (
    Class,
    Const,
    Env,
    Frame,
    Func,
    Name,
    Object,
    Parent,
    Partial,
    Reading,
    Seq,
    Sym,
    Table,
    Value,
    World,
)

#: Expressions looked at before a script is given up as too branched.
MAX_WORK = 50_000
#: Calls inside calls.
MAX_DEPTH = 20

Vars = dict[str, Value]


class TooMuchError(Exception):
    """The script is too branched to be followed to its end."""


class Interpreter:
    """Follows one script.

    Attributes:
        trace: What it was seen to do.
        trained: Worlds in which something has learnt on the way to here.
        homes: By world, the environment in which a model has learnt there last.
        sown: Whether the generators that all share are seeded.
        rounds: The loops around what is executed now.
        foreign: By key, environments of which nothing is known.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.trace = Trace()
        self.trained: set[World] = set()
        self.homes: dict[World, Env] = {}
        self.sown = False
        self.rounds: list[ast.stmt] = []
        self.builtins = set(dir(builtins))
        self.foreign: dict[str, Env] = {}
        self._work = 0
        self._number = 0
        self._active: list[ast.AST] = []
        self._entered: set[ast.AST] = set()
        self._functions: list[Func] = []
        self._classes: list[Class] = []

    def follow(self) -> Trace:
        """Follow the module, then what nothing in it has called."""
        module = Frame({"__name__": Const("__main__")})
        try:
            self.block(self.tree.body, module)
            self._left_over()
        except TooMuchError:
            self.trace.complete = False
        library.finish(self)
        return self.trace

    def _left_over(self) -> None:
        """Functions that only a caller elsewhere enters, each as if alone, with any arguments."""
        for cls in list(self._classes):
            if cls.node not in self._entered:
                self.trained = set()
                instance = library.instance(self, cls, [], {}, cls.node, True)
                for name, value in list(cls.attrs.items()):
                    if isinstance(value, Func) and value.node not in self._entered:
                        method = access.attribute(self, instance, name)
                        if isinstance(method, Func):
                            self.enter(method, [], {}, True)
        for function in list(self._functions):
            if function.node not in self._entered and isinstance(function.node, ast.FunctionDef):
                self.trained = set()
                self.enter(function, [], {}, True)

    # -- what expressions need ------------------------------------------------------------------

    def count(self) -> None:
        """Count an expression; raise ``TooMuchError`` beyond ``MAX_WORK``."""
        self._work += 1
        if self._work > MAX_WORK:
            raise TooMuchError

    def unknown(self, node: ast.AST | None) -> Sym:
        """A value that equals no other."""
        self._number += 1
        return Sym(f"@{getattr(node, 'lineno', 0)}.{self._number}")

    def use(self, value: Value) -> None:
        """Note that a value is used: a reward that is used is measured."""
        for each in options(value):
            if isinstance(each, Reading) and each.kind in ("reward", "kept"):
                for evaluation in each.evaluations:
                    evaluation.measured = True
                    evaluation.stepped = evaluation.stepped or each.kind == "reward"

    def function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, frame: Frame
    ) -> Func:
        """A function as it is where it is defined, default values included."""
        parameters = node.args
        names = [*parameters.posonlyargs, *parameters.args]
        pairs = [
            *zip(names[len(names) - len(parameters.defaults) :], parameters.defaults, strict=True),
            *(
                (a, d)
                for a, d in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)
                if d
            ),
        ]
        defaults = {a.arg: expressions.evaluate(self, d, frame) for a, d in pairs}
        return Func(node, frame, None, defaults)

    def entered(self, node: ast.AST) -> None:
        """Note that a function or class needs no further look."""
        self._entered.add(node)

    def bound(self, member: Value | None, owner: Value) -> Value:
        """A function of a class as the method of an object."""
        if not isinstance(member, Func) or isinstance(member.node, ast.Lambda):
            return member if member is not None else Const(None)
        marks = {getattr(mark, "id", "") for mark in member.node.decorator_list}
        if "staticmethod" in marks:
            return member
        method = Func(member.node, member.frame, owner, member.defaults)
        return self.enter(method, [], {}) if marks & {"property", "cached_property"} else method

    def parent_of(self, frame: Frame) -> Value:
        """What ``super()`` is in a method."""
        scope = frame.find("self")
        owner = scope.vars["self"] if scope is not None else None
        return Parent(owner) if isinstance(owner, Object) else Name("super")

    def call(
        self,
        function: Value,
        args: list[Value],
        kwargs: dict[str, Value],
        node: ast.AST,
        more: bool = False,
    ) -> Value:
        """What a call gives.

        Args:
            function: What is called.
            args: Positional arguments.
            kwargs: Named arguments.
            node: Where.
            more: Whether there may be further arguments.
        """
        if isinstance(function, Partial):
            args, kwargs = function.args + args, function.kwargs | kwargs
            return self.call(function.function, args, kwargs, node, more)
        if isinstance(function, Func):
            return self.enter(function, args, kwargs, more)
        return library.call(self, function, args, kwargs, node, more)

    def enter(
        self, function: Func, args: Sequence[Value], kwargs: Vars, more: bool = False
    ) -> Value:
        """Follow a function of the script; what it returns."""
        node = function.node
        self._entered.add(node)
        if self._active.count(node) > 1 or len(self._active) > MAX_DEPTH:
            return self.unknown(node)
        bound = self._bound(function, list(args), dict(kwargs), more)
        frame = Frame(bound, function.frame, parameters=frozenset(bound))
        self._active.append(node)
        rounds, self.rounds = self.rounds, list(self.rounds)
        try:
            if isinstance(node, ast.Lambda):
                return expressions.evaluate(self, node.body, frame)
            if self.block(node.body, frame):
                frame.exits.append(set(self.trained))
                if not frame.returns:
                    frame.returns.append(Const(None))
        finally:
            self._active.pop()
            self.rounds = rounds
        self.trained = set().union(*frame.exits) if frame.exits else self.trained
        return either(frame.returns)

    def _bound(self, function: Func, args: list[Value], kwargs: Vars, more: bool) -> Vars:
        """The arguments by the names of the parameters."""
        node, parameters = function.node, function.node.args
        name = getattr(node, "name", f"lambda@{node.lineno}")
        if function.bound is not None:
            args = [function.bound, *args]
        names = [a.arg for a in (*parameters.posonlyargs, *parameters.args)]
        bound = dict(zip(names, args, strict=False))
        for each in (*names, *(a.arg for a in parameters.kwonlyargs)):
            if each in bound:
                continue
            if each in kwargs:
                bound[each] = kwargs.pop(each)
            elif each in function.defaults and not more:
                bound[each] = function.defaults[each]
            else:
                bound[each] = Sym(f"{name}.{each}")
        rest = args[len(names) :]
        if parameters.vararg:
            bound[parameters.vararg.arg] = Seq(rest, None if more else len(rest))
        if parameters.kwarg:
            bound[parameters.kwarg.arg] = Table(
                {k: v for k, v in kwargs.items() if k not in names}, more
            )
        return bound

    # -- statements -----------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], frame: Frame) -> bool:
        """Follow statements; whether the end of the last is reached."""
        return all(self._statement(each, frame) for each in body)

    def _statement(self, node: ast.stmt, frame: Frame) -> bool:
        follow = getattr(self, f"_{type(node).__name__.lower()}", None)
        if follow is not None:
            return bool(follow(node, frame))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.use(expressions.evaluate(self, child, frame))
        return True

    def _expr(self, node: ast.Expr, frame: Frame) -> bool:
        value = expressions.evaluate(self, node.value, frame)
        return not (isinstance(value, Name) and value.path in EXITS)

    def _import(self, node: ast.Import, frame: Frame) -> bool:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            frame.vars[alias.asname or top] = Name(alias.name if alias.asname else top)
        return True

    def _importfrom(self, node: ast.ImportFrom, frame: Frame) -> bool:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name != "*":
                frame.vars[alias.asname or alias.name] = Name(f"{module}.{alias.name}")
            elif node.module and node.module.partition(".")[0] in PACKAGES:
                frame.vars |= {name: Name(f"{module}.{name}") for name in KNOWN}
        return True

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> bool:
        function = self.function(node, frame)
        self._functions.append(function)
        frame.vars[node.name] = function
        return True

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef, frame: Frame) -> bool:
        bases = [expressions.evaluate(self, base, frame) for base in node.bases]
        inner = Frame({}, frame)
        held = len(self._functions)
        self.block(node.body, inner)
        # Methods are entered through their class.
        del self._functions[held:]
        for value in inner.vars.values():
            if isinstance(value, Func):
                # A class's names are not seen from within its methods.
                value.frame = frame
        cls = Class(node, frame, bases, inner.vars)
        self._classes.append(cls)
        frame.vars[node.name] = cls
        return True

    def _global(self, node: ast.Global | ast.Nonlocal, frame: Frame) -> bool:
        frame.shared |= set(node.names)
        return True

    _nonlocal = _global

    def _return(self, node: ast.Return, frame: Frame) -> bool:
        value = expressions.evaluate(self, node.value, frame) if node.value else Const(None)
        frame.returns.append(value)
        frame.exits.append(set(self.trained))
        return False

    def _raise(self, node: ast.Raise, frame: Frame) -> bool:
        return False

    def _break(self, node: ast.Break | ast.Continue, frame: Frame) -> bool:
        frame.jumps.append((dict(frame.vars), set(self.trained)))
        return False

    _continue = _break

    def _assign(self, node: ast.Assign, frame: Frame) -> bool:
        value = expressions.evaluate(self, node.value, frame)
        for target in node.targets:
            assigning.bind(self, target, value, frame)
        return True

    def _annassign(self, node: ast.AnnAssign, frame: Frame) -> bool:
        if node.value is not None:
            assigning.bind(self, node.target, expressions.evaluate(self, node.value, frame), frame)
        return True

    def _augassign(self, node: ast.AugAssign, frame: Frame) -> bool:
        value = expressions.evaluate(self, node.value, frame)
        self.use(value)
        before = expressions.evaluate(self, node.target, frame)
        if not isinstance(value, Reading):
            assigning.bind(
                self, node.target, expressions.binary(self, node.op, before, value), frame
            )
        return True

    def _if(self, node: ast.If, frame: Frame) -> bool:
        self.use(expressions.evaluate(self, node.test, frame))
        way = True if _is_main(node.test) else deciding.decided(self, node.test, frame)
        if way is not None:
            return self.block(node.body if way else node.orelse, frame)
        return self._branches([node.body, node.orelse], frame)

    def _try(self, node: ast.Try, frame: Frame) -> bool:
        through = self.block([*node.body, *node.orelse], frame)
        if node.handlers:
            ways = [handler.body for handler in node.handlers]
            through = self._branches([*ways, []] if through else ways, frame)
        return self.block(node.finalbody, frame) and through

    _trystar = _try

    def _with(self, node: ast.With | ast.AsyncWith, frame: Frame) -> bool:
        for item in node.items:
            value = expressions.evaluate(self, item.context_expr, frame)
            if item.optional_vars is not None:
                assigning.bind(self, item.optional_vars, value, frame)
        return self.block(node.body, frame)

    _asyncwith = _with

    def _match(self, node: ast.Match, frame: Frame) -> bool:
        self.use(expressions.evaluate(self, node.subject, frame))
        return self._branches([*(case.body for case in node.cases), []], frame)

    def _for(self, node: ast.For | ast.AsyncFor, frame: Frame) -> bool:
        source = expressions.evaluate(self, node.iter, frame)
        items = source.items if isinstance(source, Seq) else []
        # One item that an environment or a model gave stands for all; a number does not.
        first = items[0] if items and not isinstance(items[0], Const | Sym) else None
        return self._loop(node, frame, first, source)

    _asyncfor = _for

    def _while(self, node: ast.While, frame: Frame) -> bool:
        return self._loop(node, frame, None, None)

    def _loop(
        self,
        node: ast.For | ast.AsyncFor | ast.While,
        frame: Frame,
        item: Value | None,
        source: Value | None,
    ) -> bool:
        """Go round twice: what the first round leaves behind meets the second."""
        outer, frame.jumps = frame.jumps, []
        self.rounds.append(node)
        through = True
        for _ in range(2):
            if isinstance(node, ast.While):
                self.use(expressions.evaluate(self, node.test, frame))
            elif isinstance(source, Reading):
                assigning.bind(self, node.target, source, frame)
            else:
                assigning.bind(self, node.target, item or self.unknown(node), frame)
            through = self.block(node.body, frame)
            jumps, frame.jumps = frame.jumps, []
            if not through and not jumps:
                break
            ends = jumps + ([(frame.vars, self.trained)] if through else [])
            self._merge(ends, frame)
        self.rounds.pop()
        frame.jumps = outer
        # A loop may as well not be entered at all, so its "return" does not end the function.
        return self.block(node.orelse, frame)

    def _branches(self, bodies: Sequence[Sequence[ast.stmt]], frame: Frame) -> bool:
        """Follow each of the bodies from here; go on with what they leave behind."""
        before, trained = frame.vars, self.trained
        ends = []
        for body in bodies:
            frame.vars, self.trained = dict(before), set(trained)
            if self.block(body, frame):
                ends.append((frame.vars, self.trained))
        if not ends:
            return False
        self._merge(ends, frame)
        return True

    def _merge(self, ends: list[tuple[Vars, set[World]]], frame: Frame) -> None:
        names = dict.fromkeys(name for variables, _ in ends for name in variables)
        frame.vars = {
            name: either([variables[name] for variables, _ in ends if name in variables])
            for name in names
        }
        self.trained = set().union(*(trained for _, trained in ends))


def _is_main(test: ast.expr) -> bool:
    """``__name__ == "__main__"``."""
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
    )
