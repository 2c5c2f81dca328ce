"""People who sign in: staff, their roles per controller, their second factor. Knows nothing of requests."""
