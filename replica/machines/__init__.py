"""Models at finite size: enumerated, sampled, trained, measured; none of them knows a theory."""

from __future__ import annotations

from typing import Any

__all__ = ["RBMTransformer"]


def __getattr__(name: str) -> Any:
    """Load the estimator, and scikit-learn with it, when it is first used."""
    if name != "RBMTransformer":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from replica.machines.training.estimator import RBMTransformer

    return RBMTransformer


def __dir__() -> list[str]:
    return __all__
