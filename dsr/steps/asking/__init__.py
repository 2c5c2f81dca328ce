"""Asking: a request comes in, and who asks is proven."""
