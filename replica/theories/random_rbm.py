"""Random RBM with any pair of units, any temperature, any sparsity of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from replica.averages import IntegerLaw, skellam, trinomial
from replica.errors import ParameterError
from replica.functions import is_exact, log, maximum, sqrt, stack
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Critical,
    Fold,
    Limit,
    Parameter,
    Phase,
    Theory,
    Zero,
    parameter,
)
from replica.units import Averages, Interpolating, Unit

__all__ = ["GeneralPriors", "RandomRBM"]

_SYMBOLS = {
    "m": "overlap of the strong hidden units",
    "q": "overlap of two replicas of the visible units",
    "r": "overlap of two replicas of the weak hidden units",
    "B": "response of the weak hidden units",
    "C": "response of the visible units",
}
_ONE_SITE = ((1.0, 1.0),)


class TwoLayers(Theory):
    """Two layers of independent units in the fields of each other, eqs. (2.2) and (2.3) of the notes.

    The visible units feel the strong hidden units through W, and the weak ones as a Gaussian field of
    variance alpha x r with a quadratic term alpha B x; the weak hidden units feel a Gaussian field of
    variance q with a quadratic term C. A subclass gives the two layers, and what the strong hidden units do.
    """

    alpha: Parameter
    T: Parameter
    overlaps: ClassVar[tuple[str, ...]] = ("q", "r")

    @property
    def layers(self) -> tuple[Unit, Unit]:
        """Visible and hidden unit."""
        raise NotImplementedError

    @property
    def warmth(self) -> Any:
        """Temperature at which the units live."""
        return self.T

    @property
    def groups(self) -> tuple[tuple[float, float], ...]:
        """Groups of visible units: their fraction and their relative density of weights x."""
        return _ONE_SITE

    def visible_averages(self, loc: Any, r: Any, B: Any, extra: Any = 0.0) -> Averages:
        """Averages of the visible units, shape (*batch, n_groups, n_w), at the mean fields `loc`.

        `extra` is further variance of their field.
        """
        x = self.group_density
        width = sqrt(maximum(_wide(self.alpha * r) * x + _wide(extra), 0 * _wide(r)))
        unit = self.layers[0].column().column()
        return unit.averages(loc, width, _wide(self.alpha * B) * x, _wide(self.warmth))

    def hidden_averages(self, q: Any, C: Any) -> Averages:
        """Averages of the weak hidden units, shape (*batch)."""
        return self.layers[1].averages(0 * q, sqrt(maximum(q, 0 * q)), C, self.warmth)

    @cached_property
    def group_density(self) -> Any:
        """X of the groups, shape (n_groups, 1)."""
        return np.array([[x] for _, x in self.groups])

    @cached_property
    def group_fraction(self) -> Any:
        """Fractions of the groups, shape (n_groups, 1)."""
        return np.array([[fraction] for fraction, _ in self.groups])

    def weighted(self, values: Any) -> Any:
        """E[x ...] over the groups, where there is no field W."""
        return np.sum(values * self.group_density * self.group_fraction, axis=(-1, -2))

    def bulk(self, q: Any, r: Any, B: Any, C: Any) -> Any:
        """Terms of the free energy that couple the two layers, (alpha/2)(r C + q B) + alpha T B C/2."""
        return self.alpha / 2 * (r * C + q * B + self.warmth * B * C)

    jacobian_error: ClassVar[float] = 5e-10
    visible_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]]
    hidden_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]]
    """Order parameters that a layer feels, and those that it answers with."""

    def visible_answers(self, x: Any) -> Any:
        """Right-hand sides of the saddle-point equations that come from the visible layer."""
        raise NotImplementedError

    def hidden_answers(self, x: Any) -> Any:
        """Right-hand sides of the saddle-point equations that come from the hidden layer."""
        raise NotImplementedError

    def scales(self, x: Any) -> Any:
        """Sizes of the order parameters on which the equations bend, shape of `x`."""
        raise NotImplementedError

    def jacobian(self, x: Any) -> Any:
        """Fourth-order differences on the scales of the order parameters, which the engine does not know.

        An overlap next to 0 is moved upwards only: its square root is the width of a field.
        """
        if is_exact(x):
            return None
        x = np.asarray(x, dtype=float)
        n, step = len(x), 2.5e-4 * self.scales(x)
        out = np.zeros((n, n, *np.broadcast_shapes(x.shape[1:], self.batch)))
        for answers, inputs, outputs in (
            (self.visible_answers, *self.visible_rows),
            (self.hidden_answers, *self.hidden_rows),
        ):
            out[np.ix_(outputs, inputs)] = self._differences(answers, x, step, inputs)
        return out

    def _differences(self, answers: Any, x: Any, step: Any, inputs: tuple[int, ...]) -> Any:
        """Derivatives of what one layer answers, by the order parameters that it feels."""
        n, k, tail = len(x), len(inputs), (1,) * (x.ndim - 1)
        overlaps = np.array([self.order[i] in self.overlaps for i in inputs]).reshape(k, *tail)
        here, h = x[list(inputs)], step[list(inputs)]
        edge = overlaps & (here >= 0) & (here < 4 * h)
        central, forward = (
            np.array(v).reshape(4, 1, *tail) for v in ((-2.0, -1.0, 1.0, 2.0), (1.0, 2.0, 3.0, 4.0))
        )
        shift = np.where(edge, forward, central) * h  # (4, k, *batch)
        unit = np.eye(n)[:, list(inputs)].reshape(n, 1, k, *tail)
        with np.errstate(all="ignore"):
            values = answers(x[:, None, None] + unit * shift[None])
            ahead, both = (
                np.array(v).reshape(4, 1, *tail)
                for v in ((4.0, -3.0, 4.0 / 3.0, -0.25), (1 / 12, -8 / 12, 8 / 12, -1 / 12))
            )
            out = np.sum(values * np.where(edge, ahead, both), axis=1)
            if np.any(edge):
                out = out - np.where(edge, 25.0 / 12.0, 0.0) * answers(x)[:, None]
        return out / h

    def update(self, x: Any) -> Any:
        answers = dict(zip(self.visible_rows[1], self.visible_answers(x), strict=True))
        answers |= dict(zip(self.hidden_rows[1], self.hidden_answers(x), strict=True))
        return stack(*(answers[i] for i in range(len(answers))))

    def rho(self, x: Any) -> Any:
        """Replica symmetry is stable below 1."""
        raise NotImplementedError

    def replicon(self, x: Any) -> Any:
        return 1 - self.rho(x)

    def log_rho(self, x: Any) -> Any:
        """Zero where replica symmetry breaks, and on the paramagnet where spin glass order sets in."""
        return log(self.rho(x))

    def confined(self, B: Any, C: Any) -> Any:
        """Whether both layers stay confined under the quadratic term of the other."""
        visible, hidden = self.layers
        return (hidden.curvature > C) & (self.alpha * B * np.max(self.group_density) < visible.curvature)

    def quiet(self) -> tuple[Any, Any]:
        """Responses B, C of the state m = q = r = 0; NaN where it does not exist.

        A fixed point of two one-site problems, by iteration and then by Newton's method.
        """
        zero = np.zeros(self.batch)
        with np.errstate(all="ignore"):

            def answer(C: Any) -> tuple[Any, Any]:
                B = self.hidden_averages(zero, C).response
                visible = self.visible_averages(_wide(zero), zero, B)
                return self.weighted(visible.response), B

            C = answer(zero)[0]
            for _ in range(60):
                last, C = C, answer(C)[0]
                if not np.any(np.abs(C - last) > 1e-15 * np.abs(C)):  # NaN is final, too
                    return answer(C)[1], C
            for _ in range(6):
                step = 1e-5 * np.maximum(np.abs(C), 1e-3)
                here, slope = answer(C)[0], (answer(C + step)[0] - answer(C - step)[0]) / (2 * step)
                moved = C - (here - C) / (slope - 1)
                C = np.where(np.isfinite(moved), moved, C)
            return answer(C)[1], C

    def unmagnetised(self, *, largest: bool = True) -> tuple[Any, Any, Any, Any]:
        """Guess q, r, B, C of the state m = 0 with the largest or smallest q > 0; NaN where there is none.

        At fixed q the response C is found by bisection, then q by the sign of E<v>^2 - q on a grid.
        """
        visible, hidden = self.layers
        shape, zero = self.batch, np.zeros(self.batch)
        most = max((abs(v) for v in visible.values), default=0.0) ** 2 or 4.0
        share = np.concatenate([1 - np.geomspace(1e-9, 0.5, 24), np.geomspace(0.48, 1e-5, 24)])
        q = np.concatenate([[1.0], share]) * most
        q = q.reshape(-1, *(1,) * len(shape)) + zero

        def answer(t: Any) -> tuple[Any, Any, Any, Any]:
            C = (
                np.minimum(hidden.curvature, t / (1 - t))
                if np.all(np.isinf(hidden.curvature))
                else t * hidden.curvature
            )
            weak = self.hidden_averages(q, C)
            v = self.visible_averages(_wide(0 * q), weak.square, weak.response)
            return self.weighted(v.square) - q, self.weighted(v.response) - C, C, weak

        with np.errstate(all="ignore"):
            low, high = np.zeros_like(q), np.ones_like(q)
            if largest:  # at fixed q there may be three roots C; the glass is on the largest
                edges = np.append(1 - np.geomspace(1, 1e-5, 29), 1.0)
                rest = np.stack([*(answer(edge + 0 * q)[1] for edge in edges[:-1]), -np.ones_like(q)])
                falls = (rest[:-1] > 0) & (rest[1:] <= 0)  # not where the visible layer stops being confined
                last = len(edges) - 2 - np.argmax(falls[::-1], axis=0)
                known = np.any(falls, axis=0)
                low, high = np.where(known, edges[last], low), np.where(known, edges[last + 1], high)
            for _ in range(18):  # Newton's method does the rest
                middle = (low + high) / 2
                above = answer(middle)[1] > 0
                low, high = np.where(above, middle, low), np.where(above, high, middle)
            gap, _, C, weak = answer((low + high) / 2)
            gap = np.where(np.abs(gap) < 1e-12 * most, 0.0, gap)
            crossing = (gap[:-1] <= 0) & (gap[1:] > 0)
            first = (
                np.argmax(crossing, axis=0) if largest else len(gap) - 2 - np.argmax(crossing[::-1], axis=0)
            )[None]
            none = ~np.any(crossing, axis=0)

            def pick(values: Any) -> Any:
                a, b = (np.take_along_axis(gap, first + i, 0)[0] for i in (0, 1))
                lower, upper = (np.take_along_axis(values, first + i, 0)[0] for i in (0, 1))
                part = np.where(a == b, 0.0, a / np.where(a == b, 1.0, a - b))
                return np.where(none, np.nan, lower + part * (upper - lower))

            return pick(q), pick(weak.square + 0 * q), pick(weak.response + 0 * q), pick(C + 0 * q)


@dataclass(frozen=True)
class RandomRBM(TwoLayers):
    r"""Random RBM with any pair of units and sparse random weights [TM17]_.

    E = -sum_(i mu) w_(i mu) v_i h_mu + sum U_v(v_i) + sum U_h(h_mu), w = xi/sqrt(N), xi = +-1 with
    probability p_i/2 each, else 0; alpha N hidden units, of which L are strongly active, h = m sqrt(N).
    Parameters are the scaled ones (T/p, L p, ...); with p = 1 scaled and unscaled ones differ in m only.

    Parameters
    ----------
    visible, hidden : Unit or str
        The units; a text as on the command line, ``"relu:theta=1.5"``.
    alpha : float or array
        Hidden units per visible unit, >= 0.
    T : float or array
        Scaled temperature T/p (J = k_B = 1), >= 0.
    l : float or array, optional
        Scaled number of strong hidden units, l = p L; given at p = 0. Left out: none, m = 0.
    p : float, optional
        Mean sparsity of the weights in [0, 1]; 0 stands for the limit.
    L : int, optional
        Number of strong hidden units at p > 0; 0 for the spin glass.
    sites : tuple of (float, float), optional
        Heterogeneous weights: fractions of visible units and their p_i/p, such as ((0.5, 0.4), (0.5, 1.6)).

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> from replica import solve
    >>> theory = RandomRBM("bernoulli:g=-0.21", "relu:theta=1.5", alpha=0.5, T=0.02, l=0.38)
    >>> state = solve(theory)
    >>> print(f"{state['m']:.9f} {state['q']:.9f} {state.free_energy:.9f}")
    0.841046859 0.145606616 0.039898242
    """

    visible: Unit = parameter("visible units", "U_v", kind="unit")
    hidden: Unit = parameter("hidden units", "U_h", kind="unit")
    alpha: Parameter = parameter(
        "load, hidden units per visible unit", r"\alpha", lower=0, unit="hidden/visible", typical=(0.0, 1.0)
    )
    T: Parameter = parameter("scaled temperature, T/p", r"\tilde T", lower=0, default=0.0, typical=(0.0, 1.4))
    l: Parameter = parameter(
        "scaled number of strong hidden units, l = pL", r"\ell", lower=0, default=None, typical=(0.0, 6.0)
    )
    p: Parameter = parameter("weight sparsity; 0 is the limit p -> 0", "p", lower=0, upper=1, default=0.0)
    L: Parameter = parameter(
        "number of strong hidden units, at p > 0", "L", lower=0, default=None, integer=True, typical=(1, 20)
    )
    sites: tuple[tuple[float, float], ...] = parameter(
        "groups of visible units, fraction:x with x = p_i/p", "x_i", default=_ONE_SITE, kind="sites"
    )

    name: ClassVar[str] = "random-rbm"
    order: ClassVar[tuple[str, ...]] = ("m", "q", "r", "B", "C")
    limit: ClassVar[Limit | None] = Limit("alpha")
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("m > 0: strongly active hidden units, continued from alpha = 0"),
        "glass": Branch("m = 0, the solution with the largest q > 0"),
        "quiet": Branch("m = 0, the solution with the smallest q > 0, where units are not symmetric"),
        "paramagnet": Branch("m = q = r = 0, for units that are symmetric without a field", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "spinodal": Fold("retrieval"),
        "first-order": Coexistence(Phase("retrieval"), Phase("glass")),
        "glass": Zero(Phase("paramagnet"), "log_rho", text="spin glass order sets in"),
        "stability": Zero(
            Phase("retrieval"),
            "log_rho",
            "stability",
            text="replica symmetry breaks on the retrieval branch (replicon = 0)",
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with an m > 0 solution"
    )
    equations: ClassVar[Mapping[str, tuple[str, str]]] = {
        "v": (
            "visible unit in the field b = m W/2 + sqrt(alpha x r) z with quadratic term a = alpha B x",
            r"b_v = \tfrac12 mW+\sqrt{\alpha x r}\,z,\quad a_v = \alpha Bx",
        ),
        "h": (
            "hidden unit in the field b = sqrt(q) z with quadratic term a = C",
            r"b_h = \sqrt q\,z,\quad a_h = C",
        ),
        "Z": (
            "Z = sum_s exp{-[U(s) - a s^2/2 - b s]/T}",
            r"Z = \sum_s e^{-[U(s)-as^2/2-bs]/T}",
        ),
        "m": ("m = (2/(kappa l)) E[W <v>]", r"m = \frac{2}{\kappa\ell}\,\mathbb E[W\langle v\rangle]"),
        "q": ("q = E[x <v>^2]", r"q = \mathbb E[x\langle v\rangle^2]"),
        "r": ("r = E[<h>^2]", r"r = \mathbb E[\langle h\rangle^2]"),
        "B": (
            "B = E[<h^2> - <h>^2]/T",
            r"B = \tfrac1T\mathbb E[\langle h^2\rangle-\langle h\rangle^2]",
        ),
        "C": (
            "C = E[x (<v^2> - <v>^2)]/T",
            r"C = \tfrac1T\mathbb E[x(\langle v^2\rangle-\langle v\rangle^2)]",
        ),
        "f": (
            "f = kappa l m^2/8 + (alpha/2)(r C + q B) + alpha T B C/2 - T E[ln Z_v] - alpha T E[ln Z_h]",
            r"f = \tfrac18\kappa\ell m^2+\tfrac\alpha2(rC+qB)+\tfrac\alpha2 TBC"
            r"-T\,\mathbb E\ln Z_v-\alpha T\,\mathbb E\ln Z_h",
        ),
        "rho": (
            "rho = alpha E[x^2 (var v/T)^2] E[(var h/T)^2]; replicon = 1 - rho",
            r"\rho = \alpha\,\mathbb E[x^2(\mathrm{var}\,v/T)^2]\,\mathbb E[(\mathrm{var}\,h/T)^2]",
        ),
        "W": (
            "P(W = w) = exp(-l x) I_w(l x) at p -> 0; sum of L weights +-1 (p x/2 each) or 0 at finite p",
            r"P(W=w) = e^{-\ell x}I_w(\ell x)",
        ),
    }
    symbols: ClassVar[Mapping[str, str]] = _SYMBOLS
    references: ClassVar[tuple[str, ...]] = (
        "J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017)",
        "J. Tubiana, S. Cocco, R. Monasson, Neural Comput. 31, 1671 (2019)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "spin and gaussian units, p = L = 1": "the Hopfield network, alpha_c = 0.138 at T = 0",
        "T_g of spin and spin units": "alpha^(1/4), exact (bipartite Sherrington-Kirkpatrick)",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "Scaled variables: L = l/p, m -> p m/2, r -> p r, B -> p B, T -> p T, f -> p f, g -> p g, "
        "theta -> sqrt(p) theta; q, C and alpha are not rescaled. --unscaled reads and prints unscaled ones.",
        "kappa is the curvature of U_h at large h (1 for gaussian and relu). Bounded hidden units have none: "
        "only m = 0 is possible, L = 0.",
        "The free energy contains - (alpha/2) T ln(2 pi T) of continuous hidden units; their entropy is -inf "
        "at T = 0.",
        "Units are given by --visible and --hidden; `replica show units` lists them.",
    )

    def __post_init__(self) -> None:
        """Read units given as text; check the domain and what goes together."""
        from replica.units import parse

        for name in ("visible", "hidden"):
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, parse(getattr(self, name)))
        super().__post_init__()
        _check_sites(self.sites)
        for name, unit in (("visible", self.visible), ("hidden", self.hidden)):
            if not np.all(np.greater(unit.curvature, 0)):
                msg = (
                    f"random-rbm: {name} unit {unit}: its potential grows more slowly than a parabola, so "
                    "the quadratic term of the other layer (C > 0, alpha B > 0) makes its integral diverge; "
                    "give a potential with U(x) >= kappa x^2/2 at large x, kappa > 0, or a bounded domain"
                )
                raise ParameterError(msg)
        sparse = np.asarray(self.p, dtype=float)
        if np.any(sparse > 0) and not np.all(sparse > 0):
            msg = "random-rbm: p = 0 (the limit) and p > 0 cannot be mixed in one batch"
            raise ParameterError(msg)
        if np.all(sparse > 0):
            if self.l is not None:
                msg = "random-rbm: l follows from l = p L at p > 0; give L, not l"
                raise ParameterError(msg)
            densest = float(np.max(self.p) * np.max(self.group_density))
            if densest > 1:
                msg = (
                    f"random-rbm: the densest group of sites has p_i = {densest:g};"
                    " a probability is at most 1, so lower p or its x"
                )
                raise ParameterError(msg)
        elif self.L is not None and np.any(np.asarray(self.L) > 0):
            msg = "random-rbm: L is infinite in the limit p -> 0; give l = pL, or p > 0 with L"
            raise ParameterError(msg)
        if np.any(np.asarray(self.ell) > 0):
            self._require_tail()

    def _require_tail(self) -> None:
        if self.hidden.tail is None:
            msg = (
                f"random-rbm: hidden units {self.hidden} cannot be strongly active, h = m sqrt(N): that "
                "needs a quadratic tail U(h) ~ kappa h^2/2, as gaussian and relu units have; with these "
                "only L = 0 (--branch glass or paramagnet) makes sense"
            )
            raise ParameterError(msg)

    # -- the two layers ------------------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[Unit, Unit]:
        return self.visible, self.hidden

    @property
    def groups(self) -> tuple[tuple[float, float], ...]:
        return self.sites

    @property
    def ell(self) -> Any:
        """Scaled number of strong hidden units, l = p L."""
        if self.L is not None:
            return self.p * self.L
        return 0.0 if self.l is None else self.l  # m = 0 does not depend on it

    @property
    def kappa(self) -> Any:
        """Curvature of the hidden potential at large h; 1 where m = 0 is all there is."""
        return 1.0 if self.hidden.tail is None else self.hidden.tail

    @cached_property
    def law(self) -> IntegerLaw:
        """Law of W by group: arrays of shape (*batch, n_groups, n_w); `tilted` is (2/l) w P(w)."""
        laws = [
            trinomial(self.p * x, self.L)
            if self.L is not None and np.any(np.asarray(self.L) > 0)
            else skellam(self.ell * x)
            for _, x in self.sites
        ]
        reach = max(law.w[-1] for law in laws)

        def joined(name: str, factor: Any) -> Any:
            rows = []
            for law, (fraction, x) in zip(laws, self.sites, strict=True):
                values = getattr(law, name)
                pad = [(0, 0)] * (values.ndim - 1) + [(reach - law.w[-1],) * 2]
                rows.append(np.pad(values, pad) * (fraction * x**factor))
            return np.stack(rows, axis=-2)

        slope = None if laws[0].slope is None else joined("slope", 1)
        return IntegerLaw(np.arange(-reach, reach + 1), joined("weight", 0), joined("tilted", 1), slope)

    def visible_state(self, x: Any) -> Averages:
        """Averages of the visible units by group and by value of W."""
        m, _, r, B, _ = x
        return self.visible_averages(_wide(m) * self.law.w / 2, r, B)

    def mean(self, values: Any, power: int = 0) -> Any:
        """Average over W and over the groups, E[x^power ...]."""
        return _sum(values, self.law.weight * self.group_density**power)

    visible_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]] = (0, 2, 3), (0, 1, 4)
    hidden_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]] = (1, 4), (2, 3)

    def visible_answers(self, x: Any) -> Any:
        v = self.visible_state(x)
        m = _odd(v.mean, self.law.tilted) / self.kappa
        return stack(m, self.mean(v.square, 1), self.mean(v.response, 1))

    def hidden_answers(self, x: Any) -> Any:
        _, q, _, _, C = x
        h = self.hidden_averages(q, C)
        return stack(h.square, h.response)

    def free_energy(self, x: Any) -> Any:
        m, q, r, B, C = x
        return (
            self.kappa * self.ell * m**2 / 8
            + self.bulk(q, r, B, C)
            + self.mean(self.visible_state(x).free_energy)
            + self.alpha * self.hidden_averages(q, C).free_energy
        )

    def physical(self, x: Any) -> Any:
        _, _, _, B, C = x
        return self.confined(B, C)

    def scales(self, x: Any) -> Any:
        m, q, r, B, C = np.abs(x)
        room = maximum(self.hidden.curvature - C, 0 * C + 1e-9)
        return stack(
            maximum(m, 0.01),
            maximum(q, 1e-9),
            maximum(r, 1e-9),
            maximum(B, 1e-4),
            np.minimum(maximum(C, 1e-4), room),
        )

    # -- what else is known of a state -----------------------------------------------------------------------

    def entropy(self, x: Any) -> Any:
        _, q, _, B, C = x
        with np.errstate(invalid="ignore"):
            return (
                self.mean(self.visible_state(x).entropy)
                + self.alpha * self.hidden_averages(q, C).entropy
                - self.alpha * B * C / 2
            )

    def energy(self, x: Any) -> Any:
        f, cold = self.free_energy(x), np.equal(self.T, 0)
        if np.all(cold):
            return f
        return f + self.T * np.where(cold, 0.0, self.entropy(x))[()]

    def rho(self, x: Any) -> Any:
        """Replica symmetry is stable below 1: the two-layer replicon, weights inside the average."""
        _, q, _, _, C = x
        visible, hidden = self.visible_state(x), self.hidden_averages(q, C)
        return self.alpha * self.mean(visible.response_square, 2) * hidden.response_square

    def slope(self, parameter: str, x: Any) -> Any:
        if parameter != "l" or self.law.slope is None:
            return super().slope(parameter, x)
        m, _, _, _, _ = x
        return self.kappa * m**2 / 8 + _sum(self.visible_state(x).free_energy, self.law.slope)

    def slope_l(self, x: Any) -> Any:
        """df/dl: zero at l*, the number of strong hidden units of lowest free energy."""
        return self.slope("l", x)

    # -- branches --------------------------------------------------------------------------------------------

    @property
    def available(self) -> tuple[str, ...]:
        symmetric = self.visible.symmetric and self.hidden.symmetric
        strong = self.l is not None or (self.L is not None and bool(np.all(np.asarray(self.L) > 0)))
        return (*(["retrieval"] if strong else []), "glass", "paramagnet" if symmetric else "quiet")

    @property
    def default(self) -> str:
        silent = self.hidden.tail is None or (self.L is not None and bool(np.all(np.asarray(self.L) == 0)))
        return "glass" if silent else "retrieval"

    def start(self, branch: str) -> Any:
        self.branch(branch)
        if branch == "retrieval":
            return self._retrieval_start()
        if branch == "paramagnet":
            if not (self.visible.symmetric and self.hidden.symmetric):
                return np.full((5, *self.batch), np.nan)
            B, C = self.quiet()
            return self.state(m=0.0, q=0.0, r=0.0, B=B, C=C)
        q, r, B, C = self.unmagnetised(largest=branch == "glass")
        return self.state(m=0.0, q=q, r=r, B=B, C=C)

    def _retrieval_start(self) -> Any:
        """Without the noise of the weak hidden units: the largest solution m of one equation."""
        if "retrieval" not in self.available:
            self._require_tail()
            msg = (
                "random-rbm: m > 0 needs strongly active hidden units: give l (at p = 0), or p and L >= 1; "
                "for the spin glass take the branch glass"
            )
            raise ParameterError(msg)
        zero = np.zeros(self.batch)
        m = zero + 1.0
        for step in range(200):  # m falls monotonically from saturation
            v = self.visible_averages(_wide(m) * self.law.w / 2 * (4.0 if step == 0 else 1.0), zero, zero)
            new = _odd(v.mean, self.law.tilted) / self.kappa
            moving = ~(np.abs(new - m) < 1e-9)  # each point stops by itself, whatever else is in the batch
            m = np.where(moving, new, m)
            if not np.any(moving & np.isfinite(new)):
                break
        q, C = self.mean(v.square, 1), self.mean(v.response, 1)
        with np.errstate(invalid="ignore"):
            h = self.hidden_averages(q, C)
        return self.state(m=m, q=q, r=h.square, B=h.response, C=C)

    def belongs(self, branch: str, x: Any) -> Any:
        m, q, *_ = x
        if branch == "retrieval":
            return np.abs(m) > 1e-7
        least = {"paramagnet": -np.inf, "quiet": 0.0, "glass": 1e-7}[branch]
        return (np.abs(m) < 1e-7) & (q > least) & ((q < 1e-7) | (branch != "paramagnet"))

    def absence(self, line: str) -> str:
        if line == "glass" and not (self.visible.symmetric and self.hidden.symmetric):
            odd = self.hidden if self.visible.symmetric else self.visible
            return f"unit {odd} is not symmetric, so there is no state q = 0 that could become unstable"
        return ""

    # -- units of measurement --------------------------------------------------------------------------------

    @classmethod
    def from_unscaled(
        cls,
        visible: Any,
        hidden: Any,
        alpha: Any,
        T: Any = 0.0,
        p: Any = 1.0,
        L: Any = None,
        sites: Any = _ONE_SITE,
    ) -> Self:
        """Theory from unscaled parameters, as they stand in the energy; 0 < p <= 1.

        The potentials become U_v(v)/p and U_h(sqrt(p) h)/p, the temperature T/p.
        """
        if not np.all(np.asarray(p) > 0):
            msg = "random-rbm: unscaled parameters need a finite sparsity, 0 < p <= 1"
            raise ParameterError(msg)
        from replica.units import parse

        v, h = (parse(unit) if isinstance(unit, str) else unit for unit in (visible, hidden))
        return cls(v.scaled(p, 1.0), h.scaled(p, np.sqrt(p)), alpha=alpha, T=T / p, p=p, L=L, sites=sites)

    def unscaled(self, name: str, value: Any) -> Any:
        """A scaled quantity in unscaled units, at p > 0; continuous hidden units shift f and the entropy."""
        powers = {"m": 1, "r": 1, "B": 1, "T": 1, "free_energy": 1, "energy": 1}
        shift = 0.0 if self.hidden.discrete else self.alpha * np.log(self.p) / 2
        if name == "entropy":
            return value + shift
        factor = np.power(self.p, powers.get(name, 0)) * (0.5 if name == "m" else 1)
        return value * factor - (self.T * self.p * shift if name == "free_energy" else 0.0)


@dataclass(frozen=True)
class GeneralPriors(TwoLayers):
    r"""Hopfield-like network with priors between binary and Gaussian [BGST]_.

    P ~ P_s(sigma) P_t(tau) exp(sqrt(beta/N) sum xi sigma tau); each prior is sqrt(omega) Gaussian + sqrt(1 -
    omega) binary. It is the random RBM at temperature 1 with hidden units of size sqrt(beta), one strong
    hidden unit, and patterns xi that may be Gaussian too.

    Parameters
    ----------
    alpha : float or array
        Hidden units per visible unit, >= 0.
    T : float or array
        Temperature 1/beta, > 0.
    omega_visible, omega_hidden, omega_pattern : float or array
        0 is binary, 1 is Gaussian. (0, 1, 0) is the Hopfield network.

    References
    ----------
    .. [BGST] A. Barra, G. Genovese, P. Sollich, D. Tantari, Phys. Rev. E 96, 042156 (2017); Phys. Rev. E 97,
       022310 (2018).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(GeneralPriors(alpha=0.02, T=0.2, omega_pattern=0.05))
    >>> print(f"{state['m']:.9f} {state['q']:.9f}")
    0.972643027 0.993332493
    """

    alpha: Parameter = parameter(
        "load, hidden units per visible unit", r"\alpha", lower=0, unit="hidden/visible", typical=(0.0, 0.2)
    )
    T: Parameter = parameter("temperature", "T", lower=0, open_lower=True, typical=(0.02, 2.0))
    omega_visible: Parameter = parameter(
        "visible prior: 0 binary, 1 Gaussian", r"\Omega_\sigma", lower=0, upper=1, default=0.0
    )
    omega_hidden: Parameter = parameter(
        "hidden prior: 0 binary, 1 Gaussian", r"\Omega_\tau", lower=0, upper=1, default=1.0
    )
    omega_pattern: Parameter = parameter(
        "law of the patterns: 0 binary, 1 Gaussian", r"\Omega_\xi", lower=0, upper=1, default=0.0
    )

    name: ClassVar[str] = "general-priors"
    order: ClassVar[tuple[str, ...]] = ("m", "q", "qd", "p", "pd")
    limit: ClassVar[Limit | None] = Limit("alpha")
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("m > 0: one pattern retrieved"),
        "glass": Branch("m = 0, q > 0"),
        "paramagnet": Branch("m = q = p = 0", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "glass": Zero(Phase("paramagnet"), "log_rho", text="spin glass order sets in"),
        "spinodal": Fold("retrieval"),
        "first-order": Coexistence(Phase("retrieval"), Phase("glass")),
        "stability": Zero(
            Phase("retrieval"),
            "log_rho",
            "stability",
            text="replica symmetry breaks on the retrieval branch (replicon = 0)",
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )
    equations: ClassVar[Mapping[str, tuple[str, str]]] = {
        "sigma": (
            "sigma in the field h = beta omega_hidden m xi + sqrt(alpha beta p) z, "
            "gamma = alpha beta (pd - p)",
            r"h = \beta\Omega_\tau m\xi+\sqrt{\alpha\beta p}\,z,\quad \gamma = \alpha\beta(p_d-p)",
        ),
        "tau": (
            "tau in the field h = sqrt(beta q) z, gamma = beta (qd - q)",
            r"h = \sqrt{\beta q}\,z,\quad \gamma = \beta(q_d-q)",
        ),
        "Z": (
            "ln Z1 = -ln(a)/2 + ((1 - omega) gamma + omega h^2)/(2a) + ln cosh(sqrt(1 - omega) h/a), "
            "a = 1 - omega gamma",
            r"\ln Z_1 = -\tfrac12\ln a+\frac{(1-\Omega)\gamma+\Omega h^2}{2a}"
            r"+\ln\cosh\frac{\sqrt{1-\Omega}\,h}{a},\quad a = 1-\Omega\gamma",
        ),
        "m": ("m = E[xi <sigma>]", r"m = \mathbb E[\xi\langle\sigma\rangle]"),
        "q": ("q = E[<sigma>^2]", r"q = \mathbb E\langle\sigma\rangle^2"),
        "qd": ("qd = E[<sigma^2>]", r"q_d = \mathbb E\langle\sigma^2\rangle"),
        "p": ("p = E[<tau>^2]", r"p = \mathbb E\langle\tau\rangle^2"),
        "pd": ("pd = E[<tau^2>]", r"p_d = \mathbb E\langle\tau^2\rangle"),
        "f": (
            "f/T = (alpha beta/2)(qd pd - q p) + beta omega_hidden m^2/2 - E[ln Z1_sigma]"
            " - alpha E[ln Z1_tau]",
            r"\beta f = \tfrac{\alpha\beta}{2}(q_dp_d-qp)+\tfrac12\beta\Omega_\tau m^2"
            r"-\mathbb E\ln Z_{1,\sigma}-\alpha\,\mathbb E\ln Z_{1,\tau}",
        ),
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the retrieved pattern",
        "q": "overlap of two replicas of the visible units",
        "qd": "mean square of a visible unit",
        "p": "overlap of two replicas of the hidden units",
        "pd": "mean square of a hidden unit",
    }
    references: ClassVar[tuple[str, ...]] = (
        "A. Barra, G. Genovese, P. Sollich, D. Tantari, Phys. Rev. E 96, 042156 (2017)",
        "A. Barra, G. Genovese, P. Sollich, D. Tantari, Phys. Rev. E 97, 022310 (2018)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "T_g": "sqrt(alpha) (binary, binary), 1 + sqrt(alpha) (binary, Gaussian), (1 + sqrt(alpha))^2 "
        "(Gaussian, Gaussian), exact",
        "retrieval at alpha = 0": "below T = omega_hidden for binary visible units, exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "Priors are normalised: f differs from that of hopfield by T ln 2 - alpha/2 (binary visible units; "
        "the diagonal of the couplings is kept).",
        "Gaussian patterns with binary visible units have no retrieval solution at any alpha > 0.",
        "Visible units with omega > 0 are unbounded: m > 1 is allowed, and at low T their integral diverges.",
    )

    @property
    def layers(self) -> tuple[Unit, Unit]:
        one = 1 + 0 * self.T
        return Interpolating._unchecked(self.omega_visible, one), Interpolating._unchecked(
            self.omega_hidden, sqrt(1 / self.T)
        )

    @property
    def warmth(self) -> Any:
        return 1 + 0 * self.T  # the priors do not know the temperature

    def absence(self, line: str) -> str:
        if line == "glass" and np.all(np.equal(self.omega_visible, 1) & np.equal(self.omega_hidden, 1)):
            return (
                "with Gaussian units only the paramagnet does not become unstable: it ends at "
                "T = (1 + sqrt(alpha))^2, where the Gaussian integral diverges"
            )
        return ""

    def internal(self, x: Any) -> tuple[Any, Any, Any, Any, Any]:
        """The amplitude of the retrieved field, and q, r, B, C of the two layers at temperature 1."""
        m, q, qd, p, pd = x
        beta = 1 / self.T
        return beta * self.omega_hidden * m, q, beta * p, beta * (pd - p), qd - q

    def visible_state(self, x: Any) -> Averages:
        """Averages of the visible units for the two signs of the binary part of the pattern."""
        pull, _, r, B, _ = self.internal(x)
        sign = np.array([-1, 1])
        spread = self.omega_pattern * pull**2
        return self.visible_averages(
            _wide(pull * sqrt(1 - self.omega_pattern + 0 * pull)) * sign, r, B, spread
        )

    visible_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]] = (0, 3, 4), (0, 1, 2)
    hidden_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]] = (1, 2), (3, 4)

    def visible_answers(self, x: Any) -> Any:
        pull, v = self.internal(x)[0], self.visible_state(x)
        binary = sqrt(1 - self.omega_pattern + 0 * pull) * _odd(v.mean, _half_signs())
        # Stein's lemma for the Gaussian part of the pattern
        response = _sum(v.response, _halves())
        overlap = binary + self.omega_pattern * pull * response
        square = _sum(v.square, _halves())
        return stack(overlap, square, square + response)

    def hidden_answers(self, x: Any) -> Any:
        _, q, _, _, C = self.internal(x)
        h = self.hidden_averages(q, C)
        return stack(h.square * self.T, (h.square + h.response) * self.T)

    def free_energy(self, x: Any) -> Any:
        pull, q, r, B, C = self.internal(x)
        m = x[0]
        return self.T * (
            pull * m / 2
            + self.bulk(q, r, B, C)
            + _sum(self.visible_state(x).free_energy, _halves())
            + self.alpha * self.hidden_averages(q, C).free_energy
        )

    def physical(self, x: Any) -> Any:
        _, _, _, B, C = self.internal(x)
        return self.confined(B, C)

    overlaps: ClassVar[tuple[str, ...]] = ("q", "p")

    def scales(self, x: Any) -> Any:
        m, q, qd, p, pd = np.abs(x)
        room = maximum(self.layers[1].curvature - (qd - q), 0 * q + 1e-9)
        gap = np.minimum(maximum(qd - q, 1e-4), room)
        return stack(
            maximum(m, 0.01), np.minimum(maximum(q, 1e-9), gap), gap, maximum(p, 1e-9), maximum(pd - p, 1e-4)
        )

    def rho(self, x: Any) -> Any:
        """Replica symmetry is stable below 1: the two-layer replicon."""
        _, q, _, _, C = self.internal(x)
        visible, hidden = self.visible_state(x), self.hidden_averages(q, C)
        return self.alpha * _sum(visible.response_square, _halves()) * hidden.response_square

    def start(self, branch: str) -> Any:
        self.branch(branch)
        if branch == "paramagnet":
            B, C = self.quiet()
            return self._external(0.0, 0.0, 0.0, B, C)
        if branch == "glass":
            return self._external(0.0, *self.unmagnetised())
        zero = np.zeros(self.batch)
        m = zero + 1.0
        x = self._external(m, zero, zero, zero, zero)
        for _ in range(200):
            moved = self.at(alpha=0 * self.alpha).update(x)
            moving = ~(np.abs(moved[0] - x[0]) < 1e-9)
            x = np.where(moving, moved, x)
            if not np.any(moving & np.isfinite(moved[0])):
                break
        return x

    def _external(self, m: Any, q: Any, r: Any, B: Any, C: Any) -> Any:
        return self.state(m=m, q=q, qd=q + C, p=r * self.T, pd=(r + B) * self.T)

    def belongs(self, branch: str, x: Any) -> Any:
        m, q, *_ = x
        if branch == "retrieval":
            return np.abs(m) > 1e-7
        return (np.abs(m) < 1e-7) & ((q > 1e-7) if branch == "glass" else (np.abs(q) < 1e-7))


def _wide(value: Any) -> Any:
    """Append the axes of the groups and of W."""
    return np.expand_dims(np.asarray(value), (-2, -1))


def _sum(values: Any, weight: Any) -> Any:
    if is_exact(values) or is_exact(weight):
        here = np.broadcast_to(weight != 0, np.broadcast_shapes(np.shape(values), np.shape(weight)))
        return np.sum(np.where(here, values, 0) * weight, axis=(-1, -2))
    with np.errstate(invalid="ignore"):
        return np.sum(np.where(weight == 0, 0.0, values * weight), axis=(-1, -2))


def _odd(values: Any, tilted: Any) -> Any:
    """Mean with a weight that is odd in W: only the odd part counts, which is exactly 0 at m = 0."""
    middle = values.shape[-1] // 2
    up, down = values[..., -middle:], values[..., :middle][..., ::-1]
    return np.sum((up - down) * tilted[..., -middle:], axis=(-1, -2))


def _halves() -> Any:
    return np.array([[0.5, 0.5]])


def _half_signs() -> Any:
    return np.array([[-0.5, 0.5]])


def _check_sites(sites: Any) -> None:
    try:
        pairs = [(float(fraction), float(x)) for fraction, x in sites]
    except (TypeError, ValueError):
        pairs = []
    if not pairs or any(not (fraction > 0 and x >= 0) for fraction, x in pairs):
        msg = (
            f"random-rbm: sites = {sites!r} must be pairs (fraction > 0, x >= 0), such as "
            "((0.5, 0.4), (0.5, 1.6))"
        )
        raise ParameterError(msg)
    total, mean = sum(f for f, _ in pairs), sum(f * x for f, x in pairs)
    if abs(total - 1) > 1e-9:
        msg = f"random-rbm: the fractions of sites sum to {total:g}; they must sum to 1"
        raise ParameterError(msg)
    if abs(mean - 1) > 1e-9:
        msg = f"random-rbm: x = p_i/p of sites has mean {mean:g}; p is the mean sparsity, so it must be 1"
        raise ParameterError(msg)
