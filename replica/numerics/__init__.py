"""Functions and averages for float64 arrays and for mpmath numbers alike; they know no physics."""
