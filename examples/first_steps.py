"""First steps: one state, one capacity with many digits, a grid in one call, and a re-entrant line.

Run ``python examples/first_steps.py``; the same lines are in the README, with what they print.
"""

import numpy as np

from phase_diagrams import boundary_line
from replica import Hopfield, critical, polish, search, solve

# one state of a Hopfield network at load 0.05 and temperature 0.2
state = solve(Hopfield(alpha=0.05, T=0.2), "retrieval")
print(f"m = {state['m']:.9f}, f = {state.free_energy:.9f}, {state.outcome.value}")

# every state that exists there
for found in search(Hopfield(alpha=0.05, T=0.2)):
    print(f"{found.branch}: f = {found.free_energy:.9f}, replicon = {found.replicon:+.6f}")

# the storage capacity at T = 0, and its first 40 digits
capacity = critical(Hopfield(alpha=0.1, T=0.0))
print(f"alpha_c = {capacity.value:.{capacity.digits}f}, m = {capacity.order['m']:.6f}")
print(polish(capacity, 40).value)

# ten thousand points in one call; a point without a retrieval state is NaN and has its own status
alpha, T = np.meshgrid(np.linspace(0.001, 0.15, 100), np.linspace(0.01, 1.2, 100))
grid = solve(Hopfield(alpha=alpha, T=T), "retrieval")
print(f"{grid.success.sum()} of {grid.success.size} points have a retrieval state")

# the spinodal as a curve: it bends back, so that alpha has a maximum at T > 0
line = boundary_line(Hopfield(alpha=0.1), "spinodal", "alpha", "T")
for point in line.points:
    print(f"{point.kind.value} at alpha = {point.x:.9f}, T = {point.y:.9f}")
