"""Machines and their data, as several verbs read, describe and show them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from replica.errors import ParameterError

if TYPE_CHECKING:
    from replica.machines.models.rbm import RBM
    from replica.typing import Array

__all__ = ["describe", "image_shape", "read_samples", "warn"]


def describe(rbm: RBM) -> str:
    """A machine in words: numbers and names of its units."""
    return f"{rbm.n_visible} {rbm.visible.name} visible, {rbm.n_hidden} {rbm.hidden.name} hidden units"


def read_samples(
    source: str | None, rbm: RBM, threshold: float | None, key: str | None, drop: Sequence[str] = ()
) -> Array | None:
    """Samples of data for the visible units of a machine, shape (samples, n_visible); None without data."""
    from replica.machines.data.loading import load_data

    if source is None:
        return None
    values = load_data(source, rbm.visible, threshold=threshold, key=key, drop=drop).values
    if values.shape[1] != rbm.n_visible:
        message = f"{source} has {values.shape[1]} columns, the machine {rbm.n_visible} visible units"
        raise ParameterError(message)
    return values


def warn(doubt: str) -> None:
    """Say what is doubtful about a machine, on stderr."""
    if doubt:
        click.echo(f"Warning: {doubt}", err=True)


def image_shape(path: str, count: int) -> tuple[int, int]:
    """Height and width of a sample: those of the data, or a square if there is one, or a row."""
    from replica.machines.training.files import kept_with

    shape = kept_with(path).get("image")
    if shape and shape[0] * shape[1] == count:
        return int(shape[0]), int(shape[1])
    side = math.isqrt(count)
    return (side, side) if side * side == count else (1, count)
