# %% [markdown]
# # The Hopfield network, from signal-to-noise to the AGS diagram
#
# A network of N neurons stores alpha N random patterns. How many is too many? First a guess that needs a pencil only,
# then the saddle-point equations of Amit, Gutfreund and Sompolinsky (1985, 1987), then their phase diagram.

# %% [markdown]
# ## Signal and noise
#
# In the state of a stored pattern the field on a neuron has the signal 1 and, from the other patterns, a Gaussian noise of
# variance alpha. A neuron is wrong where the noise is larger than the signal.

# %%
import numpy as np
from scipy.special import ndtr

loads = np.array([0.05, 0.1, 0.138])
for load in loads:
    print(f"alpha = {load}: {ndtr(-1 / np.sqrt(load)):.2e} of the neurons are wrong after one step")

# %% [markdown]
# That is the first step only: wrong neurons add to the noise of others. The stationary state is where noise and errors
# agree with each other, and that is what the replica calculation gives.

# %%
from replica import Hopfield, critical, search, solve

solve(Hopfield(alpha=0.1, T=0.0), "retrieval")

# %% [markdown]
# ## The capacity
#
# The retrieval state ends in a fold. The uncertainty of its load is in brackets.

# %%
capacity = critical(Hopfield(alpha=0.1, T=0.0))
capacity

# %%
found = Hopfield(alpha=0.0, T=0.0).curve("m", alpha=(0, 0.15))
found.diagram()

# %% [markdown]
# The stable part meets an unstable one in the fold, at an overlap that is far from zero: retrieval fails all at once.

# %% [markdown]
# ## Several states at one point
#
# At a finite temperature the glass competes. The state of lowest free energy is the equilibrium one; the other is
# metastable.

# %%
for state in search(Hopfield(alpha=0.03, T=0.3)):
    print(f"{state.branch:10}  m = {state['m']:.6f}  f = {state.free_energy:.9f}")

# %% [markdown]
# ## The diagram
#
# Lines are traced in load and temperature: T_g where the paramagnet freezes, T_M where the retrieval states end. The
# capacity at T = 0 is not the largest load: the line bends back.

# %%
from phase_diagrams import Axis, PhaseDiagram, boundary_line

network = Hopfield(alpha=0.1, T=0.5)
lines = [boundary_line(network, name, "alpha", "T", step=0.1) for name in ("glass", "spinodal")]
axes = Axis("alpha", r"load $\alpha$", limits=(0, 0.16)), Axis("T", "temperature $T$", limits=(0, 1.5))
PhaseDiagram("ags", "Hopfield network", axes, tuple(lines), (), (), {})

# %% [markdown]
# All four lines and the re-entrant corner take a minute: `replica figure hopfield` ([gallery](../gallery.md)).

# %% [markdown]
# ## Exercises
#
# **1.** Which fraction of the neurons is wrong at the capacity, at T = 0? The overlap m is 1 minus twice that fraction.
# Compare with the guess from signal and noise, 0.0035.

# %% tags=["solution"]
wrong = (1 - capacity.order["m"]) / 2
print(f"{wrong:.4f}")
assert 0.016 < wrong < 0.017  # five times the guess

# %% [markdown]
# **2.** T_g = 1 + sqrt(alpha). Check that at alpha = 0.04 the line found above passes through it.

# %% tags=["solution"]
glass = lines[0]
x, y = np.array(glass.x), np.array(glass.y)
print(f"largest deviation {np.nanmax(np.abs(y - 1 - np.sqrt(x))):.1e}")
assert np.nanmax(np.abs(y - 1 - np.sqrt(x))) < 1e-8

# %% [markdown]
# **3.** Is replica symmetry stable in the retrieval state at alpha = 0.1 and T = 0.0005? And at T = 0.1?

# %% tags=["solution"]
signs = [bool(solve(Hopfield(alpha=0.1, T=T), "retrieval").replicon > 0) for T in (0.0005, 0.1)]
print(signs)
assert signs == [False, True]
