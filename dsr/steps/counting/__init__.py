"""Counting: the dates of a request, what stops its clock, and who is reminded."""
