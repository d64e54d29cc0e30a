"""Equations in plain text become the LaTeX that means the same."""

import pytest
from matplotlib.mathtext import MathTextParser

from replica.errors import ParameterError
from replica.theories import THEORIES
from replica.theory.equations import latex

EQUATIONS = sorted({text for theory in THEORIES.values() for text in theory.equations.values()})

KNOWN = {
    # products and fractions: what stands before a slash since the last sign, over the one factor behind it
    "r = q/(1 - C)^2": r"r = \frac{q}{(1-C)^2}",
    "a b/c d + e": r"\frac{a b}{c} d+e",
    "-(a + b)/2": r"-\frac{a+b}{2}",
    "(a)(b)/((c)(d))": r"\frac{(a) (b)}{(c) (d)}",
    "((1 - w) g + w)/(2a)": r"\frac{(1-w) g+w}{2 a}",
    "a/b/c": r"\frac{1}{c} \frac{a}{b}",
    "(alpha/2)[r C - q]": r"\frac{\alpha}{2} [r C-q]",
    "(sigma/T)^4": r"\left(\frac{\sigma}{T}\right)^4",
    "int Dz a / int Dz b, c = 1": r"\frac{\int\,\mathrm{D}z\,a}{\int\,\mathrm{D}z\,b},\quad c = 1",
    # powers are written in one line
    "kappa^(-1/4) x^12": r"\kappa^{-1/4} x^{12}",
    "beta_star^2 m_a^2": r"\beta_*^2 m_a^2",
    # brackets: comparison, average, expectation, argument
    "1 - Q/T > 0": r"1-\frac{Q}{T} > 0",
    "q = <<tanh(H/T)>_1^2>": r"q = \left\langle \left\langle \tanh\frac{H}{T}\right\rangle_1^2\right\rangle",
    "C = E[x (<v^2> - <v>^2)]/T": r"C = \frac{\mathbb{E}[x (\langle v^2\rangle-\langle v\rangle^2)]}{T}",
    "H2(theta/sqrt(q))": r"H_2\left(\frac{\theta}{\sqrt{q}}\right)",
    "ln 2cosh(h/T) + ln(1 + q)": r"\ln 2 \cosh\frac{h}{T}+\ln(1+q)",
    "T (1 - C)": "T (1-C)",
    # letters
    "mbar_a = J0_c + Z1_sigma + Q_hat + qd + Nv + l": (
        r"\bar{m}_a = J_{0,c}+Z_{1,\sigma}+\hat{Q}+q_d+N_v+\ell"
    ),
    "H_k(x) = int_x^inf Dz (z - x)^k": r"H_k(x) = \int_x^{\infty}\,\mathrm{D}z\,(z-x)^k",
    "b_hat = (d phi/d beta)/alpha": r"\hat{b} = \frac{1}{\alpha} \frac{\partial \varphi}{\partial \beta}",
    # words
    "m = <z>/n, z the sum of n signs": (
        r"m = \frac{\langle z\rangle}{n},\quad z\text{ the sum of }n\text{ signs}"
    ),
    "w = 1; a mode condenses": r"w = 1;\quad \text{a mode condenses}",
    "W = +1 or -1   (per L = 1)": r"W = +1\text{ or }-1\quad (\text{per }L=1)",
}


@pytest.mark.parametrize(("plain", "expected"), KNOWN.items(), ids=list(KNOWN))
def test_what_is_read_as_what(plain: str, expected: str) -> None:
    assert latex(plain) == expected


@pytest.mark.parametrize("equation", EQUATIONS)
def test_every_equation_is_read_by_another_program_too(equation: str) -> None:
    """Matplotlib has a parser of its own: unknown commands and brackets without a partner are errors."""
    written = latex(equation)
    MathTextParser("path").parse(f"${written}$")
    assert written.count(r"\left") - written.count(r"\leq") == written.count(r"\right")
    assert not any(sign in written.replace(r"\text{", "") for sign in ("<<", ">>", "/ ", " /", "_hat", "Dz"))


@pytest.mark.parametrize("equation", EQUATIONS)
def test_no_letter_and_no_number_is_lost(equation: str) -> None:
    """What is left without commands, braces and spaces has the digits of the plain text, in their order but
    for powers of functions: none is dropped or doubled."""
    written = latex(equation).replace(r"\frac{1}{", "{", 1 if "(d phi" in equation else 0)
    assert sorted(c for c in written if c.isdigit()) == sorted(c for c in equation if c.isdigit())


@pytest.mark.parametrize(
    ("equation", "why"),
    [
        ("m = tanh((m + h)/T", r"a '\)' is missing"),
        ("m = a) + b", r"'\)' has no partner"),
        ("m = <a", "a '>' is missing"),
        ("m = a ? b", r"'\?' has no meaning here"),
        ("m = ! b", "'!' has no partner"),
        ("m = a/", "something is missing behind a sign"),
        ("m = a^", "nothing that can be an index or a power follows"),
        ("m = (a]", r"'\]' has no partner"),
    ],
)
def test_what_cannot_be_read_gets_a_sentence(equation: str, why: str) -> None:
    with pytest.raises(ParameterError, match=f"cannot read the equation .*: {why}") as caught:
        latex(equation)
    assert "\n" not in str(caught.value)
