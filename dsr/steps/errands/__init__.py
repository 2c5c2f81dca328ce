"""Errands: systems that only a person can search or erase, and processors that only read mail."""
