"""Machines on phase diagrams: weights in, phase out.

`found` (what is found, as data), `spectrum` (noise and modes of a matrix), `sparse` (parameters of the random
RBM), `reading` (a machine, or weights alone, from a file), `place` (what weights alone say), `diagnose` (what
fields and data add), `advice` (what does not fit, and what to try).
"""
