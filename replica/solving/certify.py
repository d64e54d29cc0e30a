r"""Solutions and special points with a proof: Krawczyk's test on their equations, in balls.

The equations are those of `replica.solving.systems`, evaluated by the theory's own `update` on jets over
balls, so that the Jacobian of the system is exact. With a box X around a point z, and Y close to the inverse
of F'(z), let

    K = z - Y F(z) + (1 - Y F'(X)) (X - z).

If K lies in the interior of X, the equations have exactly one solution in X, and it lies in K [Kra69]_.

References
----------
.. [Kra69] R. Krawczyk, Computing 4, 187 (1969).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from replica.errors import ConvergenceError, LocateError
from replica.numerics import balls
from replica.solving.locate import Located
from replica.solving.polish import check_asked
from replica.solving.solution import Solution
from replica.solving.systems import System
from replica.theory import Coexistence, Fold, Optimum, Theory, Zero
from replica.theory.parameters import short
from replica.units import Unit

__all__ = ["Certificate", "CertificateError", "certify"]

FORMAT = "replica-certificate-1"

GUARDS = (12, 25, 50, 100)
"""Digits beyond those that were asked for, one after the other, until the test is passed."""

MEANING = (
    "certified: the saddle-point equations, as written, have exactly one solution in a box around this one",
    "not certified: that it is the branch it is called, that none lies outside, and replica symmetry",
)
"""What a certificate says, and what it does not."""


UNTOLD = (__name__, "replica.numerics.balls", "replica.numerics.functions")
"""Modules that are never the place where something is wrong."""


class CertificateError(ConvergenceError):
    """A number that cannot be certified; the message says why."""


@dataclass(frozen=True)
class Certificate:
    """A box that holds exactly one solution of the equations of a theory.

    Every number is a text, the decimal number itself.

    Attributes
    ----------
    theory, system : str
        The name of the theory; ``solution``, ``fold``, ``zero of TEST on BRANCH``, or ``coexistence of A and
        B``.
    parameters : dict of str to str
        The control parameters that are held fixed.
    unknowns : tuple of str
        Names; a state by its order parameters, then the control parameter; of a fold its direction comes
        last.
    midpoint, radius : tuple of str
        The box.
    weights : tuple of str
        Of a fold: the weights w by which the direction is normalised, w . phi = 1.
    claim : dict of str to str
        What is certified, by name: ``VALUE +/- ERROR``.
    digits, precision : int
        Digits that were asked for, and those that the test was made with.
    versions : dict of str to str
    format : str
    """

    theory: str
    system: str
    parameters: dict[str, str]
    unknowns: tuple[str, ...]
    midpoint: tuple[str, ...]
    radius: tuple[str, ...]
    weights: tuple[str, ...]
    claim: dict[str, str]
    digits: int
    precision: int
    versions: dict[str, str]
    format: str = FORMAT

    def to_json(self) -> str:
        """The text of a file, which `replica verify` checks without this package's solvers."""
        return json.dumps({"format": self.format, **asdict(self)}, indent=1) + "\n"

    def value(self, name: str) -> str:
        """The certified digits of what has that name, without the error."""
        return self.claim[name].partition(" ")[0]


def certify(point: Located | Solution, digits: int) -> Certificate:
    """Prove that the equations have one solution in a box around the one that was found.

    Parameters
    ----------
    point : Located or Solution
        A converged result in float64.
    digits : int
        Significant digits of every unknown; 1 to 1000.

    Raises
    ------
    ParameterError
        If `digits` is out of range.
    CertificateError
        If the test is not passed, or a function of the theory has no ball: the message says which.
    ModuleNotFoundError
        Without python-flint.

    Examples
    --------
    >>> from replica.solving import critical
    >>> from replica.theories import Hopfield
    >>> certify(critical(Hopfield(alpha=0.0, T=0.0)), 40).claim["alpha"]
    '0.1379055664949317378436361232181243561197 +/- 1.6e-42'
    """
    import flint

    check_asked(point, digits, "a certificate is")
    if isinstance(point, Solution):
        point.require()
    elif not point.located:
        msg = "a point that was not located cannot be certified"
        raise LocateError(msg, point.bracket)
    why = ""
    for guard in GUARDS:
        precision = digits + guard
        with balls.working(precision + 8):
            try:
                equations = _equations(point)
                proof = _proof(equations, digits, precision)
                if proof is None:
                    why = why or f"the box is not mapped into itself at {precision} digits"
                    continue
                z, box, enclosure = proof
                claim = equations.claim(enclosure, digits)
            except TypeError as error:
                msg = f"{point.theory.describe()}: not certified; {_where(error)} has no ball"
                raise CertificateError(msg) from error
            except balls.BallError as error:
                why = why or f"{error} ({_where(error)})"
                continue
            if claim is None:
                why = why or f"{digits} digits are not reached with {precision}"
                continue
            return Certificate(
                theory=point.theory.name,
                system=equations.system,
                parameters=equations.fixed,
                unknowns=tuple(equations.names),
                midpoint=tuple(z),
                radius=tuple(box),
                weights=tuple(equations.weights),
                claim=claim,
                digits=digits,
                precision=precision,
                versions={"python-flint": str(flint.__version__)},
            )
    msg = f"{point.theory.describe()}: not certified; {why}"
    raise CertificateError(msg)


def _where(error: BaseException) -> str:
    """Where in the package a number met what cannot take it."""
    place, trace = "its formulas", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("replica.") and name not in UNTOLD:
            place = f"{code.co_qualname} of {name}"
        trace = trace.tb_next
    return place


# -- the test -------------------------------------------------------------------------------------------


def _proof(
    equations: Equations, digits: int, precision: int
) -> tuple[list[str], list[str], list[Any]] | None:
    """Midpoints and radii of a box that passes the test, as texts, and K; None if it does not pass."""
    import flint

    z = _newton(equations, precision)
    if z is None:
        return None
    middle = [v.mid().str(precision, radius=False) for v in z]
    for shrink in (0, 3, precision - digits - 4):
        sizes = [f"{max(abs(float(v)), 1e-3):.1e}".split("e") for v in middle]
        radii = [f"{size}e{int(power) - digits - shrink}" for size, power in sizes]
        centre = [flint.arb(v) for v in middle]
        # the error of reading a decimal number is part of the box
        box = [c + flint.arb(0, flint.arb(r).upper()) for c, r in zip(centre, radii, strict=True)]
        inside = krawczyk(equations, centre, box)
        if inside is not None:
            return middle, radii, inside
    return None


def krawczyk(equations: Equations, centre: Sequence[Any], box: Sequence[Any]) -> list[Any] | None:
    """K of the test if it lies in the interior of the box; else None."""
    import flint

    residual, _ = equations.at(centre)
    _, slopes = equations.at(box)
    n = len(centre)
    middle = flint.arb_mat([[v.mid() for v in row] for row in slopes])
    try:
        inverse = middle.inv()
    except ZeroDivisionError:
        return None
    inverse = flint.arb_mat([[v.mid() for v in row] for row in inverse.tolist()])
    identity = flint.arb_mat([[int(i == j) for j in range(n)] for i in range(n)])
    spread = flint.arb_mat([[b - c] for b, c in zip(box, centre, strict=True)])
    step = inverse * flint.arb_mat([[v] for v in residual])
    moved = (identity - inverse * flint.arb_mat(slopes)) * spread - step
    inside = [c + v for c, (v,) in zip(centre, moved.tolist(), strict=True)]
    good = all(b.contains_interior(k) for b, k in zip(box, inside, strict=True))
    return inside if good else None


def _newton(equations: Equations, precision: int) -> list[Any] | None:
    """Newton's method on midpoints: no proof, only a good place for one."""
    import flint

    z = equations.start
    small = flint.arb(f"1e-{precision - 3}")
    for _ in range(12):
        residual, slopes = equations.at(z)
        try:
            step = flint.arb_mat([[v.mid() for v in row] for row in slopes]).solve(
                flint.arb_mat([[v.mid()] for v in residual])
            )
        except ZeroDivisionError:
            return None
        change = [v.mid() for (v,) in step.tolist()]
        z = [(v - s).mid() for v, s in zip(z, change, strict=True)]
        if not all(v.is_finite() for v in z):
            return None
        longest = max(float(abs(s) / max(abs(float(v)), 1e-3)) for s, v in zip(change, z, strict=True))
        if longest < float(small) or longest < 10.0 ** (-precision / 2 - 2):
            return z
    return None


# -- the equations --------------------------------------------------------------------------------------


class Equations:
    """A square system F(z) = 0 on balls: names, a start, and F with its derivatives."""

    names: list[str]
    system: str
    weights: Sequence[str] = ()

    def __init__(self, point: Located | Solution) -> None:
        free = point.parameter if isinstance(point, Located) else None
        self.theory = point.theory.exact()
        self.fixed = {name: _text(value) for name, value in point.theory.told.items() if name != free}
        self.start = [balls.constant(float(v)) for v in point.x]

    def at(self, z: Sequence[Any]) -> tuple[list[Any], list[list[Any]]]:
        """F(z) and F'(z)."""
        raise NotImplementedError

    def state(self, z: Sequence[Any]) -> tuple[Theory, Any]:
        """The theory at z, and its order parameters (of the first phase)."""
        raise NotImplementedError

    def claim(self, enclosure: Sequence[Any], digits: int) -> dict[str, str] | None:
        """What the enclosure says of every unknown, of what follows from them and of f; None: too little."""
        theory, x = self.state(enclosure)
        inside = theory.physical(x)
        if not np.all(inside):
            msg = f"{theory.name}: the solution lies outside the domain of the formulas"
            raise balls.BallError(msg)
        told = dict(zip(self.names, enclosure, strict=True))
        told = {name: value for name, value in told.items() if not name.startswith("direction")}
        shown = {name: _enclosed(value, digits) for name, value in told.items()}
        if None in shown.values():
            return None
        for name, value in theory.derived(x).items():
            if isinstance(value, balls.Jet):
                shown[name] = _enclosed(value.value, digits) or _loose(value.value)
        try:
            energy = theory.tuned(x).free_energy(x)
        except (balls.BallError, TypeError):  # it has no ball, and nothing rests on it
            energy = None
        if isinstance(energy, balls.Jet):
            shown["free energy"] = _enclosed(energy.value, digits) or _loose(energy.value)
        return {name: text for name, text in shown.items() if text}


class OfSolution(Equations):
    """x - update(x) = 0."""

    system = "solution"

    def __init__(self, point: Solution) -> None:
        super().__init__(point)
        self.names = list(point.theory.order)

    def at(self, z: Sequence[Any]) -> tuple[list[Any], list[list[Any]]]:
        x = balls.unknowns(z)
        return _rows(list(x - self.theory.update(x)), len(z))

    def state(self, z: Sequence[Any]) -> tuple[Theory, Any]:
        return self.theory, _constants(z)


class OfFold(Equations):
    """x - update(x) = 0, (1 - J) phi = 0, w . phi = 1, in (x, parameter, phi)."""

    system = "fold"

    def __init__(self, point: Located) -> None:
        super().__init__(point)
        self.parameter, order = point.parameter, point.theory.order
        self.names = [*order, point.parameter, *(f"direction {name}" for name in order)]
        direction = np.asarray(point.z[len(order) : 2 * len(order)], dtype=float)
        self.weights = [f"{v:.6f}" for v in direction / (direction @ direction)]
        scale = sum(float(w) * v for w, v in zip(self.weights, direction, strict=True))
        self.start += [balls.constant(float(v)) for v in (point.value, *(direction / scale))]

    def at(self, z: Sequence[Any]) -> tuple[list[Any], list[list[Any]]]:
        import flint

        n = len(self.theory.order)
        y, phi = balls.unknowns(z[: n + 1]), z[n + 1 :]
        w = [flint.arb(one) for one in self.weights]
        u = self.theory.at(**{self.parameter: y[n]}).update(y[:n])
        zero, one = flint.arb(0), flint.arb(1)
        values, slopes = [], []
        for i in range(n):
            g = u[i].gradient
            values.append(y[i].value - u[i].value)
            slopes.append([(one if i == j else zero) - g[j] for j in range(n)] + [-g[n]] + [zero] * n)
        for i in range(n):
            g, h = u[i].gradient, u[i].curvature
            values.append(phi[i] - _dot(g[:n], phi))
            bent = [_dot([h[max(j, k)][min(j, k)] for k in range(n)], phi) for j in range(n + 1)]
            slopes.append([-v for v in bent] + [(one if i == j else zero) - g[j] for j in range(n)])
        values.append(_dot(w, phi) - one)
        slopes.append([zero] * (n + 1) + w)
        return values, slopes

    def state(self, z: Sequence[Any]) -> tuple[Theory, Any]:
        n = len(self.theory.order)
        return self.theory.at(**{self.parameter: balls.Jet(z[n])}), _constants(z[:n])


class OfTest(Equations):
    """States of the phases and one more equation, in (states, parameter): a test, or two free energies."""

    def __init__(self, point: Located) -> None:
        super().__init__(point)
        self.parameter, self.boundary = point.parameter, point.boundary
        self.layout = System(point.boundary, point.theory)
        if any(phase.over for phase, _ in self.layout.parts):
            msg = f"{point.theory.name}: a phase that is minimised over a parameter cannot be certified"
            raise CertificateError(msg)
        self.names = []
        for index, (_, part) in enumerate(self.layout.parts):
            if part.stop > part.start:
                names = point.theory.order[: part.stop - part.start]
                self.names += [f"{name} of phase {index + 1}" if index else name for name in names]
        self.names.append(point.parameter)
        self.start = [balls.constant(float(v)) for v in (*point.z, point.value)]
        if isinstance(point.boundary, Zero):
            self.system = f"zero of {point.boundary.test} on {point.boundary.phase.branch}"
        else:
            first, second = (phase.branch for phase, _ in self.layout.parts)
            self.system = f"coexistence of {first} and {second}"

    def at(self, z: Sequence[Any]) -> tuple[list[Any], list[list[Any]]]:
        y = balls.unknowns(z)
        states = self.layout.states(self.theory.at(**{self.parameter: y[-1]}), y[:-1])
        rows: list[Any] = []
        for phase, here, x in states:
            if not self.theory.branch(phase.branch).explicit:
                rows += list(x - here.update(x))
        (_, here, x), *others = states
        if isinstance(self.boundary, Zero):
            rows.append(self.test(here, x, y))
        else:
            _, other, x2 = others[0]
            rows.append(here.tuned(x).free_energy(x) - other.tuned(x2).free_energy(x2))
        return _rows(rows, len(z))

    def test(self, here: Theory, x: Any, y: Any) -> Any:
        """The test function; that of stability is det(1 - J), with its gradient."""
        if self.boundary.test != "stability":  # type: ignore[union-attr]
            return getattr(here, self.boundary.test)(x)  # type: ignore[union-attr]
        n = len(x)
        inner = balls.unknowns([one.value for one in x] + [y[-1].value])
        u = self.theory.at(**{self.parameter: inner[-1]}).update(inner[:-1])
        # d J/dy through the state and through the parameter: x may itself depend on the parameter
        along = [one.gradient or [balls.constant(0)] * len(y) for one in (*x, y[-1])]
        matrix = []
        for i in range(n):
            h = u[i].curvature
            row = []
            for j in range(n):
                slope = [
                    -_dot([h[max(j, k)][min(j, k)] for k in range(n + 1)], [a[m] for a in along])
                    for m in range(len(y))
                ]
                row.append(balls.Jet(balls.constant(int(i == j)) - u[i].gradient[j], slope))
            matrix.append(row)
        return _determinant(matrix)

    def state(self, z: Sequence[Any]) -> tuple[Theory, Any]:
        theory = self.theory.at(**{self.parameter: balls.Jet(z[-1])})
        _, here, x = self.layout.states(theory, _constants(z[:-1]))[0]
        return here, x


def _equations(point: Located | Solution) -> Equations:
    if isinstance(point, Solution):
        return OfSolution(point)
    boundary = point.boundary
    if isinstance(boundary, Optimum) or not isinstance(boundary, Fold | Zero | Coexistence):
        msg = f"{point.theory.name}: a certificate is for solutions, folds, zeros and coexistence"
        raise CertificateError(msg)
    return OfFold(point) if isinstance(boundary, Fold) else OfTest(point)


def _rows(rows: Sequence[Any], n: int) -> tuple[list[Any], list[list[Any]]]:
    """Values and gradients of jets."""
    zeros = [balls.constant(0)] * n
    return [row.value for row in rows], [list(row.gradient or zeros) for row in rows]


def _determinant(matrix: list[list[Any]]) -> Any:
    """By minors: a theory has a handful of unknowns."""
    if len(matrix) == 1:
        return matrix[0][0]
    total: Any = 0
    for j, head in enumerate(matrix[0]):
        minor = [row[:j] + row[j + 1 :] for row in matrix[1:]]
        total = total + (-1) ** j * head * _determinant(minor)
    return total


def _constants(z: Sequence[Any]) -> Any:
    out = np.empty(len(z), dtype=object)
    for i, value in enumerate(z):
        out[i] = balls.Jet(value)
    return out


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    total = balls.constant(0)
    for p, q in zip(a, b, strict=True):
        total = total + p * q
    return total


def _text(value: Any) -> str:
    """A parameter as the decimal number that it is."""
    if isinstance(value, int) or value is None:
        return str(value)
    return short(value) if isinstance(value, Unit | str | tuple) else repr(float(value)).removesuffix(".0")


def _enclosed(value: Any, digits: int) -> str | None:
    """``VALUE +/- ERROR`` with that many digits, if the enclosure is as narrow."""
    import flint

    if value.contains(0):
        return _loose(value) if value.abs_upper() < flint.arb(10) ** -digits else None
    if value.rel_accuracy_bits() < 3.33 * digits:
        return None
    middle = value.mid().str(digits, radius=False)
    return f"{middle} +/- {_rounded_up((value - flint.arb(middle)).abs_upper())}"


def _loose(value: Any) -> str:
    """An enclosure that is what it is."""
    import flint

    middle = value.mid().str(max(2, int(value.rel_accuracy_bits() / 3.33)), radius=False)
    return f"{middle} +/- {_rounded_up((value - flint.arb(middle)).abs_upper())}"


def _rounded_up(error: Any) -> str:
    """An upper bound with two digits."""
    import flint

    text = (error * flint.arb("1.1")).str(2, radius=False)
    return text if flint.arb(text) >= error else (error * 2).str(2, radius=False)
