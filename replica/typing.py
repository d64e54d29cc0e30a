"""Types of numbers and arrays, for signatures; shapes and units are told by each function."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Booleans", "Floats", "Integers", "Number", "Numbers", "Spins"]

Array: TypeAlias = NDArray[np.float64]
"""Double precision, any shape; NumPy's scalar for the result of one point."""

Floats: TypeAlias = NDArray[np.floating[Any]]
"""Single or double precision: the working arrays of samplers and of training, and what LAPACK gives back."""

Numbers: TypeAlias = NDArray[Any]
"""An array of double precision, or of mpmath numbers as objects: order parameters, above all."""

Number: TypeAlias = Any
"""What formulas take and give: a float, an `Array` that broadcasts, an mpmath number, an array of those."""

Booleans: TypeAlias = NDArray[np.bool_]
"""Answers to a question about every point; NumPy's scalar for one point."""

Integers: TypeAlias = NDArray[np.int64]
"""Whole numbers, any shape."""

Spins: TypeAlias = NDArray[np.int8]
"""Spins -1 and +1, one byte each."""
