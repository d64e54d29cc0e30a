"""Random RBM with {0,1} visible and ReLU hidden units at T = 0: compositional phase, thresholded Hopfield."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from scipy import special

from replica.errors import ParameterError
from replica.numerics.functions import H, exact, is_exact, maximum, pdf, sqrt, stack
from replica.numerics.integers import IntegerLaw, skellam, trinomial
from replica.numerics.spins import TINY
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Critical,
    Fold,
    Limit,
    Phase,
    Theory,
    Value,
    Zero,
    parameter,
)
from replica.typing import Booleans, Number, Numbers

if TYPE_CHECKING:
    from replica.functional import Model

__all__ = ["Compositional", "ThresholdedHopfield"]

_BRANCHES = {
    "retrieval": Branch("m > 0: L hidden units strongly active, continued from v = 1 iff W >= 1"),
    "glass": Branch("spin glass: m = 0, the solution with the largest q"),
}


_SYMBOLS = {
    "m": "overlap of the strong hidden units",
    "q": "activity of the visible units",
    "C": "response of the visible units",
    "r": "mean square of the weak hidden units",
    "B": "response of the weak hidden units",
}


def _equations(m: str, field: str, f0: str) -> dict[str, str]:
    """Eqs. (3.1) and (3.2); the two theories of this module scale m differently."""
    return {
        "H": "H = -sum_ik w_ik v_i h_k - g sum_i v_i + sum_k (h_k^2/2 + theta h_k), h_k >= 0",
        "t": f"t(W) = ({field})/sqrt(alpha r)",
        "m": f"m = {m}<W H0(-t)>",
        "q": "q = <H0(-t)>",
        "C": "C = <phi(t)>/sqrt(alpha r)",
        "r": "r = q H2(theta/sqrt(q))/(1 - C)^2",
        "B": "B = H0(theta/sqrt(q))/(1 - C)",
        "f": (
            f"f = {f0} + (alpha/2)(r C + B q) - sqrt(alpha r) <H1(-t)>"
            " - alpha q H2(theta/sqrt(q))/(2 (1 - C))"
        ),
        "H_k": "H_k(x) = int_x^inf Dz (z - x)^k",
    }


class BernoulliReLU(Theory):
    r"""The equations of both theories of this module [TM17]_: see docs/theory/compositional.md.

    Unknowns m (overlap of the L strong hidden units), q (activity) and C (response of the visible layer);
    r and B follow in closed form. A subclass gives `alpha`, `theta`, `g`, `ell` and the `law` of W.
    `overlap_unit` is the local field of one strong hidden unit at m = 1: 1/2 in scaled variables, else 1.
    """

    alpha: Value
    theta: Value
    g: Value
    overlap_unit: ClassVar[float] = 0.5
    order: ClassVar[tuple[str, ...]] = ("m", "q", "C")
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit | None] = Limit("alpha")
    branches: ClassVar[Mapping[str, Branch]] = _BRANCHES
    carried: ClassVar[tuple[str, ...]] = ("law",)

    @property
    def ell(self) -> Number:
        """Number of strong hidden units over p, l = p L."""
        raise NotImplementedError

    @cached_property
    def law(self) -> IntegerLaw:
        """Law of W, the sum of the weights to the strong hidden units."""
        raise NotImplementedError

    def hidden(self, x: Numbers) -> tuple[Number, Number, Number]:
        """Threshold theta/sqrt(q) of the weak hidden units, their response B and mean square r."""
        _, q, C = x
        u = self.theta / sqrt(maximum(q, q * 0 + TINY))
        return u, H(0, u) / (1 - C), q * H(2, u) / (1 - C) ** 2

    def field(self, x: Numbers, hidden: tuple[Number, ...] | None = None) -> tuple[Number, Number, Number]:
        """Local field over its noise, t(W), with the noise s = sqrt(alpha r) and the bias g + alpha B/2."""
        m, _, _ = x
        _, B, r = hidden or self.hidden(x)
        s = sqrt(maximum(self.alpha * r, r * 0 + TINY**2))
        bias = self.bias(m, B)
        return (_last(bias) + self.overlap_unit * _last(m) * self.law.w) / _last(s), s, bias

    def bias(self, m: Number, B: Number) -> Number:
        """Field on a silent unit, g + alpha B/2; 0 where g is tuned to make it so."""
        return 0 * m if self.g is None else self.g + self.alpha * B / 2

    def update(self, x: Numbers) -> Numbers:
        t, s, _ = self.field(x)
        return self._update(t, s, pdf(t))

    def _update(self, t: Number, s: Number, density: Number) -> Numbers:
        active, law = H(0, -t), self.law
        return stack(
            _odd_mean(active, law.tilted) / (2 * self.overlap_unit),
            _mean(active, law.weight),
            _mean(density, law.weight) / s,
        )

    def free_energy(self, x: Numbers) -> Number:
        m, q, C = x
        u, B, r = hidden = self.hidden(x)
        t, s, _ = self.field(x, hidden)
        return (
            self.ell * (self.overlap_unit * m) ** 2 / 2
            + self.alpha / 2 * (r * C + B * q)
            - s * _mean(H(1, -t), self.law.weight)
            - self.alpha * q / (2 * (1 - C)) * H(2, u)
        )

    def physical(self, x: Numbers) -> Booleans:
        _, _, C = x
        return C < 1  # C >= 0 and 0 <= q <= 1 hold at every root by themselves

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers]:
        hidden = self.hidden(x)
        t, s, _ = self.field(x, hidden)
        density = pdf(t)
        return self._update(t, s, density) - x, self._jacobian(x, hidden, t, s, density)

    def jacobian(self, x: Numbers) -> Numbers:
        hidden = self.hidden(x)
        t, s, _ = self.field(x, hidden)
        return self._jacobian(x, hidden, t, s, pdf(t))

    def _jacobian(
        self, x: Numbers, hidden: tuple[Number, ...], t: Number, s: Number, density: Number
    ) -> Numbers:
        _, q, C = x
        (u, B, r), law = hidden, self.law
        floor = maximum(q, q * 0 + TINY)
        # how r and B answer to q and C: dr/dq = H0/(1-C)^2 since H0 = H2 + u H1
        to_r = (B / (1 - C), 2 * r / (1 - C))
        to_B = (pdf(u) * u / (2 * floor * (1 - C)), B / (1 - C))
        # of the density of sites at threshold, its products with t and with W: all columns are made of these
        products = density, density * t, density * law.w
        odd = [_odd_mean(one, law.tilted) / (2 * self.overlap_unit) for one in products]
        even = [_mean(one, law.weight) for one in products]
        slopes = [_mean(t * one, law.weight) for one in products]
        to_m = self.overlap_unit / s
        columns = [(to_m * odd[2], to_m * even[2], -to_m * slopes[2] / s)]
        for dr, dB in zip(to_r, to_B, strict=True):
            log_s = dr / (2 * maximum(r, r * 0 + TINY**2))
            shift = 0 * dB if self.g is None else self.alpha * dB / 2 / s
            turned = [shift * one[0] - log_s * one[1] for one in (odd, even, slopes)]
            columns.append((turned[0], turned[1], -(turned[2] + even[0] * log_s) / s))
        rows = (stack(*row) for row in zip(*columns, strict=True))
        return stack(*rows)

    def start(self, branch: str) -> Numbers:
        self.branch(branch)
        if branch == "retrieval":  # noise-free: v = 1 iff W >= 1
            law = self.law
            on = np.where(law.w >= 1, 1.0, 0.0)
            return self.state(
                m=_mean(on, law.tilted) / (2 * self.overlap_unit), q=_mean(on, law.weight), C=0.0
            )
        return self._glass_start()

    def _glass_start(self) -> Numbers:
        """Largest q on the explicit glass curve g(q) = (1 + k)[X sqrt(alpha q H2) - alpha H0/2]."""
        alpha, theta = (np.asarray(v, dtype=float) for v in (self.alpha, self.theta))
        x = np.linspace(6.0, -6.0, 241)
        q = special.ndtr(x)
        u = _last(theta) / np.sqrt(q)
        s = np.sqrt(_last(alpha) * q * H(2, u))  # (1 - C) times the noise
        k = pdf(x) / np.maximum(s, TINY)
        C = k / (1 + k)
        if self.g is None:
            middle = np.argmin(np.abs(x))
            return self.state(m=0.0, q=0.5, C=np.broadcast_to(C[..., middle], self.batch))
        curve = (1 + k) * (x * s - _last(alpha) * H(0, u) / 2) - _last(np.asarray(self.g, dtype=float))
        crossing = (curve[..., :-1] * curve[..., 1:] <= 0) & np.isfinite(curve[..., :-1] * curve[..., 1:])
        first = _last(np.argmax(crossing, axis=-1))
        a, b = np.take_along_axis(curve, first, -1), np.take_along_axis(curve, first + 1, -1)
        share = np.divide(a, a - b, out=np.zeros_like(a), where=a != b)
        between = [
            (1 - share) * np.take_along_axis(v, first, -1) + share * np.take_along_axis(v, first + 1, -1)
            for v in np.broadcast_arrays(q, C, curve)[:2]
        ]
        none = ~np.any(crossing, axis=-1)
        q0, C0 = (np.where(none, np.nan, v[..., 0]) for v in between)
        return self.state(m=0.0, q=q0, C=C0)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, q, C = x
        if branch == "glass":
            return np.abs(m) < 1e-7
        # only B of the hidden units is needed, not what the other averages of theirs take
        u = self.theta / sqrt(maximum(q, q * 0 + TINY))
        bias = self.bias(
            m, H(0, u) / (1 - C)
        )  # sites with W = 1 are on; where only W >= 2 is, it is another branch
        return (m > 1e-7) & (bias + self.overlap_unit * m > 0)

    def derived(self, x: Numbers) -> dict[str, Number]:
        _, B, r = self.hidden(x)
        return {"r": r, "B": B}

    def energy(self, x: Numbers) -> Number:
        return self.free_energy(x)

    def replicon(self, x: Numbers) -> Number:
        """Discrete visible units at T = 0 answer with a jump: replica symmetry is unstable."""
        return np.full(np.shape(x)[1:], -np.inf)[()]


def _last(value: Number) -> Number:
    """Append the axis of W."""
    return np.expand_dims(np.asarray(value), -1)


def _odd_mean(values: Number, tilted: Number) -> Number:
    """Mean with a weight that is odd in W: only the odd part counts, which is exactly 0 at m = 0."""
    middle = values.shape[-1] // 2
    return _mean(values[..., middle + 1 :] - values[..., middle - 1 :: -1], tilted[..., middle + 1 :])


def _mean(values: Number, weight: Number) -> Number:
    return (
        np.sum(values * weight, axis=-1) if is_exact(values) else np.einsum("...w,...w->...", values, weight)
    )


@dataclass(frozen=True)
class Compositional(BernoulliReLU):
    r"""Homogeneous random RBM with {0,1} visible and ReLU hidden units at T = 0 [TM17]_.

    Parameters are the scaled ones: L = l/p strong hidden units, threshold theta sqrt(p), field g p. At
    p = 0 (the limit p -> 0, the default) W is Skellam distributed and `l` is continuous; at finite p it is
    trinomial and the integer `L` is given instead, l = p L. The equations are the same.

    Parameters
    ----------
    alpha : float or array
        Hidden units per visible unit, >= 0.
    theta : float or array
        Scaled threshold of the hidden units, theta / sqrt(p).
    g : float or array
        Scaled field on the visible units, g / p.
    l : float or array, optional
        Scaled number of strong hidden units, l = p L >= 0; needed at p = 0.
    p : float, optional
        Weight sparsity in [0, 1]; 0 stands for the limit.
    L : int, optional
        Number of strong hidden units; needed at p > 0.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.5))
    >>> print(f"{state['m']:.9f} {state['q']:.9f} {state.free_energy:.9e}")
    0.801456074 0.177482365 -2.875404249e-03
    """

    alpha: Value = parameter(
        "load, hidden units per visible unit", r"\alpha", lower=0, unit="hidden/visible", typical=(0.0, 2.0)
    )
    theta: Value = parameter("scaled threshold, theta/sqrt(p)", r"\tilde\theta", typical=(0.0, 2.5))
    g: Value = parameter("scaled visible field, g/p", r"\tilde g", typical=(-0.45, -0.02))
    l: Value = parameter(
        "scaled number of strong hidden units, l = pL", r"\ell", lower=0, default=None, typical=(0.0, 6.0)
    )
    p: Value = parameter("weight sparsity; 0 is the limit p -> 0", "p", lower=0, upper=1, default=0.0)
    L: Value = parameter(
        "number of strong hidden units, at p > 0",
        "L",
        lower=1,
        upper=10_000,
        default=None,
        integer=True,
        typical=(1, 20),
    )

    name: ClassVar[str] = "compositional"
    aliases: ClassVar[tuple[str, ...]] = ("tubiana-monasson", "compositional-rbm")
    lines: ClassVar[Mapping[str, Boundary]] = {
        "spinodal": Fold("retrieval"),
        "compositional-glass": Coexistence(Phase("retrieval", over="l"), Phase("glass")),
        "ferromagnet-glass": Zero(
            Phase("glass"),
            "free_energy",
            "first-order",
            text="the glass has f = 0, as the ferromagnet at l -> 0",
        ),
        "ferromagnet-compositional": Zero(
            Phase("retrieval", at=(("l", 0.0),)),
            "slope_l",
            "continuous",
            text="df/dl = 0 at l -> 0: l* grows from 0",
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with an m > 0 solution at fixed l"
    )

    equations: ClassVar[Mapping[str, str]] = _equations("(2/l)", "g + m W/2 + alpha B/2", "l m^2/8") | {
        "W": "P(W = w) = exp(-l) I_w(l) at p -> 0; sum of L weights +-1 (p/2 each) or 0 at finite p"
    }
    symbols: ClassVar[Mapping[str, str]] = _SYMBOLS
    references: ClassVar[tuple[str, ...]] = (
        "J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017)",
        "J. Tubiana, S. Cocco, R. Monasson, Neural Comput. 31, 1671 (2019)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "l* at theta = 1.5, alpha = 0.5, g = -0.21": "0.38, read off PRL 118, 138301 Fig. 4a",
        "largest L at p = 0.1, alpha = 0.6, unscaled theta = 0.3, g = -0.02": "13 (PRL 118, 138301 Fig. 3b)",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "Scaled variables (tilde in the paper): L = l/p, m -> p m/2, r -> p r, B -> p B, g -> p g, "
        "theta -> sqrt(p) theta, f -> p f; q, C and alpha are not rescaled.",
        "T = 0 and discrete visible units: the replicon is -inf, replica symmetry is an approximation; the "
        "entropy of continuous hidden units diverges as T -> 0 and is not given.",
        "Phases: compositional (minimum of f at 0 < l* < inf), ferromagnetic (l* = 0), spin glass (m = 0 "
        "lowest).",
    )

    @classmethod
    def model_of(cls, values: Mapping[str, Any] | None = None) -> Model:
        """The ingredients at these l, or p and L; the order parameter E[W <v>]/l is m/2."""
        from replica.functional import Coupling, Energy, Layer, Model, Pattern
        from replica.theory import Parameter

        sparse = values is not None and bool(np.all(np.asarray(values["p"]) > 0))
        law, names = ("trinomial", ("p", "L")) if sparse else ("skellam", ("l",))
        return Model(
            "bits-and-ramps",
            parameters={
                name: Parameter(name, name, required=True) for name in ("alpha", "theta", "g", *names)
            },
            layers=[
                Layer("visible", "bernoulli", {"g": "g"}),
                Layer("hidden", "relu", {"theta": "theta"}, size="alpha"),
            ],
            couplings=[Coupling("visible hidden")],
            patterns=[Pattern("m", "visible", law, {name: name for name in names})],
            energies=[Energy("m m", "1/2")],
            temperature=0.0,
        )

    def __post_init__(self) -> None:
        """Check the domain, and that l and L are given where each belongs."""
        super().__post_init__()
        sparse = np.asarray(self.p, dtype=float)
        if np.any(sparse > 0) and not np.all(sparse > 0):
            msg = "compositional: p = 0 (the limit) and p > 0 cannot be mixed in one batch"
            raise ParameterError(msg)
        if np.all(sparse > 0):
            if self.l is not None:
                msg = "compositional: l follows from l = p L at p > 0; give L, not l"
                raise ParameterError(msg)
            if self.L is None:
                msg = "compositional: at p > 0 the number L of strong hidden units is needed"
                raise ParameterError(msg)
        elif self.L is not None:
            msg = "compositional: L is infinite in the limit p -> 0; give l = pL, or p > 0 with L"
            raise ParameterError(msg)

    @property
    def ell(self) -> Number:
        if self.L is not None:
            return self.p * self.L
        return 0.0 if self.l is None else self.l  # m = 0 does not depend on it

    @property
    def available(self) -> tuple[str, ...]:
        return ("glass",) if self.l is None and self.L is None else tuple(self.branches)

    def start(self, branch: str) -> Numbers:
        if branch == "retrieval" and self.l is None and self.L is None:
            msg = "compositional: l = pL, the scaled number of strong hidden units, is needed where m > 0"
            raise ParameterError(msg)
        return super().start(branch)

    @cached_property
    def law(self) -> IntegerLaw:
        return skellam(self.ell) if np.all(np.asarray(self.p) == 0) else trinomial(self.p, self.L)

    def slope(self, parameter: str, x: Numbers) -> Number:
        if parameter != "l" or self.law.slope is None:
            return super().slope(parameter, x)
        m, _, _ = x
        t, s, _ = self.field(x)
        return (self.overlap_unit * m) ** 2 / 2 - s * _mean(H(1, -t), self.law.slope)

    def slope_l(self, x: Numbers) -> Number:
        """df/dl; at l = 0 its sign tells whether one strong hidden unit wants company."""
        return self.slope("l", x)

    @classmethod
    def from_unscaled(cls, alpha: Number, theta: Number, g: Number, p: Number, L: Number) -> Self:
        """Theory from unscaled parameters: theta and g as they stand in the energy; 0 < p <= 1."""
        if not np.all(np.asarray(p) > 0):
            msg = "compositional: unscaled parameters need a finite sparsity, 0 < p <= 1"
            raise ParameterError(msg)
        return cls(alpha=alpha, theta=theta / np.sqrt(p), g=g / p, p=p, L=L)

    def unscaled(self, name: str, value: Number) -> Number:
        """A scaled quantity (order parameter, parameter or free energy) in unscaled units, at p > 0."""
        powers = {"m": 1, "r": 1, "B": 1, "g": 1, "theta": 0.5, "free_energy": 1, "energy": 1}
        factor = np.power(self.p, powers.get(name, 0)) * (0.5 if name == "m" else 1)
        return value * factor


@dataclass(frozen=True)
class ThresholdedHopfield(BernoulliReLU):
    r"""Hopfield network with thresholded hidden units: the ReLU-RBM at p = 1, L = 1 and T = 0 [M21]_.

    By default the visible field follows the state, g = -alpha B/2, which centres the visible units (q = 1/2);
    the theory then maps onto the Hopfield network with alpha_c(theta) = alpha_c(0)/(2 H_2(sqrt2 theta)).
    A constant field `g` is allowed too. Variables are unscaled: m = 1/2 is perfect retrieval.

    Parameters
    ----------
    alpha : float or array
        Patterns per neuron, >= 0.
    theta : float or array
        Threshold of the hidden units.
    g : float or array, optional
        Constant visible field; by default the tuned one.

    References
    ----------
    .. [M21] G. Manzan, Use of non-linear-type layers and compositional phase in RBMs (slides, University of
       Padova, 2021).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(ThresholdedHopfield(alpha=0.2, theta=0.5))
    >>> print(f"{state['m']:.9f} {state['q']:.3f}")
    0.499988044 0.500
    """

    alpha: Value = parameter("load, patterns per neuron", r"\alpha", lower=0, unit="patterns/neuron")
    theta: Value = parameter("threshold of the hidden units", r"\theta", default=0.0, typical=(-1.0, 2.0))
    g: Value = parameter("constant visible field; tuned to -alpha B/2 by default", "g", default=None)

    name: ClassVar[str] = "thresholded-hopfield"
    aliases: ClassVar[tuple[str, ...]] = ("hopfield-thresholded",)
    without_integrals: ClassVar[bool] = True
    overlap_unit: ClassVar[float] = 1.0
    lines: ClassVar[Mapping[str, Boundary]] = {"spinodal": Fold("retrieval")}
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )

    equations: ClassVar[Mapping[str, str]] = _equations("", "g + m W + alpha B/2", "m^2/2") | {
        "g": "g = -alpha B/2 unless given; W = +1 or -1"
    }
    symbols: ClassVar[Mapping[str, str]] = _SYMBOLS
    references: ClassVar[tuple[str, ...]] = (
        "G. Manzan, Use of non-linear-type layers and compositional phase in RBMs (slides, University of "
        "Padova, 2021)",
        "J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c(theta)": "alpha_c(Hopfield)/(2 H2(sqrt2 theta)) for the tuned field, exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "The tuned field follows the state: free energies of different branches belong to different "
        "machines.",
        "alpha_c is the replica-symmetric spinodal at T = 0. For theta > 2.155 the retrieval state at alpha_c"
        " lies above the empty state v = 0 (f > 0).",
    )

    @property
    def ell(self) -> Number:
        """One strong hidden unit."""
        return 1.0

    @cached_property
    def law(self) -> IntegerLaw:
        return trinomial(exact(1.0) if self.is_exact else 1.0, 1)

    def tuned(self, x: Numbers) -> Self:
        """The same machine with its field held at the value it has in the state x."""
        return self.at(g=-self.alpha * self.hidden(x)[1] / 2) if self.g is None else self
