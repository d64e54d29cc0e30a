r"""Restricted Boltzmann machines with any pair of units: energies, conditionals, block Gibbs sampling.

    E(v, h) = - sum_ij v_i w_ij h_j + sum_i U_v(v_i) + sum_j U_h(h_j),     P(v, h) = exp(-E/T)/Z

The potentials U, and with them all fields (biases), are those of the units of `replica.units`: a bias is the
parameter g of a unit, one number for the layer or an array with one number for each of its units. Weights may
be of any scale; the random RBM of the theories has weights of order 1/sqrt(N). Units: k_B = 1.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from replica import interrupts
from replica.errors import ParameterError, ReplicaWarning
from replica.machines.data.given import numbers, room, states, whole
from replica.machines.models.centred import Centred
from replica.machines.models.ensembles import Seed, seed_sequence
from replica.machines.models.layers import Layer, with_field
from replica.machines.models.measures import pattern_doubt
from replica.typing import Array, Floats
from replica.units import Bernoulli, Gaussian, ReLU, Spin, Unit

__all__ = [
    "RBM",
    "BlockGibbs",
    "EffectiveCouplings",
    "cumulants",
    "effective_couplings",
    "hopfield_as_rbm",
    "to_bits",
    "to_spins",
    "with_field",
]


@dataclass(frozen=True, eq=False)
class RBM:
    """Restricted Boltzmann machine.

    Parameters
    ----------
    weights : array, shape (n_visible, n_hidden)
        Couplings w_ij; real and finite.
    visible, hidden : Unit
        What the variables of a layer are. Their parameters are numbers, or arrays with one value for each
        unit of the layer.
    T : float
        Temperature, T >= 0; a trained machine has T = 1. T = 0 stands for the ground states.

    Raises
    ------
    ParameterError
        For weights that are not a finite matrix, units whose arrays do not match the layer, a temperature
        that is negative, and Gaussian or ReLU layers whose joint distribution cannot be normalised.

    Examples
    --------
    >>> rbm = RBM([[1.0, -0.5], [0.3, 0.8], [0.0, 1.0]], Bernoulli(g=[0.1, 0.0, -0.2]), Spin())
    >>> print(rbm.energy([1, 0, 1], [1, -1]), f"{rbm.visible_free_energy([1, 0, 1]):.12f}")
    -0.4 -1.840189698561
    >>> print(rbm.hidden_mean([1, 0, 1]).round(6))
    [0.761594 0.462117]
    """

    weights: Any
    visible: Unit
    hidden: Unit
    T: float = 1.0

    def __post_init__(self) -> None:
        form = "a matrix (visible units, hidden units)"
        weights = numbers("weights", self.weights, form).copy()
        if weights.ndim != 2 or 0 in weights.shape:
            msg = f"weights of shape {weights.shape}: give {form}"
            raise ParameterError(msg)
        weights.setflags(write=False)
        object.__setattr__(self, "weights", weights)
        for layer, count in (("visible", self.n_visible), ("hidden", self.n_hidden)):
            object.__setattr__(self, layer, _as_layer(getattr(self, layer), layer, count))
        if not (isinstance(self.T, int | float | np.integer | np.floating) and 0 <= self.T < math.inf):
            msg = f"T = {self.T} must be a number >= 0"
            raise ParameterError(msg)
        self._check_normalisable()

    def _check_normalisable(self) -> None:
        if not all(isinstance(unit, Gaussian | ReLU) for unit in (self.visible, self.hidden)):
            return
        left, right = (
            1 / np.sqrt(np.broadcast_to(unit.parameters["gamma"], count))
            for unit, count in ((self.visible, self.n_visible), (self.hidden, self.n_hidden))
        )
        half = isinstance(self.visible, ReLU), isinstance(self.hidden, ReLU)
        largest = _largest_stretch(left[:, None] * self.weights * right, half)
        if largest >= 1:
            what = "the largest is" if not any(half) else "with units >= 0 where they are ReLU it is at least"
            msg = (
                "two layers of Gaussian or ReLU units need singular values of the weights below 1 (in units "
                f"of sqrt(gamma gamma')), but {what} {largest:g}: the distribution cannot be normalised; "
                "make the weights smaller or gamma larger"
            )
            raise ParameterError(msg)

    @property
    def n_visible(self) -> int:
        """Number of visible units."""
        return int(self.weights.shape[0])

    @property
    def n_hidden(self) -> int:
        """Number of hidden units."""
        return int(self.weights.shape[1])

    @cached_property
    def transposed(self) -> RBM:
        """The same machine with its layers exchanged."""
        turned = dataclasses.replace(self, weights=self.weights.T, visible=self.hidden, hidden=self.visible)
        turned.__dict__["origin"] = self.origin  # one machine, one origin
        return turned

    def moved(self, by: ArrayLike) -> RBM:
        """The machine of v + by, where v are the Gaussian visible units of this one.

        Examples
        --------
        >>> moved = RBM([[2.0]], Gaussian(), Spin()).moved(3.0)
        >>> moved.visible.g, moved.hidden.g
        (array([3.]), array([-6.]))
        """
        if not isinstance(self.visible, Gaussian):
            msg = f"the visible units are {self.visible}: only Gaussian ones can be counted from elsewhere"
            raise ParameterError(msg)
        by = np.broadcast_to(numbers("by", by, "one number, or one for each visible unit"), self.n_visible)
        return dataclasses.replace(
            self,
            visible=with_field(self.visible, self.visible.gamma * by),
            hidden=with_field(self.hidden, -by @ self.weights),
        )

    @cached_property
    def centred(self) -> Centred:
        """The machine about the lowest points of its continuous units."""
        return Centred.of(self.weights, self.visible, self.hidden)

    @cached_property
    def origin(self) -> float:
        """The energy from which all energies and free energies of this machine are counted.

        It is 0 as long as the digits last. Where Gaussian (or ReLU) units have their lowest energy,
        -g^2/(2 gamma) each, more than 1000 T below 0, as with data that have a large offset, it is that
        energy: else all digits that differ between configurations would be lost. ln Z is counted from it,
        too, and P(v) = exp(-F(v)/T)/Z holds in any case.
        """
        return self.centred.lowest if abs(self.centred.lowest) > DEEP * (self.T or 1.0) else 0.0

    def energy(self, v: ArrayLike, h: ArrayLike) -> Array:
        """Energy of configurations; v has the shape (*batch, n_visible), h (*batch, n_hidden)."""
        return self._energy(self._states(v), self.transposed._states(h))

    def _energy(self, v: Array, h: Array) -> Array:
        return self.centred.energy(v, h) + (self.centred.lowest - self.origin)

    def hidden_field(self, v: ArrayLike) -> Array:
        """Fields sum_i v_i w_ij on the hidden units; the units' own parameters are not in them."""
        return self._means(v) @ self.weights

    def visible_field(self, h: ArrayLike) -> Array:
        """Fields sum_j w_ij h_j on the visible units; the units' own parameters are not in them."""
        return self.transposed.hidden_field(h)

    def hidden_mean(self, v: ArrayLike) -> Array:
        """E[h | v], shape (*batch, n_hidden); at T = 0 the ground state of h given v."""
        return self.hidden.mean(self.hidden_field(v), 0.0, self.T)

    def visible_mean(self, h: ArrayLike) -> Array:
        """E[v | h], shape (*batch, n_visible); at T = 0 the ground state of v given h."""
        return self.transposed.hidden_mean(h)

    def sample_hidden(self, v: ArrayLike, rng: np.random.Generator) -> Array:
        """Draw h from P(h | v)."""
        return self._draw_hidden(self._means(v), rng)

    def _draw_hidden(self, v: Array, rng: np.random.Generator) -> Array:
        return self.hidden.sample(v @ self.weights, 0.0, self.T, rng)

    def sample_visible(self, h: ArrayLike, rng: np.random.Generator) -> Array:
        """Draw v from P(v | h)."""
        return self.transposed.sample_hidden(h, rng)

    def _draw_visible(self, h: Array, rng: np.random.Generator) -> Array:
        return self.visible.sample(h @ self.weights.T, 0.0, self.T, rng)

    def visible_free_energy(self, v: ArrayLike) -> Array:
        """F(v) = -T ln sum_h exp(-E(v, h)/T), shape (*batch,); then P(v) = exp(-F(v)/T)/Z.

        At T = 0 it is the lowest energy over h. For continuous hidden units the sum is an integral.
        Differences do not depend on an offset of Gaussian units: see `origin`.
        """
        return self._free_energy(self._states(v))

    def _free_energy(self, v: Array) -> Array:
        return self.centred.free_energy(v, self.T) + (self.centred.lowest - self.origin)

    def hidden_free_energy(self, h: ArrayLike) -> Array:
        """F(h) = -T ln sum_v exp(-E(v, h)/T), shape (*batch,)."""
        return self.transposed.visible_free_energy(h)

    def _states(self, v: ArrayLike, what: str = "configurations") -> Array:
        """Configurations of the visible units, checked."""
        return states(what, v, self.visible, self.n_visible)

    def _means(self, v: ArrayLike) -> Array:
        """Configurations of the visible units, or their means, checked."""
        return states("configurations", v, self.visible, self.n_visible, means=True)


DEEP = 1000.0
"""Lowest energies that deep, in units of T, become the origin of all energies."""


def _largest_stretch(A: Array, half: tuple[bool, bool]) -> float:
    """Largest u A v of unit vectors u and v that are >= 0 where a half line is asked for.

    Then it is what alternating projections find from many starts: a lower bound, which is enough to refuse.
    """
    u, s, v = np.linalg.svd(A, full_matrices=False)
    if not any(half) or s[0] < 1:
        return float(s[0])
    far = v[s >= 1].T
    v = np.concatenate([far, -far, np.eye(A.shape[1])], axis=1)
    for _ in range(_PROJECTIONS):
        u = _onto(A @ _onto(v, half[1]), half[0])
        v = A.T @ u
    return float(np.max(np.linalg.norm(np.maximum(v, 0) if half[1] else v, axis=0)))


def _onto(columns: Array, half: bool) -> Array:
    """Unit vectors along the columns, or along their part on the half line."""
    columns = np.maximum(columns, 0.0) if half else columns
    return columns / np.maximum(np.linalg.norm(columns, axis=0), np.finfo(float).tiny)


_PROJECTIONS = 50


def _as_layer(unit: Any, layer: str, count: int) -> Unit:
    """Check that a unit is one and fits the layer; its parameters become arrays or numbers."""
    if not isinstance(unit, Unit):
        msg = f"the {layer} units are {unit!r}; give a unit such as Spin() or Bernoulli(g=0.1)"
        raise ParameterError(msg)
    fields: Any = dataclasses.fields(unit) if dataclasses.is_dataclass(unit) else ()
    defaults: dict[str, Any] = {field.name: field.default for field in fields}
    lists = {
        name: numbers(f"the {layer} unit {unit.name}: {name}", value, f"a number, or {count} of them")
        for name, value in unit.parameters.items()
        if isinstance(value, list | np.ndarray | complex)
        or (isinstance(defaults[name], float) and not isinstance(value, int | float | np.generic))
    }
    unit = dataclasses.replace(unit, **lists) if lists else unit  # type: ignore[type-var]
    if unit.shape not in ((), (1,), (count,)):
        msg = (
            f"units that do not match: the {layer} unit has parameters of shape {unit.shape}, but the "
            f"weights have {count} {layer} units; give numbers, or arrays of shape ({count},)"
        )
        raise ParameterError(msg)
    for name, value in unit.parameters.items():
        if isinstance(value, float | np.ndarray) and not np.all(np.isfinite(value)):
            msg = f"the {layer} unit {unit.name}: {name} is not finite everywhere"
            raise ParameterError(msg)
    return unit


# -- sampling ------------------------------------------------------------------------------------------------


class BlockGibbs:
    """Block Gibbs sampling of many chains side by side, in place.

    One sweep draws all hidden units given the visible ones, then all visible units given the hidden ones.
    Memory is allocated once. At T = 0 the sweep is the parallel alternating dynamics.

    Parameters
    ----------
    rbm : RBM
        The machine.
    chains : int
        Number of independent chains.
    seed : int or SeedSequence
        Where the random numbers come from.
    visible : array, optional
        Configurations to start from, broadcast to (chains, n_visible); by default they are drawn from the
        units without weights.
    T : float or array of shape (chains,), optional
        Temperatures, one for each chain if wanted; by default that of the machine.
    dtype : float32 or float64
        Precision of fields and states. With float32, probabilities are resolved to 6e-8, which no
        correlation that sampling can reach will notice; enumeration is float64.

    Attributes
    ----------
    visible, hidden : array, shape (chains, n_visible) and (chains, n_hidden)
        The current states. They are overwritten by the next sweep: copy what should stay. `hidden` means
        something after the first sweep only.

    Examples
    --------
    >>> rbm = RBM(np.full((3, 2), 0.5), Spin(), Spin())
    >>> gibbs = BlockGibbs(rbm, chains=100_000, seed=1)
    >>> gibbs.sweep(20)
    >>> print(f"{np.mean(gibbs.visible[:, 0] * gibbs.visible[:, 1]):.2f}")  # exactly 0.4559
    0.46
    """

    def __init__(
        self,
        rbm: RBM,
        chains: int,
        seed: Seed,
        *,
        visible: ArrayLike | None = None,
        T: ArrayLike | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.rbm, self.chains = rbm, whole("chains", chains)
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            msg = f"dtype = {self.dtype} must be float32 or float64"
            raise ParameterError(msg)
        units = rbm.n_visible + rbm.n_hidden
        room(f"{chains} chains", chains, 2 * units, size=self.dtype.itemsize, hint="take fewer")
        self.rng = np.random.Generator(np.random.SFC64(seed_sequence(seed)))
        self._layers = tuple(
            Layer(unit, count, self.dtype)
            for unit, count in ((rbm.visible, rbm.n_visible), (rbm.hidden, rbm.n_hidden))
        )
        # one copy for each direction, with the gain of the layer that it leads to
        self._up = np.empty((rbm.n_visible, rbm.n_hidden), self.dtype)
        self._down = np.empty((rbm.n_hidden, rbm.n_visible), self.dtype)
        self._set_weights(rbm.weights)
        self.hidden = np.zeros((chains, rbm.n_hidden), self.dtype)
        self.visible = np.zeros((chains, rbm.n_visible), self.dtype)
        self.set_temperature(rbm.T if T is None else T)
        if visible is None:
            self._layers[0].draw(np.zeros_like(self.visible), self.visible, self._T, self.rng)
        else:
            given = rbm._states(visible, "the start of the chains")
            if given.ndim > 1 and given.shape[:-1] != (chains,):
                msg = f"visible configurations of shape {given.shape} for {chains} chains"
                raise ParameterError(msg)
            self.visible[...] = given
        self._fields = np.empty_like(self.visible), np.empty_like(self.hidden)

    @property
    def T(self) -> Array:
        """Temperature of each chain, shape (chains,)."""
        return np.broadcast_to(self._T[:, 0], self.chains).copy()

    def set_temperature(self, T: ArrayLike) -> None:
        """Give all chains one temperature, or each its own."""
        T = numbers("temperatures", T, "one number, or one for each chain")
        if T.shape not in ((), (self.chains,)) or not np.all(T >= 0):
            msg = f"T = {T} must be >= 0, one number or one for each of the {self.chains} chains"
            raise ParameterError(msg)
        if T.ndim and 0 < np.sum(T == 0) < T.size:
            msg = "either all chains are at T = 0 or none"
            raise ParameterError(msg)
        self._T = T.reshape(-1, 1)

    def change(self, weights: Array, visible: Array, hidden: Array, seed: Seed) -> None:
        """Go on with other weights, further constant fields on both layers, and new random numbers.

        Training calls it at every update: nothing is allocated or checked. `rbm` stays what it was.
        """
        self._set_weights(weights)
        for layer, field in zip(self._layers, (visible, hidden), strict=True):
            layer.shift(field)
        self.rng = np.random.Generator(np.random.SFC64(seed_sequence(seed)))

    def _set_weights(self, weights: Array) -> None:
        visible, hidden = self._layers
        np.multiply(weights, hidden.gain, out=self._up, casting="same_kind")
        np.multiply(weights.T, visible.gain, out=self._down, casting="same_kind")

    def turn_into_means(self, v: Floats, out: Floats) -> None:
        """Write E[h | v] of the machine as it is, at its first temperature, to `out`."""
        np.matmul(v, self._up, out=out)
        self._layers[1].mean(out, float(self._T[0, 0]))

    def sweep(self, count: int = 1) -> None:
        """Draw the hidden, then the visible units, `count` times."""
        for _ in range(count):
            interrupts.check()
            self.draw_hidden()
            np.matmul(self.hidden, self._down, out=self._fields[0])
            self._layers[0].draw(self._fields[0], self.visible, self._T, self.rng)

    def draw_hidden(self) -> None:
        """Draw the hidden units given the visible ones: half a sweep."""
        np.matmul(self.visible, self._up, out=self._fields[1])
        self._layers[1].draw(self._fields[1], self.hidden, self._T, self.rng)

    def energy(self) -> Array:
        """Energy of each chain, in float64."""
        return self.rbm._energy(self.visible.astype(float), self.hidden.astype(float))


# -- the same distribution in other variables ----------------------------------------------------------------


def to_spins(rbm: RBM) -> tuple[RBM, float]:
    """The same machine with spins -1, +1 in place of bits 0, 1: v = (1 + s)/2 in every layer of bits.

    With two layers of bits w = 4 W, g_i = c_i/2 + sum_j w_ij/4. Other layers stay as they are, and feel the
    constant part of the bits as a field.

    Returns
    -------
    rbm : RBM
        With `Spin` units where `Bernoulli` units were; equal probabilities.
    constant : float
        E(v, h) = E'(s, t) + constant; so ln Z = ln Z' - constant/T.

    Examples
    --------
    >>> rbm = RBM([[1.0, -0.5]], Bernoulli(g=0.3), Bernoulli(g=[0.0, 0.2]))
    >>> spins, constant = to_spins(rbm)
    >>> print(spins.weights, spins.visible.g, spins.hidden.g, constant)
    [[ 0.25  -0.125]] [0.275] [ 0.25  -0.025] -0.375
    >>> bool(np.isclose(rbm.energy([1], [0, 1]), spins.energy([1], [-1, 1]) + constant))
    True
    """
    return _mapped(rbm, Bernoulli, Spin, 0.5, 0.5)


def to_bits(rbm: RBM) -> tuple[RBM, float]:
    """The same machine with bits 0, 1 in place of spins -1, +1: s = 2 v - 1; the inverse of `to_spins`.

    Returns
    -------
    rbm : RBM
        With `Bernoulli` units where `Spin` units were.
    constant : float
        E(s, t) = E'(v, h) + constant.

    Examples
    --------
    >>> bits, constant = to_bits(RBM([[0.25, -0.125]], Spin(g=0.275), Spin(g=[0.25, -0.025])))
    >>> print(bits.weights, bits.visible.g, constant)
    [[ 1.  -0.5]] [0.3] 0.375
    """
    return _mapped(rbm, Spin, Bernoulli, -1.0, 2.0)


def _mapped(rbm: RBM, old: type[Unit], new: type[Unit], offset: float, scale: float) -> tuple[RBM, float]:
    """Replace old units by s = offset + scale s'."""
    constant = 0.0
    for _ in range(2):  # the hidden layer, then the visible one
        if isinstance(rbm.hidden, old):
            g = np.broadcast_to(getattr(rbm.hidden, "g"), rbm.n_hidden)  # noqa: B009  # Spin and Bernoulli have it
            constant -= offset * float(np.sum(g))
            visible = with_field(rbm.visible, offset * rbm.weights.sum(axis=1))
            rbm = RBM(scale * rbm.weights, visible, new(g=scale * g), rbm.T)  # type: ignore[call-arg]
        rbm = rbm.transposed
    return rbm, constant


def hopfield_as_rbm(patterns: ArrayLike, T: float = 1.0) -> RBM:
    r"""The Hopfield network as a machine with Gaussian hidden units, one for each pattern.

    By the Hubbard-Stratonovich identity the marginal distribution of the spins is that of
    H = -(1/2N) sum_mu (sum_i xi_i s_i)^2, the Hopfield energy with its diagonal:
    F(s) = H(s) - (P T/2) ln(2 pi T). Without the diagonal the energy is H + P/2.

    Parameters
    ----------
    patterns : array, shape (P, N)
        Patterns xi, -1 or +1 (any real number will do).
    T : float
        Temperature.

    Examples
    --------
    >>> xi = np.array([[1, 1, -1, 1], [1, -1, -1, -1]])
    >>> rbm = hopfield_as_rbm(xi, T=0.5)
    >>> F = rbm.visible_free_energy([1, 1, -1, 1]) + 0.5 * np.log(2 * np.pi * 0.5)
    >>> print(f"{F:.12f}")  # -(4^2 + 0^2)/(2 * 4)
    -2.000000000000
    """
    form = "an array (patterns, neurons), at least one of each"
    patterns = numbers("patterns", patterns, form)
    if patterns.ndim != 2 or 0 in patterns.shape:
        msg = f"patterns of shape {patterns.shape}: give {form}"
        raise ParameterError(msg)
    doubt = pattern_doubt(patterns) if np.all(np.abs(patterns) == 1) else ""
    if doubt:
        warnings.warn(doubt, ReplicaWarning, stacklevel=2)
    return RBM(patterns.T / math.sqrt(patterns.shape[1]), Spin(), Gaussian(), T)


# -- couplings of the visible units --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class EffectiveCouplings:
    r"""Couplings of the visible units that the hidden units mediate, in powers of the weights.

    The free energy of the visible units is that of its expansion about zero fields on the hidden units,

        F(v) = constant + sum U_v(v_i) - sum_i f_i v_i - (1/2) sum_ij J_ij v_i v_j
               - (1/6) sum_ijk J_ijk v_i v_j v_k - (1/24) sum_ijkl J_ijkl v_i v_j v_k v_l - ...

    with J_i...k = sum_j w_ij ... w_kj kappa_n(j)/T^(n-1), kappa_n the cumulants of a hidden unit without
    weights. Sums run over all indices, equal ones included: the diagonal of J is a constant for spins
    (s^2 = 1) and a field for bits (v^2 = v). Exact for Gaussian hidden units, whose cumulants end at
    kappa_2; for others the error of F is of order w^5 (w^6 where the hidden units are symmetric).

    Attributes
    ----------
    rbm : RBM
        The machine.
    cumulants : array, shape (4, n_hidden)
        Cumulants kappa_1 ... kappa_4 of the hidden units in zero field.
    constant : float
        The free energy of the hidden units without weights.
    """

    rbm: RBM
    cumulants: Array
    constant: float

    def order(self, n: int) -> Array:
        """Couplings of n = 1, ..., 4 visible units: the symmetric array of shape (n_visible,) * n.

        Raises
        ------
        ParameterError
            If the array would have more than 10^8 entries; `energy` needs no such array.
        """
        if n not in (1, 2, 3, 4):
            msg = f"order = {n} must be 1, 2, 3 or 4"
            raise ParameterError(msg)
        size, w = self.rbm.n_visible, self.rbm.weights
        if size**n > 1e8:
            most = int(1e8 ** (1 / n))
            msg = (
                f"couplings of order {n} between {size} units are {size**n:.1e} numbers; at most {most} units"
            )
            raise ParameterError(msg)
        product = w * self.cumulants[n - 1] / self.rbm.T ** (n - 1)
        for _ in range(n - 1):
            product = product[..., None, :] * w
        return np.sum(product, axis=-1) if n != 2 else (w * self.cumulants[1] / self.rbm.T) @ w.T

    def energy(self, v: ArrayLike, order: int = 4) -> Array:
        """Visible free energy F(v) up to couplings of that order; shape (*batch,)."""
        v = self.rbm._states(v)
        b, T = v @ self.rbm.weights, self.rbm.T
        terms = (
            self.cumulants[n - 1] * b**n / (math.factorial(n) * T ** (n - 1)) for n in range(1, order + 1)
        )
        return (
            (self.constant - self.rbm.origin)
            + np.sum(self.rbm.visible.potential(v), axis=-1)
            - np.sum(sum(terms, np.zeros_like(b)), axis=-1)
        )


def effective_couplings(rbm: RBM) -> EffectiveCouplings:
    """Couplings between the visible units from the cumulants of the hidden units, up to fourth order.

    Raises
    ------
    ParameterError
        At T = 0, where a discrete hidden unit has no expansion.

    Examples
    --------
    The couplings of a Hopfield network are Hebb's:

    >>> J = effective_couplings(hopfield_as_rbm([[1, 1, -1, 1], [1, -1, -1, -1]])).order(2)
    >>> print(J[0])
    [ 0.5  0.  -0.5  0. ]

    Spins as hidden units add couplings of four:

    >>> couplings = effective_couplings(RBM(np.full((4, 1), 0.1), Spin(), Spin()))
    >>> print(f"{couplings.order(2)[0, 1]:.6f} {couplings.order(4)[0, 1, 2, 3]:.6f}")
    0.010000 -0.000200
    """
    if rbm.T == 0:
        msg = "effective couplings are an expansion in w/T: T must be positive"
        raise ParameterError(msg)
    zero = np.zeros(rbm.n_hidden)
    constant = -rbm.T * float(np.sum(rbm.hidden.log_partition(zero, 0.0, rbm.T)))
    return EffectiveCouplings(rbm, cumulants(rbm.hidden, rbm.T, rbm.n_hidden), constant)


def cumulants(unit: Unit, T: float, count: int = 1) -> Array:
    """Cumulants kappa_1, ..., kappa_4 of units without an outer field, shape (4, count).

    kappa_3 and kappa_4 are derivatives of the variance by the field, from its Chebyshev interpolation over
    fields of half a standard score: good to about 1e-12.

    Examples
    --------
    >>> print(cumulants(Spin(), 1.0)[[1, 3], 0].round(10))
    [ 1. -2.]
    """
    zero: Any = np.zeros(count)
    mean, variance = (np.broadcast_to(f(zero, 0.0, T), count) for f in (unit.mean, unit.variance))
    if isinstance(unit, Gaussian):
        return np.stack([mean, variance, zero, zero])
    width = 0.5 * T / np.sqrt(variance)
    node = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    values = unit.variance(node[:, None] * width, 0.0, T)
    series = np.polynomial.chebyshev.chebfit(node, values / variance, _NODES - 1)
    first, second = (
        np.polynomial.chebyshev.chebval(0.0, np.polynomial.chebyshev.chebder(series, k)) for k in (1, 2)
    )
    return np.stack(
        [mean, variance, variance * first * (T / width), variance * second * (T / width) ** 2],
    )


_NODES = 18
