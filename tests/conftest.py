"""What every test may rely on: a fixed number of examples for properties, and mpmath as it was found."""

from collections.abc import Iterator

import mpmath
import pytest
from hypothesis import settings

settings.register_profile("steady", max_examples=60, deadline=None, derandomize=True, database=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def precision_is_restored() -> Iterator[None]:
    """No test and no function of the package leaves another working precision behind."""
    before = mpmath.mp.prec
    yield
    after, mpmath.mp.prec = mpmath.mp.prec, before
    assert after == before, f"mpmath was left at {after} bits"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process per diagram: what a test of the catalogue has computed, the others of that diagram use."""
    for item in items:
        name = getattr(item, "callspec", None) and item.callspec.params.get("name")
        if item.path.name == "test_catalogue.py" and isinstance(name, str):
            item.add_marker(pytest.mark.xdist_group(name))
