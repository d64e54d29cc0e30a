"""Two layers of units in the fields of each other: what the random RBM and its relatives share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

import numpy as np

from replica.numerics.functions import is_exact, log, maximum, sqrt, stack
from replica.numerics.spins import TINY
from replica.theory.base import Theory
from replica.theory.parameters import Value
from replica.typing import Array, Booleans, Number, Numbers
from replica.units import Averages, Unit

__all__ = ["ONE_SITE", "TwoLayers", "odd_mean", "weighted_sum", "wide"]

ONE_SITE = ((1.0, 1.0),)
"""All visible units alike: one group, of relative density of weights 1."""


class TwoLayers(Theory):
    """Two layers of independent units in the fields of each other, eqs. (2.2) and (2.3) of the notes.

    The visible units feel the strong hidden units through W, and the weak ones as a Gaussian field of
    variance alpha x r with a quadratic term alpha B x; the weak hidden units feel a Gaussian field of
    variance q with a quadratic term C. A subclass gives the two layers, and what the strong hidden units do.
    """

    alpha: Value
    T: Value
    overlaps: ClassVar[tuple[str, ...]] = ("q", "r")

    @property
    def layers(self) -> tuple[Unit, Unit]:
        """Visible and hidden unit."""
        raise NotImplementedError

    @property
    def warmth(self) -> Number:
        """Temperature at which the units live."""
        return self.T

    @property
    def groups(self) -> tuple[tuple[float, float], ...]:
        """Groups of visible units: their fraction and their relative density of weights x."""
        return ONE_SITE

    def visible_averages(self, loc: Number, r: Number, B: Number, extra: Number = 0.0) -> Averages:
        """Averages of the visible units, shape (*batch, n_groups, n_w), at the mean fields `loc`.

        `extra` is further variance of their field.
        """
        x = self.group_density
        width = sqrt(maximum(wide(self.alpha * r) * x + wide(extra), 0 * wide(r)))
        unit = self.layers[0].column().column()
        return unit.averages(loc, width, wide(self.alpha * B) * x, wide(self.warmth))

    def hidden_averages(self, q: Number, C: Number, *, coarse: bool = False) -> Averages:
        """Averages of the weak hidden units, shape (*batch); four digits of them for a guess."""
        unit = self.layers[1].coarse() if coarse else self.layers[1]
        return unit.averages(0 * q, sqrt(maximum(q, 0 * q)), C, self.warmth)

    @cached_property
    def group_density(self) -> Array:
        """X of the groups, shape (n_groups, 1)."""
        return np.array([[x] for _, x in self.groups])

    @cached_property
    def group_fraction(self) -> Array:
        """Fractions of the groups, shape (n_groups, 1)."""
        return np.array([[fraction] for fraction, _ in self.groups])

    def weighted(self, values: Number) -> Number:
        """E[x ...] over the groups, where there is no field W."""
        return np.sum(values * self.group_density * self.group_fraction, axis=(-1, -2))

    def bulk(self, q: Number, r: Number, B: Number, C: Number) -> Number:
        """Terms of the free energy that couple the two layers, (alpha/2)(r C + q B) + alpha T B C/2."""
        return self.alpha / 2 * (r * C + q * B + self.warmth * B * C)

    visible_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]]
    hidden_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]]
    """Order parameters that a layer feels, and those that it answers with."""

    def visible_answers(self, x: Numbers) -> Numbers:
        """Right-hand sides of the saddle-point equations that come from the visible layer."""
        raise NotImplementedError

    def hidden_answers(self, x: Numbers) -> Numbers:
        """Right-hand sides of the saddle-point equations that come from the hidden layer."""
        raise NotImplementedError

    def scales(self, x: Numbers) -> Numbers:
        """Sizes of the order parameters on which the equations bend, shape of `x`."""
        raise NotImplementedError

    def jacobian(self, x: Numbers) -> Numbers | None:
        """Fourth-order differences on the scales of the order parameters, which the engine does not know.

        An overlap next to 0 is moved upwards only: its square root is the width of a field.
        """
        if self.is_exact:
            return None
        return self._assembled(x, 1.0)[0]

    def jacobian_errors(self, x: Numbers) -> Numbers:
        """What a step of twice the length changes, and the rounding of the answers over the step.

        The first is fifteen times the truncation error where the answers are smooth, and more than it where
        they are not: at low temperatures, next to kinks.
        """
        (near, rounding), (far, _) = (self._assembled(x, stretch) for stretch in (1.0, 2.0))
        return np.abs(far - near) + rounding

    def _assembled(self, x: Numbers, stretch: float) -> tuple[Array, Array]:
        """The Jacobian from both layers, with so many times the usual step, and its rounding errors."""
        x = np.asarray(x, dtype=float)
        n, step = len(x), 2.5e-4 * stretch * self.scales(x)
        out = np.zeros((2, n, n, *np.broadcast_shapes(x.shape[1:], self.batch)))
        for answers, inputs, outputs in (
            (self.visible_answers, *self.visible_rows),
            (self.hidden_answers, *self.hidden_rows),
        ):
            rows = np.ix_((0, 1), outputs, inputs)
            out[rows] = self._differences(answers, x, step, inputs)
        return out[0], out[1]

    def _differences(
        self, answers: Callable[[Numbers], Numbers], x: Numbers, step: Number, inputs: tuple[int, ...]
    ) -> Number:
        """Derivatives of what one layer answers by what it feels, and their rounding."""
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
            weights = np.where(edge, ahead, both)
            out = np.sum(values * weights, axis=1)
            if np.any(edge):
                out = out - np.where(edge, 25.0 / 12.0, 0.0) * answers(x)[:, None]
            weight = np.sum(np.abs(weights), axis=0) + np.where(edge, 25.0 / 12.0, 0.0)
            rounding = 8 * np.finfo(float).eps * weight * np.max(np.abs(values), axis=1)
        return np.stack([out, rounding]) / h

    def update(self, x: Numbers) -> Numbers:
        answers = dict(zip(self.visible_rows[1], self.visible_answers(x), strict=True))
        answers |= dict(zip(self.hidden_rows[1], self.hidden_answers(x), strict=True))
        return stack(*(answers[i] for i in range(len(answers))))

    def rho(self, x: Numbers) -> Number:
        """Replica symmetry is stable below 1."""
        raise NotImplementedError

    def replicon(self, x: Numbers) -> Number:
        return 1 - self.rho(x)

    def log_rho(self, x: Numbers) -> Number:
        """Zero where replica symmetry breaks, and on the paramagnet where spin glass order sets in."""
        return log(self.rho(x))

    def confined(self, B: Number, C: Number) -> Booleans:
        """Whether both layers stay confined under the quadratic term of the other."""
        visible, hidden = self.layers
        return (hidden.curvature > C) & (self.alpha * B * np.max(self.group_density) < visible.curvature)

    def quiet(self) -> tuple[Number, Number]:
        """Responses B, C of the state m = q = r = 0; NaN where it does not exist.

        A fixed point of two one-site problems, by iteration and then by Newton's method.
        """
        zero = np.zeros(self.batch)
        with np.errstate(all="ignore"):

            def answer(C: Number) -> tuple[Number, Number]:
                B = self.hidden_averages(zero, C).response
                visible = self.visible_averages(wide(zero), zero, B)
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

    def unmagnetised(self, *, largest: bool = True) -> tuple[Number, Number, Number, Number]:
        """Guess q, r, B, C of the state m = 0 with the largest or smallest q; NaN where there is none."""
        return (self._loudest if largest else self._quietest)[0]

    def keeps_promise(self, q: Number, *, largest: bool) -> Booleans:
        """Whether no state m = 0 is seen at a larger (or smaller) q; shape (*batch).

        What is not seen at all is no evidence: the grid of overlaps is coarse.
        """
        low, high = (self._loudest if largest else self._quietest)[1]
        with np.errstate(invalid="ignore"):
            return ~(q < low) if largest else ~(q > high)

    @cached_property
    def _loudest(self) -> tuple[tuple[Number, ...], tuple[Number, Number]]:
        """Guess of the state m = 0 with the largest q, and an interval that holds its q.

        At fixed q the response C is found by bisection, then q by the sign of E<v>^2 - q on a grid.
        """
        share = np.concatenate([[1.0], 1 - np.geomspace(1e-9, 0.5, 24), np.geomspace(0.48, 1e-5, 24)])
        q = self._overlaps(share)
        with np.errstate(all="ignore"):
            gap, C, weak = self._on_curve(q, largest=True)
            gap = np.where(np.abs(gap) < 1e-12 * q[0], 0.0, gap)
            return _at_first_crossing(gap, (q, weak.square, weak.response, C))

    @cached_property
    def _quietest(self) -> tuple[tuple[Number, ...], tuple[Number, Number]]:
        """The same with the smallest q, which may be as small as exp(-2 |g|/T): q and r in logarithms.

        Where E<v>^2 < q on the whole grid, all units are silent, q = 0.
        """
        decades = [*range(-300, -20, 20), *range(-20, -5)]
        share = np.concatenate([[1.0], np.geomspace(0.99, 1e-5, 48), 10.0 ** np.array(decades[::-1])])
        q = self._overlaps(share)
        with np.errstate(all="ignore"):
            gap, C, weak = self._on_curve(q, largest=False)
            excess = np.log1p(gap / q)[::-1]  # linear in ln q where <v> does not depend on q
            curves = (np.log(q), np.log(np.maximum(weak.square, TINY)), weak.response, C)
            (q0, r, B, C0), (low, high) = _at_first_crossing(
                np.clip(-excess, -700, 700), tuple(curve[::-1] for curve in curves)
            )
            silent = excess[0] <= 0
            lowest = (0.0, weak.square[-1], weak.response[-1], C[-1])
            found = (np.exp(q0), np.exp(r), B, C0)
            guess = (np.where(silent, at, one) for at, one in zip(lowest, found, strict=True))
            return tuple(guess), (np.exp(low), np.where(silent, q[-2], np.exp(high)))

    def _overlaps(self, share: Array) -> Array:
        """Overlaps q, as shares of the largest one, along an axis before the batch."""
        most = max((abs(v) for v in self.layers[0].values), default=0.0) ** 2 or 4.0
        return most * share.reshape(-1, *(1,) * len(self.batch)) + np.zeros(self.batch)

    def _on_curve(self, q: Number, *, largest: bool) -> tuple[Number, Number, Averages]:
        """E<v>^2 - q, the response C and the hidden layer, where C solves its equation at fixed q.

        NaN where it has no solution: with C the answer grows until the units are not confined any more.
        """
        low, high = self._response(q, largest=largest)
        for _ in range(18):  # Newton's method does the rest
            middle = (low + high) / 2
            above = self._at_overlap(q, middle)[1] > 0
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        gap, _, C, weak = self._at_overlap(q, (low + high) / 2)
        return np.where(self._at_overlap(q, high)[1] <= 0, gap, np.nan), C, weak

    def _at_overlap(self, q: Number, t: Number) -> tuple[Number, Number, Number, Averages]:
        """Gaps of the equations for q and for C, at m = 0 and a response 0 <= t < 1 on a scale of its own."""
        stiffness = self.layers[1].curvature
        C = t / (1 - t) if np.all(np.isinf(stiffness)) else t * stiffness
        weak = self.hidden_averages(q, C, coarse=True)
        v = self.visible_averages(wide(0 * q), weak.square, weak.response)
        return self.weighted(v.square) - q, self.weighted(v.response) - C, C, weak

    def _response(self, q: Number, *, largest: bool) -> tuple[Number, Number]:
        """Bracket of the largest of up to three responses at fixed q: the glass is on it; or the smallest."""
        edges = np.append(1 - np.geomspace(1, 1e-5, 29), 1.0)
        rest = np.stack([*(self._at_overlap(q, edge + 0 * q)[1] for edge in edges[:-1]), -np.ones_like(q)])
        falls = (rest[:-1] > 0) & (rest[1:] <= 0)  # not where the visible layer stops being confined
        last = len(edges) - 2 - np.argmax(falls[::-1], axis=0)
        chosen, known = last if largest else np.argmax(falls, axis=0), np.any(falls, axis=0)
        return np.where(known, edges[chosen], 0.0), np.where(known, edges[chosen + 1], 1.0)


def _at_first_crossing(
    gap: Number, curves: tuple[Number, ...]
) -> tuple[tuple[Number, ...], tuple[Number, Number]]:
    """Values of curves where a gap first rises through 0 along the first axis; NaN if nowhere.

    And the interval of the first curve, a step wider on either side than the two points around it.
    """
    rises = (gap[:-1] <= 0) & (gap[1:] > 0)
    index, known = np.argmax(rises, axis=0)[None], np.any(rises, axis=0)

    def at(values: Number, step: int) -> Number:
        return np.take_along_axis(values + 0 * gap, np.clip(index + step, 0, len(gap) - 1), 0)[0]

    below, above = at(gap, 0), at(gap, 1)
    part = np.where(below == above, 0.0, below / np.where(below == above, 1.0, below - above))
    found = []
    for curve in curves:
        low, high = at(curve, 0), at(curve, 1)
        found.append(np.where(known, low + part * (high - low), np.nan))
    ends = [np.where(known, at(curves[0], step), np.nan) for step in (-1, 2)]
    return tuple(found), (np.minimum(*ends), np.maximum(*ends))


def wide(value: Number) -> Number:
    """Append the axes of the groups and of W."""
    return np.expand_dims(np.asarray(value), (-2, -1))


def weighted_sum(values: Number, weight: Number) -> Number:
    """Sum over the groups and over W, where a weight of 0 silences any value."""
    if is_exact(values) or is_exact(weight):
        here = np.broadcast_to(weight != 0, np.broadcast_shapes(np.shape(values), np.shape(weight)))
        return np.sum(np.where(here, values, 0) * weight, axis=(-1, -2))
    with np.errstate(invalid="ignore"):
        return np.sum(np.where(weight == 0, 0.0, values * weight), axis=(-1, -2))


def odd_mean(values: Number, tilted: Number) -> Number:
    """Mean with a weight that is odd in W: only the odd part counts, which is exactly 0 at m = 0."""
    middle = values.shape[-1] // 2
    up, down = values[..., -middle:], values[..., :middle][..., ::-1]
    return np.sum((up - down) * tilted[..., -middle:], axis=(-1, -2))
