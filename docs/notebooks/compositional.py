# %% [markdown]
# # The compositional phase
#
# A restricted Boltzmann machine with sparse weights and rectified hidden units has a phase in which many hidden units are
# strongly active at once, each felt by a few visible units (Tubiana and Monasson, 2017). How many, is for the free energy
# to say.

# %%
from replica import Compositional, critical, minimise, solve

machine = Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.4)
solve(machine, "retrieval")

# %% [markdown]
# l is the number of strongly active hidden units, times the sparsity p of the weights. The free energy has a minimum in l:

# %%
for l in (0.1, 0.2, 0.4, 0.8, 1.6):
    state = solve(Compositional(alpha=0.5, theta=1.5, g=-0.21, l=l), "retrieval")
    print(f"l = {l}: m = {state['m']:.4f}, f = {state.free_energy:.9f}")

# %%
best = minimise(machine, over="l")
print(f"l* = {best.theory.l:.9f}, f = {best.free_energy:.6e}")

# %% [markdown]
# The glass, in which no hidden unit is strongly active, has a higher free energy there: this is the compositional phase.

# %%
glass = solve(machine, "glass")
print(f"f of the glass = {glass.free_energy:.6e}")

# %% [markdown]
# ## Three phases
#
# At a field g below -1/4 the minimum moves to l = 0: a finite number of hidden units, the ferromagnetic phase. With more
# hidden units the glass wins. `replica figure compositional` draws both lines ([gallery](../gallery.md)).

# %% [markdown]
# ## Exercises
#
# **1.** At the minimum, in the limit of a large threshold, m = 4 |g|. How far is it from that at theta = 1.5?

# %% tags=["solution"]
m = best["m"]
print(f"m = {m:.6f}, 4 |g| = {4 * 0.21}")
assert abs(m - 0.84) < 1e-3

# %% [markdown]
# **2.** Find l* at g = -0.24. Is the machine nearer to the ferromagnetic phase?

# %% tags=["solution"]
nearer = minimise(Compositional(alpha=0.5, theta=1.5, g=-0.24, l=0.1), over="l")
print(f"l* = {nearer.theory.l:.6f}")
assert 0 < nearer.theory.l < best.theory.l

# %% [markdown]
# **3.** Up to which load does a state with l = 1 exist at theta = 1 and g = -0.2?

# %% tags=["solution"]
capacity = critical(Compositional(alpha=0.1, theta=1.0, g=-0.2, l=1.0))
print(capacity)
assert abs(capacity.value - 1.677562) < 1e-6
