"""The portal under fire: real workers that are killed and stopped, and databases, brokers and targets that fail."""
