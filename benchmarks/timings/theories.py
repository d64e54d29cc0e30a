"""Points, traces, lines and diagrams of theories."""

from bench_sweep import crystal, grid

from phase_diagrams.catalogue import hopfield
from phase_diagrams.sweeping import sweep
from phase_diagrams.tracing.lines import boundary_line
from replica.solving import critical, solve, trace
from replica.theories import BlumeCapel, Hopfield, RandomRBM


class Points:
    """Single points and batches."""

    def time_solve_hopfield(self) -> None:
        """One point, as a person asks for it."""
        solve(Hopfield(alpha=0.05, T=0.2), "retrieval")

    def time_solve_hopfield_grid(self) -> None:
        """10,000 points in one batch."""
        sweep(Hopfield, grid(10_000), branch="retrieval")

    def peakmem_solve_hopfield_grid(self) -> None:
        """What the same batch takes."""
        sweep(Hopfield, grid(10_000), branch="retrieval")

    def time_solve_random_rbm(self) -> None:
        """Units without closed forms, a differenced Jacobian."""
        solve(RandomRBM("bernoulli:g=-0.21", "relu:theta=1.5", alpha=0.5, T=0.02, l=0.38))

    def peakmem_sweep_blume_capel(self) -> None:
        """160,000 points of all phases."""
        sweep(BlumeCapel, crystal(400))


class Curves:
    """Traces, boundaries, and one published figure."""

    timeout = 300

    def time_trace_fold(self) -> None:
        """A branch up to its fold."""
        trace(Hopfield(alpha=0.01, T=0.0), "alpha", 0.2, branch="retrieval")

    def time_capacity(self) -> None:
        """A fold to all its digits."""
        critical(Hopfield(alpha=0.0, T=0.3))

    def time_diagram_column(self) -> None:
        """A first-order line at five loads."""
        boundary_line(Hopfield(alpha=0.1), "first-order", "alpha", "T", at=[0.01, 0.02, 0.03, 0.04, 0.05])

    def time_diagram_hopfield(self) -> None:
        """The diagram of AGS with four lines, coarsely."""
        hopfield.build(step=0.04)
