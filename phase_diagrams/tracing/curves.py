"""Order parameters against a control parameter: all branches, stable and unstable, with their folds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from phase_diagrams.diagram import CONVERGED, Axis, Line, LineKind, PhaseDiagram, Point
from replica.errors import ParameterError, UnknownNameError
from replica.showing import Shown, dataframe, good
from replica.solving.curves import FOLD, Stretch, curves
from replica.solving.locate import Located
from replica.solving.solution import MEASURES
from replica.theory import Theory
from replica.theory.base import required
from replica.theory.names import order_named, parameter_named

__all__ = ["Curve", "curve", "derived_names"]

WIDEST = 34
"""Letters that fit along the vertical axis of one panel."""


def curve(theory: Theory, *names: str, **span: tuple[float, float]) -> Curve:
    """Order parameters of a theory against one of its control parameters: all branches, through their folds.

    Parameters
    ----------
    theory : Theory
        One point; its value of the parameter that varies is ignored.
    *names : str
        What is wanted: order parameters, derived ones too; "free_energy", "energy", "entropy", "replicon".
    **span : (float, float)
        The one parameter that varies, and its range: ``alpha=(0, 0.15)``.

    Returns
    -------
    Curve

    Raises
    ------
    ParameterError, UnknownNameError
        If there is no such order parameter, or no such range.
    LocateError
        If no named branch has a state in it.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> found = curve(Hopfield(alpha=0.0, T=0.0), "m", alpha=(0, 0.15))
    >>> found
    <Curve of m against alpha: hopfield, retrieval, glass; fold at 0.137905566494932>
    >>> for point in found.special:
    ...     print(f"{point['kind']} at {point['alpha']:.12f}, m = {point['m']:.10f}")
    fold at 0.137905566495, m = 0.9674171157
    """
    required(theory)
    if len(span) != 1:
        message = f"{theory.name}: one parameter varies along a curve; write curve(theory, 'm', T=(0, 1))"
        raise ParameterError(message)
    ((name, limits),) = span.items()
    kind = type(theory)
    if not names:
        message = f"{theory.name}: a curve of what? Name order parameters, such as {', '.join(theory.order)}"
        raise ParameterError(message)
    wanted = tuple(dict.fromkeys(order_named(kind, one) for one in names))
    name = parameter_named(kind, name)
    theory.check_varied(name)
    known = [*theory.order, *derived_names(theory), *MEASURES]
    for one in wanted:
        if one not in known:
            message = f"order parameter of {theory.name}"
            raise UnknownNameError(message, one, known)
    try:
        low, high = (float(end) for end in limits)
    except (TypeError, ValueError):
        message = f"{theory.name}: the range of {name} is two numbers, such as {name}=(0, 1), not {limits!r}"
        raise ParameterError(message) from None
    _check_defined(theory, name, wanted, 0.5 * (low + high))
    found = curves(theory, name, low, high)
    return Curve(theory, name, wanted, (low, high), found.stretches, found.notes)


def _check_defined(theory: Theory, parameter: str, names: tuple[str, ...], value: float) -> None:
    """Refuse a measure that the theory does not define, before anything is computed."""
    here = theory.at(**{parameter: value})
    with np.errstate(all="ignore"):
        x = here.start(here.default)
        missing = [name for name in names if name in MEASURES and getattr(here.tuned(x), name)(x) is None]
    if missing:
        message = f"{theory.name} defines no {missing[0].replace('_', ' ')}; leave it out"
        raise ParameterError(message)


def derived_names(theory: Theory) -> tuple[str, ...]:
    """Names of the order parameters that follow from others."""
    with np.errstate(all="ignore"):
        return tuple(theory.derived(np.full(len(theory.order), 0.5)))


@dataclass(frozen=True, repr=False)
class Curve(Shown):
    """Order parameters against a control parameter: what `curve` returns.

    Attributes
    ----------
    theory : Theory
        Its value of the parameter means nothing.
    parameter : str
    names : tuple of str
        What was asked for.
    limits : (float, float)
    stretches : tuple of Stretch
        The curves, with all order parameters; special points are among their points.
    notes : tuple of str
        What could not be found out, a sentence each: none, where the curve is complete.
    """

    theory: Theory
    parameter: str
    names: tuple[str, ...]
    limits: tuple[float, float]
    stretches: tuple[Stretch, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        folds = [point for point in self.special if point["kind"] == FOLD]
        names = dict.fromkeys(name for one in self.stretches for name in one.branch.split(" and "))
        told = "".join(f"; fold at {point[self.parameter]:.15g}" for point in folds)
        what = f"{', '.join(self.names)} against {self.parameter}: {self.theory.name}"
        return f"<Curve of {what}, {', '.join(names)}{told}>"

    @property
    def columns(self) -> dict[str, list[Any]]:
        """The curves as a table, by column: a row for each point.

        `part` counts pieces of one stability; a special point ends one and begins the next, and stands in
        both. `stability` and `replica_symmetry` are words, the latter empty without disorder; `point` says
        what a special point is.
        """
        table: dict[str, list[Any]] = {"branch": [], "part": [], self.parameter: []}
        table |= {name: [] for name in (*self.names, "stability", "replica_symmetry", "point")}
        part = 0
        for one in self.stretches:
            measured = self._measured(one.values, one.x)
            symmetry = self._symmetry(one)
            for piece, stable in one.parts:
                part += 1
                for i in range(piece.start, piece.stop):
                    table["branch"].append(one.branch)
                    table["part"].append(part)
                    table[self.parameter].append(float(one.values[i]))
                    for name in self.names:
                        table[name].append(float(measured[name][i]))
                    table["stability"].append(_STABILITY[stable])
                    table["replica_symmetry"].append(symmetry[i])
                    table["point"].append(one.special[i][0] if i in one.special else "")
        return table

    @property
    def special(self) -> list[dict[str, Any]]:
        """Folds and branch points: kind, branch, the parameter, what was asked for, bounds on the errors."""
        found = []
        for one in self.stretches:
            for kind, point in one.special.values():
                theory = point.theory.at(**{self.parameter: point.value})
                values = self._told(theory, point.x)
                errors = point.errors_of(self._told)
                found.append(
                    {"kind": kind, "branch": one.branch, self.parameter: point.value}
                    | {name: float(values[name]) for name in self.names}
                    | {
                        "uncertainty": {self.parameter: point.uncertainty}
                        | {name: float(errors[name]) for name in self.names}
                    }
                )
        return found

    def _told(self, theory: Theory, x: Any) -> dict[str, Any]:
        """What was asked for, at some states."""
        with np.errstate(all="ignore"):
            order = dict(zip(theory.order, x, strict=True)) | theory.derived(x)
            return {
                name: order[name] if name in order else getattr(theory.tuned(x), name)(x)
                for name in self.names
            }

    def _measured(self, values: Any, x: Any) -> Mapping[str, Any]:
        told = self._told(self.theory.at(**{self.parameter: values}), x)
        return {name: np.broadcast_to(value, len(values)) for name, value in told.items()}

    def _symmetry(self, one: Stretch) -> list[str]:
        theory = self.theory.at(**{self.parameter: one.values})
        with np.errstate(all="ignore"):
            replicon = theory.tuned(one.x).replicon(one.x)
        if replicon is None:
            return [""] * len(one.values)
        broken = theory.broken(one.x)
        known = np.broadcast_to(~np.isnan(replicon), len(one.values))
        return [("broken" if flag else "stable") if k else "" for flag, k in zip(broken, known, strict=True)]

    def to_dataframe(self) -> Any:
        """The curves as a table of pandas; see `columns`."""
        return dataframe(self.columns)

    def diagram(self, title: str | None = None) -> PhaseDiagram:
        """The curves as a diagram, to be stored and drawn: a panel for each thing that was asked for."""
        panels = [self._panel(name, title) for name in self.names]
        return replace(panels[0], beside=panels[1:])

    def plot(self, ax: Any = None) -> Any:
        """Draw the curves; return the axes. With several panels, `ax` is a sequence of axes.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, optional
            Where to draw; by default a figure is made.
        """
        from phase_diagrams.draw import draw, figure

        if ax is None:
            axes = figure(self.diagram()).axes
            return axes[0] if len(axes) == 1 else axes
        given = [ax] if len(self.names) == 1 and not isinstance(ax, list | tuple | np.ndarray) else list(ax)
        if len(given) != len(self.names):
            message = f"a curve of {', '.join(self.names)} needs {len(self.names)} axes, not {len(given)}"
            raise ParameterError(message)
        drawn = [draw(self._panel(name, None), one) for name, one in zip(self.names, given, strict=True)]
        return drawn[0] if len(drawn) == 1 else drawn

    def _panel(self, name: str, title: str | None) -> PhaseDiagram:
        about = self.theory.parameters()[self.parameter]
        lines, points, seen = list[Line](), list[Point](), dict[str, int]()
        for one in self.stretches:
            value = self._measured(one.values, one.x)[name]
            broken = [word == "broken" for word in self._symmetry(one)]
            for piece, stable in one.parts:
                seen[one.branch] = seen.get(one.branch, 0) + 1
                x, y = (part[piece].astype(float) for part in (one.values, value))
                known = np.isfinite(x + y)
                lines.append(
                    Line(
                        f"{one.branch}, part {seen[one.branch]}",
                        LineKind.UNSTABLE if stable is False else LineKind.STABLE,
                        [float(v) for v in x],
                        [float(v) if flag else np.nan for v, flag in zip(y, known, strict=True)],
                        [CONVERGED if flag else "not finite" for flag in known],
                        one.branch,
                        broken=broken[piece],
                    )
                )
            for i, (kind, point) in one.special.items():
                if np.isfinite(value[i]):
                    points.append(self._point(len(points), kind, point, float(value[i]), about.symbol))
        axes = (
            Axis(self.parameter, f"{_head(about.text)} ${about.symbol}$", limits=self.limits),
            Axis(name, _axis(self.theory, name)),
        )
        provenance = {
            "theory": self.theory.name,
            "parameters": self.fixed,
            "notes": list(self.notes),
        }
        told = self._title() if title is None else title
        return PhaseDiagram(f"{name} of {self.theory.name}", told, axes, lines, points, [], provenance)

    def _point(self, number: int, kind: str, point: Located, y: float, symbol: str) -> Point:
        """A fold with its place; a branch point is seen, and needs no words."""
        label = f"${symbol} = {point.value:.4g}$" if kind == FOLD else ""
        return Point(f"{kind} {number + 1}", label, point.value, y)

    @property
    def fixed(self) -> dict[str, Any]:
        """The parameters that do not vary, as JSON has them."""
        known = self.theory.parameters()
        return {
            name: value if known[name].kind == "number" else str(value)
            for name, value in self.theory.told.items()
            if name != self.parameter and value is not None
        }

    def _title(self) -> str:
        known = self.theory.parameters()
        told = [
            f"${known[name].symbol} = {value:g}$"
            for name, value in self.fixed.items()
            if isinstance(value, float | int) and (name == "T" or value != known[name].default)
        ]
        return ", ".join([self.theory.name, *told])

    def _table(self) -> Any:
        rows = [
            (
                point["branch"],
                point["kind"],
                *(good(point[name], point["uncertainty"][name]) for name in (self.parameter, *self.names)),
            )
            for point in self.special
        ]
        told = ", ".join(f"{name} = {value}" for name, value in self.fixed.items())
        caption = f"{', '.join(self.names)} of {self.theory.name} against {self.parameter}, {told}"
        return caption, ("branch", "point", self.parameter, *self.names), rows, self.notes

    def _repr_svg_(self) -> str:
        from phase_diagrams.draw import svg

        return svg(self.diagram())


_STABILITY = {True: "stable", False: "unstable", None: "unknown"}


def _head(text: str) -> str:
    """The words before the first comma, semicolon or bracket."""
    return re.split(r",|;| \(", text)[0]


def _axis(theory: Theory, name: str) -> str:
    """What stands along the vertical axis: words, if they fit, and a symbol."""
    symbol = {"free_energy": "$f$", "energy": "$e$", "entropy": "$s$", "replicon": ""}.get(name)
    words = _head(theory.symbols.get(name, "")) if symbol is None else name.replace("_", " ")
    if symbol is None:
        symbol = _mathtext(name)
    return f"{words} {symbol}".strip() if len(words) <= WIDEST else symbol


def _mathtext(name: str) -> str:
    """The name of an order parameter as mathtext: one letter, with what follows as its index."""
    hat = name.endswith("hat") and len(name) > 3
    stem, _, tail = (name.removesuffix("hat") if hat else name).strip("_").partition("_")
    if found := re.fullmatch(r"([a-zA-Z])(\d+)", stem):
        stem, tail = found[1], found[2]
    greek = {"alpha", "beta", "gamma", "delta", "theta", "kappa", "sigma", "chi", "omega", "lambda"}
    head = f"\\{stem}" if stem.lower() in greek else stem if len(stem) == 1 else f"\\mathrm{{{stem}}}"
    head = f"\\hat{{{head}}}" if hat else head
    return f"${head}_{{\\mathrm{{{tail}}}}}$" if tail else f"${head}$"
