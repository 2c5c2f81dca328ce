"""Code that reaches systems. A connector knows its system and the data map, and nothing of requests."""
