"""Random points of all theories, corners of their domains too: nothing raises or is silently wrong.

    python tests/fuzz_theories.py [POINTS [SEED [THEORY ...]]]

Points are drawn in batches: typical values, values over many decades, and the ends of each domain. Points
whose parameters exclude each other are left out and counted as refused. At each of the others `update`,
`free_energy` and `jacobian` are evaluated at random order parameters, in the domain of the equations or not,
and raise nothing; all branches are solved, without a warning, within `SECONDS` for a batch. A solution that
calls itself converged has a small undamped residual when that is computed again, and a free energy; what is
not converged says so by its status.
"""

import collections
import math
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from replica import solve
from replica.errors import ReplicaError
from replica.solving import Newton
from replica.theories import THEORIES
from replica.theory import Parameter, Theory
from replica.units import UNITS, Unit

POINTS, SEED, BATCH = 1_000_000, 20261130, 500
SECONDS = 60
"""Processor time for a batch."""
SLOW = {"hopfield-1rsb": 50, "sherrington-kirkpatrick-1rsb": 50}
"""How many times fewer points, in smaller batches, a theory gets whose points take a second."""
TRIES = 10
"""Batches that are drawn until one of their points is accepted."""
SMALL = 1e-8
"""Residual, relative to the largest order parameter, that a converged solution has at most."""
PAIRS = (
    ("bernoulli", "relu"),
    ("spin", "gaussian"),
    ("spin", "spin"),
    ("bernoulli", "bernoulli"),
    ("spin", "relu"),
)


def values(about: Parameter, count: int, rng: np.random.Generator) -> Any:
    """Values of a parameter: half of them typical, the others over many decades, some at the ends."""
    low, high = about.typical
    drawn = rng.uniform(low, high, count)
    wide = 10.0 ** rng.uniform(-12, 6, count) * np.where(about.lower < 0, rng.choice([-1, 1], count), 1)
    ends = [end for end in (about.lower, about.upper, 0.0, low, high) if np.isfinite(end)]
    kind = rng.choice(3, count, p=[0.5, 0.35, 0.15])
    drawn = np.where(kind == 0, drawn, np.where(kind == 1, wide, rng.choice(ends, count)))
    drawn = np.clip(drawn, about.lower, about.upper)
    tiny = 1e-9
    drawn = np.where(about.open_lower & (drawn <= about.lower), about.lower + tiny, drawn)
    return np.where(about.open_upper & (drawn >= about.upper), about.upper - tiny, drawn)


def drawn(kind: type[Theory], count: int, rng: np.random.Generator) -> Theory | None:
    """A batch of a theory: those of the points that it accepts; None where it accepts none."""
    given: dict[str, Any] = {}
    sparse = bool(rng.random() < 0.5)  # p > 0 goes with L, the limit p -> 0 with l
    left_out = {"l"} if sparse else {"p", "L"}
    pair: list[Unit] = [UNITS[name]() for name in PAIRS[rng.integers(len(PAIRS))]]
    for name, about in kind.parameters().items():
        if about.kind == "unit":
            given[name] = pair.pop(0)
        elif "L" in kind.parameters() and name in ("l", "p", "L"):
            if name not in left_out:
                given[name] = int(rng.integers(1, 5)) if name == "L" else values(about, count, rng)
                given[name] = np.maximum(given[name], 1e-6) if name == "p" else given[name]
        elif not (about.required or rng.random() < 0.5) or about.kind == "sites":
            continue
        elif about.kind == "choice":
            given[name] = str(rng.choice(about.choices))
        elif about.integer:
            lowest = int(max(about.lower, 0))
            given[name] = int(rng.integers(lowest, min(lowest + 6, int(min(about.upper, 1e6))) + 1))
        else:
            given[name] = values(about, count, rng)
    arrays = {name: value for name, value in given.items() if np.ndim(value)}
    points = [{name: value[i] for name, value in arrays.items()} for i in range(count)]
    good = [point for point in points if accepts(kind, given | point)]
    if not good:
        return None
    return kind(**given | {name: np.array([point[name] for point in good]) for name in arrays})


def accepts(kind: type[Theory], given: dict[str, Any]) -> bool:
    """Whether parameters go together; a sentence is all that there is where they do not."""
    try:
        kind(**given)
    except ReplicaError:
        return False
    return True


def examine(theory: Theory, rng: np.random.Generator) -> collections.Counter[str]:
    """What happens at the points of a batch; raises where something does that must not."""
    found: collections.Counter[str] = collections.Counter()
    shape = theory.batch or (1,)
    x = np.array([rng.uniform(-1, 1, shape) * 10.0 ** rng.uniform(-3, 1) for _ in theory.order])
    states = [x, np.zeros_like(x), np.abs(x)]
    for state in states:
        theory.residual(state)
        with np.errstate(all="ignore"):  # outside their domain formulas give NaN, and numpy says so
            for what in (theory.update, theory.free_energy, theory.jacobian, theory.physical):
                what(state)
    for branch in theory.available:
        state = solve(theory, branch, solver=Newton(), throw=False)
        good = np.broadcast_to(state.success, shape)
        found["solved"] += int(good.sum())
        found["not there"] += int((~good).sum())
        if not good.any():
            continue
        left = np.abs(np.broadcast_to(theory.residual(state.x), (len(theory.order), *shape)))
        scale = np.maximum(1.0, np.abs(state.x)).max(axis=0)
        worst = np.where(good, left.max(axis=0) / scale, 0.0)
        found["silently wrong"] += int(np.sum(~(worst <= SMALL)))
        if np.any(~(worst <= SMALL)):
            at = int(np.argmax(np.where(np.isnan(worst), np.inf, worst)))
            print(f"    {theory.take(at).describe()}: {branch} has the residual {worst.ravel()[at]:.1e}")
        energy = np.broadcast_to(state.free_energy, shape)
        found["without f"] += int(np.sum(good & ~np.isfinite(energy)))
    return found


class TooLongError(BaseException):
    """A batch is not finished. No `Exception`: a solver makes a status of those."""


def too_long(*_: object) -> None:
    """Stop a batch."""
    message = f"not finished in {SECONDS} s"
    raise TooLongError(message)


def fuzz(points: int, seed: int, names: Sequence[str] = ()) -> int:
    """Examine so many points of theories, of all or some; print the figures, return how many are wrong."""
    signal.signal(signal.SIGPROF, too_long)
    names = names or tuple(THEORIES)
    whole = sum(1 / SLOW.get(name, 1) for name in names)
    bad, all_of_them = 0, collections.Counter[str]()
    for number, (name, kind) in enumerate(THEORIES.items()):
        if name not in names:
            continue
        rng, began = np.random.default_rng([seed, number]), time.process_time()
        share, batch = (math.ceil(all_ / SLOW.get(name, 1)) for all_ in (points / whole, BATCH))
        found: collections.Counter[str] = collections.Counter()
        while found["points"] < share:
            size = min(batch, share - found["points"])
            tries = (drawn(kind, size, rng) for _ in range(TRIES))
            theory = next((one for one in tries if one is not None), None)
            found["points"] += size
            taken = 0 if theory is None else theory.batch[0] if theory.batch else size
            found["refused"] += size - taken
            if theory is None:
                continue
            try:
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    found += examine(theory, rng)
            except (Exception, TooLongError) as error:  # whatever it is, it is what is looked for
                found["raised"] += 1
                where = {key: short(value) for key, value in theory.values.items()}
                print(f"    {name}({where}) raises {type(error).__name__}: {str(error)[:200]}", flush=True)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        wrong = found["raised"] + found["silently wrong"] + found["without f"]
        bad += wrong
        all_of_them += found
        seconds = time.process_time() - began
        rate = found["points"] / max(seconds, 1e-9)
        print(f"{name}: {told(found)}; {seconds:.0f} s, {rate:.3g} points/s", flush=True)
    print(f"all, seed {seed}: {told(all_of_them)}")
    return bad


def short(value: Any) -> str:
    """The range of a batch of values."""
    if np.ndim(value):
        return f"{np.min(value):.3g}..{np.max(value):.3g}"
    return str(value)


def told(found: collections.Counter[str]) -> str:
    """Figures in words."""
    order = ("points", "refused", "solved", "not there", "silently wrong", "without f", "raised")
    return ", ".join(f"{found[word]:,} {word}" for word in order)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    points, seed = (*given, *(POINTS, SEED)[len(given) :])
    sys.exit(fuzz(points, seed, sys.argv[3:]) > 0)
