# %% [markdown]
# # Your own model
#
# A model that the package does not have, in a few lines: what it is made of. Equations, states, capacities and diagrams
# follow. The example: neurons 0 or 1 with a threshold that store sparse patterns.

# %%
from pathlib import Path

_ = Path("sparse.toml").write_text(
    """
[model]
text = "sparse patterns stored by neurons with a threshold"

[parameters]
alpha = {text = "load, patterns per neuron", lower = 0, typical = [0, 0.5]}
T = {text = "temperature", lower = 0, default = 0.0, typical = [0, 0.3]}
theta = {text = "threshold", default = 0.45, typical = [0, 1]}
activity = {text = "activity of the patterns", lower = 0, upper = 1, default = 0.1}

[layers]
neurons = {unit = "bernoulli", g = "-theta"}
hidden = {unit = "gaussian", size = "alpha", normalised = true}

[[couplings]]
layers = ["neurons", "hidden"]

[patterns]
m = {layer = "neurons", law = "two-point", a = "activity", scale = "sqrt(activity*(1 - activity))"}

[[energy]]
patterns = ["m", "m"]
""",
    encoding="utf-8",
)

# %% [markdown]
# ## Are these your equations?

# %%
from replica import solve
from replica.functional import read, theory_of

Sparse = theory_of(read("sparse.toml"))
print("\n".join(Sparse.written().values()))

# %% [markdown]
# ## A state

# %%
state = solve(Sparse(alpha=0.05, T=0.05), "retrieval")
state

# %% [markdown]
# ## Is it consistent?
#
# Every theory is checked in the same way, one of yours too: the equations are the derivatives of the free energy, T = 0 is
# the limit, and so on. `replica check sparse.toml` prints it.

# %%
from replica.testing import check_theory

report = check_theory(Sparse(alpha=0.05, T=0.1), ["retrieval"])
print(report)

# %% [markdown]
# ## Capacity, and a curve

# %%
from replica import critical

capacity = critical(Sparse(alpha=0.05, T=0.0))
capacity

# %%
Sparse(alpha=0.0, T=0.0).curve("m", alpha=(0.001, 0.35)).diagram()

# %% [markdown]
# The diagram of any two of its parameters is one command away, `replica diagram sparse.toml -x alpha -y T`; it takes minutes.

# %% [markdown]
# ## Exercises
#
# **1.** The threshold decides. Is theta = 0.55 better than 0.45?

# %% tags=["solution"]
better = critical(Sparse(alpha=0.05, T=0.0, theta=0.55))
print(f"{capacity.value:.6f} {better.value:.6f}")
assert better.value > capacity.value

# %% [markdown]
# **2.** Sparser patterns carry less information each, and more of them fit. How does the capacity at theta = 0.55 change from
# activity 0.1 to 0.05?

# %% tags=["solution"]
sparser = critical(Sparse(alpha=0.05, T=0.0, theta=0.55, activity=0.05))
print(f"{better.value:.6f} {sparser.value:.6f}")
assert sparser.value > better.value

# %% [markdown]
# **3.** At T = 0 and activity 0.1 the package has this model as `sparse-coding`, with g = -theta. Do the two agree?

# %% tags=["solution"]
from replica.theories import SparseCoding

same = critical(SparseCoding(alpha=0.05, T=0.0, g=-0.55, a=0.1))
print(f"{same.value:.12f}")
assert abs(same.value - better.value) < 1e-9
