"""The machines: their energies, their disorder, what is measured on them."""
