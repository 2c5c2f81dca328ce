"""Answering: the package is made, handed over, and forgotten in its time."""
