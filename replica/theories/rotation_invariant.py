"""Spins coupled by a matrix of given eigenvalues in random directions, with a ferromagnetic bias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.free_probability import Eigenvalues
from replica.theory import Boundary, Branch, Critical, Phase, Value, Zero, parameter
from replica.theory.spectrum import SpinsWithSpectrum
from replica.typing import Booleans, Number, Numbers

__all__ = ["RotationInvariant"]

WITHOUT_FIELD = (("h", 0.0),)


@dataclass(frozen=True)
class RotationInvariant(SpinsWithSpectrum):
    r"""Spins whose couplings have given eigenvalues, in random directions, replica symmetric [PP95]_.

    H = -(J0/2N) (sum s_i)^2 - (1/2) sum_{i != j} K_ij s_i s_j - h sum s_i with K = O diag(lambda) O^T and O a
    random rotation. Without its diagonal the eigenvalues count less their mean.

    Parameters
    ----------
    eigenvalues : tuple of float
        All of them, equally many of each.
    T : float or array
        Temperature, >= 0, in units of the eigenvalues (k_B = 1).
    J0 : float or array
        Mean of the couplings, times N.
    h : float or array
        Field.

    References
    ----------
    .. [PP95] G. Parisi, M. Potters, J. Phys. A 28, 5267 (1995).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(RotationInvariant(eigenvalues=(-1.0, 1.0), T=0.2, J0=1.5), "ferromagnet")
    >>> print(f"{state['m']:.9f} {state['q']:.9f} {state.free_energy:.9f}")
    0.858696167 0.938250921 -0.814313435
    """

    eigenvalues: tuple[float, ...] = parameter("eigenvalues of the couplings", r"\lambda", kind="list")
    T: Value = parameter("temperature", "T", lower=0, unit="J", typical=(0.0, 2.0))
    J0: Value = parameter("mean of the couplings times N", "J_0", default=0.0, unit="J", typical=(0.0, 2.0))
    h: Value = parameter("field", "h", default=0.0, unit="J", typical=(0.0, 2.0))

    name: ClassVar[str] = "rotation-invariant"
    aliases: ClassVar[tuple[str, ...]] = ("random-orthogonal", "rom")
    symmetry: ClassVar[tuple[str, ...]] = ("m", "h")
    line_names: ClassVar[Mapping[str, str]] = {"T_g": "glass", "T_AT": "stability"}
    branches: ClassVar[Mapping[str, Branch]] = {
        "glass": Branch("q > 0; m = 0, or along a field"),
        "ferromagnet": Branch("m > 0, by the bias J0 or along a field", (1.0, 0.0)),
        "paramagnet": Branch("m = 0, q = 0, without field", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "glass": Zero(
            Phase("paramagnet", at=WITHOUT_FIELD), "freezing", text="the paramagnet freezes, at h = 0"
        ),
        "ferromagnet": Zero(
            Phase("paramagnet", at=WITHOUT_FIELD),
            "alignment",
            text="the paramagnet magnetises, at h = 0: T = J0",
        ),
        "mixed": Zero(
            Phase("glass", at=WITHOUT_FIELD), "alignment", text="the glass magnetises, at h = 0: J0 C = 1"
        ),
        "stability": Zero(
            Phase("ferromagnet"),
            "log_instability",
            "stability",
            text="replica symmetry breaks in a field or in the ferromagnet",
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "T", "stability", "T_AT", "temperature below which replica symmetry is broken"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2 - h sum_i S_i, J = O^T lambda O + J0/N",
        "m": "m = <tanh((J0 m + h + sqrt(Delta) z)/T)>",
        "q": "q = <tanh^2((J0 m + h + sqrt(Delta) z)/T)>",
        "C": "C = (1 - q)/T",
        "Delta": "Delta = q W",
        "R": "R = y - 1/C, C = E[1/(y - lambda)]",
        "W": "W = 1/C^2 - 1/E[1/(y - lambda)^2]",
        "G": "G = y C - 1 - ln C - E[ln(y - lambda)]",
        "f": ("f = J0 m^2/2 - T G/2 - q R/2 + Delta C/2 - T <ln 2cosh((J0 m + h + sqrt(Delta) z)/T)>"),
        "rho": "rho = W <sech^4((J0 m + h + sqrt(Delta) z)/T)>/T^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "magnetisation",
        "C": "susceptibility (1 - q)/T of a spin",
        "q": "overlap of two replicas (Edwards-Anderson)",
        "Delta": "variance of the field from the couplings",
        "R": "R-transform of the couplings at C, where the mean of the eigenvalues is subtracted from them",
        "W": "its slope",
        "G": "integral of R from 0 to C",
    }
    references: ClassVar[tuple[str, ...]] = (
        "G. Parisi, M. Potters, J. Phys. A 28, 5267 (1995)",
        "E. Marinari, G. Parisi, F. Ritort, J. Phys. A 27, 7647 (1994)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "semicircle": "the SK model, R = x",
        "eigenvalues -1 and 1": "R = (sqrt(1 + 4 x^2) - 1)/(2 x), exact (random orthogonal model): "
        "m = q = 0 is locally stable at every T > 0, and its glass, first-order, is not replica symmetric",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "Directions of the eigenvectors are random: structure in them is not seen.",
        "Replica symmetric: on the glass branch replica symmetry is broken.",
    )

    def __post_init__(self) -> None:
        """Check the list as well; it is kept as a tuple."""
        try:
            values = np.array(self.eigenvalues, dtype=float)
        except (TypeError, ValueError):
            values = np.array(np.nan)
        if values.ndim != 1 or values.size == 0 or not np.all(np.isfinite(values)):
            msg = f"{self.name}: eigenvalues must be a list of finite numbers, such as -1,1"
            raise ParameterError(msg)
        object.__setattr__(self, "eigenvalues", tuple(float(one) for one in values))
        super().__post_init__()

    @cached_property
    def couplings(self) -> Eigenvalues:
        return Eigenvalues(self.eigenvalues)

    @property
    def strength(self) -> Number:
        return self.J0

    @property
    def cue(self) -> Number:
        return self.h

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, C = x
        q, bare = 1 - self.T * C, np.equal(self.h, 0) & (np.abs(x[0]) < 1e-7)
        if branch == "ferromagnet":
            return m > 1e-7
        if branch == "paramagnet":
            return bare & (np.abs(q) < 1e-9)
        return (bare | (m * self.h > 0)) & (q > 1e-9)

    def alignment(self, x: Numbers) -> Number:
        """1 - J0 C: zero where m = 0 becomes unstable."""
        return 1 - self.J0 * x[1]

    def absence(self, line: str) -> str:
        square = np.mean(np.square(np.array(self.eigenvalues) - np.mean(self.eigenvalues)))
        if square == 0:
            return "equal eigenvalues are a diagonal, which does not count: there is no disorder"
        return ""
