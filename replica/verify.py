"""Check a certificate: a program of its own, which shares no code with what wrote the file.

    python verify.py FILE        needs python-flint and nothing else

A certificate says: these equations have exactly one solution in this box. Here the equations are typed again
from the papers, their derivatives come from another calculus (averages of tanh by the heat equation,
integrals by Arb's own rigorous integration), and Krawczyk's test is made again. What the physics is, is not
checked.

    hopfield                  Amit, Gutfreund, Sompolinsky, Ann. Phys. 173, 30 (1987)
    sherrington-kirkpatrick   Sherrington, Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975)
    curie-weiss               m = tanh((m + h)/T)

Every average is one of D_k = d^k <tanh(h/T)>/d loc^k, h = loc + sqrt(v) z with a Gaussian z; and dD_k/dv is
D_(k+2)/2.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["Refusal", "check", "confirmed", "main"]

FORMAT = "replica-certificate-1"


class Refusal(Exception):
    """A certificate that is not confirmed; the message says why."""


class Jet:
    """A ball with gradient and Hessian, all of them written out."""

    def __init__(self, v: Any, g: Any, h: Any) -> None:
        self.v, self.g, self.h = v, g, h

    def __add__(self, other: Any) -> Jet:
        other = self.like(other)
        pairs = zip(self.h, other.h, strict=True)
        return Jet(self.v + other.v, _add(self.g, other.g), [_add(a, b) for a, b in pairs])

    def __mul__(self, other: Any) -> Jet:
        other = self.like(other)
        a, b, n = self, other, range(len(self.g))
        h = [[a.v * b.h[i][j] + b.v * a.h[i][j] + a.g[i] * b.g[j] + a.g[j] * b.g[i] for j in n] for i in n]
        return Jet(a.v * b.v, [a.v * b.g[i] + b.v * a.g[i] for i in n], h)

    def __sub__(self, other: Any) -> Jet:
        return self + self.like(other) * -1

    def __truediv__(self, other: Any) -> Jet:
        other = self.like(other)
        one = 1 / other.v
        return self * other.of(one, -one * one, 2 * one * one * one)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Jet:
        return self * -1 + other

    def of(self, v: Any, d1: Any, d2: Any) -> Jet:
        """A function of this, from its value and derivatives."""
        return both(v, (d1, 0 * d1), (d2, 0 * d2, 0 * d2), self, self * 0)

    def like(self, value: Any) -> Jet:
        """A constant, as a jet in as many unknowns."""
        import flint

        if isinstance(value, Jet):
            return value
        zero = flint.arb(0)
        return Jet(flint.arb(value), [zero for _ in self.g], [[zero for _ in self.g] for _ in self.g])


def _add(a: Any, b: Any) -> Any:
    return [p + q for p, q in zip(a, b, strict=True)]


def both(v: Any, d1: Any, d2: Any, a: Jet, b: Jet) -> Jet:
    """A function of a and b, from its value, its two slopes and its derivatives aa, ab, bb."""
    n, (da, db), (daa, dab, dbb) = range(len(a.g)), d1, d2
    g = [da * a.g[i] + db * b.g[i] for i in n]
    h = [
        [
            *(
                da * a.h[i][j]
                + db * b.h[i][j]
                + daa * a.g[i] * a.g[j]
                + dab * (a.g[i] * b.g[j] + a.g[j] * b.g[i])
                + dbb * b.g[i] * b.g[j]
                for j in n
            )
        ]
        for i in n
    ]
    return Jet(v, g, h)


class Spin:
    """Averages of a spin at temperature T in a Gaussian field of mean loc and variance v, as jets."""

    def __init__(self, loc: Jet, variance: Jet, T: Jet) -> None:
        import flint

        if any(not one.is_zero() for one in T.g):
            # T is an unknown: in units of T it is no longer one, loc/T and v/T^2 are
            self.unit, self.loc, self.variance = T, loc / T, variance / (T * T)
            self.T = flint.arb(1)
        else:
            self.unit, self.loc, self.variance, self.T = T.like(1), loc, variance, T.v
        self.known: dict[int, Any] = {}

    def D(self, k: int) -> Jet:
        """D_k, in the units of the field."""
        d = [self.mean(k + i) for i in range(5)]
        value = both(d[0], (d[1], d[2] / 2), (d[2], d[3] / 2, d[4] / 4), self.loc, self.variance)
        for _ in range(k):
            value = value / self.unit
        return value

    def free(self) -> Jet:
        """T <ln 2cosh(h/T)>, whose slopes are D_0 and D_1/2."""
        d = [self.mean(i) for i in range(4)]
        value = both(self.mean(-1), (d[0], d[1] / 2), (d[1], d[2] / 2, d[3] / 4), self.loc, self.variance)
        return value * self.unit

    def mean(self, k: int) -> Any:
        """D_k as a ball, k = -1 for the free energy: at the midpoints, and how far it changes from there."""
        import flint

        if k not in self.known:
            loc, v = self.loc.v, self.variance.v
            if self.T.is_zero():
                self.known[k] = sharp(k, loc, v)
            else:
                value = rounded(k, loc.mid(), v.mid(), self.T)
                far = loc.rad() * bound(k + 1, self.T) + v.rad() * bound(k + 2, self.T) / 2
                self.known[k] = value + flint.arb(0, far.upper())
        return self.known[k]


def sharp(k: int, loc: Any, v: Any) -> Any:
    """D_k at T = 0, where tanh is the sign: 2 (-1)^(k-1) He_(k-1)(x) pdf(x)/s^k, x = loc/s."""
    import flint

    s = v.sqrt()
    x = loc / s
    density = 2 * (-x * x / 2).exp() / (2 * flint.arb.pi()).sqrt()
    if k <= 0:
        sign = (x / flint.arb(2).sqrt()).erf()
        return sign if k == 0 else loc * sign + s * density
    before, hermite = flint.arb(0), flint.arb(1)
    for i in range(k - 1):
        before, hermite = hermite, x * hermite - i * before
    return (-1) ** (k - 1) * hermite * density / s**k


def polynomial(k: int) -> list[int]:
    """The k-th derivative of tanh as a polynomial in tanh."""
    p = [0, 1]
    for _ in range(k):
        slope = [i * c for i, c in enumerate(p)][1:]
        p = [a - b for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    return p


def bound(k: int, T: Any) -> Any:
    """A bound of D_k for every field."""
    return sum(map(abs, polynomial(k))) / T**k


def rounded(k: int, loc: Any, v: Any, T: Any) -> Any:
    """D_k at T > 0: Arb's integration over abs(z) < Z, and a bound for the rest."""
    import flint

    s = v.sqrt()
    end = flint.arb(int((1.5 * flint.ctx.prec) ** 0.5) + 3)
    root = (2 * flint.arb.pi()).sqrt()
    terms = polynomial(max(k, 0))

    def integrand(z: Any, analytic: bool) -> Any:
        y = (loc + s * z) / T
        weight = (-z * z / 2).exp() / root
        if k < 0:
            return weight * (y.exp() + (-y).exp()).log(analytic=analytic) * T
        t, value = y.tanh(), flint.acb(0)
        for c in reversed(terms):
            value = value * t + c
        return weight * value / T**k

    value = flint.acb.integral(integrand, -end, end).real
    tail = (end / flint.arb(2).sqrt()).erfc()
    # ln 2cosh is at most abs(h) + T ln 2, and <abs(z)> beyond Z is 2 pdf(Z)
    free = (abs(loc) + T) * tail + 2 * s * (-end * end / 2).exp() / root
    rest = free if k < 0 else bound(k, T) * tail
    return value + flint.arb(0, rest.upper())


class Model:
    """A theory, as its paper writes it: what x must equal, and what follows from it."""

    def __init__(self, spin: Callable[..., Spin], free: Callable[..., Jet], more: Callable[..., Any]) -> None:
        self.spin, self.free, self.more = spin, free, more

    def right(self, x: Any, p: Any) -> list[Jet]:
        """Right-hand sides: m = <tanh>, C = (1 - <tanh^2>)/T = d<tanh>/d loc."""
        spin = self.spin(x, p)
        return [spin.D(0), spin.D(1)][: len(x)]


def _noise(x: Any, p: Any) -> Jet:
    """R = q/(1 - C)^2, q = 1 - T C."""
    return (1 - p["T"] * x[1]) / ((1 - x[1]) * (1 - x[1]))


def _hopfield_free(x: Any, p: Any) -> Jet:
    m, C = x
    T, half = p["T"], p["alpha"] / 2
    q, gap = 1 - T * C, 1 - C
    log = gap.of(gap.v.log(), 1 / gap.v, -1 / (gap.v * gap.v))
    spin = MODELS["hopfield"].spin(x, p)
    return half + m * m / 2 + half * (T * log - q / gap + _noise(x, p) * C) - spin.free()


def _hopfield_more(x: Any, p: Any) -> dict[str, Jet]:
    spin, T, gap = MODELS["hopfield"].spin(x, p), p["T"], 1 - x[1]
    sech4 = (4 * spin.D(1) * T - spin.D(3) * T * T * T) / 6  # (sech^2)'' = 4 sech^2 - 6 sech^4
    rho = p["alpha"] * sech4 / (T * gap * T * gap) if not T.v.is_zero() else T
    return {"q": 1 - T * x[1], "r": _noise(x, p), "log_rho": rho - 1}


def _sk_more(x: Any, p: Any) -> dict[str, Jet]:
    spin, T = MODELS["sherrington-kirkpatrick"].spin(x, p), p["T"]
    sech4 = (4 * spin.D(1) * T - spin.D(3) * T * T * T) / 6
    return {"q": 1 - T * x[1], "log_rho": sech4 / (T * T) - 1 if not T.v.is_zero() else T}


MODELS: dict[str, Model] = {
    "hopfield": Model(
        lambda x, p: Spin(x[0], p["alpha"] * _noise(x, p), p["T"]), _hopfield_free, _hopfield_more
    ),
    "sherrington-kirkpatrick": Model(
        lambda x, p: Spin(p["J0"] * x[0] + p["h"], 1 - p["T"] * x[1], p["T"]),
        lambda x, p: (
            p["J0"] * x[0] * x[0] / 2
            - p["T"] * x[1] * x[1] / 4
            - MODELS["sherrington-kirkpatrick"].spin(x, p).free()
        ),
        _sk_more,
    ),
    "curie-weiss": Model(
        lambda x, p: Spin(x[0] + p["h"], 0 * x[0], p["T"]),
        lambda x, p: x[0] * x[0] / 2 - MODELS["curie-weiss"].spin(x, p).free(),
        lambda x, p: {},
    ),
}
"""The field on a spin, the free energy, and what follows; ``log_rho`` vanishes with what is written here."""


def equations(told: Any, z: Any) -> tuple[list[Any], list[list[Any]]]:
    """F(z) and F'(z) of the system of a certificate."""
    import flint

    model, system = MODELS[told["theory"]], told["system"]
    names = told["unknowns"]
    order = 1 if told["theory"] == "curie-weiss" else 2
    fold, free = system == "fold", system != "solution"
    n = len(names) - order if fold else len(names)  # jets: the states and the parameter
    zero, one = flint.arb(0), flint.arb(1)
    flat = [[zero] * n for _ in range(n)]
    y = [Jet(z[i], [one if i == j else zero for j in range(n)], flat) for i in range(n)]
    p = {name: y[0].like(flint.arb(text)) for name, text in told["parameters"].items()}
    if free:
        p[names[n - 1]] = y[n - 1]
    states = [y[i : i + order] for i in range(0, n - free, order)]
    rows = [a - b for x in states for a, b in zip(x, model.right(x, p), strict=True)]
    if fold:
        phi, w = z[n:], [flint.arb(text) for text in told["weights"]]
        values, slopes = [row.v for row in rows], [[*row.g, *[zero] * order] for row in rows]
        for row in rows:  # sum_j dF_i/dx_j phi_j = 0
            values.append(sum((row.g[j] * phi[j] for j in range(order)), zero))
            bent = [sum((row.h[k][j] * phi[j] for j in range(order)), zero) for k in range(n)]
            slopes.append(bent + row.g[:order])
        values.append(sum((a * b for a, b in zip(w, phi, strict=True)), zero) - one)
        slopes.append([zero] * n + w)
        return values, slopes
    if system.startswith("coexistence"):
        rows.append(model.free(states[0], p) - model.free(states[1], p))
    elif system.startswith("zero of "):
        rows.append(model.more(states[0], p)[system.split()[2]])
    return [row.v for row in rows], [row.g for row in rows]


def check(told: Any) -> dict[str, str]:
    """Make Krawczyk's test on a certificate, and compare its claims with what comes out.

    Returns
    -------
    dict of str to str
        The claims that were confirmed.

    Raises
    ------
    Refusal
        If the file is none, the equations are not known here, the test fails, or a claim is not true.
    """
    import flint

    if not isinstance(told, dict) or told.get("format") != FORMAT:
        msg = f"this is no certificate: its format is not {FORMAT}"
        raise Refusal(msg)
    if told.get("theory") not in MODELS:
        msg = f"the equations of {told.get('theory')} are not written here; those of {', '.join(MODELS)} are"
        raise Refusal(msg)
    before = flint.ctx.dps
    try:
        flint.ctx.dps = int(told["precision"]) + 8
        return _checked(told)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        msg = f"the certificate cannot be read: {error!r}"
        raise Refusal(msg) from error
    finally:
        flint.ctx.dps = before


def _checked(told: Any) -> dict[str, str]:
    import flint

    arb, matrix = flint.arb, flint.arb_mat
    centre = [arb(text) for text in told["midpoint"]]
    radii = [arb(text) for text in told["radius"]]
    box = [c + arb(0, r.upper()) for c, r in zip(centre, radii, strict=True)]
    n = len(centre)
    values, _ = equations(told, centre)
    _, slopes = equations(told, box)
    if len(values) != n or any(len(row) != n for row in slopes):
        msg = f"{len(values)} equations for {n} unknowns"
        raise Refusal(msg)
    try:
        inverse = matrix([[v.mid() for v in row] for row in slopes]).inv()
    except ZeroDivisionError:
        msg = "the derivatives of the equations are singular"
        raise Refusal(msg) from None
    near = matrix([[v.mid() for v in row] for row in inverse.tolist()])
    eye = matrix([[int(i == j) for j in range(n)] for i in range(n)])
    spread = matrix([[b - c] for b, c in zip(box, centre, strict=True)])
    moved = (eye - near * matrix(slopes)) * spread - near * matrix([[v] for v in values])
    image = [c + v for c, (v,) in zip(centre, moved.tolist(), strict=True)]
    for name, b, k in zip(told["unknowns"], box, image, strict=True):
        if not b.contains_interior(k):
            msg = f"not confirmed: {name} is mapped to {k.str(25)}, which is not inside its box {b.str(25)}"
            raise Refusal(msg)
    return _claims(told, dict(zip(told["unknowns"], image, strict=True)))


def _claims(told: Any, found: dict[str, Any]) -> dict[str, str]:
    """Compare what is claimed with the enclosures."""
    import flint

    model, order = MODELS[told["theory"]], 1 if told["theory"] == "curie-weiss" else 2
    zero = flint.arb(0)
    values = {name: flint.arb(text) for name, text in told["parameters"].items()} | found
    p = {name: Jet(value, [zero], [[zero]]) for name, value in values.items()}
    x = [p[name] for name in told["unknowns"][:order]]
    more = {name: jet.v for name, jet in model.more(x, p).items()} | {"free energy": model.free(x, p).v}
    confirmed = {}
    for name, text in told["claim"].items():
        value = found.get(name, more.get(name))
        if value is None:
            msg = f"not confirmed: {name} is claimed, and does not follow here"
            raise Refusal(msg)
        middle, _, error = text.partition(" +/- ")
        claimed = flint.arb(middle) + flint.arb(0, flint.arb(error).upper())
        if not claimed.contains(value) and not (value - flint.arb(middle)).is_zero():
            ours = value.str(int(told["digits"]) + 5)
            msg = f"not confirmed: {name} = {text} is claimed, and {ours} is found"
            raise Refusal(msg)
        confirmed[name] = text
    return confirmed


def confirmed(path: str) -> str:
    """Check a file; return what is confirmed, as a text of several lines.

    Raises
    ------
    Refusal
        If anything of it is not confirmed.
    """
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # a program of its own
            told = json.load(file)
        claims = check(told)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, Refusal) as error:
        msg = f"{path}: {error}"
        raise Refusal(msg) from error
    held = ", ".join(f"{name} = {value}" for name, value in told["parameters"].items())
    rows = [f"{told['theory']}{' at ' if held else ''}{held}: {told['system']}"]
    rows += [f"{name} = {text}" for name, text in claims.items()]
    return "\n".join([*rows, "confirmed: these equations have exactly one solution in this box"])


def main(path: str) -> int:
    """Check a file and print what was found; the exit code is 0 if all of it is confirmed."""
    try:
        sys.stdout.write(confirmed(path) + "\n")
    except Refusal as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
