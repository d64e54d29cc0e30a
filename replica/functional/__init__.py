"""One functional for every fully connected model: layers of units, Gaussian couplings, patterns.

A model is data (`model`); its equations follow from the averages of its units, its couplings are a polynomial
in the overlaps, its patterns have laws.
"""
