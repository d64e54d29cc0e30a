"""Random RBM with any pair of units, any temperature, any sparsity of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import maximum, stack
from replica.numerics.integers import IntegerLaw, skellam, trinomial
from replica.numerics.spins import TINY
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Critical,
    Fold,
    Limit,
    Parameter,
    Phase,
    Value,
    Zero,
    parameter,
)
from replica.theory.two_layers import ONE_SITE, TwoLayers, odd_mean, weighted_sum, wide
from replica.typing import Booleans, Number, Numbers
from replica.units import Averages, Unit, parse
from replica.units.scaled import scaled

if TYPE_CHECKING:
    from replica.functional import Model

__all__ = ["RandomRBM"]

_SYMBOLS = {
    "m": "overlap of the strong hidden units",
    "q": "overlap of two replicas of the visible units",
    "r": "overlap of two replicas of the weak hidden units",
    "B": "response of the weak hidden units",
    "C": "response of the visible units",
}


class _LimitOfUnits:
    """The limit in which the retrieval branch is known; the class answers for most units."""

    def __get__(self, theory: RandomRBM | None, kind: type[RandomRBM]) -> Limit:
        return Limit("alpha") if theory is None else theory.quietest


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
    alpha: Value = parameter(
        "load, hidden units per visible unit", r"\alpha", lower=0, unit="hidden/visible", typical=(0.0, 1.0)
    )
    T: Value = parameter("scaled temperature, T/p", r"\tilde T", lower=0, default=0.0, typical=(0.0, 1.4))
    l: Value = parameter(
        "scaled number of strong hidden units, l = pL", r"\ell", lower=0, default=None, typical=(0.0, 6.0)
    )
    p: Value = parameter("weight sparsity; 0 is the limit p -> 0", "p", lower=0, upper=1, default=0.0)
    L: Value = parameter(
        "number of strong hidden units, at p > 0",
        "L",
        lower=0,
        upper=10_000,
        default=None,
        integer=True,
        typical=(1, 20),
    )
    sites: tuple[tuple[float, float], ...] = parameter(
        "groups of visible units, fraction:x with x = p_i/p", "x_i", default=ONE_SITE, kind="sites"
    )

    name: ClassVar[str] = "random-rbm"
    aliases: ClassVar[tuple[str, ...]] = ("rrbm",)
    line_names: ClassVar[Mapping[str, str]] = {"T_g": "glass", "T_R": "stability"}
    order: ClassVar[tuple[str, ...]] = ("m", "q", "r", "B", "C")
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("m > 0: strongly active hidden units, continued from alpha = 0"),
        "glass": Branch("m = 0, the solution with the largest q > 0"),
        "quiet": Branch("m = 0, the solution with the smallest q, where units are not symmetric"),
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
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ik w_ik v_i h_k + sum_i U(v_i) + sum_k U(h_k)",
        "v": "visible unit in the field b = m W/2 + sqrt(alpha x r) z with quadratic term a = alpha B x",
        "h": "hidden unit in the field b = sqrt(q) z with quadratic term a = C",
        "Z": "Z = sum_s exp{-[U(s) - a s^2/2 - b s]/T}",
        "m": "m = (2/(kappa l)) E[W <v>]",
        "q": "q = E[x <v>^2]",
        "r": "r = E[<h>^2]",
        "B": "B = E[<h^2> - <h>^2]/T",
        "C": "C = E[x (<v^2> - <v>^2)]/T",
        "f": "f = kappa l m^2/8 + (alpha/2)(r C + q B) + alpha T B C/2 - T E[ln Z_v] - alpha T E[ln Z_h]",
        "rho": "rho = alpha E[x^2 (var v/T)^2] E[(var h/T)^2]; replicon = 1 - rho",
        "W": "P(W = w) = exp(-l x) I_w(l x) at p -> 0; sum of L weights +-1 (p x/2 each) or 0 at finite p",
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

    @classmethod
    def model_of(cls, values: Mapping[str, Any] | None = None) -> Model | None:
        """The ingredients, for equal weights everywhere; its order parameter E[W <v>]/l is kappa m/2."""
        from replica.functional import Coupling, Energy, Layer, Model, Pattern

        values = {"visible": parse("spin"), "hidden": parse("gaussian")} if values is None else values
        if values.get("sites", ONE_SITE) != ONE_SITE:
            return None
        L = values.get("L")
        strong = L is not None and bool(np.all(np.asarray(L) > 0))
        law, names = ("trinomial", ["p", "L"]) if strong else ("skellam", ["l"])
        tail = values["hidden"].tail
        return Model(
            "two-random-layers",
            parameters={
                name: Parameter(name, name, lower=0.0, required=True) for name in ("alpha", "T", *names)
            },
            layers=[Layer("visible", values["visible"]), Layer("hidden", values["hidden"], size="alpha")],
            couplings=[Coupling("visible hidden")],
            patterns=[Pattern("m", "visible", law, {name: name for name in names})],
            energies=[Energy("m m", 1 / (2 * float(1.0 if tail is None else tail)))],
        )

    # -- the two layers ------------------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[Unit, Unit]:
        return self.visible, self.hidden

    @property
    def groups(self) -> tuple[tuple[float, float], ...]:
        return self.sites

    @property
    def ell(self) -> Number:
        """Scaled number of strong hidden units, l = p L."""
        if self.L is not None:
            return self.p * self.L
        return 0.0 if self.l is None else self.l  # m = 0 does not depend on it

    @property
    def kappa(self) -> Number:
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

        def joined(name: str, factor: Number) -> Number:
            rows = []
            for law, (fraction, x) in zip(laws, self.sites, strict=True):
                values = getattr(law, name)
                pad = [(0, 0)] * (values.ndim - 1) + [(reach - law.w[-1],) * 2]
                rows.append(np.pad(values, pad) * (fraction * x**factor))
            return np.stack(rows, axis=-2)

        slope = None if laws[0].slope is None else joined("slope", 1)
        w = np.arange(-reach, reach + 1)
        return IntegerLaw(w, joined("weight", 0), joined("tilted", 1), slope, axes=2)

    def visible_state(self, x: Numbers) -> Averages:
        """Averages of the visible units by group and by value of W."""
        m, _, r, B, _ = x
        return self.visible_averages(wide(m) * self.law.w / 2, r, B)

    def mean(self, values: Number, power: int = 0) -> Number:
        """Average over W and over the groups, E[x^power ...]."""
        return weighted_sum(values, self.law.weight * self.group_density**power)

    visible_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]] = (0, 2, 3), (0, 1, 4)
    hidden_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]] = (1, 4), (2, 3)

    def visible_answers(self, x: Numbers) -> Numbers:
        v = self.visible_state(x)
        m = odd_mean(v.mean, self.law.tilted) / self.kappa
        return stack(m, self.mean(v.square, 1), self.mean(v.response, 1))

    def hidden_answers(self, x: Numbers) -> Numbers:
        _, q, _, _, C = x
        h = self.hidden_averages(q, C)
        return stack(h.square, h.response)

    def free_energy(self, x: Numbers) -> Number:
        m, q, r, B, C = x
        return (
            self.kappa * self.ell * m**2 / 8
            + self.bulk(q, r, B, C)
            + self.mean(self.visible_state(x).free_energy)
            + self.alpha * self.hidden_averages(q, C).free_energy
        )

    def physical(self, x: Numbers) -> Booleans:
        _, _, _, B, C = x
        return self.confined(B, C)

    def scales(self, x: Numbers) -> Numbers:
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

    def entropy(self, x: Numbers) -> Number:
        _, q, _, B, C = x
        with np.errstate(invalid="ignore"):
            return (
                self.mean(self.visible_state(x).entropy)
                + self.alpha * self.hidden_averages(q, C).entropy
                - self.alpha * B * C / 2
            )

    def energy(self, x: Numbers) -> Number:
        f, cold = self.free_energy(x), np.equal(self.T, 0)
        if np.all(cold):
            return f
        return f + self.T * np.where(cold, 0.0, self.entropy(x))[()]

    def rho(self, x: Numbers) -> Number:
        """Replica symmetry is stable below 1: the two-layer replicon, weights inside the average."""
        _, q, _, _, C = x
        visible, hidden = self.visible_state(x), self.hidden_averages(q, C)
        return self.alpha * self.mean(visible.response_square, 2) * hidden.response_square

    def slope(self, parameter: str, x: Numbers) -> Number:
        if parameter != "l" or self.law.slope is None:
            return super().slope(parameter, x)
        m, _, _, _, _ = x
        return self.kappa * m**2 / 8 + weighted_sum(self.visible_state(x).free_energy, self.law.slope)

    def slope_l(self, x: Numbers) -> Number:
        """df/dl: zero at l*, the number of strong hidden units of lowest free energy."""
        return self.slope("l", x)

    limit = _LimitOfUnits()
    carried: ClassVar[tuple[str, ...]] = ("law",)

    @cached_property
    def quietest(self) -> Limit:
        """Alpha = 0, where there is no noise; a small load where hidden units are confined by noise only."""
        if "retrieval" not in self.available or self.batch:
            return Limit("alpha")
        if self.physical(self._overlap(np.float64(4.0), np.float64(0.0))):
            return Limit("alpha")
        loads = (1e-2, 1e-3, 1e-4)
        return next(
            (
                Limit("alpha", alpha)
                for alpha in loads
                if np.all(np.isfinite(self.at(alpha=alpha)._loud_start()))
            ),
            Limit("alpha"),
        )

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

    def start(self, branch: str) -> Numbers:
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

    def _retrieval_start(self) -> Numbers:
        """The largest overlap without the noise of the weak hidden units, if they are confined then.

        If not, the noise is that which they make themselves: with free visible units (spins with W = 0)
        C stays below the curvature by that noise alone, and alpha r is finite even as alpha -> 0.
        """
        if "retrieval" not in self.available:
            self._require_tail()
            msg = (
                "random-rbm: m > 0 needs strongly active hidden units: give l (at p = 0), or p and L >= 1; "
                "for the spin glass take the branch glass"
            )
            raise ParameterError(msg)
        zero = np.zeros(self.batch)
        quiet = self._overlap(zero + 4.0, zero)  # a strong field first, so that m falls from saturation
        with np.errstate(invalid="ignore"):
            loud = np.flatnonzero(~(quiet[4] < self.hidden.curvature) & (zero + self.alpha > 0))
            if loud.size:
                start = self.take(loud)._loud_start() if self.batch else self._loud_start()
                quiet.reshape(5, -1)[:, loud] = start.reshape(5, -1)
        return quiet

    def _overlap(self, m: Number, noise: Number, steps: int = 200, tol: float = 1e-9) -> Number:
        """Order parameters at a given strength of the noise, sqrt(alpha r), by iteration from m."""
        r = noise**2 / np.maximum(self.alpha, TINY)
        B = 0 * noise
        for _ in range(steps):
            v = self.visible_averages(wide(m) * self.law.w / 2, r, B)
            new = odd_mean(v.mean, self.law.tilted) / self.kappa
            moving = ~(np.abs(new - m) < tol)  # each point stops by itself, whatever else is in the batch
            m = np.where(moving, new, m)
            if not np.any(moving & np.isfinite(new)):
                break
        q, C = self.mean(v.square, 1), self.mean(v.response, 1)
        with np.errstate(invalid="ignore"):
            h = self.hidden_averages(q, C)
        return stack(m, q, h.square, h.response, C)

    def _loud_start(self) -> Numbers:
        """The least noise that is at least the noise which the weak hidden units make in it."""
        noise = np.geomspace(1e-3, 3.0, 17).reshape(-1, *(1,) * len(self.batch)) + np.zeros(self.batch)
        x = self._overlap(4.0 + 0 * noise, noise, steps=40, tol=1e-4)
        enough = (self.alpha * x[2] <= noise**2) & (x[0] > 1e-3)
        known, first = np.any(enough, axis=0), np.argmax(enough, axis=0)[None]
        low, high = (
            np.take_along_axis(noise, np.maximum(first - back, 0), 0)[0] * np.where(known, 1.0, np.nan)
            for back in (1, 0)
        )
        best = np.where(known, np.take_along_axis(x, first[None], 1)[:, 0], np.nan)
        for _ in range(12 if np.any(known) else 0):  # Newton's method does the rest
            middle = np.sqrt(low * high)
            x = self._overlap(best[0], middle, steps=40, tol=1e-4)
            below = self.alpha * x[2] <= middle**2
            best = np.where(below, x, best)
            low, high = np.where(below, low, middle), np.where(below, middle, high)
        return best

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, q, *_ = x
        if branch == "retrieval":
            return (m > 1e-7) & self._follows(x)
        if branch == "paramagnet":
            return (np.abs(m) < 1e-7) & (q < 1e-7)
        glass = branch == "glass"
        return (np.abs(m) < 1e-7) & (q > 1e-7 if glass else q >= 0) & self.keeps_promise(q, largest=glass)

    def _follows(self, x: Numbers) -> Booleans | bool:
        """Whether at T = 0 one strong hidden unit (W = 1) brings a discrete unit to its largest value.

        States in which it takes W >= 2 are another branch. Temperature joins the two.
        """
        cold = np.equal(self.T, 0)
        if not (self.visible.discrete and np.any(cold)):
            return True
        m, _, _, B, _ = x
        ground = self.visible.ground(np.abs(m) / 2, self.alpha * B)[1]
        return (ground == max(self.visible.values)) | ~cold

    def absence(self, line: str) -> str:
        if line == "glass" and not (self.visible.symmetric and self.hidden.symmetric):
            odd = self.hidden if self.visible.symmetric else self.visible
            return f"unit {odd} is not symmetric, so there is no state q = 0 that could become unstable"
        return ""

    # -- units of measurement --------------------------------------------------------------------------------

    @classmethod
    def from_unscaled(
        cls,
        visible: Unit | str,
        hidden: Unit | str,
        alpha: Number,
        T: Number = 0.0,
        p: Number = 1.0,
        L: Number | None = None,
        sites: tuple[tuple[float, float], ...] = ONE_SITE,
    ) -> Self:
        """Theory from unscaled parameters, as they stand in the energy; 0 < p <= 1.

        The potentials become U_v(v)/p and U_h(sqrt(p) h)/p, the temperature T/p.
        """
        if not np.all(np.asarray(p) > 0):
            msg = "random-rbm: unscaled parameters need a finite sparsity, 0 < p <= 1"
            raise ParameterError(msg)
        v, h = (parse(unit) if isinstance(unit, str) else unit for unit in (visible, hidden))
        v, h = scaled(v, p, 1.0), scaled(h, p, np.sqrt(p))
        return cls(v, h, alpha=alpha, T=T / p, p=p, L=L, sites=sites)

    def unscaled(self, name: str, value: Number) -> Number:
        """A scaled quantity in unscaled units, at p > 0; continuous hidden units shift f and the entropy."""
        powers = {"m": 1, "r": 1, "B": 1, "T": 1, "free_energy": 1, "energy": 1}
        shift = 0.0 if self.hidden.discrete else self.alpha * np.log(self.p) / 2
        if name == "entropy":
            return value + shift
        factor = np.power(self.p, powers.get(name, 0)) * (0.5 if name == "m" else 1)
        return value * factor - (self.T * self.p * shift if name == "free_energy" else 0.0)


def _check_sites(sites: Value) -> None:
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
