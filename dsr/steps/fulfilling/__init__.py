"""Fulfilling: data is found, listed, stopped, corrected, erased and read back."""
