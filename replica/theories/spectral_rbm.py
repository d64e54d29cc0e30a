"""RBM whose weights are a few modes and Gaussian noise, with both layers of Ising spins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import log, maximum, ratio, sqrt, stack
from replica.numerics.modes import LAWS, ComponentAverages, ComponentLaw, component_law
from replica.numerics.spins import one_minus_rho
from replica.theory import (
    Boundary,
    Branch,
    Critical,
    Phase,
    Theory,
    Value,
    Zero,
    parameter,
)
from replica.typing import Booleans, Number, Numbers

__all__ = ["SpectralRBM"]

_SUFFIXES = ("", "2", "3")
"""Of the names of the modes: m, mbar, then m2, mbar2, ..."""


class _Order:
    """The names of the unknowns, which depend on the number of modes; of one mode if asked of the class."""

    def __get__(self, theory: SpectralRBM | None, kind: type) -> tuple[str, ...]:
        modes = 1 if theory is None else theory.modes
        overlaps = (name + suffix for suffix in _SUFFIXES[:modes] for name in ("m", "mbar"))
        return (*overlaps, "C", "Cbar")


class _Overlaps:
    """The names of the overlaps among them, which change sign together."""

    def __get__(self, theory: SpectralRBM | None, kind: type) -> tuple[str, ...]:
        return _Order().__get__(theory, kind)[:-2]


@dataclass(frozen=True)
class SpectralRBM(Theory):
    r"""RBM of spins whose weights are a few modes and Gaussian noise, replica symmetric [DFF18]_.

    W = sum_a w_a u_a v_a^T + noise of variance sigma^2/L, with L = sqrt(Nv Nh), H = - s.W t. The components
    of sqrt(Nv) u_a and sqrt(Nh) v_a are independent, of mean 0 and variance 1. The paper absorbs the
    temperature into the weights: T = 1. Only the ratios of T, sigma and w count, so its plane
    (1/sigma, w/sigma) is the plane (T, w) in units of sigma = 1, where T = 0 is a legal value; and the limit
    without noise is sigma = 0 at T = 1.

    The unknowns are the overlaps of the layers with the modes, m_a of the hidden and mbar_a of the visible
    one, and the susceptibilities C = (1 - q)/T and Cbar = (1 - qbar)/T, which stay finite as T -> 0.

    Parameters
    ----------
    w : float or array
        Strength of the first mode, >= 0.
    T, sigma : float or array
        Temperature and width of the noise, >= 0, in the units of w.
    kappa : float or array
        Hidden units per visible unit, > 0.
    law : str
        Law of the components: gaussian, laplace, rademacher (+-1), bernoulli (+-1/sqrt(p) or 0).
    p : float or array, optional
        Probability that a component is not zero, for the law bernoulli.
    modes : int
        Number of modes whose overlaps are unknowns, 0 to 3.
    w2, w3 : float or array, optional
        Strengths of the second and the third mode; without it a mode is as strong as the one before.

    References
    ----------
    .. [DFF18] A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(SpectralRBM(w=2.0, T=1.5, law="laplace"))
    >>> print(f"{state['m']:.12f} {state['q']:.12f} {state['w_c']:.12f}")
    0.337526922559 0.172800688792 1.813347738176
    """

    w: Value = parameter("strength of the first mode", "w", lower=0, unit="J", typical=(0.0, 3.0))
    T: Value = parameter("temperature", "T", lower=0, default=1.0, unit="J", typical=(0.0, 2.0))
    sigma: Value = parameter(
        "width of the noise", r"\sigma", lower=0, default=1.0, unit="J", typical=(0.0, 2.0)
    )
    kappa: Value = parameter(
        "hidden units per visible unit",
        r"\kappa",
        lower=0,
        open_lower=True,
        default=1.0,
        typical=(0.2, 5.0),
    )
    law: str = parameter("law of the components of the modes", "U", choices=LAWS, default="gaussian")
    p: Value = parameter(
        "probability that a component is not zero (bernoulli)",
        "p",
        lower=0,
        upper=1,
        open_lower=True,
        default=None,
        typical=(0.05, 1.0),
    )
    modes: int = parameter(
        "number of modes that may condense", "K", lower=0, upper=3, default=1, typical=(0, 3), integer=True
    )
    w2: Value = parameter(
        "strength of the second mode (that of the first one if not given)",
        "w_2",
        lower=0,
        default=None,
        unit="J",
        typical=(0.0, 3.0),
    )
    w3: Value = parameter(
        "strength of the third mode (that of the second one if not given)",
        "w_3",
        lower=0,
        default=None,
        unit="J",
        typical=(0.0, 3.0),
    )

    name: ClassVar[str] = "spectral-rbm"
    aliases: ClassVar[tuple[str, ...]] = ("dff", "decelle-fissore-furtlehner")
    line_names: ClassVar[Mapping[str, str]] = {
        "P-SG": "paramagnet-glass",
        "P-F": "paramagnet-ferromagnet",
        "F-SG": "ferromagnet-glass",
    }
    order: ClassVar[tuple[str, ...]] = _Order()  # type: ignore[assignment]  # a descriptor
    symmetry: ClassVar[tuple[str, ...]] = _Overlaps()  # type: ignore[assignment]
    branches: ClassVar[Mapping[str, Branch]] = {
        "ferromagnet": Branch("the first mode is condensed, and no other"),
        "mixture": Branch("all modes are condensed, two or three (modes = 2, 3)"),
        "glass": Branch("spin glass: no mode is condensed, q > 0"),
        "paramagnet": Branch("no mode is condensed, q = 0", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "paramagnet-glass": Zero(
            Phase("paramagnet", at=(("modes", 0),)),
            "freezing",
            text="the paramagnet freezes: T = sigma, a transition where w < sigma",
        ),
        "paramagnet-ferromagnet": Zero(
            Phase("paramagnet", at=(("modes", 0),)),
            "condensation",
            text="the first mode condenses in the paramagnet: w = T, a transition where T > sigma",
        ),
        "ferromagnet-glass": Zero(
            Phase("glass", at=(("modes", 0),)),
            "condensation_in_glass",
            text="the first mode condenses in the spin glass (replica symmetric)",
        ),
        "stability": Zero(
            Phase("ferromagnet", at=(("modes", 1),)),
            "log_rho",
            "stability",
            text="replica symmetry breaks in the ferromagnet (replicon = 0)",
        ),
        "coexistence": Zero(
            Phase("ferromagnet", at=(("modes", 1),)),
            "second_condensation",
            text="the second mode condenses beside the first one",
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "w", "ferromagnet-glass", "w_c", "strength above which a mode condenses in the spin glass"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij W_ij s_i t_j, W = sum_a w_a u_a v_a^T + noise of variance sigma^2/L",
        "h": "h = kappa^(1/4) (sigma sqrt(q) z + sum_a w_a m_a U_a)   (field on a visible unit)",
        "hbar": "hbar = kappa^(-1/4) (sigma sqrt(qbar) z + sum_a w_a mbar_a V_a)   (field on a hidden unit)",
        "m": "m_a = kappa^(1/4) <V_a tanh(hbar/T)>",
        "mbar": "mbar_a = kappa^(-1/4) <U_a tanh(h/T)>",
        "q": "q = <tanh^2(hbar/T)>",
        "qbar": "qbar = <tanh^2(h/T)>",
        "C": "C = (1 - q)/T",
        "Cbar": "Cbar = (1 - qbar)/T",
        "f": (
            "f = sum_a w_a m_a mbar_a - sigma^2 T C Cbar/2"
            " - kappa^(-1/2) T <ln 2cosh(h/T)> - kappa^(1/2) T <ln 2cosh(hbar/T)>   (per L = sqrt(Nv Nh))"
        ),
        "w_c": "w_c = 1/sqrt(C Cbar); a further mode condenses if it is stronger",
        "rho": "rho = (sigma/T)^4 <sech^4(h/T)> <sech^4(hbar/T)>; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap of the hidden layer with the first mode",
        "mbar": "overlap of the visible layer with the first mode",
        "m2": "overlap of the hidden layer with the second mode",
        "mbar2": "overlap of the visible layer with the second mode",
        "m3": "overlap of the hidden layer with the third mode",
        "mbar3": "overlap of the visible layer with the third mode",
        "C": "susceptibility (1 - q)/T of a hidden unit",
        "Cbar": "susceptibility (1 - qbar)/T of a visible unit",
        "q": "overlap of two replicas, hidden layer",
        "qbar": "overlap of two replicas, visible layer",
        "w_c": "strength above which a further mode condenses",
    }
    references: ClassVar[tuple[str, ...]] = (
        "A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018), arXiv:1803.01960",
        "A. Decelle, G. Fissore, C. Furtlehner, EPL 119, 60001 (2017), arXiv:1708.02917",
    )
    known: ClassVar[Mapping[str, str]] = {
        "P, SG and F meet": "at T = w = sigma for every kappa and law, exact",
        "ferromagnet-glass at T = 0": "w = sqrt(pi/2) sigma for every kappa and law (replica symmetric)",
        "gaussian components": "w_c = w in the ferromagnet, exact: only the strongest mode condenses",
        "rademacher components, kappa = 1": "the SK model with J = sigma, J0 = w, exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "T = 1 is the convention of the paper; sigma = 1 gives its plane, T = 1/sigma against w/sigma.",
        "f and s are per L = sqrt(Nv Nh); at T = 1, ln Z = -L f.",
        "w2 and w3 count for as many modes as there are; w2 also on the line coexistence.",
        "Replica symmetric: in the glass, and where the replicon is negative, replica symmetry is broken.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.law == "bernoulli" and self.p is None:
            msg = f"{self.name}: the law bernoulli needs p, the probability that a component is not zero"
            raise ParameterError(msg)
        if self.law != "bernoulli" and self.p is not None:
            msg = f"{self.name}: p belongs to the law bernoulli; leave it out with the law {self.law}"
            raise ParameterError(msg)

    @property
    def strengths(self) -> list[Number]:
        """Strengths of the modes, w_a."""
        second = self.w if self.w2 is None else self.w2
        third = second if self.w3 is None else self.w3
        return [self.w, second, third][: self.modes]

    carried: ClassVar[tuple[str, ...]] = ("components",)

    @cached_property
    def components(self) -> ComponentLaw:
        """The law of the components of the modes."""
        return component_law(self.law, self.p, modes=self.modes, like=self.T)

    @property
    def root(self) -> Number:
        """kappa^(1/4), the ratio of the scales of the layers."""
        return sqrt(sqrt(self.kappa))

    def layers(self, x: Numbers) -> tuple[ComponentAverages, ComponentAverages]:
        """Averages over the fields on the visible and on the hidden units, h and hbar."""
        m, mbar, C, Cbar = self._split(x)
        k = self.root
        q, qbar = 1 - self.T * C, 1 - self.T * Cbar
        visible = [k * w * one for w, one in zip(self.strengths, m, strict=True)]
        hidden = [w * one / k for w, one in zip(self.strengths, mbar, strict=True)]
        noise = self.sigma**2
        return (
            ComponentAverages(visible, k**2 * noise * q, self.T, self.components),
            ComponentAverages(hidden, noise * qbar / k**2, self.T, self.components),
        )

    def _split(self, x: Numbers) -> tuple[Number, Number, Number, Number]:
        """Overlaps m_a, overlaps mbar_a, C, Cbar."""
        return x[:-2:2], x[1:-2:2], x[-2], x[-1]

    def update(self, x: Numbers) -> Numbers:
        return self._update(*self.layers(x))

    def _update(self, visible: ComponentAverages, hidden: ComponentAverages) -> Numbers:
        k = self.root
        overlaps = [
            row for a in range(self.modes) for row in (k * hidden.projection(a), visible.projection(a) / k)
        ]
        return stack(*overlaps, hidden.susceptibility, visible.susceptibility)

    def mismatch(self, x: Numbers) -> Numbers:
        return self._mismatch(x, *self.layers(x))

    def _mismatch(self, x: Numbers, visible: ComponentAverages, hidden: ComponentAverages) -> Numbers:
        rest = self._update(visible, hidden) - x
        return stack(*rest[:-2], hidden.response_mismatch(x[-2]), visible.response_mismatch(x[-1]))

    def free_energy(self, x: Numbers) -> Number:
        m, mbar, C, Cbar = self._split(x)
        visible, hidden = self.layers(x)
        k = self.root
        modes = sum((w * m[a] * mbar[a] for a, w in enumerate(self.strengths)), 0 * C)
        noise = self.sigma**2 * self.T * C * Cbar / 2
        return modes - noise - visible.log2cosh / k**2 - k**2 * hidden.log2cosh

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers]:
        layers = [layer.with_slopes() for layer in self.layers(x)]
        return self._mismatch(x, *layers), self._jacobian(*layers)

    def jacobian(self, x: Numbers) -> Numbers:
        return self._jacobian(*self.layers(x))

    def _jacobian(self, visible: ComponentAverages, hidden: ComponentAverages) -> Numbers:
        k, n = self.root, 2 * self.modes
        by_C, by_Cbar = -self.T * (k * self.sigma) ** 2, -self.T * (self.sigma / k) ** 2  # d noise
        zero = 0 * visible.susceptibility
        rows = [[zero] * (n + 2) for _ in range(n + 2)]
        for a in range(self.modes):
            for b, w in enumerate(self.strengths):
                rows[2 * a][2 * b + 1] = w * hidden.projection_by_strength(a, b)
                rows[2 * a + 1][2 * b] = w * visible.projection_by_strength(a, b)
            in_hidden, in_visible = (layer.susceptibility_by_strength(a) for layer in (hidden, visible))
            w = self.strengths[a]
            rows[n][2 * a + 1], rows[n + 1][2 * a] = w / k * in_hidden, k * w * in_visible
            rows[2 * a][n + 1] = k * in_hidden / 2 * by_Cbar
            rows[2 * a + 1][n] = in_visible / k / 2 * by_C
        rows[n][n + 1] = hidden.susceptibility_by_noise * by_Cbar
        rows[n + 1][n] = visible.susceptibility_by_noise * by_C
        return stack(*(stack(*row) for row in rows))

    def start(self, branch: str) -> Numbers:
        self.branch(branch)
        known: dict[str, Any] = dict.fromkeys(self.order, 0.0)
        if branch == "paramagnet":
            hot = 1 / maximum(self.T, 1e-300 + 0 * self.T)
            return self.state(**known | {"C": hot, "Cbar": hot})
        w, T, sigma, k = (np.asarray(v, dtype=float) for v in (self.w, self.T, self.sigma, self.root))
        hot = 1 / np.maximum(T, 1e-300)
        if branch == "glass":  # its q at kappa = 1, roughly: 1 at T = 0, 0 at T = sigma
            t = np.minimum(T / np.maximum(sigma, 1e-300), 1)
            q = np.where(t < 1, np.maximum((1 - t) * (1 + 0.3 * t), 1e-3), 0.0)
            cold = np.sqrt(2 / np.pi) / np.maximum(sigma, 1e-300)
            C, Cbar = (
                np.minimum(np.where(t < 0.3, cold * scale, (1 - q * np.minimum(1, scale**-2)) * hot), hot)
                for scale in (k, 1 / k)
            )
            return self.state(**known | {"C": C, "Cbar": Cbar})
        condensed = self.modes if branch == "mixture" else min(self.modes, 1)
        for suffix in _SUFFIXES[:condensed]:
            size = 0.8 / np.sqrt(condensed)
            known |= {"m" + suffix: size * k, "mbar" + suffix: size / k}
        C = np.minimum(0.9 / np.maximum(w, 1e-300), hot)
        return self.state(**known | {"C": C, "Cbar": C})

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, _, C, _ = self._split(x)
        on = [np.abs(one) > 1e-7 for one in m]
        none = ~np.any(on, axis=0) if on else np.ones(np.shape(C), dtype=bool)
        if branch == "ferromagnet":
            return on[0] & ~np.any([*on[1:], 0 * on[0]], axis=0) if on else ~none
        if branch == "mixture":
            return np.all(on, axis=0) if self.modes > 1 else np.zeros(np.shape(C), dtype=bool)
        q = 1 - self.T * C
        return none & ((q > 1e-9) if branch == "glass" else (np.abs(q) < 1e-9))

    def state(self, **known: Number) -> Numbers:
        for name, other in (("q", "C"), ("qbar", "Cbar")):
            if name in known:
                q = known.pop(name)
                if np.any((np.asarray(self.T) == 0) & (np.asarray(q) != 1)):
                    msg = (
                        f"{self.name}: at T = 0 the overlap {name} is 1; start from {other} = (1 - {name})/T"
                    )
                    raise ParameterError(msg)
                known[other] = (1 - q) / np.maximum(self.T, 1e-300)
        return super().state(**known)

    def derived(self, x: Numbers) -> dict[str, Number]:
        C, Cbar = x[-2], x[-1]
        return {"q": 1 - self.T * C, "qbar": 1 - self.T * Cbar, "w_c": ratio(1 + 0 * C, sqrt(C * Cbar))}

    def entropy(self, x: Numbers) -> Number:
        visible, hidden = self.layers(x)
        k, C, Cbar = self.root, x[-2], x[-1]
        return visible.entropy / k**2 + k**2 * hidden.entropy - self.sigma**2 * C * Cbar / 2

    def rho(self, x: Numbers) -> Number:
        """(sigma/T)^4 <sech^4><sech^4>; replica symmetry is stable below 1."""
        visible, hidden = self.layers(x)
        return ratio(self.sigma**4 * visible.sech4_over_T * hidden.sech4_over_T, self.T**2)

    def replicon(self, x: Numbers) -> Number:
        return one_minus_rho(self.rho(x), *self.layers(x))

    def log_rho(self, x: Numbers) -> Number:
        """Zero where replica symmetry breaks; nearly linear in the logarithm of a strength."""
        return self._condensed(x, log(self.rho(x)))

    def freezing(self, x: Numbers) -> Number:
        """Zero where a small q grows: in the paramagnet T = sigma."""
        return self.sigma - self.derived(x)["w_c"]

    def condensation(self, x: Numbers) -> Number:
        """Zero where a small overlap with the first mode grows."""
        return self.w - self.derived(x)["w_c"]

    def condensation_in_glass(self, x: Numbers) -> Number:
        """The same; NaN in the paramagnet, so that a line in the glass ends where the glass does."""
        here = self.condensation(x)
        return here if self.is_exact else np.where(1 - self.T * x[-2] > 1e-9, here, np.nan)

    def second_condensation(self, x: Numbers) -> Number:
        """Zero where a small overlap with the second mode grows beside the first."""
        second = self.w if self.w2 is None else self.w2
        return self._condensed(x, second - self.derived(x)["w_c"])

    def _condensed(self, x: Numbers, value: Number) -> Number:
        """NaN where m <= 0, so that a line in the ferromagnet ends at m = 0 and not in its mirror image."""
        return value if self.is_exact else np.where(x[0] > 0, value, np.nan)

    def absence(self, line: str) -> str:
        if line == "ferromagnet-glass" and np.all(np.greater_equal(self.T, self.sigma)):
            return "the spin glass exists at T < sigma only; at T >= sigma a mode condenses at w = T"
        if line == "coexistence" and self.law == "gaussian":
            return "with gaussian components only the strongest mode condenses: w_c = w, exactly"
        return ""
