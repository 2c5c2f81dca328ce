"""Recording: Events, the tree over them, and what is proven from it."""
