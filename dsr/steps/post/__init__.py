"""The post: every letter that leaves, its words, and what comes back."""
