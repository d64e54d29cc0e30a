"""Numbers that are formulas in the parameters of a model, such as ``sqrt(a*(1 - a))``; read, never run.

A text is parsed into a tree of a few kinds of nodes, which is evaluated on floats, on arrays and on
mpmath numbers alike. All else that Python could read is refused, with the piece that is not allowed.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.numerics import balls
from replica.numerics.functions import exact, is_exact
from replica.theory.equations import latex
from replica.typing import Number

__all__ = ["FUNCTIONS", "RESERVED", "Expression"]

FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
}
"""The functions of one argument that an expression may use."""

RESERVED = frozenset(FUNCTIONS) | {"pi"} | frozenset(keyword.kwlist)
"""Names that no parameter can have."""

LONGEST = 500
"""Characters of an expression."""
DEEPEST = 40
"""Operations inside one another."""
LARGEST_POWER = 64
"""Size of an exponent: a tower of powers would overflow."""

_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ALLOWED = (
    f"allowed are numbers, parameters, + - * / ^, brackets, pi, and {', '.join(FUNCTIONS)} of one argument"
)

_Code = Callable[[Mapping[str, Number], bool], Number]


@dataclass(frozen=True)
class Expression:
    r"""A number written in the parameters of a model.

    Parameters
    ----------
    text : str
        Numbers, names, ``+ - * / ^``, brackets, ``pi``, `FUNCTIONS` of one argument. Exponents are numbers.

    Raises
    ------
    ParameterError
        For anything else; the message quotes the piece.

    Examples
    --------
    >>> width = Expression("sqrt(a*(1 - a))/2")
    >>> sorted(width.names), f"{width.evaluate({'a': 0.1}):.12f}"
    (['a'], '0.150000000000')
    >>> print(width, "or", width.latex())
    sqrt(a (1 - a))/2 or \frac{\sqrt{a (1-a)}}{2}
    >>> Expression("a^b")
    Traceback (most recent call last):
    replica.errors.ParameterError: expression 'a^b': 'b' is no number; an exponent must be one
    """

    text: str

    def __post_init__(self) -> None:
        """Read the text, so that what cannot be read is refused where it is given."""
        object.__setattr__(self, "text", self.text.strip())
        _compiled(self.text)

    @classmethod
    def parse(cls, given: Any) -> Expression:
        """The expression of a text or of a number; an expression is itself.

        Raises
        ------
        ParameterError
            For anything else, and for numbers that are not finite.

        Examples
        --------
        >>> Expression.parse(-0.45)
        Expression(text='-0.45')
        """
        if isinstance(given, Expression):
            return given
        if isinstance(given, str):
            return cls(given)
        if is_exact(given) and not isinstance(given, np.ndarray):
            import mpmath

            return cls(mpmath.nstr(given, mpmath.mp.dps + 5))
        if isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool):
            if not np.isfinite(given):
                msg = f"a number of a model must be finite, not {given}"
                raise ParameterError(msg)
            return cls(repr(given.item() if isinstance(given, np.generic) else given))
        msg = f"{given!r} is neither a number nor an expression, such as 0.5 or 'alpha/2'"
        raise ParameterError(msg)

    @property
    def names(self) -> frozenset[str]:
        """The parameters that it depends on."""
        return _compiled(self.text)[1]

    def evaluate(self, values: Mapping[str, Number]) -> Number:
        """Its value.

        Parameters
        ----------
        values : mapping of str to float, array, mpmath number or None
            The parameters, at least those in `names`; they broadcast. None gives NaN.

        Returns
        -------
        float, array or mpmath number
            Where any of the values is an mpmath number so is the result, and 0.1 in the text is 1/10. What is
            undefined is NaN, and 1/0 infinite.

        Raises
        ------
        UnknownNameError
            If a parameter is missing.

        Examples
        --------
        >>> print(Expression("1/T").evaluate({"T": np.array([0.5, 0.0])}))
        [ 2. inf]
        """
        code, names = _compiled(self.text)
        precise = is_exact(*values.values())
        for name in names:
            if name not in values:
                what = f"parameter in the expression {self.text!r}"
                raise UnknownNameError(what, name, sorted(values))
        with np.errstate(all="ignore"):
            return code(values, precise)

    def __str__(self) -> str:
        """As equations are typed: a space between factors."""
        return _written(_tree(self.text))[0]

    def latex(self) -> str:
        """In LaTeX."""
        return latex(str(self))


@lru_cache(maxsize=1024)
def _compiled(text: str) -> tuple[_Code, frozenset[str]]:
    """What evaluates an expression, and the names that it needs."""
    reader = _Reader(text)
    code = reader.read(_tree(text), 0)
    return code, frozenset(reader.names)


@lru_cache(maxsize=1024)
def _tree(text: str) -> ast.expr:
    if len(text) > LONGEST:
        msg = f"expression {text[:20] + '...'!r} has {len(text)} characters; {LONGEST} are allowed"
        raise ParameterError(msg)
    for word in _NAME.findall(text):
        if keyword.iskeyword(word):
            msg = f"expression {text!r}: {word!r} cannot be the name of a parameter; choose another"
            raise ParameterError(msg)
    try:
        return ast.parse(text.replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = getattr(error, "offset", None)
        rest = text.replace("^", "**")[place - 1 :][:12].replace("**", "^") if place else ""
        where = f" at {rest!r}" if rest else ""
        msg = f"expression {text!r} cannot be read{where}; {_ALLOWED}"
        raise ParameterError(msg) from None


class _Reader:
    """Makes one function of a tree, and collects the names in it."""

    def __init__(self, text: str) -> None:
        self.text, self.source = text, text.replace("^", "**")
        self.names: set[str] = set()

    def _refused(self, node: ast.AST, why: str = "") -> ParameterError:
        piece = (ast.get_source_segment(self.source, node) or self.source).replace("**", "^")
        msg = f"expression {self.text!r}: {piece!r} {why or f'is not allowed; {_ALLOWED}'}"
        return ParameterError(msg)

    def read(self, node: ast.expr, depth: int) -> _Code:
        if depth > DEEPEST:
            raise self._refused(node, f"lies deeper than {DEEPEST} operations inside one another")
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name) and _NAME.fullmatch(node.id) and node.id not in FUNCTIONS:
            return self._name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner = self.read(node.operand, depth + 1)
            return inner if isinstance(node.op, ast.UAdd) else lambda values, precise: -inner(values, precise)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return self._power(node, depth)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
            work, left, right = (
                _OPERATIONS[type(node.op)],
                self.read(node.left, depth + 1),
                self.read(node.right, depth + 1),
            )
            return lambda values, precise: work(left(values, precise), right(values, precise))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
                raise self._refused(node, f"needs one argument: {node.func.id}(x)")
            return _function(node.func.id, self.read(node.args[0], depth + 1))
        raise self._refused(node)

    def _number(self, node: ast.Constant) -> _Code:
        digits = ast.get_source_segment(self.source, node) or ""
        if isinstance(node.value, bool) or not _NUMBER.fullmatch(digits):
            raise self._refused(node)
        value = np.float64(digits)
        if not np.isfinite(value):
            raise self._refused(node, "is too large a number")
        return lambda values, precise: _exactly(digits) if precise else value

    def _name(self, name: str) -> _Code:
        if name == "pi":
            return lambda values, precise: _exactly("pi") if precise else np.float64(np.pi)
        self.names.add(name)

        def look(values: Mapping[str, Number], precise: bool) -> Number:
            value = np.nan if values[name] is None else values[name]
            return exact(value) if precise else np.asarray(value, dtype=float)[()]

        return look

    def _power(self, node: ast.BinOp, depth: int) -> _Code:
        base, known = self.read(node.left, depth + 1), set(self.names)
        self.names = set()
        exponent = self.read(node.right, depth + 1)
        varies, self.names = self.names, known
        if varies:
            raise self._refused(node.right, "is no number; an exponent must be one")
        with np.errstate(all="ignore"):
            size = float(exponent({}, False))
        if not abs(size) <= LARGEST_POWER:
            raise self._refused(
                node.right, f"= {size:g} is too large an exponent; up to {LARGEST_POWER} is allowed"
            )
        if size == int(size):  # a whole power of a negative number is a number
            return lambda values, precise: _power(base(values, precise), int(size))
        return lambda values, precise: _power(base(values, precise), exponent(values, precise))


def _exactly(digits: str) -> Number:
    import mpmath

    if balls.active():
        return balls.pi() if digits == "pi" else balls.number(digits)

    return +mpmath.pi if digits == "pi" else mpmath.mpf(digits)


def _each(function: Callable[..., Number], *values: Number) -> Number:
    """A function of mpmath numbers, alone or in arrays: NaN where it is not real, as in double precision."""
    import mpmath

    def one(*numbers: Any) -> Any:
        if any(type(number) is balls.Jet for number in numbers):
            return function(*numbers)
        try:
            value = function(*numbers)
        except ZeroDivisionError:
            return (
                mpmath.nan if any(mpmath.isnan(x) or not x for x in numbers[:1]) else mpmath.inf * numbers[0]
            )
        except OverflowError:
            return mpmath.nan
        return value if isinstance(value, mpmath.mpf) else mpmath.nan

    return np.frompyfunc(one, len(values), 1)(*values)


def _divided(a: Number, b: Number) -> Number:
    return _each(lambda x, y: x / y, a, b) if is_exact(a, b) else a / b


def _power(a: Number, b: Number) -> Number:
    if not is_exact(a, b):
        return np.power(a, float(b) if isinstance(b, int) else b)
    if isinstance(b, int) and b < 0:
        return _divided(exact(1.0), _power(a, -b))
    return _each(lambda x: x**b, a)


def _function(name: str, inner: _Code) -> _Code:
    fast = FUNCTIONS[name]

    def call(values: Mapping[str, Number], precise: bool) -> Number:
        value = inner(values, precise)
        if not precise:
            return fast(value)
        import mpmath

        if balls.active():
            return _each(balls.function(name), value)
        slow = (lambda x: mpmath.log(x) if x else -mpmath.inf) if name == "log" else getattr(mpmath, name)
        return _each(slow, value)

    return call


_OPERATIONS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: _divided,
}

_SUM, _PRODUCT, _FRACTION, _POWER, _ATOM = range(5)


def _written(node: ast.expr) -> tuple[str, int]:
    """A tree as people type equations, and how strongly its last operation binds."""
    if isinstance(node, ast.Constant):
        return format(Decimal(repr(node.value)), "f"), _ATOM
    if isinstance(node, ast.Name):
        return node.id, _ATOM
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return f"{_typed(node.func.id)}({_written(node.args[0])[0]})", _ATOM
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
        return _written(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, (right, level) = _written(node.left)[0], _written(node.right)
        mark = "+" if isinstance(node.op, ast.Add) else "-"
        return f"{left} {mark} {right if level > _SUM else f'({right})'}", _SUM
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        (base, level), (power, strength) = _written(node.left), _written(node.right)
        up = power if strength == _ATOM and power.isalnum() else f"({power})"
        return f"{base if level == _ATOM else f'({base})'}^{up}", _POWER
    sign, above, below = _factors(node)
    over, under = _product(above), _product(below)
    text = f"{over}/{under if len(below) == 1 else f'({under})'}" if below else over
    return (f"-{text}", _SUM) if sign < 0 else (text, _FRACTION if below else _PRODUCT)


def _typed(function: str) -> str:
    return "ln" if function == "log" else function


def _factors(node: ast.expr) -> tuple[int, list[ast.expr], list[ast.expr]]:
    """Sign, and what stands above and below the line, of a product of factors and fractions."""
    if isinstance(node, ast.UnaryOp):
        sign, above, below = _factors(node.operand)
        return (-sign if isinstance(node.op, ast.USub) else sign), above, below
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        (sign, above, below), (other, over, under) = _factors(node.left), _factors(node.right)
        if isinstance(node.op, ast.Div):
            over, under = under, over
        return sign * other, above + over, below + under
    return 1, [node], []


def _product(factors: list[ast.expr]) -> str:
    parts: list[str] = []
    for factor in factors:
        text, level = _written(factor)
        if isinstance(factor, ast.Constant) and text == "1":
            continue
        again = parts and text[:1].isdigit()  # 2 3 would read as 23
        parts.append(f"({text})" if level <= _FRACTION or again else text)
    return " ".join(parts) or "1"
