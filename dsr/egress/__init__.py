"""The one HTTP client that connectors may use: it reaches what it was told to reach, and nothing else."""
