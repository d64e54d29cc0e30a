# %% [markdown]
# # Train a machine and find its phase
#
# Data with a known structure: samples of a small machine with one strong mode. A machine that is trained on them should
# end in the phase of the one that made them. Here the machine is small enough to be weighed exactly.

# %%
import numpy as np

from phase_diagrams import place
from replica.machines import Settings, exact, start, train

rng = np.random.default_rng(0)
pattern = np.sign(rng.standard_normal(40))
overlaps = rng.choice([-1.0, 1.0], size=(1500, 1))
noise = rng.random((1500, 40)) < 0.12
data = np.where(noise, -1, 1) * overlaps * pattern
print(data.shape, f"{np.mean(data * pattern * overlaps):.3f} of the pattern is left in a sample")

# %% [markdown]
# ## Training
#
# Spins on both sides; persistent contrastive divergence.

# %%
from replica.units import Spin

begin = start(data, Spin(), Spin(), 12, Settings(rate=0.1, seed=1))
trained = train(begin, data, 20)
values = np.linalg.svd(trained.rbm.weights, compute_uv=False)
print(f"singular values: {values[0]:.3f}, then {values[1]:.3f}, {values[2]:.3f}, ...")

# %% [markdown]
# One singular value has left the others: the machine has learned one mode. Its vector is the pattern:

# %%
u, _, _ = np.linalg.svd(trained.rbm.weights)
print(f"overlap of the first vector with the pattern: {abs(u[:, 0] @ pattern) / np.sqrt(40):.3f}")

# %% [markdown]
# ## Its phase
#
# `place` separates the mode from the noise and puts the machine on the phase diagram of the spectral RBM.

# %%
before, after = place(begin.rbm), place(trained.rbm)
print(f"before: {before.phase}")
print(f"after:  {after.phase}")

# %% [markdown]
# ## What it is worth
#
# With 12 hidden units ln Z is a sum over 4096 states, which can be done; elsewhere `replica likelihood` estimates it.

# %%
log_z = exact.log_partition(trained.rbm)
score = float(np.mean(-trained.rbm.visible_free_energy(data))) - log_z
print(f"mean log-likelihood {score:.3f}; independent units {-40 * np.log(2):.3f}")

# %% [markdown]
# ## Exercises
#
# **1.** Half of the samples show the pattern, half its negative. Which log-likelihood would the machine have that made the
# data: a fair choice of the sign, then each unit wrong with probability 0.12?

# %% tags=["solution"]
wrong = 0.12
entropy = -40 * (wrong * np.log(wrong) + (1 - wrong) * np.log(1 - wrong))
print(f"{-entropy - np.log(2):.3f}")
assert score < -entropy - np.log(2) + 0.5  # nobody beats the truth by more than the spread of the data

# %% [markdown]
# **2.** Train on samples without a pattern: noise of probability 1/2. Is there still a mode?

# %% tags=["solution"]
coins = rng.choice([-1.0, 1.0], size=(1500, 40))
other = train(start(coins, Spin(), Spin(), 12, Settings(rate=0.1, seed=1)), coins, 20)
top = np.linalg.svd(other.rbm.weights, compute_uv=False)
print(f"{top[0]:.3f}, {top[1]:.3f}; {place(other.rbm).phase}")
assert top[0] < 0.5 * values[0]

# %% [markdown]
# **3.** After how many epochs does the mode leave the noise? Train one epoch at a time, at a tenth of the rate.

# %% tags=["solution"]
training, epochs = start(data, Spin(), Spin(), 12, Settings(rate=0.01, seed=1)), 0
while np.linalg.svd(training.rbm.weights, compute_uv=False)[0] < 1:
    training, epochs = train(training, data, 1, monitor=False), epochs + 1
print(epochs)
assert 1 < epochs <= 30
