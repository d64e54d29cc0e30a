"""Certified numbers: balls, Krawczyk's test, and the checker that shares no code with it."""

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import mpmath
import numpy as np
import pytest

from replica import verify
from replica.errors import ParameterError
from replica.numerics import balls
from replica.numerics.functions import H, erf, exact, log2cosh, pdf, stack, tanh
from replica.numerics.spins import spin_averages
from replica.solving import critical, locate, polish, solve
from replica.solving.certify import CertificateError, certify
from replica.theories import THEORIES, Hopfield
from replica.theory import Branch, Theory, Value, parameter

flint = pytest.importorskip("flint")

SK = THEORIES["sherrington-kirkpatrick"]
POINTS = {
    "fold at T = 0": (lambda: critical(Hopfield(alpha=0.0, T=0.0)), 50),
    "fold at T > 0": (lambda: critical(Hopfield(alpha=0.0, T=0.3)), 18),
    "retrieval": (lambda: solve(Hopfield(alpha=0.05, T=0.2)), 30),
    "glass": (lambda: solve(Hopfield(alpha=0.1, T=0.0), "glass"), 40),
    "coexistence": (lambda: locate(Hopfield(alpha=0.05, T=0.0), "first-order", "alpha"), 30),
    "spin glass": (lambda: solve(SK(T=0.5, h=0.5)), 20),
}


def contains(claim: str, digits: str) -> bool:
    """Whether an enclosure contains a number of 60 digits."""
    middle, _, error = claim.partition(" +/- ")
    with mpmath.workdps(80):
        return abs(mpmath.mpf(middle) - mpmath.mpf(digits)) <= mpmath.mpf(error)


@pytest.fixture(scope="module")
def certified():
    found = {}

    def of(name):
        if name not in found:
            point, digits = POINTS[name]
            found[name] = point(), certify(point(), digits)
        return found[name]

    return of


@pytest.mark.parametrize("name", ["fold at T = 0", "glass", "coexistence"])
def test_an_enclosure_contains_sixty_digits(certified, name):
    point, certificate = certified(name)
    precise = polish(point, 60)
    told = precise.order | ({point.parameter: precise.value} if precise.value else {})
    told["free energy"] = precise.measures["free_energy"]
    assert set(told) <= set(certificate.claim)
    assert all(contains(certificate.claim[name], digits) for name, digits in told.items())


def test_a_capacity_at_a_temperature(certified):
    """Within what was found with other nodes and other bounds: 0.103329782579058885 +- 1.2e-19."""
    middle, _, error = certified("fold at T > 0")[1].claim["alpha"].partition(" +/- ")
    assert abs(mpmath.mpf(middle) - mpmath.mpf("0.103329782579058885")) < mpmath.mpf("1.2e-19") + mpmath.mpf(
        error
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fold at T > 0", "retrieval", "spin glass"])
def test_an_enclosure_at_a_temperature_contains_thirty_digits(certified, name):
    point, certificate = certified(name)
    precise = polish(point, 32)
    told = precise.order | ({point.parameter: precise.value} if precise.value else {})
    ours = {name: claim for name, claim in certificate.claim.items() if name in told}
    assert len(ours) >= 3
    for name, claim in ours.items():
        middle, _, error = claim.partition(" +/- ")
        with mpmath.workdps(50):
            assert abs(mpmath.mpf(middle) - mpmath.mpf(told[name])) <= mpmath.mpf(error) + mpmath.mpf("1e-31")


def test_the_capacity_to_fifty_digits(certified):
    claim = certified("fold at T = 0")[1].claim["alpha"]
    assert contains(claim, "0.137905566494931737843636123218124356119701421853740000000000")
    assert float(claim.partition("+/- ")[2]) < 1e-50


@pytest.mark.parametrize("name", list(POINTS))
def test_the_checker_confirms(certified, name):
    told = json.loads(certified(name)[1].to_json())
    assert verify.check(told) == told["claim"]


def altered(text: str, place: int) -> str:
    return text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]


@pytest.mark.parametrize("name", list(POINTS))
def test_the_checker_refuses_what_is_altered(certified, name):
    whole = certified(name)[1].to_json()
    for change in ("digit", "parameter", "claim", "system"):
        told = json.loads(whole)
        if change == "digit":
            told["midpoint"][0 if told["midpoint"][0] != "0" else 1] = altered(
                told["midpoint"][0 if told["midpoint"][0] != "0" else 1], 14
            )
        elif change == "parameter":
            key = next(iter(told["parameters"]))
            told["parameters"][key] = str(float(told["parameters"][key]) + 0.1)
        elif change == "claim":
            key = next(key for key, text in told["claim"].items() if not text.startswith(("0 ", "1.000")))
            told["claim"][key] = altered(told["claim"][key], 12)
        else:
            told["theory"] = {"hopfield": "sherrington-kirkpatrick"}.get(told["theory"], "hopfield")
        with pytest.raises(verify.Refusal):
            verify.check(told)


def test_an_altered_sign_in_update_is_refused():
    @dataclass(frozen=True)
    class Altered(Hopfield):
        name: ClassVar[str] = "hopfield"

        def crosstalk(self, x):
            _, C = x
            return self.alpha * (1 + self.T * C) / (1 - C) ** 2

    told = json.loads(certify(solve(Altered(alpha=0.05, T=0.2)), 10).to_json())
    with pytest.raises(verify.Refusal, match="not confirmed"):
        verify.check(told)


def test_half_a_box_keeps_the_verdict(certified):
    told = json.loads(certified("fold at T = 0")[1].to_json())
    told["radius"] = [str(mpmath.mpf(radius) / 2) for radius in told["radius"]]
    assert verify.check(told)


def test_the_checker_runs_alone(certified, tmp_path):
    file = tmp_path / "alpha_c.cert.json"
    file.write_text(certified("fold at T = 0")[1].to_json())
    source = Path(verify.__file__).read_text()
    assert "import replica" not in source
    assert "from replica" not in source
    script = tmp_path / "check.py"
    script.write_text(source)
    ran = subprocess.run(
        [sys.executable, "-I", str(script), str(file)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("hopfield at T = 0: fold\n")
    assert ran.stdout.endswith("confirmed: these equations have exactly one solution in this box\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "no certificate"),
        ("[1]", "no certificate"),
        ("{", "Expecting"),
        ('{"format": "replica-certificate-1", "theory": "none"}', "not written here"),
        ('{"format": "replica-certificate-1", "theory": "hopfield"}', "cannot be read"),
    ],
)
def test_what_is_no_certificate_is_refused(tmp_path, text, why):
    file = tmp_path / "c.json"
    file.write_text(text)
    with pytest.raises(verify.Refusal, match=why):
        verify.confirmed(str(file))


def test_the_width_of_a_test_of_stability():
    point = critical(SK(T=0.5, h=0.5))
    claim = certify(point, 15).claim["T"]
    assert claim.startswith("0.535104943115384 ")


# -- jets -----------------------------------------------------------------------------------------------

FUNCTIONS = {
    "tanh": tanh,
    "erf": erf,
    "pdf": pdf,
    "log2cosh": log2cosh,
    "H0": lambda x: H(0, x),
    "H1": lambda x: H(1, x),
    "H2": lambda x: H(2, x),
    "power": lambda x: x**3 / (2 - x) + 3 / x**2,
    "root": lambda x: (x * x) ** 0.5 + 2 ** (x / 3),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_of_functions(name):
    f = FUNCTIONS[name]
    for at in ("0.7", "-0.4", "1.3"):
        with balls.working(40):
            (x,) = balls.unknowns([balls.constant(at)])
            jet = f(x)
            told = [jet.value, jet.gradient[0], jet.curvature[0][0]]
            texts = [one.mid().str(30, radius=False) for one in told]
        with mpmath.workdps(60):
            for order, text in enumerate(texts):
                truth = mpmath.diff(f, mpmath.mpf(at), order)
                assert abs(mpmath.mpf(text) - truth) < mpmath.mpf("1e-18") * (1 + abs(truth))


SAMPLES = {
    "hopfield": (Hopfield(alpha=0.1, T=0.0), (0.9, 0.2)),
    "hopfield at T > 0": (Hopfield(alpha=0.1, T=0.4), (0.8, 0.3)),
    "sherrington-kirkpatrick": (SK(T=0.6, J0=0.5, h=0.25), (0.4, 0.7)),
    "curie-weiss": (THEORIES["curie-weiss"](T=0.5, h=0.1), (0.7,)),
    "mixtures": (THEORIES["mixtures"](T=0.3, n=3), (0.45,)),
    "blume-capel": (THEORIES["blume-capel"](T=0.3, D=0.25), (0.9,)),
    "compositional": (
        THEORIES["compositional"](alpha=0.02, theta=0.0, g=-0.2, l=1.0),
        (0.9, 0.3, 0.6),
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_jets_are_the_differences_of_mpmath(name):
    """Gradient and Hessian of `update` at a random point near a typical one."""
    theory, near = SAMPLES[name]
    dice = random.Random(name)
    at = [round(value * dice.uniform(0.9, 1.1), 6) for value in near]
    n = len(at)
    with balls.working(40):
        jets = theory.exact().update(balls.unknowns([balls.constant(v) for v in at]))
        gradient = [[float(g) for g in one.gradient] for one in jets]
        hessian = [[[float(h) for h in row] for row in one.curvature] for one in jets]
    with mpmath.workdps(40):
        exactly, x = theory.exact(), np.array([mpmath.mpf(repr(v)) for v in at], dtype=object)
        step = mpmath.mpf("1e-8")

        def moved(*where):
            y = x.copy()
            for i, sign in where:
                y[i] = y[i] + sign * step
            return exactly.update(y)

        for j in range(n):
            slope = (moved((j, 1)) - moved((j, -1))) / (2 * step)
            for i in range(n):
                assert gradient[i][j] == pytest.approx(float(slope[i]), rel=1e-10, abs=1e-12)
            for k in range(j + 1):
                mixed = moved((j, 1), (k, 1)) - moved((j, 1), (k, -1)) - moved((j, -1), (k, 1))
                mixed = (mixed + moved((j, -1), (k, -1))) / (4 * step * step)
                for i in range(n):
                    assert hessian[i][j][k] == pytest.approx(float(mixed[i]), rel=1e-9, abs=1e-10)


def test_the_error_of_an_average_is_not_too_small():
    """Few digits are a wide rule: what it claims must hold, and not by a miracle."""
    with balls.working(60):
        truth = spin_averages(exact(0.9), exact(0.4), exact(0.2))
        truths = [truth.tanh, truth.susceptibility, truth.log2cosh, truth.entropy, truth.susceptibility_2]
        for digits in (8, 12, 20):
            flint.ctx.dps = digits
            rough = spin_averages(exact(0.9), exact(0.4), exact(0.2))
            found = [rough.tanh, rough.susceptibility, rough.log2cosh, rough.entropy, rough.susceptibility_2]
            for one, other in zip(found, truths, strict=True):
                assert one.value.overlaps(other.value)
                assert float(one.value.rad()) < 10.0 ** (3 - digits)
            flint.ctx.dps = 60


def test_rounded_numbers_do_not_slip_in():
    with balls.working(30):
        x = balls.number(0.1)
        with pytest.raises(balls.BallError, match="rounded number"):
            (1 / 3) * x
        with pytest.raises(balls.BallError, match="mpmath"):
            x * mpmath.mpf(2)
        assert (10 * x - 1).value.contains(0)  # the decimal number, not the float
        assert not (10 * flint.arb(0.1) - 1).contains(0)
        (ball,) = balls.unknowns([flint.arb(0, 1e-20)])
        with pytest.raises(balls.BallError, match="not certain"):
            ball > 0  # noqa: B015


def test_a_number_with_few_digits_in_a_theory_is_refused():
    @dataclass(frozen=True)
    class Rounded(Theory):
        T: Value = parameter("temperature", "T", lower=0, open_lower=True, default=0.2)
        name: ClassVar[str] = "rounded"
        order: ClassVar[tuple[str, ...]] = ("m",)
        branches: ClassVar = {"up": Branch("m > 0", (1.0,))}

        def update(self, x):
            (m,) = x
            return stack(tanh((1 / 3) * m / self.T))

        def free_energy(self, x):
            (m,) = x
            return m**2 / 6 - self.T * log2cosh(m / 3 / self.T)

    with pytest.raises(CertificateError, match="rounded number"):
        certify(solve(Rounded()), 10)


NUMBERS = {
    "T_3": ("mixtures", {"T": 0.3, "n": 3}, "T", 40, "0.459794239877785425637184841545343302878793659305"),
    "thresholded": (
        "thresholded-hopfield",
        {"alpha": 0.0, "theta": 0.5},
        "alpha",
        40,
        "0.492768211208693556727353429792629341990417852458",
    ),
    # a float g = -0.2 gives ...78 in places 17 to 19
    "compositional": (
        "compositional",
        {"alpha": 0.0, "theta": 0.0, "g": -0.2, "l": 1.0},
        "alpha",
        40,
        "0.0226674198532016163797041999873557382826610758736",
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_are_known(name):
    theory, parameters, asked, digits, known = NUMBERS[name]
    claim = certify(critical(THEORIES[theory](**parameters)), digits).claim[asked]
    middle, _, error = claim.partition(" +/- ")
    with mpmath.workdps(60):
        assert abs(mpmath.mpf(middle) - mpmath.mpf(known)) < mpmath.mpf(error) + mpmath.mpf("1e-48")


def test_what_has_no_ball_says_which():
    with pytest.raises(CertificateError, match=r"replica\.functional\.laws has no ball"):
        certify(critical(THEORIES["semi-restricted"](alpha=0.1, T=0.0)), 10)
    with pytest.raises(CertificateError, match=r"mpmath number, .* \(.*spins\)"):
        certify(critical(THEORIES["hopfield-1rsb"](alpha=0.1, T=0.0)), 10)
    with pytest.raises(CertificateError, match="nodes: the field is too sharp"):
        certify(solve(Hopfield(alpha=0.05, T=1e-5)), 10)
    assert certify(solve(THEORIES["blume-capel"](T=0.3, D=0.1)), 20).claim["m"]


@pytest.mark.parametrize("digits", [0, 1001, 2.5])
def test_digits_out_of_range(digits):
    with pytest.raises(ParameterError, match="digits"):
        certify(solve(Hopfield(alpha=0.05, T=0.0)), digits)


THRESHOLDED, MIXTURES = THEORIES["thresholded-hopfield"], THEORIES["mixtures"]
CURIE_WEISS, BLUME_CAPEL = THEORIES["curie-weiss"], THEORIES["blume-capel"]
TWENTY = [
    lambda: critical(Hopfield(alpha=0.0, T=0.0)),
    lambda: locate(Hopfield(alpha=0.05, T=0.0), "first-order", "alpha"),
    *(lambda a=a: solve(Hopfield(alpha=a, T=0.0)) for a in (0.05, 0.1, 0.13)),
    *(lambda a=a: solve(Hopfield(alpha=a, T=0.0), "glass") for a in (0.05, 0.1)),
    *(lambda t=t: critical(THRESHOLDED(alpha=0.0, theta=t)) for t in (-0.5, 0.0, 0.5, 1.0)),
    *(lambda n=n: critical(MIXTURES(T=0.3, n=n)) for n in (3, 5, 7, 9)),
    *(lambda T=T: locate(CURIE_WEISS(T=T), "spinodal", "h") for T in (0.3, 0.5, 0.7)),
    *(lambda T=T: locate(BLUME_CAPEL(T=T, D=0.0), "first-order", "D") for T in (0.1, 0.2)),
    lambda: critical(THEORIES["compositional"](alpha=0.0, theta=0.0, g=-0.2, l=1.0)),
    lambda: solve(SK(T=0.0)),
]


@pytest.mark.slow
def test_twenty_constants_at_twenty_digits_within_a_minute():
    begin = time.process_time()
    for point in TWENTY:
        assert certify(point(), 20).digits == 20
    assert len(TWENTY) >= 20
    assert time.process_time() - begin < 60
