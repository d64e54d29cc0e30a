"""What does not fit to the phase that a machine is found in, and what to try; in sentences."""

from __future__ import annotations

import math

from phase_diagrams.placing.found import Found

__all__ = ["advice", "disagreements"]

SIGMAS = 3.0
TOLERANCE = 0.25
"""Relative difference from the theory, beyond SIGMAS errors, above which an observable disagrees."""


def _differs(value: float, error: float, expected: float) -> bool:
    return abs(value - expected) > max(SIGMAS * error, TOLERANCE * abs(expected))


def disagreements(found: Found) -> list[str]:
    """Sentences about what does not fit."""
    told: list[str] = []
    sparse, seen = found.sparse, found.observed
    if sparse is not None:
        if sparse.p.spread > 0.5 * sparse.p.value:
            told.append(
                f"sparsity: the p_i of the visible units spread by {sparse.p.spread:.2g} about "
                f"{sparse.p.value:.2g}; the diagram is that of equal p_i"
            )
        for name, one in (("theta", sparse.theta), ("g", sparse.g)):
            if one.spread > max(0.25, 0.5 * abs(one.value)):
                told.append(
                    f"{name}: units differ by {one.spread:.2g} about {one.value:.2g}; the diagram is that of "
                    "equal units"
                )
        pull = math.sqrt(sparse.p.value * found.rbm.n_visible) * sparse.m / 2
        if sparse.m > 0 and abs(sparse.theta.value) > TOLERANCE * pull:
            seen_by_one = sparse.p.value * found.rbm.n_visible
            told.append(
                f"size: a hidden unit sees p N = {seen_by_one:.3g} visible units, and "
                f"the threshold takes {abs(sparse.theta.value) / pull:.0%} of the field on a strong one; in "
                "the theory p N is infinite, and it takes none"
            )
        if found.phase == "paramagnet" and sparse.T.value > 0:
            told.append(
                f"temperature: T = {sparse.T.value:.2g} is not cold, and the diagram is that of T = 0"
            )
    if sparse is not None and seen is not None:
        if seen.phase != found.phase:
            told.append(
                f"hidden units: given the data they look {seen.phase}, the diagram says {found.phase}"
            )
        elif found.phase == "compositional":
            l, error = seen.L.value * sparse.p.value, seen.L.error * sparse.p.value
            if _differs(l, error, sparse.l):
                told.append(f"l = L p: {l:.2g} given the data, {sparse.l:.2g} by theory")
        if not math.isnan(sparse.q) and _differs(seen.q.value, seen.q.error, sparse.q):
            told.append(f"activity: {seen.q.value:.2g} in the data, {sparse.q:.2g} by theory")
    if found.spectral is not None and found.spectrum is not None and found.spectrum.distance > 0.1:
        told.append(
            f"noise: the singular values of the bulk are {found.spectrum.distance:.2g} away from "
            "Marchenko-Pastur; part of them is structure, too weak to stand out"
        )
    return told


def advice(found: Found) -> list[str]:
    """What to try, if another phase is wanted."""
    usual = {
        "compositional": "a few features compose each sample: nothing to change",
        "ferromagnetic": "prototypes, one at a time: sparser weights (--l1-squared) or a larger g compose"
        " samples of several",
        "spin glass": "no unit is strongly active: higher thresholds, fewer hidden units, or longer training",
        "paramagnet": "weights are too small for their temperature: train longer, or with a larger rate",
        "ferromagnet": "the samples follow the condensed modes: nothing to change",
    }
    if found.spectral is not None and sum(found.spectral.condensed) < len(found.spectral.condensed):
        usual["ferromagnet"] = (
            "the samples follow the condensed modes alone; the others are learned, but weaker: train longer"
        )
    if found.diagram == "spectral-rbm":
        usual["spin glass"] = (
            "the noise in the weights freezes the machine: try --weight-decay, or train longer"
        )
    told = [usual[found.phase]] if found.phase in usual else []
    if found.phase is None:
        cold = " at T = 0" if found.rbm.T == 0 else ""
        told.append(
            f"no diagram for these units{cold}: compare L and the singular values with those of other "
            "machines"
        )
    if any(sentence.startswith("size") for sentence in disagreements(found)):
        told.append("the theory is for a larger p N: trust what the data show (--data) before it")
    if found.certainty < 0.9:
        told.append("the machine is close to a phase boundary: errors of its parameters reach across")
    if found.observed is None:
        told.append(
            "give the data too (--data): then the activity of the hidden units is compared with theory"
        )
    return told
