"""Laws of pattern entries: moments, tilts, joint laws, half of the nodes, and what is refused."""

from typing import Any

import mpmath
import numpy as np
import pytest

from replica.errors import ParameterError, UnknownNameError
from replica.functional.laws import LAWS, Law, joint, law, settings
from replica.units import Bernoulli, Spin

CASES: dict[str, tuple[str, dict[str, Any], tuple[float, ...], float, bool]] = {
    # name, settings, E w ... E w^4, norm, even
    "one": ("one", {}, (1, 1, 1, 1), 1, False),
    "sign": ("sign", {}, (0, 1, 0, 1), 1, True),
    "two-point": ("two-point", {"a": 0.1}, (0, 0.09, 0.072, 0.0657), 1, False),
    "scaled": ("two-point", {"a": 0.1, "scale": 0.3}, (0, 1, 0.072 / 0.027, 0.0657 / 0.0081), 1, False),
    "gaussian": ("gaussian", {}, (0, 1, 0, 3), 1, True),
    "laplace": ("laplace", {}, (0, 1, 0, 6), 1, True),
    "sparse": ("sparse", {"p": 0.2}, (0, 1, 0, 5), 1, True),
    "skellam": ("skellam", {"l": 0.7}, (0, 0.7, 0, 0.7 + 3 * 0.49), 0.7, True),
    "trinomial": ("trinomial", {"p": 0.3, "L": 2}, (0, 0.6, 0, 0.6 + 6 * 0.09), 0.6, True),
    "signs": ("signs", {"n": 3}, (0, 3, 0, 21), 3, True),
    "table": ("table", {"values": [-2, 0, 1], "weights": [0.2, 0.4, 0.4]}, (0, 1.2, -1.2, 3.6), 1, False),
    "even table": ("table", {"values": [1, -1, 0], "weights": [0.2, 0.2, 0.6]}, (0, 0.4, 0, 0.4), 1, True),
}
every_law = pytest.mark.parametrize("case", CASES)


def moments(one: Law) -> list[Any]:
    (u,), (v,), p = one.shift, one.variance, one.weight
    return [np.sum(f * p, axis=-1) for f in (u, u**2 + v, u**3 + 3 * u * v, u**4 + 6 * u**2 * v + 3 * v**2)]


@every_law
def test_a_law_has_its_moments_and_its_norm(case: str) -> None:
    name, given, expected, norm, even = CASES[case]
    one = law(name, **given)
    assert np.sum(one.weight) == pytest.approx(1, abs=1e-14)
    assert moments(one) == pytest.approx(expected, rel=1e-12, abs=1e-13)
    assert one.norm[0] == pytest.approx(norm, rel=1e-15)
    assert one.even == even
    assert np.array_equal(np.sign(one.shift[0]), one.side[0])
    # E[w^2]/norm through the tilts, as an order parameter reads them
    assert np.sum(one.tilt[0] * one.shift[0] + one.spread[0]) == pytest.approx(expected[1] / norm, rel=1e-12)


@every_law
def test_a_law_is_the_same_in_mpmath(case: str) -> None:
    name, given, expected, _, _ = CASES[case]
    with mpmath.workdps(30):
        precise = law(name, like=mpmath.mpf(1), **given)
        assert precise.weight.dtype == object
        assert abs(np.sum(precise.weight) - 1) < mpmath.mpf(10) ** -28
        assert [float(one) for one in moments(precise)] == pytest.approx(expected, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize(
    ("name", "given"), [("two-point", {"a": 0.2}), ("sparse", {"p": 0.3}), ("skellam", {"l": 0.5})]
)
def test_a_batch_is_a_loop(name: str, given: dict[str, float]) -> None:
    ((key, value),) = given.items()
    values = np.array([value, 2 * value, value / 3])
    together = law(name, **{key: values})
    for i, single in enumerate(values):
        assert [one[i] for one in moments(together)] == pytest.approx(
            moments(law(name, **{key: single})), rel=1e-13
        )


def test_an_order_parameter_does_not_need_the_sparsity_to_be_positive() -> None:
    """E[W <s>]/l at l = 0 is the limit: m = (<s>(+1) - <s>(-1))/2 in the field of one weight."""
    (tilt,) = law("skellam", l=0.0).tilt
    small, none = law("skellam", l=1e-6), law("skellam", l=0.0)
    answer = np.tanh(0.7 * none.shift[0])
    assert np.sum(tilt * answer) == pytest.approx(np.tanh(0.7), abs=1e-15)
    ratio = np.sum(small.weight * small.shift[0] * np.tanh(0.7 * small.shift[0])) / 1e-6
    assert ratio == pytest.approx(np.tanh(0.7), abs=1e-6)


def test_a_mixture_of_signs_is_the_sum_of_joined_signs() -> None:
    """Three patterns with one strength, and one pattern that is the sum of three signs."""
    three, summed = joint([law("sign")] * 3), law("signs", n=3)
    field = 0.4 * sum(three.shift)
    assert np.sum(three.tilt[1] * np.tanh(field)) == pytest.approx(
        np.sum(summed.tilt[0] * np.tanh(0.4 * summed.shift[0])), abs=1e-15
    )


@pytest.mark.parametrize(
    "names", [("sign",), ("sign", "sparse"), ("sign", "laplace"), ("skellam", "sign", "gaussian")]
)
def test_half_of_the_nodes_do_for_a_symmetric_unit(names: tuple[str, ...]) -> None:
    given = {"sparse": {"p": 0.3}, "skellam": {"l": 0.6}}
    laws = [law(name, modes=len(names), **given.get(name, {})) for name in names]
    whole, half = joint(laws), joint(laws, fold=True)
    assert half.weight.shape[-1] <= (whole.weight.shape[-1] + 3) // 2 or "laplace" in names
    assert whole.even
    assert not half.even
    c = [0.9, 0.5, 0.3][: len(names)]

    def read(one: Law, unit: Any) -> list[float]:
        loc = sum(a * u for a, u in zip(c, one.shift, strict=True))
        variance = 0.2 + sum(a**2 * v for a, v in zip(c, one.variance, strict=True))
        found = unit.averages(loc, np.sqrt(variance), 0.0, 0.3)
        answers = [
            np.sum(tilt * found.mean) + a * np.sum(spread * found.response)
            for a, tilt, spread in zip(c, one.tilt, one.spread, strict=True)
        ]
        return [*answers, np.sum(one.weight * found.square), np.sum(one.weight * found.free_energy)]

    assert read(whole, Spin()) == pytest.approx(read(half, Spin()), abs=1e-14)
    assert read(whole, Bernoulli(g=0.1)) != pytest.approx(read(half, Bernoulli(g=0.1)), abs=1e-3)


def test_uneven_laws_keep_all_nodes() -> None:
    both = [law("sign"), law("two-point", a=0.2)]
    assert joint(both, fold=True).weight.size == joint(both).weight.size == 4
    assert joint([], fold=True).weight.tolist() == [1.0]


def test_partial_integration_of_gaussian_entries() -> None:
    """E[w f(c w)] of a Laplace variable, by the law and by a direct integral."""
    one, c = law("laplace"), 0.8
    answer = Spin().averages(0 * one.shift[0], c * np.sqrt(one.variance[0]), 0.0, 0.5)
    found = np.sum(one.tilt[0] * answer.mean) + c * np.sum(one.spread[0] * answer.response)
    root2 = mpmath.sqrt(2)
    direct = mpmath.quad(
        lambda w: w * mpmath.tanh(c * w / 0.5) * root2 * mpmath.exp(-root2 * w), [0, 1, 5, 40]
    )
    assert found == pytest.approx(float(direct), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("laplac", {}, "unknown law 'laplac'; did you mean 'laplace'"),
        ("sign", {"p": 0.1}, "law sign: it has no settings, so leave out p"),
        ("two-point", {}, "law two-point: give a"),
        (
            "two-point",
            {"a": 0.1, "skale": 1},
            "unknown setting of the law two-point 'skale'; did you mean 'scale'",
        ),
        ("two-point", {"a": 1.2}, r"law two-point: a = 1.2 must lie in \[0, 1\]"),
        ("sparse", {"p": 0.0}, r"law sparse: p = 0 must lie in \(0, 1\]"),
        ("skellam", {"l": -1.0}, r"law skellam: l = -1 must lie in \[0, inf\)"),
        ("trinomial", {"p": 0.5, "L": 1.5}, "law trinomial: L = 1.5 must be a whole number, at least 1"),
        ("signs", {"n": 0}, "law signs: n = 0 must be a whole number"),
        ("table", {"values": [1, 2], "weights": [1.0]}, "2 values and 1 weights"),
        ("table", {"values": [1, 2], "weights": [0.5, 0.6]}, "with the sum 1, not 1.1"),
    ],
)
def test_what_is_no_law_is_refused_in_a_sentence(name: str, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ParameterError, UnknownNameError), match=sentence):
        law(name, **given)


@pytest.mark.parametrize("name", LAWS)
def test_every_law_says_what_it_is_and_what_it_needs(name: str) -> None:
    assert LAWS[name].__doc__
    needed = {key for key, must in settings(name).items() if must}
    if needed:
        with pytest.raises(
            ParameterError, match=" and ".join(sorted(needed, key=list(settings(name)).index))
        ):
            law(name)
    else:
        assert law(name).patterns == 1


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("two-point", {"a": 1.1}),
        ("sparse", {"p": 1.1}),
        ("skellam", {"l": -0.1}),
        ("trinomial", {"p": -0.1, "L": 2}),
    ],
)
def test_beyond_their_range_laws_are_refused_or_unknown(name: str, given: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="must lie in"):
        law(name, **given)
    assert np.all(np.isnan(law(name, strict=False, **given).weight))
    assert np.all(np.isnan(joint([law(name, strict=False, **given), law("sign")]).weight))
