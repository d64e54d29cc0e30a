"""Machines that learn: settings, updates, epochs, files, an estimator, stacks of machines."""
