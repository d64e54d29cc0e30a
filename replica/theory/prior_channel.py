"""Weights with a prior behind a channel: what a student, regression and classification share."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import maximum, sqrt, stack
from replica.theory.base import Theory
from replica.theory.boundaries import Boundary, Branch, Critical, Phase, Zero
from replica.theory.parameters import Value
from replica.typing import Array, Booleans, Number, Numbers
from replica.units import Moments, Unit, parse
from replica.units.channels import CHANNELS, Channel, Taught
from replica.units.priors import PRIORS
from replica.units.scaled import scaled

__all__ = [
    "GAUSSIAN",
    "LOAD",
    "PENALTY",
    "Mixture",
    "PriorChannel",
    "Trained",
    "followed",
    "parsed",
    "sparse",
]


def parsed(
    theory: PriorChannel, name: str, kinds: Mapping[str, type[Unit]], allowed: Collection[str]
) -> None:
    """Read a prior or a channel that was given as text, and refuse what the theory has no formulas for."""
    unit = getattr(theory, name)
    if isinstance(unit, str):
        unit = parse(unit, kinds)
        object.__setattr__(theory, name, unit)
    if isinstance(unit, Unit) and unit.name in kinds and unit.name not in allowed:
        msg = f"{theory.name}: {name} = {unit} is not for this theory; {name} is one of {', '.join(allowed)}"
        raise ParameterError(msg)


Mixture = tuple[tuple[Number, Number, Number], ...]
"""Weights of a teacher as a mixture of Gaussians: probability, mean and variance of each."""

GAUSSIAN: Mixture = ((1.0, 0.0, 1.0),)

LOAD: dict[str, Any] = {
    "text": "load, examples per weight",
    "symbol": r"\alpha",
    "lower": 0,
    "unit": "examples/weight",
}
"""What every theory of weights and examples says of its load, but for the usual range."""

PENALTY: dict[str, Any] = {
    "text": "strength of the penalty",
    "symbol": r"\lambda",
    "lower": 0,
    "open_lower": True,
    "default": 0.1,
}
"""The same of a penalty."""


def sparse(rho: Number) -> Mixture:
    """Weights that are 0 but for a share rho, which is Gaussian."""
    return (1 - rho, 0.0, 0.0), (rho, 0.0, 1.0)


class PriorChannel(Theory):
    r"""Weights w of a prior, alpha N examples of their sums through a channel, made by a teacher w0.

    The order parameters m = E[w0 <w>], q = E[<w>^2] and V = E[var(w)]/T are those of the prior in the field
    b = mh w0 + sqrt(qh) z with the quadratic term -Vh. The hats are answers of the channel, and eliminated.
    Labels are sign(z0 + noise), and values z0 + noise. A subclass gives prior, channel and teacher.

    At temperature 0 it is the minimum of loss and penalty, at temperature 1 the posterior.
    """

    alpha: Value
    noise: Value
    order: ClassVar[tuple[str, ...]] = ("m", "q", "V")
    temperature: ClassVar[float] = 0.0

    @property
    def weights(self) -> Unit:
        """The prior of the student's weights."""
        raise NotImplementedError

    @property
    def outputs(self) -> Channel:
        """The channel of the student."""
        raise NotImplementedError

    @property
    def teacher(self) -> Mixture:
        """The teacher's weights: probabilities, means and variances of a mixture."""
        return GAUSSIAN

    @property
    def spread(self) -> Number:
        """Variance of the noise of the teacher's outputs."""
        return self.noise

    @cached_property
    def size(self) -> Number:
        """Mean square of the teacher's weights."""
        return sum(p * (mean**2 + variance) for p, mean, variance in self.teacher)

    # -- one side --------------------------------------------------------------------------------------

    def prior_side(self, hats: Numbers, *, slopes: bool = False) -> tuple[list[Number], list[Number], Number]:
        """Answers m, q, V of the prior to mh, qh, Vh; their derivatives; its part of the free energy."""
        mh, _, Vh = hats
        T, answers, energy = self.temperature, [0.0] * 3, 0.0
        rows: list[Number] = [[0.0] * 3 for _ in range(3)]
        for p, mean, variance, width in self._components(hats):
            known = self._unit(self.weights, slopes)(mean * mh, width, -Vh, T + 0 * Vh)
            pull = variance * mh
            energy = energy + p * known.free_energy
            for i, answer in enumerate(
                (mean * known.mean + pull * known.response, known.square, known.response)
            ):
                answers[i] = answers[i] + p * answer
            if not slopes:
                continue
            by_variance, by_a = known.by_variance, known.by_a(T)
            # a component without a mean has an even field: derivatives by its mean are not asked for
            by_loc = known.by_loc if np.any(mean) else (0.0, 0.0, 0.0)
            columns = (
                [mean * d + 2 * pull * v for d, v in zip(by_loc, by_variance, strict=True)],
                list(by_variance),
                [-one for one in by_a],
            )
            for j, column in enumerate(columns):
                overlap = mean * column[0] + pull * column[2] + (variance * known.response if j == 0 else 0.0)
                for i, one in enumerate((overlap, column[1], column[2])):
                    rows[i][j] = rows[i][j] + p * one
        return answers, rows, energy

    def prior_square(self, hats: Numbers) -> Number:
        """E[(d<w>/db)^2] of the prior, b the field on a weight."""
        mh, _, Vh = hats
        T = self.temperature + 0 * Vh
        square: Number = 0.0
        for p, mean, _, width in self._components(hats):
            square = square + p * self.weights.averages(mean * mh, width, -Vh, T).response_square
        return square

    def _components(self, hats: Numbers) -> Iterator[tuple[Number, Number, Number, Number]]:
        """The teacher's weights: probabilities, means, variances, and the width of the field of each."""
        mh, qh, _ = hats
        for p, mean, variance in self.teacher:
            yield p, mean, variance, sqrt(maximum(qh + variance * mh**2, 0 * qh))

    def channel_side(self, x: Numbers, *, slopes: bool = False) -> tuple[list[Number], list[Number], Number]:
        """Answers mh, qh, Vh of the channel to m, q, V; their derivatives; its part of the free energy."""
        side = self._labels if self.outputs.labels else self._values
        return side(x, slopes)

    def _unit(self, unit: Unit, slopes: bool) -> Any:
        return unit.moments if slopes else unit.averages

    def _values(self, x: Numbers, slopes: bool) -> tuple[list[Number], list[Number], Number]:
        """A loss of z - y: its field is that of z - z0 and the noise."""
        _, q, V = x
        known = self._unit(self.outputs, slopes)(0 * q, self._seen(x)[1], V, self.temperature + 0 * V)
        answers = [-self.alpha * known.response, self.alpha * known.square, -self.alpha * known.response]
        if not slopes:
            return answers, [], self.alpha * known.free_energy
        by_variance, by_a = known.by_variance, known.by_a(self.temperature)
        rows = [
            [
                -2 * sign * by_variance[i] * self.alpha,
                sign * by_variance[i] * self.alpha,
                sign * by_a[i] * self.alpha,
            ]
            for i, sign in ((2, -1), (1, 1), (2, -1))
        ]
        return answers, rows, self.alpha * known.free_energy

    @property
    def share(self) -> Number:
        """1 - 2 times the fraction of labels that are turned round."""
        return 1.0

    def _seen(self, x: Numbers) -> tuple[Channel, Number]:
        """The channel with what the teacher said, and the width of its field."""
        m, q, _ = x
        if not self.outputs.labels:
            return self.outputs, sqrt(maximum(q - 2 * m + self.size + self.spread, 0 * q))
        size = self.size + self.spread
        tilt = m / sqrt(maximum(q * (size * q - m**2), 0 * q + 1e-300))
        return Taught(self.outputs, tilt, self.share + 0 * tilt), sqrt(maximum(q, 0 * q))

    def _labels(self, x: Numbers, slopes: bool) -> tuple[list[Number], list[Number], Number]:
        """A loss of y z: fields that agree with the teacher's label are more likely."""
        m, q, V = x
        T, alpha = self.temperature + 0 * V, self.alpha
        size = self.size + self.spread
        taught, width = self._seen(x)
        known = self._unit(taught, slopes)(0 * q, width, V, T)
        # where the sum of the teacher is 0, his label turns
        turn: Moments = self._unit(self.outputs, slopes)(0 * q, sqrt(maximum(q - m**2 / size, 0 * q)), V, T)
        strength = self.share * sqrt(2 / (math.pi * size))
        answers = [alpha * strength * turn.mean, alpha * known.square, -alpha * known.response]
        if not slopes:
            return answers, [], alpha * known.free_energy
        by_variance, by_a = known.by_variance, known.by_a(self.temperature)
        there, there_by_a = turn.by_variance, turn.by_a(self.temperature)
        first = [-2 * m / size * there[0], there[0], there_by_a[0]]
        rows = [
            [alpha * strength * one for one in first],
            [alpha * strength * turn.by_loc[1], alpha * by_variance[1], alpha * by_a[1]],
            [-alpha * strength * turn.by_loc[2], -alpha * by_variance[2], -alpha * by_a[2]],
        ]
        return answers, rows, alpha * known.free_energy

    # -- both sides ------------------------------------------------------------------------------------

    def update(self, x: Numbers) -> Numbers:
        """The right-hand sides: answers of the prior to those of the channel."""
        return stack(*self.prior_side(self.hats(x))[0])

    def hats(self, x: Numbers) -> Numbers:
        """The conjugates mh, qh, Vh; shape of `x`."""
        return stack(*self.channel_side(x)[0])

    def jacobian(self, x: Numbers) -> Numbers:
        """Both sides by the chain rule."""
        answers, rows, _ = self.channel_side(x, slopes=True)
        channel = stack(*(stack(*row) for row in rows))
        prior = stack(*(stack(*row) for row in self.prior_side(stack(*answers), slopes=True)[1]))
        return np.einsum("ij...,jk...->ik...", prior, channel)

    def free_energy(self, x: Numbers) -> Number:
        """Minus T ln Z, or the minimum of loss and penalty, per weight."""
        m, q, V = x
        answers, _, outputs = self.channel_side(x)
        mh, qh, Vh = answers
        weights = self.prior_side(stack(*answers))[2]
        return m * mh + (qh * V - Vh * q - self.temperature * Vh * V) / 2 + weights + outputs

    def physical(self, x: Numbers) -> Booleans:
        """Overlaps of vectors."""
        m, q, V = x
        inside = (V > 0) & (q >= 0) & (self.size * q >= m**2)
        if self.outputs.labels:
            inside &= (self.size + self.spread) * q > m**2
        return inside

    def replicon(self, x: Numbers) -> Number:
        """1 - alpha E[(dg/domega)^2] E[(d<w>/db)^2]."""
        _, q, V = x
        channel, width = self._seen(x)
        outputs = channel.averages(0 * q, width, V, self.temperature + 0 * V).response_square
        return 1 - self.alpha * self.prior_square(self.hats(x)) * outputs

    def iterated(self, x: Numbers, count: int = 40) -> Array:
        """The state after so many steps of the equations, half of each taken: a start."""
        rough = self.at(channel=self.outputs.coarse()) if "channel" in self.parameters() else self
        with np.errstate(all="ignore"):
            for _ in range(count):
                moved = rough.update(x)
                x = np.where(np.isfinite(moved), (x + moved) / 2, x)
        return x


class Trained(PriorChannel):
    """Weights at the minimum of a convex loss and a penalty: regression and classification."""

    prior: Unit
    channel: Channel
    penalty: Value
    branches: ClassVar[Mapping[str, Branch]] = {"trained": Branch("the minimum of loss and penalty")}
    lines: ClassVar[Mapping[str, Boundary]] = {
        "best-penalty": Zero(Phase("trained"), "tuning", text="the error is least, d error/d lambda = 0")
    }
    critical: ClassVar[Critical | None] = Critical(
        "penalty", "best-penalty", "lambda_best", "strength of the penalty at which the error is least"
    )
    losses: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        parsed(self, "prior", PRIORS, ("gaussian", "laplace", "non-negative", "box"))
        parsed(self, "channel", CHANNELS, self.losses)
        super().__post_init__()

    @cached_property
    def weights(self) -> Unit:
        """The penalty lambda r(w)."""
        rescaled = self.prior.rescaled(1 / self.penalty, 1.0)
        return scaled(self.prior, 1 / self.penalty, 1.0) if rescaled is None else rescaled

    @property
    def outputs(self) -> Channel:
        """The loss."""
        return self.channel

    def free_energy(self, x: Numbers) -> Number:
        """The minimum of loss and penalty, per weight."""
        return super().free_energy(x) + 0 * self.penalty  # of which a box knows nothing

    def error(self, x: Numbers) -> Number:
        """What goes wrong with a new example."""
        raise NotImplementedError

    def error_slopes(self, x: Numbers) -> Numbers:
        """Derivatives of `error` by m, q, V."""
        raise NotImplementedError

    def derived(self, x: Numbers) -> dict[str, Number]:
        """The error on a new example, and the loss on one of those that the weights were trained with."""
        answers, _, energy = self.channel_side(x)
        with np.errstate(all="ignore"):
            return {"error": self.error(x), "training": (energy - x[2] * answers[1] / 2) / self.alpha}

    def tuning(self, x: Numbers) -> Number:
        """Derivative of the error by the penalty, at the minimum that follows it."""
        moved = self.derivative("penalty", lambda here: here.update(x))
        return np.sum(self.error_slopes(x) * _newton_step(moved, self.jacobian(x)), axis=0)

    def start(self, branch: str) -> Numbers:
        """The minimum in few digits; that of a parabola is followed down from a stronger penalty."""
        self.branch(branch)
        some = 0.3 * self.size
        if self.prior.name != "gaussian":
            return self.iterated(self.state(m=some, q=some, V=1 / (self.penalty + self.alpha / 2)), 80)
        rough = self.at(channel=self.channel.coarse())
        strong = maximum(self.penalty, 10 + 0 * self.penalty)
        x = rough.at(penalty=strong).iterated(self.state(m=some, q=some, V=1 / strong))
        here = (strong * (self.penalty / strong) ** (k / STEPS) for k in range(1, STEPS + 1))
        return followed((rough.at(penalty=penalty) for penalty in here), x)


STEPS = 12
"""Points between one at which a state is easily found and the given one."""


def followed(theories: Iterable[PriorChannel], x: Array, *, ahead: bool = True) -> Array:
    """The state of the last of these theories, from that next to the first: a few Newton steps at each.

    These begin at the state before, or where its logarithms lead, if `ahead`.
    """
    earlier = x
    for here in theories:
        growing = (x > 0) & (earlier > 0) & ahead
        x, earlier = np.where(growing, x * x / np.where(growing, earlier, 1.0), x), x
        for _ in range(4):
            with np.errstate(all="ignore"):
                step = _newton_step(here.update(x) - x, here.jacobian(x))
            step = np.where(np.isfinite(step), step, 0.0)
            tries = [x + share * step for share in (0.125, 0.25, 0.5, 1.0)]
            for moved in tries:  # the largest one that stays in the domain
                x = np.where(here.physical(moved), moved, x)
    return x


def _newton_step(gap: Array, slopes: Array) -> Array:
    """The change of x that solves (1 - J) change = gap; the batch stands behind."""
    system = np.eye(len(gap)).reshape(len(gap), len(gap), *(1,) * (gap.ndim - 1)) - slopes
    system, right = np.moveaxis(system, (0, 1), (-2, -1)), np.moveaxis(gap, 0, -1)[..., None]
    one = np.eye(len(gap))
    system = np.where(np.isfinite(system).all(axis=(-1, -2), keepdims=True), system, one)
    singular = np.equal(np.linalg.det(system), 0)
    system = np.where(np.expand_dims(singular, (-1, -2)), one, system)
    step: Array = np.linalg.solve(system, right)[..., 0].astype(float)
    return np.moveaxis(step, -1, 0)
