"""The equations of a fully connected model with k steps of breaking: one pass over averages, at one point.

With overlaps q_0 <= ... <= q_k of each layer and its response C inside a state, Q = q_k + T C, the free
energy is (docs/breaking.md)

    f = (1/2) {[Theta(Q) - Theta(q_k)]/T + sum_i mu_i [Theta(q_i) - Theta(q_(i-1))]} - sum_s size_s E phi_0
        + Theta_g(m) + offset.

Differences of overlaps are taken as they are, so that nothing is lost where they are small.
"""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from replica.breaking.fields import Fields
from replica.breaking.ladder import Answers, answers
from replica.functional.passes import Answer, Ingredients, Pass
from replica.functional.polynomial import Polynomial
from replica.typing import Array, Number

__all__ = ["BrokenPass"]


class BrokenPass:
    """One pass at one point.

    Parameters
    ----------
    parts : Ingredients
    x : array, shape (n_order,)
        Order parameters of the patterns; q_0 to q_k and C of every kept layer; mu_1 to mu_k.
    steps : int
    slopes : bool
        Whether derivatives are wanted.
    """

    def __init__(self, parts: Ingredients, x: Array, steps: int, *, slopes: bool = False) -> None:
        self.parts, self.plan, self.k, self.slopes = parts, parts.structure, steps, slopes
        self.x, self.T = np.asarray(x, dtype=float), float(parts.T)
        n, P = len(self.x), len(self.plan.on and parts.model.patterns)
        one = np.eye(n)
        self.m, self.dm = self.x[:P], one[:P]
        self.q: dict[int, Array] = {}  # (k + 1,)
        self.step: dict[int, Array] = {}  # (k,): q_i - q_(i-1)
        self.C: dict[int, float] = {}
        self.dq: dict[int, Array] = {}  # (k + 1, n)
        self.dC: dict[int, Array] = {}  # (n,)
        place = P
        for s in self.plan.kept:
            rows = slice(place, place + steps + 1)
            self.q[s], self.dq[s] = self.x[rows], one[rows]
            self.step[s] = np.diff(self.q[s])
            self.C[s], self.dC[s] = self.x[place + steps + 1], one[place + steps + 1]
            place += steps + 2
        self.mu, self.dmu = self.x[place:], one[place:]
        self.answers: dict[int, Answers] = {}
        self.inputs: dict[int, Array] = {}
        self.slope: dict[int, Answers] = {}  # derivatives of the answers by x
        for s in (*self.plan.eliminated, *self.plan.kept, *self.plan.silent):
            found = self._ask(s)
            if s in self.plan.kept:
                continue
            self.q[s] = np.cumsum(found.square[0])
            self.step[s] = found.square[0, 1:]
            self.C[s] = float(found.response[0])
            if slopes:
                self.dq[s] = np.cumsum(self.slope[s].square.T, axis=0)
                self.dC[s] = self.slope[s].response

    # -- fields ------------------------------------------------------------------------------------------

    @property
    def _known(self) -> list[Any]:
        """Overlaps of all layers, 0 where they are not known yet (and do not matter)."""
        return [self.q.get(s, np.zeros(self.k + 1)) for s in self.plan.layers]

    def _differences(self, what: Polynomial) -> Array:
        """What a polynomial of the overlaps gains from level to level, shape (k,)."""
        low = [values[:-1] for values in self._known]
        step = [self.step.get(s, np.zeros(self.k)) for s in self.plan.layers]
        return np.broadcast_to(np.asarray(what.divided(low, step, 1.0), dtype=float), (self.k,))

    def _innermost(self) -> tuple[list[Any], list[Any]]:
        """Overlap and response inside a state, of all layers."""
        return [q[-1] for q in self._known], [self.C.get(s, 0.0) for s in self.plan.layers]

    def _ask(self, s: int) -> Answers:
        """What a layer answers, and how that depends on x."""
        parts, plan = self.parts, self.plan
        what, around = parts.fields[s], self._known
        outermost = float(what.value([q[0] for q in around]))
        variance = np.append(outermost if abs(outermost) > 1e-15 else 0.0, self._differences(what))
        q, C = self._innermost()
        a = float(what.divided(q, C, self.T))
        c = np.array([float(parts.pulls[j].value(list(self.m))) for j in plan.on[s]])
        known: dict[str, Any] = {}
        if plan.on[s]:
            law = parts.laws[s]
            count = np.shape(law.weight)[-1]
            rows = {"shift": law.shift, "width": law.variance, "tilt": law.tilt, "tail": law.spread}
            known = {
                name: np.array([np.broadcast_to(np.asarray(one, dtype=float), (count,)) for one in some])
                for name, some in rows.items()
            } | {"weight": np.asarray(law.weight, dtype=float), "strength": c}
        fields = Fields(variance, self.mu, a, self.T, **known)
        if np.any(variance < 0):
            fields = Fields(np.nan * variance, self.mu, a, self.T, **known)
        found = answers(parts.units[s], fields, slopes=self.slopes)
        self.answers[s] = found
        if self.slopes:
            self.inputs[s] = self._by_x(s, len(self.x))
            moved = [
                np.tensordot(self.inputs[s], np.nan_to_num(getattr(found, name)[1:]), (0, 0))
                for name in _ROWS
            ]
            phi, square, response, gap, projected = moved
            self.slope[s] = Answers(phi, square, response, gap, projected, np.nan, np.nan)
        return found

    def _by_x(self, s: int, n: int) -> Array:
        """Derivatives of the fields on a layer, in the order of `Fields.columns`, by x: (columns, n)."""
        parts, k = self.parts, self.k
        variance, quadratic = np.zeros((k + 1, n)), np.zeros(n)
        q, C = self._innermost()
        full = [low + self.T * response for low, response in zip(q, C, strict=True)]
        for t in self.plan.neighbours[s]:
            if t not in self.dq:
                continue
            slope = parts.slopes[s, t]
            here = np.broadcast_to(np.asarray(slope.value(self._known), dtype=float), (k + 1,))
            variance += here[:, None] * self.dq[t]
            quadratic += float(slope.divided(q, C, self.T)) * self.dq[t][-1]
            quadratic += float(slope.value(full)) * self.dC[t]
        variance[1:] = np.diff(variance, axis=0)
        strengths = [
            sum((float(pull.d(j).value(list(self.m))) * self.dm[j] for j in pull.variables), np.zeros(n))
            for pull in (parts.pulls[p] for p in self.plan.on[s])
        ]
        return np.concatenate([variance, self.dmu, quadratic[None], *(row[None] for row in strengths)])

    # -- equations ---------------------------------------------------------------------------------------

    def mismatch(self) -> Array:
        """Right-hand sides minus left-hand sides, shape (n_order,)."""
        rows = [self._projected(p)[0] - self.m[p] for p in range(len(self.m))]
        for s in self.plan.kept:
            found = self.answers[s]
            # of the increments, then of their sums
            rows += list(np.cumsum(found.square[0] - np.append(self.q[s][0], self.step[s])))
            rows.append(found.response[0] - self.C[s])
        return np.array([*rows, *self._steepness()[0]])

    def jacobian(self) -> Array:
        """Derivatives of the right-hand sides by the unknowns, shape (n_order, n_order)."""
        rows = [self._projected(p)[1] for p in range(len(self.m))]
        for s in self.plan.kept:
            rows += list(np.cumsum(self.slope[s].square.T, axis=0))
            rows.append(self.slope[s].response)
        return np.stack([*rows, *(self._steepness()[1] + self.dmu)])

    def _projected(self, p: int) -> tuple[float, Any]:
        s, i = self.parts.place[p]
        return self.answers[s].projected[0, i], self.slope[s].projected[:, i] if self.slopes else None

    def _steepness(self) -> tuple[Array, Any]:
        """How f rises with mu_i, over what it is made of, and by what the overlaps gain; and derivatives.

        Without the divisor any mu would solve the equation of a level that adds nothing.
        """
        parts, theta = self.parts, self.parts.xi.theta()
        gained = self._differences(theta)
        felt = sum(float(parts.sizes[s]) * self.answers[s].gap[0] for s in self.plan.layers)
        shift = sum((self.step[s] for s in self.plan.kept), np.zeros(self.k))
        with np.errstate(all="ignore"):
            share = 2 * felt / (self.mu * gained)
            value = (1 - share) / (self.mu * shift)
        if not self.slopes:
            return value, None
        n = len(self.x)
        d_felt = sum(float(parts.sizes[s]) * self.slope[s].gap.T for s in self.plan.layers)
        d_theta = np.zeros((self.k + 1, n))
        for t in self.plan.layers:
            if t in self.dq:
                by = np.broadcast_to(np.asarray(theta.d(t).value(self._known), dtype=float), (self.k + 1,))
                d_theta += by[:, None] * self.dq[t]
        d_gained = np.diff(d_theta, axis=0)
        d_shift = sum((np.diff(self.dq[s], axis=0) for s in self.plan.kept), np.zeros((self.k, n)))
        with np.errstate(all="ignore"):
            d_share = share[:, None] * (
                d_felt / felt[:, None] - self.dmu / self.mu[:, None] - d_gained / gained[:, None]
            )
            slope = -d_share / (self.mu * shift)[:, None] - value[:, None] * (
                self.dmu / self.mu[:, None] + d_shift / shift[:, None]
            )
        return value, slope

    def free_energy(self) -> float:
        """Free energy per N."""
        parts, theta = self.parts, self.parts.xi.theta()
        q, C = self._innermost()
        pairs = float(theta.divided(q, C, self.T)) + float(self.mu @ self._differences(theta))
        units = sum(float(parts.sizes[s]) * float(self.answers[s].phi[0]) for s in self.plan.layers)
        return pairs / 2 + float(parts.g.theta().value(list(self.m))) + float(parts.offset) - units

    # -- inside a state ----------------------------------------------------------------------------------

    @cached_property
    def inside(self) -> Pass:
        """The pass of a single state: its entropy and its replicon."""
        q, C = self._innermost()
        known = [{s: np.float64(values[s]) for s in self.plan.layers} for values in (q, C)]
        here = Pass(self.parts, list(self.m), *known)
        here.__dict__["_all"] = [[np.float64(v) for v in q], [np.float64(v) for v in C]]
        for s, found in self.answers.items():
            moments = SimpleNamespace(response_square=found.response_square, entropy=found.entropy)
            here._answers[s] = Answer(moments, self.parts.T)
        return here

    def entropy(self) -> Number:
        """Entropy per N inside a state."""
        return self.inside.entropy()

    def rho(self) -> Number:
        """A state is stable against falling into further ones below 1."""
        return self.inside.rho()

    @property
    def averaged(self) -> bool:
        """Whether all averages exist."""
        return all(np.isfinite(found.phi[0]) for found in self.answers.values())

    def confined(self) -> bool:
        """Whether overlaps and mu are in order, x_k <= 1, and all averages exist."""
        ordered = all(np.all(step >= 0) and self.q[s][0] >= -1e-12 for s, step in self.step.items())
        return bool(
            ordered
            and np.all(np.isfinite(self.mu))
            and self.mu[0] > 0
            and np.all(np.diff(self.mu) > 0)
            and self.mu[-1] * self.T <= 1
            and self.averaged
        )


_ROWS = ("phi", "square", "response", "gap", "projected")
