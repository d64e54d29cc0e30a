"""The registry of published constants, and the audit of it."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from console import replica
from reference import reference, references
from replica import literature
from replica.literature import Constant, constants
from replica.theories import THEORIES

READ = {"page", "abstract", "figure", "quoted", "memory"}


def test_the_registry_is_consistent():
    every = constants()
    assert len(every) >= 65
    assert len({one.name for one in every}) == len(every)
    for one in every:
        assert one.theory in THEORIES, one.name
        assert one.read in READ, one.name
        assert len(Decimal(one.value).normalize().as_tuple().digits) <= max(one.digits, 10), one.name
        assert one.ours or not one.command, one.name
        if one.ours and one.verdict() == "differs":
            assert one.note, one.name


def test_ours_is_that_of_the_tests():
    known = [one for one in constants() if one.agrees_with and one.ours]
    assert len(known) >= 20
    for one in known:
        own = reference(one.agrees_with)
        digits = min(own.digits, 9)
        assert float(one.ours) == pytest.approx(own.number, rel=10.0 ** (1 - digits), abs=1e-12), one.name


def test_what_agrees_does_and_what_is_cut_is_said():
    verdicts = {one.name: one.verdict() for one in constants()}
    assert verdicts["hopfield/alpha_c_T0/AGS85"] == "agrees"
    assert verdicts["hopfield/alpha_c_T0/SteffanKuehn94"] == "truncated"
    assert verdicts["hopfield/mixtures/T_3/AGS85a/text"] == "differs"
    assert verdicts["hopfield/alpha_c_1RSB_T0/CrisantiAmitGutfreund86"] == "differs"
    assert verdicts["hopfield/rigorous_lower_bound/Newman88"] == "not computed"
    agreed = [one for one in constants() if one.agrees_with and one.ours]
    assert all(one.verdict() in ("agrees", "truncated") for one in agreed)
    assert set(references("published/")) == {f"published/{name}" for name in verdicts}


@pytest.mark.parametrize(
    ("value", "digits", "ours", "verdict"),
    [
        ("0.138", 3, "0.1385", "agrees"),
        ("0.138", 3, "0.1389", "truncated"),
        ("0.138", 3, "0.1391", "differs"),
        ("0.138", 3, "0.1374", "differs"),
        ("-0.7652", 4, "-0.76526", "truncated"),
        ("0", 3, "0.0004", "agrees"),
        ("0.1", 1, "", "not computed"),
    ],
)
def test_verdicts(value, digits, ours, verdict):
    one = Constant(
        name="x", theory="hopfield", what="x", value=value, digits=digits, source="x", read="page", ours=ours
    )
    assert one.verdict() == verdict


def test_an_audit_in_json():
    told = json.loads(replica("audit mixtures --certify 20 --json").stdout)["constants"]
    levels = {one["what"]: (one["ours"], one["level"]) for one in told}
    assert levels["T_3"] == ("0.45979423987778542564", "certified")
    assert {one["verdict"] for one in told} == {"agrees", "differs"}


def test_a_number_of_ours_that_changed_is_exit_code_3(monkeypatch):
    altered = replace(constants("random-energy")[0], ours="0.60057")
    monkeypatch.setattr(literature, "constants", lambda name=None: (altered,))
    result = replica("audit random-energy")
    assert result.exit_code == 3
    assert "no longer what the registry has: REM/T_c/Derrida81" in result.stderr


def test_a_theory_without_constants_and_two_answers_are_usage_errors():
    assert replica("audit none").exit_code == 2
    assert replica("audit mixtures --json --markdown").exit_code == 2
