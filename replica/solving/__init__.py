"""Solvers, continuation, and the location of special points; none of them knows a theory."""

from replica.solving.codimension_two import Kind, SpecialPoint
from replica.solving.continuation import Stepping, Stop, Trace, trace
from replica.solving.locate import Located, critical, find, locate
from replica.solving.minimise import minimise, profile
from replica.solving.polish import Precise, polish, quick_digits
from replica.solving.search import search, solve
from replica.solving.solution import Solution, Status
from replica.solving.solvers import FixedPoint, Newton, Solver

__all__ = [
    "FixedPoint",
    "Kind",
    "Located",
    "Newton",
    "Precise",
    "Solution",
    "Solver",
    "SpecialPoint",
    "Status",
    "Stepping",
    "Stop",
    "Trace",
    "critical",
    "find",
    "locate",
    "minimise",
    "polish",
    "profile",
    "quick_digits",
    "search",
    "solve",
    "trace",
]
