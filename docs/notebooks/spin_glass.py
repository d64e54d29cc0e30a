# %% [markdown]
# # The SK model: freezing, the AT line, and what comes after
#
# Spins with Gaussian couplings between all pairs. Sherrington and Kirkpatrick (1975) solved it with replica symmetry;
# de Almeida and Thouless (1978) found where that fails; Parisi (1979) found what to do instead.

# %%
import numpy as np

from replica import SherringtonKirkpatrick, solve

for T in (1.2, 0.8, 0.4):
    state = solve(SherringtonKirkpatrick(T=T), "glass", throw=False)
    print(
        f"T = {T}: {state.outcome.value}, q = {state['q']:.6f}, entropy = {state.entropy:.6f}, replicon = {state.replicon:+.4f}"
    )

# %% [markdown]
# Above T = 1 there is no glass. Below, the replicon is negative: the replica-symmetric glass is not stable. At low
# temperature its entropy is negative, which no system of spins can have:

# %%
cold = solve(SherringtonKirkpatrick(T=0.0), "glass")
print(f"energy {cold.energy:.9f} (-sqrt(2/pi) = {-np.sqrt(2 / np.pi):.9f}), entropy {cold.entropy:.6f}")

# %% [markdown]
# ## The line of de Almeida and Thouless
#
# In a field the spins are biased, and replica symmetry survives to a lower temperature: where the replicon is zero.

# %%
from replica import locate

for h in (0.1, 0.5, 1.0):
    point = locate(SherringtonKirkpatrick(T=0.5, h=h), "stability", "T")
    print(f"h = {h}: T_AT = {point.value:.9f}")

# %% [markdown]
# ## Breaking replica symmetry
#
# `broken(theory, k)` is the same model with k steps of breaking: a theory like any other. One step raises the energy and
# brings the entropy most of the way to zero; two steps do it again.

# %%
from replica.breaking import broken

one = solve(broken(SherringtonKirkpatrick, 1)(T=0.0))
print(f"energy with no step {cold.energy:.9f}")
print(f"energy with one step {one.free_energy:.9f}")
one

# %% [markdown]
# ## Exercises
#
# **1.** For a small field, 1 - T_AT is (3/4)^(1/3) h^(2/3). Check the power: from h = 0.001 to 0.002 the distance grows by
# 2^(2/3).

# %% tags=["solution"]
near = [1 - locate(SherringtonKirkpatrick(T=0.97, h=h), "stability", "T").value for h in (0.001, 0.002)]
print(f"power {np.log2(near[1] / near[0]):.4f}")
assert abs(np.log2(near[1] / near[0]) - 2 / 3) < 0.02

# %% [markdown]
# **2.** The entropy of the replica-symmetric state at T = 0 is -1/(2 pi). Check it.

# %% tags=["solution"]
print(f"{cold.entropy:.12f} {-1 / (2 * np.pi):.12f}")
assert abs(cold.entropy + 1 / (2 * np.pi)) < 1e-10

# %% [markdown]
# **3.** The true ground-state energy is -0.76321 (Parisi). How much of the error of replica symmetry does one step remove?

# %% tags=["solution"]
share = 1 - abs(one.free_energy + 0.76321) / abs(cold.energy + 0.76321)
print(f"{share:.0%}")
assert share > 0.9
