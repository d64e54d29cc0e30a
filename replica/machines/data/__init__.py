"""Data and weights from files."""
