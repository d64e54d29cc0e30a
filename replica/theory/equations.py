r"""Equations as people type them, and the same in LaTeX.

A theory writes each of its equations once, as plain text: ``r = q/(1 - C)^2``. What is read as what:

* a space between factors is a product, ``a b/c d`` is the fraction ab/c times d, and `` / `` between spaces
  divides everything before it by everything behind it;
* ``<...>`` is an average and ``E[...]`` an expectation; signs of comparison stand between spaces;
* Greek letters by name; digits at the end of a name, and what follows an underscore, are indices; ``bar``,
  ``_hat`` and ``_star`` at its end are accents;
* words that are no names of functions or letters are words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from replica.errors import ParameterError

__all__ = ["aligned", "latex"]

_GREEK = (
    *("alpha", "beta", "gamma", "delta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "pi", "rho"),
    *("sigma", "tau", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Sigma", "Omega"),
)
_LETTERS = {name: rf"\{name}" for name in _GREEK} | {
    "phi": r"\varphi",
    "epsilon": r"\varepsilon",
    "l": r"\ell",
    "inf": r"\infty",
}
_FUNCTIONS = {
    name: rf"\{name}" for name in ("tanh", "cosh", "sinh", "ln", "exp", "min", "max", "cos", "sin")
} | {name: rf"\operatorname{{{name}}}" for name in ("sech", "erf", "erfc", "sign", "var")}
_INDEXED = re.compile(r"[A-Za-z][vhd]")
"""Names of two letters, of which the second is an index: N_v, N_h, q_d."""

_TOKENS = re.compile(
    r"d (?P<over>[A-Za-z]+)/d (?P<under>[A-Za-z]+)|(?P<name>[A-Za-z]+[0-9]*(?:_[A-Za-z0-9]+)*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<gap>   +)|(?P<wide> / )|(?P<sign> (?:<|>|<=|>=|~) )"
    r"|(?P<mark>->|\+-|\.\.\.|[-+=,;:.!^/_()\[\]{}<>])|(?P<space> )"
)
_RELATIONS = {"<": " < ", ">": " > ", "<=": r" \leq ", ">=": r" \geq ", "~": r" \sim "}
_MARKS = {
    "=": " = ",
    "->": r" \to ",
    "+": "+",
    "-": "-",
    "+-": r"\pm ",
    ":": ":\\ ",
    ",": ",\\ ",
    ";": r";\quad ",
}
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_BRACKETS = {"<": r"\langle ", ">": r"\rangle", "{": r"\{", "}": r"\}"}


def latex(equation: str, names: Collection[str] = ()) -> str:
    r"""Write an equation of a theory in LaTeX.

    Parameters
    ----------
    equation : str
        Plain text; the module says how it is read.
    names : collection of str
        Symbols that would be taken for words, such as a parameter ``width``.

    Returns
    -------
    str
        For the mathematical mode of LaTeX with the package amsmath.

    Raises
    ------
    ParameterError
        If brackets do not match, or a sign is unknown.

    Examples
    --------
    >>> print(latex("r = q/(1 - C)^2"))
    r = \frac{q}{(1-C)^2}
    >>> print(latex("q = <tanh^2((J0 m + sqrt(q) z)/T)>"))
    q = \left\langle \tanh^2\frac{J_0 m+\sqrt{q}\,z}{T}\right\rangle
    """
    reader = _Reader(equation, names)
    found = reader.run(None)
    if reader.at < len(reader.tokens):
        raise reader.unread()
    return found.strip()


@dataclass
class _Token:
    kind: str
    text: str
    start: int
    end: int


class _Reader:
    """Reads the tokens of an equation from left to right, once."""

    def __init__(self, equation: str, names: Collection[str] = ()) -> None:
        self.equation, self.at, self.names = equation, 0, names
        self.tokens = list(self._split())
        for token, _, behind in zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False):
            if token.text == "a" and behind.kind == "word":  # an article
                token.kind = "word"

    def _split(self) -> Iterator[_Token]:
        place = 0
        while place < len(self.equation):
            found = _TOKENS.match(self.equation, place)
            if found is None:
                why = f"{self.equation[place]!r} has no meaning here"
                raise self._wrong(why)
            kind = found.lastgroup or ""
            text = found[0].strip() if kind in ("sign", "wide") else found[0]
            if kind == "under":
                kind, text = "slope", f"{found['over']} {found['under']}"
            elif kind == "name" and text not in self.names and _is_word(text):
                kind = "word"
            yield _Token(kind, text, place, found.end())
            place = found.end()

    def _wrong(self, why: str) -> ParameterError:
        message = f"cannot read the equation {self.equation!r}: {why}"
        return ParameterError(message)

    def unread(self) -> ParameterError:
        """The error of a token that fits nowhere."""
        why = f"{self.tokens[self.at].text!r} has no partner"
        return self._wrong(why)

    def next(self, skip: int = 0) -> _Token:
        """The token that comes, or an empty one at the end."""
        end = len(self.equation)
        return self.tokens[self.at + skip] if self.at + skip < len(self.tokens) else _Token("", "", end, end)

    # -- sums, products, factors ------------------------------------------------------------------------

    def run(self, closing: str | None, *, flat: bool = False) -> str:
        """Everything up to a closing bracket: products, signs and words; `flat` writes fractions with a /."""
        parts: list[str] = []
        while (token := self.next()).text != closing and token.kind:
            if token.text in _CLOSING.values() and token.kind == "mark":
                raise self.unread()
            if token.kind == "word":
                parts.append(self._words())
            elif token.kind == "gap":
                self.at += 1
                parts.append(r"\quad ")
            elif token.kind == "space":
                self.at += 1
            elif token.kind == "sign":
                self.at += 1
                parts.append(_RELATIONS[token.text])
            elif token.kind == "mark" and token.text in _MARKS:
                self.at += 1
                sign = _MARKS[token.text]
                if closing is None:
                    sign = r",\quad " if token.text == "," else sign
                elif token.text == "=":  # of a value, within brackets
                    sign = "="
                parts.append(sign)
            else:
                before = self.at
                parts.append(self._product(flat=flat))
                if self.at == before:  # no factor begins with it
                    raise self.unread()
        return "".join(parts)

    def _words(self) -> str:
        """Words that follow each other, with the spaces around them."""
        start = self.at
        while self.next().kind == "word" or (self.next().kind == "space" and self.next(1).kind == "word"):
            self.at += 1
        first, last = self.tokens[start], self.tokens[self.at - 1]
        text = self.equation[first.start : last.end]
        before = [token.text for token in self.tokens[max(start - 2, 0) : start]]
        spaced = before[-1:] == [" "] and before[0] not in (",", ";", ":")
        after = " " if self.next().kind == "space" and self.next(1).text not in ("=", "->") else ""
        return rf"\text{{{' ' * spaced}{text}{after}}}"

    def _product(self, *, flat: bool) -> str:
        factors: list[str] = []
        while True:
            token = self.next()
            if token.kind == "wide" or token.text == "/":
                self.at += 1
                under = self._product(flat=flat) if token.kind == "wide" else self._factor(flat=flat)
                factors = [_divided(_joined(factors), under, flat=flat)]
            elif token.text == "." and factors:
                self.at += 1
                factors[-1] += r"\cdot " + self._factor(flat=flat)
            elif token.kind == "space" and self._begins(1):
                self.at += 1
            elif self._begins(0):
                factors.append(self._factor(flat=flat))
            else:
                return _joined(factors)

    def _begins(self, skip: int) -> bool:
        """Whether a factor comes."""
        token = self.next(skip)
        return token.kind in ("name", "number", "slope") or (
            token.kind == "mark" and (token.text in _CLOSING or token.text == "...")
        )

    def _factor(self, *, flat: bool) -> str:
        token = self.next()
        self.at += 1
        if token.kind == "slope":
            over, under = (_symbol(name) for name in token.text.split())
            return rf"\frac{{\partial {over}}}{{\partial {under}}}"
        if token.kind == "number":
            return self._scripts(token.text)
        if token.text == "...":
            return r"\cdots "
        if token.kind == "mark" and token.text in _CLOSING:
            return self._scripts(self._group(token, flat=flat))
        if token.kind != "name":
            self.at -= 1
            raise self._wrong("something is missing behind a sign") if not token.kind else self.unread()
        applied = self.next().text == "("
        if token.text == "sqrt" and applied:
            self.at += 1
            return self._scripts(rf"\sqrt{{{self._inside(')')}}}")
        if token.text == "E" and self.next().text == "[":
            return self._scripts(r"\mathbb{E}" + self._group(self._taken(), flat=flat))
        written = self._scripts(_symbol(token.text))
        if self.next().text in ("(", "{") and self.next().kind == "mark":
            written += self._group(self._taken(), flat=flat, bare=token.text in _FUNCTIONS)
            written = self._scripts(written)
        return written

    def _taken(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _inside(self, closing: str, *, flat: bool = False) -> str:
        inside = self.run(closing, flat=flat)
        if self.next().text != closing:
            why = f"a {closing!r} is missing"
            raise self._wrong(why)
        self.at += 1
        return inside

    def _group(self, opening: _Token, *, flat: bool, bare: bool = True) -> str:
        """What stands in brackets, with them; they are left out around a fraction that is a factor."""
        closing = _CLOSING[opening.text]
        inside = self._inside(closing, flat=flat)
        if bare and opening.text == "(" and _is_fraction(inside) and self.next().text not in ("^", "_"):
            return inside
        left, right = (_BRACKETS.get(one, one) for one in (opening.text, closing))
        if any(big in inside for big in (r"\frac", r"\sum", r"\int", r"\left")):
            return rf"\left{left}{inside}\right{right}"
        return f"{left}{inside}{right}"

    def _scripts(self, base: str) -> str:
        """Indices, powers and factorials behind something."""
        while self.next().kind == "mark" and self.next().text in ("^", "_", "!"):
            mark = self._taken().text
            if mark == "!":
                base += mark
                continue
            token = self._taken() if self.next().kind else self.next()
            if token.text in ("(", "{") and token.kind == "mark":
                script = self._inside(_CLOSING[token.text], flat=True)
            elif token.kind in ("name", "number"):
                script = _symbol(token.text)
            else:
                why = f"nothing that can be an index or a power follows {mark!r}"
                raise self._wrong(why)
            base += f"{mark}{script}" if len(script) == 1 else f"{mark}{{{script}}}"
        return base


def _is_word(name: str) -> bool:
    """Whether a name is an English word and no symbol."""
    stem = re.sub(r"[0-9]+$", "", name.split("_")[0])
    plain = stem.removesuffix("bar") or stem
    known = (
        plain in _LETTERS
        or name in _FUNCTIONS
        or name in ("sqrt", "int")
        or name.startswith(("int_", "sum_"))
    )
    return not (
        known or len(plain) == 1 or "_" in name or _INDEXED.fullmatch(name) or re.match("D[a-z]", stem)
    )


def _symbol(name: str) -> str:
    """A letter with its accents and indices, or a function."""
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    if name.isdigit():
        return name
    if re.fullmatch("[vhd]", name[1:]):
        return f"{name[0]}_{name[1]}"
    first, *indices = name.split("_")
    stem, digits = re.fullmatch(r"([A-Za-z]+?)([0-9]*)", first).groups()  # type: ignore[union-attr]
    if stem in ("sum", "int"):
        written = rf"\{stem}"
    elif stem.endswith("bar") and stem != "bar":
        written = rf"\bar{{{_letter(stem.removesuffix('bar'))}}}"
    elif re.fullmatch("D[a-z]", stem):
        written = rf"\mathrm{{D}}{stem[1]}"
    else:
        written = _letter(stem)
    if "hat" in indices:
        indices.remove("hat")
        written = rf"\hat{{{written}}}"
    if "star" in indices:
        indices[indices.index("star")] = "*"
    below = [digits] * bool(digits) + [
        one if len(one) == 1 or one.isdigit() or re.fullmatch("[ijkl]+", one) else _letter(one)
        for one in indices
    ]
    if not below:
        return written
    index = ",".join(below)
    return f"{written}_{index}" if len(index) == 1 else f"{written}_{{{index}}}"


def _letter(name: str) -> str:
    if len(name) > 1 and name not in _LETTERS:
        return rf"\mathrm{{{name}}}"
    return _LETTERS.get(name, name)


def _joined(factors: list[str]) -> str:
    """A product, with thin spaces behind roots and differentials, and around averages."""
    product = factors[0] if factors else ""
    for last, factor in pairwise(factors):
        thin = (
            last.startswith((r"\sqrt", r"\mathrm{D}")) or factor.startswith(_WIDE) or last.startswith(_WIDE)
        )
        product += (r"\," if thin else " ") + factor
    return product


_WIDE = (r"\langle", r"\left\langle", r"\mathbb{E}", r"\int", r"\sum")


def _divided(over: str, under: str, *, flat: bool) -> str:
    if flat:
        return f"{over}/{under}"
    if _is_fraction(over):
        return rf"\frac{{1}}{{{_bare(under)}}} {over}"
    return rf"\frac{{{_bare(over)}}}{{{_bare(under)}}}"


def _is_fraction(text: str) -> bool:
    """Whether a text is one fraction and nothing else."""
    if not text.startswith(r"\frac{"):
        return False
    depth, closed = 0, 0
    for i, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        closed += depth == 0 and sign == "}"
        if closed == 2:
            return i == len(text) - 1
    return False


def _bare(text: str) -> str:
    """A text without the round or square brackets that are around all of it."""
    body = re.fullmatch(r"\\left[(\[](.*)\\right[)\]]|[(\[](.*)[)\]]", text)
    if body is None:
        return text
    inside = body[1] or body[2] or ""
    depth = 0
    for sign in inside:
        depth += (sign in "([") - (sign in ")]")
        if depth < 0:
            return text
    return inside


def aligned(equations: Iterable[str], names: Collection[str] = ()) -> str:
    r"""Write equations of a theory in LaTeX, one below the other, to be aligned at their first relation.

    Examples
    --------
    >>> print(aligned(["m = tanh(m/T)", "f = m^2/2"], ("m", "T", "f")))
      m &= \tanh\frac{m}{T} \\
      f &= \frac{m^2}{2}
    """
    equations = list(equations)
    heads = (text.partition(" = ")[0] for text in equations)  # what is defined is no word
    known = (*names, *heads)
    written = (latex(text, known) for text in equations)
    rows = (re.sub(r" (=|>|<|\\sim|\\[lg]e) ", r" &\1 ", row, count=1) for row in written)
    return " \\\\\n".join(f"  {row}" for row in rows)
