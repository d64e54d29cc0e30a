"""The explorer: a page on which a point is moved over the phase diagram of a theory.

A server of this machine answers it, or a grid that was computed before.
"""
