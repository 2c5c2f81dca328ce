"""The portal's pages. Each view is one query, or one call of a step."""
