"""Deciding: what staff decide, what they may not, and who holds what."""
